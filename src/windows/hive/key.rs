//! Keys: found by their path, made, and deleted with all below them.

use std::cmp::Ordering;

use super::cells::damaged;
use super::edit::HiveEdit;
use super::error::HiveEditError;
use super::name::{self, StoredName, order};
use crate::contents::bytes::{get_u16, get_u32};
use crate::contents::windows::hive::regf::{KEY_LEN, KEY_NAME_IS_NARROW, NOWHERE};

pub(super) const A_KEY: &str = "a key";
const A_DESCRIPTOR: &str = "a security descriptor";
const A_CLASS: &str = "the class of a key";

/// Offsets of the fields of a key's record.
const FLAGS: usize = 2;
const TIME: usize = 4;
const PARENT: usize = 16;
pub(super) const SUBKEYS: usize = 20;
pub(super) const LIST: usize = 28;
const VOLATILE_LIST: usize = 32;
pub(super) const VALUES: usize = 36;
pub(super) const VALUE_LIST: usize = 40;
pub(super) const SECURITY: usize = 44;
pub(super) const CLASS: usize = 48;
/// Longest name below it in UTF-16; the upper half of the field means something else from Vista on.
const NAME_MAX: usize = 52;
const CLASS_MAX: usize = 56;
pub(super) const VALUE_NAME_MAX: usize = 60;
pub(super) const VALUE_LEN_MAX: usize = 64;
const NAME_LEN: usize = 72;
pub(super) const CLASS_LEN: usize = 74;
/// Offsets of the fields of a security record.
const NEXT: usize = 4;
const BEFORE: usize = 8;
const USERS: usize = 12;
/// Length of a security record before its descriptor.
pub(super) const SECURITY_LEN: usize = 20;

impl HiveEdit {
    /// The record of the key at `key`.
    pub(super) fn record(&self, key: u32) -> Result<&[u8], HiveEditError> {
        let content = self.cells.content(key, A_KEY)?;
        if content.len() < KEY_LEN || !content.starts_with(b"nk") {
            return Err(damaged(key, A_KEY));
        }
        Ok(content)
    }

    pub(super) fn field(&self, key: u32, at: usize) -> Result<u32, HiveEditError> {
        Ok(get_u32(self.record(key)?, at).unwrap_or_default())
    }

    pub(super) fn short_field(&self, key: u32, at: usize) -> Result<u16, HiveEditError> {
        Ok(get_u16(self.record(key)?, at).unwrap_or_default())
    }

    pub(super) fn set_field(&mut self, key: u32, at: usize, value: u32) -> Result<(), HiveEditError> {
        self.record(key)?;
        self.cells.content_mut(key, A_KEY)?[at..at + 4].copy_from_slice(&value.to_le_bytes());
        Ok(())
    }

    /// Makes a field that says how long something is at most say `len` at least.
    pub(super) fn raise(&mut self, key: u32, at: usize, len: u32) -> Result<(), HiveEditError> {
        let old = self.field(key, at)?;
        if old < len { self.set_field(key, at, len) } else { Ok(()) }
    }

    /// The name of the key as it is stored, and whether it has one byte for each letter.
    pub(super) fn key_name(&self, key: u32) -> Result<(&[u8], bool), HiveEditError> {
        let record = self.record(key)?;
        let len = usize::from(get_u16(record, NAME_LEN).unwrap_or_default());
        let name = record.get(KEY_LEN..KEY_LEN + len).ok_or_else(|| damaged(key, A_KEY))?;
        Ok((name, get_u16(record, FLAGS).unwrap_or_default() & KEY_NAME_IS_NARROW != 0))
    }

    fn key_units(&self, key: u32) -> Result<Vec<u16>, HiveEditError> {
        let (bytes, is_narrow) = self.key_name(key)?;
        Ok(name::units(bytes, is_narrow))
    }

    /// The key right below `key` with this name, upper or lower case.
    fn child(&self, key: u32, wanted: &str) -> Result<Option<u32>, HiveEditError> {
        let wanted: Vec<u16> = wanted.encode_utf16().collect();
        for below in self.below(key)? {
            let (bytes, is_narrow) = self.key_name(below)?;
            let has_len = bytes.len() == if is_narrow { wanted.len() } else { wanted.len() * 2 };
            if has_len && order(&name::units(bytes, is_narrow), &wanted) == Ordering::Equal {
                return Ok(Some(below));
            }
        }
        Ok(None)
    }

    /// The key at `path`, or `None`.
    pub(super) fn find(&self, path: &str) -> Result<Option<u32>, HiveEditError> {
        let mut key = self.root;
        for name in path.split('\\').filter(|name| !name.is_empty()) {
            match self.child(key, name)? {
                Some(below) => key = below,
                None => return Ok(None),
            }
        }
        Ok(Some(key))
    }

    /// Names of the keys right below `path`, in their order; none if there is no such key.
    ///
    /// # Errors
    ///
    /// [`HiveEditError::Damaged`] if a list of it is none.
    pub fn subkeys(&self, path: &str) -> Result<Vec<String>, HiveEditError> {
        let Some(key) = self.find(path)? else { return Ok(Vec::new()) };
        self.below(key)?.into_iter().map(|below| Ok(name::text(&self.key_units(below)?))).collect()
    }

    /// Whether there is a key at `path`.
    ///
    /// # Errors
    ///
    /// [`HiveEditError::Damaged`] if the way there is damaged.
    pub fn has_key(&self, path: &str) -> Result<bool, HiveEditError> {
        Ok(self.find(path)?.is_some())
    }

    /// Makes the keys of `path` that are not there; each has the rights of the one above it.
    ///
    /// # Errors
    ///
    /// [`HiveEditError::Name`] for a name that no key can have, [`HiveEditError::Full`].
    pub fn create_key(&mut self, path: &str) -> Result<(), HiveEditError> {
        self.make(path).map(|_| ())
    }

    pub(super) fn make(&mut self, path: &str) -> Result<u32, HiveEditError> {
        let mut key = self.root;
        for name in path.split('\\').filter(|name| !name.is_empty()) {
            key = match self.child(key, name)? {
                Some(below) => below,
                None => self.add_key(key, name)?,
            };
        }
        Ok(key)
    }

    fn add_key(&mut self, parent: u32, name: &str) -> Result<u32, HiveEditError> {
        let stored = StoredName::of_key(name)?;
        let security = self.field(parent, SECURITY)?;
        let mut record = vec![0; KEY_LEN];
        record[..2].copy_from_slice(b"nk");
        let flags = if stored.is_narrow { KEY_NAME_IS_NARROW } else { 0 };
        record[FLAGS..FLAGS + 2].copy_from_slice(&flags.to_le_bytes());
        // The time is that of the key above, so that the same change gives the same bytes.
        record[TIME..TIME + 8].copy_from_slice(&self.record(parent)?[TIME..TIME + 8]);
        let fields = [
            (PARENT, parent),
            (LIST, NOWHERE),
            (VOLATILE_LIST, NOWHERE),
            (VALUE_LIST, NOWHERE),
            (SECURITY, security),
            (CLASS, NOWHERE),
        ];
        for (at, value) in fields {
            record[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        record[NAME_LEN..NAME_LEN + 2].copy_from_slice(&(stored.bytes.len() as u16).to_le_bytes());
        record.extend(&stored.bytes);
        let key = self.cells.add(&record)?;
        if security != NOWHERE {
            let users = self.security(security)?.2;
            self.set_security(security, USERS, users.saturating_add(1))?;
        }
        let units: Vec<u16> = name.encode_utf16().collect();
        self.list_key(parent, key, &units)?;
        let old = self.field(parent, NAME_MAX)?;
        let longest = (old & 0xFFFF).max(stored.wide_len);
        self.set_field(parent, NAME_MAX, old & 0xFFFF_0000 | longest)?;
        Ok(key)
    }

    /// Next, one before, and number of users of a security record.
    pub(super) fn security(&self, offset: u32) -> Result<(u32, u32, u32), HiveEditError> {
        let content = self.cells.content(offset, A_DESCRIPTOR)?;
        if content.len() < SECURITY_LEN || !content.starts_with(b"sk") {
            return Err(damaged(offset, A_DESCRIPTOR));
        }
        let field = |at| get_u32(content, at).unwrap_or_default();
        Ok((field(NEXT), field(BEFORE), field(USERS)))
    }

    fn set_security(&mut self, offset: u32, at: usize, value: u32) -> Result<(), HiveEditError> {
        self.security(offset)?;
        self.cells.content_mut(offset, A_DESCRIPTOR)?[at..at + 4].copy_from_slice(&value.to_le_bytes());
        Ok(())
    }

    /// One key less uses the security record; without any it goes.
    fn leave_security(&mut self, offset: u32) -> Result<(), HiveEditError> {
        if offset == NOWHERE {
            return Ok(());
        }
        let (next, before, users) = self.security(offset)?;
        if users > 1 {
            return self.set_security(offset, USERS, users - 1);
        }
        if next == offset {
            // It is the last one of the hive, which goes on having it.
            return self.set_security(offset, USERS, 1);
        }
        self.set_security(before, NEXT, next)?;
        self.set_security(next, BEFORE, before)?;
        self.cells.release(offset, A_DESCRIPTOR)
    }

    /// Deletes the key at `path` and all below it; whether it was there. The topmost key stays.
    ///
    /// # Errors
    ///
    /// [`HiveEditError::Damaged`] if a part of it is damaged.
    pub fn delete_key(&mut self, path: &str) -> Result<bool, HiveEditError> {
        let Some(key) = self.find(path)?.filter(|&key| key != self.root) else { return Ok(false) };
        let above = path.trim_end_matches('\\').rsplit_once('\\').map_or("", |(above, _)| above);
        let parent = self.find(above)?.ok_or_else(|| damaged(key, A_KEY))?;
        self.unlist_key(parent, key)?;
        if self.field(parent, SUBKEYS)? == 0 {
            let flags = self.field(parent, NAME_MAX)? & 0xFFFF_0000;
            self.set_field(parent, NAME_MAX, flags)?;
            self.set_field(parent, CLASS_MAX, 0)?;
        }
        let mut doomed = vec![key];
        while let Some(key) = doomed.pop() {
            doomed.extend(self.below(key)?);
            self.release_key(key)?;
        }
        Ok(true)
    }

    /// Gives back the cells of one key.
    fn release_key(&mut self, key: u32) -> Result<(), HiveEditError> {
        for list in self.list_cells(key)? {
            self.cells.release(list, "a list of keys")?;
        }
        self.release_values(key)?;
        let class = self.field(key, CLASS)?;
        if class != NOWHERE && self.short_field(key, CLASS_LEN)? != 0 {
            self.cells.release(class, A_CLASS)?;
        }
        let security = self.field(key, SECURITY)?;
        self.cells.release(key, A_KEY)?;
        self.leave_security(security)
    }
}
