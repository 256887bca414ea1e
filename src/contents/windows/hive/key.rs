//! Keys and values.

use super::error::HiveError;
use super::regf::{
    HEADER_LEN, INLINE, KEY_LEN, KEY_NAME_IS_NARROW, NOWHERE, PIECE_LEN, VALUE_LEN, VALUE_NAME_IS_NARROW,
};
use super::whole::Hive;
use crate::contents::bytes::{get_u16, get_u32};

/// Longest value that is read.
const VALUE_LEN_MAX: usize = 1 << 20;
/// Most names in a path.
const PATH_NAMES_MAX: usize = 32;

/// A key of a hive.
#[derive(Clone, Copy)]
pub struct Key<'h> {
    hive: &'h Hive,
    record: &'h [u8],
    offset: u32,
}

/// A value of a key.
#[derive(Clone, Copy)]
pub struct Value<'h> {
    hive: &'h Hive,
    record: &'h [u8],
    offset: u32,
}

/// The contents of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueData {
    /// Its type: 1 text, 2 text with variables, 3 bytes, 4 number, 7 several texts.
    pub kind: u32,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Hive {
    /// The key that all others are below.
    ///
    /// # Errors
    ///
    /// [`HiveError::Damaged`] if there is none.
    pub fn root(&self) -> Result<Key<'_>, HiveError> {
        Key::at(self, self.root)
    }

    /// The key at `path`: names with `\` between them, upper or lower case. `None` if there is no such key.
    ///
    /// # Errors
    ///
    /// [`HiveError::Damaged`] if the way there is damaged.
    pub fn key(&self, path: &str) -> Result<Option<Key<'_>>, HiveError> {
        let mut key = self.root()?;
        for name in path.split('\\').filter(|name| !name.is_empty()).take(PATH_NAMES_MAX) {
            match key.subkey(name)? {
                Some(below) => key = below,
                None => return Ok(None),
            }
        }
        Ok(Some(key))
    }
}

fn damaged(offset: u32, wanted: &'static str) -> HiveError {
    HiveError::Damaged { offset: HEADER_LEN.saturating_add(offset as usize), wanted }
}

/// A name as text: Latin-1 if it is narrow, else UTF-16.
fn name(bytes: &[u8], narrow: bool) -> String {
    if narrow { bytes.iter().copied().map(char::from).collect() } else { utf16(bytes) }
}

/// UTF-16 as text; what is none becomes a replacement character.
fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Whether the name in `bytes` is `wanted` to Windows. No more of it is looked at than there is of `wanted`.
fn is_name(bytes: &[u8], narrow: bool, wanted: &str) -> bool {
    let unit_len = if narrow { 1 } else { 2 };
    let few = bytes.len() <= wanted.encode_utf16().count() * unit_len;
    let upper = |text: &str| -> Vec<char> { text.chars().flat_map(char::to_uppercase).collect() };
    few && upper(&name(bytes, narrow)) == upper(wanted)
}

impl<'h> Key<'h> {
    pub(super) fn at(hive: &'h Hive, offset: u32) -> Result<Self, HiveError> {
        let record = hive.record(offset, b"nk", KEY_LEN, "a key")?;
        let key = Self { hive, record, offset };
        if KEY_LEN + usize::from(key.u16(72)) > record.len() {
            return Err(damaged(offset, "a key"));
        }
        Ok(key)
    }

    fn u16(&self, at: usize) -> u16 {
        get_u16(self.record, at).unwrap_or_default()
    }

    fn u32(&self, at: usize) -> u32 {
        get_u32(self.record, at).unwrap_or_default()
    }

    /// Its name.
    pub fn name(&self) -> String {
        let (bytes, narrow) = self.stored_name();
        self.hive.spend(bytes.len());
        name(bytes, narrow)
    }

    /// Its name as it is stored, and whether it has one byte for each letter.
    fn stored_name(&self) -> (&'h [u8], bool) {
        let bytes = self.record.get(KEY_LEN..).unwrap_or_default();
        let bytes = &bytes[..bytes.len().min(usize::from(self.u16(72)))];
        (bytes, self.u16(2) & KEY_NAME_IS_NARROW != 0)
    }

    /// The keys right below it, in the order of the hive.
    ///
    /// # Errors
    ///
    /// [`HiveError::Damaged`] if a list, or a key that it names, is no such thing.
    pub fn subkeys(&self) -> Result<Vec<Key<'h>>, HiveError> {
        let offsets = self.subkey_offsets()?;
        offsets.into_iter().map(|offset| Key::at(self.hive, offset)).collect()
    }

    /// The key right below it with this name, upper or lower case.
    ///
    /// # Errors
    ///
    /// As [`Key::subkeys`], for the keys before it.
    pub fn subkey(&self, wanted: &str) -> Result<Option<Key<'h>>, HiveError> {
        for offset in self.subkey_offsets()? {
            let key = Key::at(self.hive, offset)?;
            let (name, narrow) = key.stored_name();
            if is_name(name, narrow, wanted) {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    fn subkey_offsets(&self) -> Result<Vec<u32>, HiveError> {
        let (count, list) = (self.u32(20) as usize, self.u32(28));
        if count == 0 || list == NOWHERE {
            return Ok(Vec::new());
        }
        let limit = count.min(self.hive.room_for(4 + KEY_LEN));
        let mut offsets = Vec::new();
        let top = self.hive.cell(list, "a list of keys")?;
        if top.starts_with(b"ri") {
            // Lists of lists do not nest.
            self.hive.spend(top.len());
            for leaf in list_offsets(top, 4, list)? {
                let leaf_cell = self.hive.cell(leaf, "a list of keys")?;
                add_leaf(self.hive, leaf_cell, leaf, &mut offsets, limit)?;
            }
        } else {
            add_leaf(self.hive, top, list, &mut offsets, limit)?;
        }
        Ok(offsets)
    }

    /// Its values, in the order of the hive.
    ///
    /// # Errors
    ///
    /// [`HiveError::Damaged`] if the list, or a value that it names, is no such thing.
    pub fn values(&self) -> Result<Vec<Value<'h>>, HiveError> {
        let (count, list) = (self.u32(36) as usize, self.u32(40));
        if count == 0 || list == NOWHERE {
            return Ok(Vec::new());
        }
        let cell = self.hive.cell(list, "a list of values")?;
        if cell.len() / 4 < count || count > self.hive.room_for(4 + VALUE_LEN) {
            return Err(damaged(list, "a list of values"));
        }
        cell.chunks_exact(4)
            .take(count)
            .map(|offset| Value::at(self.hive, get_u32(offset, 0).unwrap_or(NOWHERE)))
            .collect()
    }

    /// The contents of the value `wanted`, upper or lower case; `None` if there is no such value.
    ///
    /// # Errors
    ///
    /// [`HiveError::Damaged`] if the values, or its bytes, are damaged.
    pub fn value(&self, wanted: &str) -> Result<Option<ValueData>, HiveError> {
        let is_wanted = |value: &Value<'_>| {
            let (name, narrow) = value.stored_name();
            is_name(name, narrow, wanted)
        };
        let found = self.values()?.into_iter().find(is_wanted);
        found.map(|value| value.data()).transpose()
    }

    /// Offset of the key in the hive's file.
    pub fn offset(&self) -> usize {
        HEADER_LEN + self.offset as usize
    }
}

/// Adds the keys of one list: `lf` and `lh` have a hash beside each offset, `li` has none.
fn add_leaf(
    hive: &Hive,
    cell: &[u8],
    at: u32,
    offsets: &mut Vec<u32>,
    limit: usize,
) -> Result<(), HiveError> {
    let entry_len = match cell.get(..2) {
        Some(b"lf" | b"lh") => 8,
        Some(b"li") => 4,
        _ => return Err(damaged(at, "a list of keys")),
    };
    let entries = list_offsets(cell, entry_len, at)?;
    hive.spend(entries.len() * entry_len);
    hive.check()?;
    if offsets.len() + entries.len() > limit {
        return Err(damaged(at, "a list of keys"));
    }
    offsets.extend(entries);
    Ok(())
}

/// The offsets of a list's entries, each `entry_len` bytes long.
fn list_offsets(cell: &[u8], entry_len: usize, at: u32) -> Result<Vec<u32>, HiveError> {
    let count = get_u16(cell, 2).map(usize::from);
    let entries = count.and_then(|count| cell.get(4..4 + count * entry_len));
    let entries = entries.ok_or_else(|| damaged(at, "a list of keys"))?;
    Ok(entries.chunks_exact(entry_len).filter_map(|entry| get_u32(entry, 0)).collect())
}

impl<'h> Value<'h> {
    fn at(hive: &'h Hive, offset: u32) -> Result<Self, HiveError> {
        let record = hive.record(offset, b"vk", VALUE_LEN, "a value")?;
        let name_len = usize::from(get_u16(record, 2).unwrap_or_default());
        if VALUE_LEN + name_len > record.len() {
            return Err(damaged(offset, "a value"));
        }
        Ok(Self { hive, record, offset })
    }

    /// Its name; empty for a key's default value.
    pub fn name(&self) -> String {
        let (bytes, narrow) = self.stored_name();
        self.hive.spend(bytes.len());
        name(bytes, narrow)
    }

    /// Its name as it is stored, and whether it has one byte for each letter.
    fn stored_name(&self) -> (&'h [u8], bool) {
        let len = usize::from(get_u16(self.record, 2).unwrap_or_default());
        let flags = get_u16(self.record, 16).unwrap_or_default();
        let bytes = self.record.get(VALUE_LEN..VALUE_LEN + len).unwrap_or_default();
        (bytes, flags & VALUE_NAME_IS_NARROW != 0)
    }

    /// Its contents.
    ///
    /// # Errors
    ///
    /// [`HiveError::Damaged`] if they are not where the record says, or longer than a mebibyte.
    pub fn data(&self) -> Result<ValueData, HiveError> {
        let field = |at| get_u32(self.record, at).unwrap_or_default();
        let (stored_len, offset, kind) = (field(4), field(8), field(12));
        let len = (stored_len & !INLINE) as usize;
        let wanted = "the contents of a value";
        if stored_len & INLINE != 0 {
            let bytes = offset.to_le_bytes();
            let bytes = bytes.get(..len).ok_or_else(|| damaged(self.offset, wanted))?;
            return Ok(ValueData { kind, bytes: bytes.to_vec() });
        }
        if len > VALUE_LEN_MAX {
            return Err(damaged(self.offset, wanted));
        }
        if len == 0 {
            return Ok(ValueData { kind, bytes: Vec::new() });
        }
        self.hive.spend(len);
        let cell = self.hive.cell(offset, wanted)?;
        let in_pieces = len > PIECE_LEN && self.hive.minor >= 4 && cell.starts_with(b"db");
        let pieces = if in_pieces { self.pieces(cell, offset, len)? } else { Vec::new() };
        let bytes = if in_pieces { &pieces } else { cell };
        let bytes = bytes.get(..len).ok_or_else(|| damaged(offset, wanted))?;
        Ok(ValueData { kind, bytes: bytes.to_vec() })
    }

    /// A value of `len` bytes whose record of pieces is `record`.
    fn pieces(&self, record: &[u8], offset: u32, len: usize) -> Result<Vec<u8>, HiveError> {
        let wanted = "the pieces of a value";
        let list = get_u16(record, 2).zip(get_u32(record, 4));
        let (count, list_offset) = list.ok_or_else(|| damaged(offset, wanted))?;
        let list = self.hive.cell(list_offset, wanted)?;
        let list = list.get(..usize::from(count) * 4).ok_or_else(|| damaged(list_offset, wanted))?;
        let mut bytes = Vec::with_capacity(len);
        for piece in list.chunks_exact(4) {
            let left = len - bytes.len();
            if left == 0 {
                break;
            }
            let cell = self.hive.cell(get_u32(piece, 0).unwrap_or(NOWHERE), wanted)?;
            bytes.extend_from_slice(&cell[..cell.len().min(PIECE_LEN).min(left)]);
        }
        Ok(bytes)
    }
}

impl ValueData {
    /// Most texts of a list of texts.
    const TEXTS_MAX: usize = 4096;

    /// The number, if it is one of 32 bits.
    pub fn number(&self) -> Option<u32> {
        let bytes: [u8; 4] = self.bytes.as_slice().try_into().ok()?;
        match self.kind {
            4 => Some(u32::from_le_bytes(bytes)),
            5 => Some(u32::from_be_bytes(bytes)),
            _ => None,
        }
    }

    /// The text, if it is one, up to its first zero.
    pub fn text(&self) -> Option<String> {
        let is_text = matches!(self.kind, 1 | 2);
        is_text.then(|| utf16(&self.bytes).split('\0').next().unwrap_or_default().to_owned())
    }

    /// The texts, if it is a list of them, or one.
    pub fn texts(&self) -> Option<Vec<String>> {
        let all = matches!(self.kind, 1 | 2 | 7).then(|| utf16(&self.bytes))?;
        let texts = all.split('\0').filter(|text| !text.is_empty());
        Some(texts.take(Self::TEXTS_MAX).map(str::to_owned).collect())
    }
}
