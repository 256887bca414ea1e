//! Values: found by their name, set and deleted.

use std::cmp::Ordering;

use super::cells::damaged;
use super::edit::HiveEdit;
use super::error::HiveEditError;
use super::key::{VALUE_LEN_MAX, VALUE_LIST, VALUE_NAME_MAX, VALUES};
use super::name::{self, StoredName, order};
use crate::contents::bytes::{get_u16, get_u32};
use crate::contents::windows::hive::ValueData;
use crate::contents::windows::hive::regf::{INLINE, NOWHERE, PIECE_LEN, VALUE_LEN, VALUE_NAME_IS_NARROW};

const A_VALUE: &str = "a value";
const A_LIST: &str = "a list of values";
const CONTENTS: &str = "the contents of a value";
/// Offsets of the fields of a value's record.
const NAME_LEN: usize = 2;
const LEN: usize = 4;
const DATA: usize = 8;
const KIND: usize = 12;
const FLAGS: usize = 16;

impl HiveEdit {
    /// The values of a key.
    pub(super) fn values_of(&self, key: u32) -> Result<Vec<u32>, HiveEditError> {
        let (count, list) = (self.field(key, VALUES)? as usize, self.field(key, VALUE_LIST)?);
        if count == 0 {
            return Ok(Vec::new());
        }
        let content = self.cells.content(list, A_LIST)?;
        let entries = count.checked_mul(4).and_then(|len| content.get(..len));
        let entries = entries.ok_or_else(|| damaged(list, A_LIST))?;
        Ok(entries.chunks_exact(4).filter_map(|entry| get_u32(entry, 0)).collect())
    }

    fn value_record(&self, value: u32) -> Result<&[u8], HiveEditError> {
        let content = self.cells.content(value, A_VALUE)?;
        let name_len = usize::from(get_u16(content, NAME_LEN).unwrap_or_default());
        if !content.starts_with(b"vk") || content.len() < VALUE_LEN + name_len {
            return Err(damaged(value, A_VALUE));
        }
        Ok(content)
    }

    /// The name of a value as it is stored, and whether it has one byte for each letter.
    fn value_name(&self, value: u32) -> Result<(&[u8], bool), HiveEditError> {
        let record = self.value_record(value)?;
        let len = usize::from(get_u16(record, NAME_LEN).unwrap_or_default());
        let flags = get_u16(record, FLAGS).unwrap_or_default();
        Ok((&record[VALUE_LEN..VALUE_LEN + len], flags & VALUE_NAME_IS_NARROW != 0))
    }

    fn value_units(&self, value: u32) -> Result<Vec<u16>, HiveEditError> {
        let (bytes, is_narrow) = self.value_name(value)?;
        Ok(name::units(bytes, is_narrow))
    }

    fn find_value(&self, key: u32, wanted: &str) -> Result<Option<u32>, HiveEditError> {
        let wanted: Vec<u16> = wanted.encode_utf16().collect();
        for value in self.values_of(key)? {
            let (bytes, is_narrow) = self.value_name(value)?;
            let has_len = bytes.len() == if is_narrow { wanted.len() } else { wanted.len() * 2 };
            if has_len && order(&name::units(bytes, is_narrow), &wanted) == Ordering::Equal {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// The cells that hold the contents of a value, beside its record: none, one, or the record of the pieces, their list
    /// and each of them.
    pub(super) fn data_cells(&self, value: u32) -> Result<Vec<u32>, HiveEditError> {
        let record = self.value_record(value)?;
        let field = |at| get_u32(record, at).unwrap_or_default();
        let (stored_len, data) = (field(LEN), field(DATA));
        let len = (stored_len & !INLINE) as usize;
        if stored_len & INLINE != 0 || len == 0 {
            return Ok(Vec::new());
        }
        let content = self.cells.content(data, CONTENTS)?;
        let in_pieces = len > PIECE_LEN && self.minor >= 4 && content.starts_with(b"db");
        if !in_pieces {
            return if content.len() < len { Err(damaged(data, CONTENTS)) } else { Ok(vec![data]) };
        }
        let wrong = || damaged(data, "the pieces of a value");
        let count = usize::from(get_u16(content, 2).ok_or_else(wrong)?);
        let list = get_u32(content, 4).ok_or_else(wrong)?;
        let pieces = self.cells.content(list, CONTENTS)?;
        let pieces = pieces.get(..count * 4).filter(|_| count * PIECE_LEN >= len).ok_or_else(wrong)?;
        Ok([data, list]
            .into_iter()
            .chain(pieces.chunks_exact(4).filter_map(|piece| get_u32(piece, 0)))
            .collect())
    }

    /// The contents of a value.
    fn data(&self, value: u32) -> Result<ValueData, HiveEditError> {
        let record = self.value_record(value)?;
        let field = |at| get_u32(record, at).unwrap_or_default();
        let (stored_len, kind) = (field(LEN), field(KIND));
        let len = (stored_len & !INLINE) as usize;
        if stored_len & INLINE != 0 {
            let bytes = record[DATA..DATA + 4].get(..len).ok_or_else(|| damaged(value, CONTENTS))?;
            return Ok(ValueData { kind, bytes: bytes.to_vec() });
        }
        let cells = self.data_cells(value)?;
        let mut bytes = Vec::with_capacity(len.min(1 << 20));
        match cells[..] {
            [] => {}
            [one] => bytes.extend_from_slice(&self.cells.content(one, CONTENTS)?[..len]),
            _ => {
                for &piece in &cells[2..] {
                    let content = self.cells.content(piece, CONTENTS)?;
                    let part = (len - bytes.len()).min(PIECE_LEN);
                    bytes.extend_from_slice(content.get(..part).ok_or_else(|| damaged(piece, CONTENTS))?);
                }
            }
        }
        Ok(ValueData { kind, bytes })
    }

    /// The contents of the value `name` of the key at `path`; `None` if there is no such key or value.
    ///
    /// # Errors
    ///
    /// [`HiveEditError::Damaged`] if the way there is damaged.
    pub fn value(&self, path: &str, name: &str) -> Result<Option<ValueData>, HiveEditError> {
        let Some(key) = self.find(path)? else { return Ok(None) };
        self.find_value(key, name)?.map(|value| self.data(value)).transpose()
    }

    /// All values of the key at `path`, in their order; none if there is no such key.
    ///
    /// # Errors
    ///
    /// [`HiveEditError::Damaged`] if one of them is damaged.
    pub fn values(&self, path: &str) -> Result<Vec<(String, ValueData)>, HiveEditError> {
        let Some(key) = self.find(path)? else { return Ok(Vec::new()) };
        let named = |value| Ok((name::text(&self.value_units(value)?), self.data(value)?));
        self.values_of(key)?.into_iter().map(named).collect()
    }

    /// Sets the value `name` of the key at `path`, and makes both if they are not there.
    ///
    /// # Errors
    ///
    /// [`HiveEditError::Name`] for a name that nothing can have, [`HiveEditError::Full`].
    pub fn set_value(&mut self, path: &str, name: &str, data: &ValueData) -> Result<(), HiveEditError> {
        let key = self.make(path)?;
        let stored = StoredName::of_value(name)?;
        let value = match self.find_value(key, name)? {
            Some(value) => {
                for cell in self.data_cells(value)? {
                    self.cells.release(cell, CONTENTS)?;
                }
                value
            }
            None => self.add_value(key, &stored)?,
        };
        let len = u32::try_from(data.bytes.len()).map_err(|_| HiveEditError::Full)?;
        let (stored_len, at) = match data.bytes.len() {
            len @ 0..=4 => {
                let mut word = [0; 4];
                word[..len].copy_from_slice(&data.bytes);
                (len as u32 | INLINE, u32::from_le_bytes(word))
            }
            long if long > PIECE_LEN && self.minor >= 4 => (len, self.add_pieces(&data.bytes)?),
            _ => (len, self.cells.add(&data.bytes)?),
        };
        let record = self.cells.content_mut(value, A_VALUE)?;
        for (at, field) in [(LEN, stored_len), (DATA, at), (KIND, data.kind)] {
            record[at..at + 4].copy_from_slice(&field.to_le_bytes());
        }
        self.raise(key, VALUE_NAME_MAX, stored.wide_len)?;
        self.raise(key, VALUE_LEN_MAX, len)
    }

    /// Adds a value without contents.
    fn add_value(&mut self, key: u32, name: &StoredName) -> Result<u32, HiveEditError> {
        let mut record = vec![0; VALUE_LEN];
        record[..2].copy_from_slice(b"vk");
        record[NAME_LEN..NAME_LEN + 2].copy_from_slice(&(name.bytes.len() as u16).to_le_bytes());
        record[LEN..LEN + 4].copy_from_slice(&INLINE.to_le_bytes());
        let flags = if name.is_narrow { VALUE_NAME_IS_NARROW } else { 0 };
        record[FLAGS..FLAGS + 2].copy_from_slice(&flags.to_le_bytes());
        record.extend(&name.bytes);
        let mut values = self.values_of(key)?;
        let value = self.cells.add(&record)?;
        let was_empty = values.is_empty();
        values.push(value);
        let content: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let list = if was_empty {
            self.cells.add(&content)?
        } else {
            self.cells.replace(self.field(key, VALUE_LIST)?, &content, A_LIST)?
        };
        self.set_field(key, VALUE_LIST, list)?;
        self.set_field(key, VALUES, values.len() as u32)?;
        Ok(value)
    }

    fn add_pieces(&mut self, bytes: &[u8]) -> Result<u32, HiveEditError> {
        let mut list = Vec::new();
        for piece in bytes.chunks(PIECE_LEN) {
            list.extend(self.cells.add(piece)?.to_le_bytes());
        }
        let count = u16::try_from(list.len() / 4).map_err(|_| HiveEditError::Full)?;
        let list = self.cells.add(&list)?;
        let mut record = b"db".to_vec();
        record.extend(count.to_le_bytes());
        record.extend(list.to_le_bytes());
        self.cells.add(&record)
    }

    /// Deletes the value `name` of the key at `path`; whether it was there.
    ///
    /// # Errors
    ///
    /// [`HiveEditError::Damaged`] if a part of it is damaged.
    pub fn delete_value(&mut self, path: &str, name: &str) -> Result<bool, HiveEditError> {
        let Some(key) = self.find(path)? else { return Ok(false) };
        let Some(value) = self.find_value(key, name)? else { return Ok(false) };
        let mut values = self.values_of(key)?;
        values.retain(|&other| other != value);
        self.release_value(value)?;
        let list = self.field(key, VALUE_LIST)?;
        let list = if values.is_empty() {
            self.cells.release(list, A_LIST)?;
            self.set_field(key, VALUE_NAME_MAX, 0)?;
            self.set_field(key, VALUE_LEN_MAX, 0)?;
            NOWHERE
        } else {
            let content: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            self.cells.replace(list, &content, A_LIST)?
        };
        self.set_field(key, VALUE_LIST, list)?;
        self.set_field(key, VALUES, values.len() as u32)?;
        Ok(true)
    }

    fn release_value(&mut self, value: u32) -> Result<(), HiveEditError> {
        for cell in self.data_cells(value)? {
            self.cells.release(cell, CONTENTS)?;
        }
        self.cells.release(value, A_VALUE)
    }

    /// Gives back the cells of all values of a key.
    pub(super) fn release_values(&mut self, key: u32) -> Result<(), HiveEditError> {
        let values = self.values_of(key)?;
        if values.is_empty() {
            return Ok(());
        }
        for value in values {
            self.release_value(value)?;
        }
        let list = self.field(key, VALUE_LIST)?;
        self.cells.release(list, A_LIST)
    }
}
