//! Whether a hive is whole: everything in it leads to one thing of the right kind, and nothing is led to twice.

use super::cells::{Cells, damaged};
use super::edit::HiveEdit;
use super::error::HiveEditError;
use super::key::{CLASS, CLASS_LEN, SECURITY, VALUE_LIST};
use crate::contents::windows::hive::regf::NOWHERE;

impl HiveEdit {
    /// Goes through all keys and values.
    pub(super) fn check(&self) -> Result<(), HiveEditError> {
        let mut seen = Seen(self.cells.no_marks());
        let mut keys = vec![self.root];
        while let Some(key) = keys.pop() {
            self.key_name(key)?;
            seen.once(key, "a key that no other list has")?;
            for list in self.list_cells(key)? {
                seen.once(list, "a list of keys that no other key has")?;
            }
            keys.extend(self.below(key)?);
            self.check_values(key, &mut seen)?;
            let class = self.field(key, CLASS)?;
            if class != NOWHERE && self.short_field(key, CLASS_LEN)? != 0 {
                self.cells.content(class, "the class of a key")?;
                seen.once(class, "the class of one key")?;
            }
            let security = self.field(key, SECURITY)?;
            if security != NOWHERE {
                self.security(security)?;
            }
        }
        Ok(())
    }

    fn check_values(&self, key: u32, seen: &mut Seen) -> Result<(), HiveEditError> {
        let values = self.values_of(key)?;
        if values.is_empty() {
            return Ok(());
        }
        seen.once(self.field(key, VALUE_LIST)?, "a list of values that no other key has")?;
        for value in values {
            // Its record is looked at first, so that it is one.
            let cells = self.data_cells(value)?;
            seen.once(value, "a value that no other key has")?;
            for cell in cells {
                self.cells.content(cell, "the contents of a value")?;
                seen.once(cell, "the contents of one value")?;
            }
        }
        Ok(())
    }
}

/// Which cells were led to.
struct Seen(Vec<u64>);

impl Seen {
    fn once(&mut self, offset: u32, wanted: &'static str) -> Result<(), HiveEditError> {
        let (word, bit) = Cells::mark_of(offset);
        let place = self.0.get_mut(word).filter(|place| **place & bit == 0);
        *place.ok_or_else(|| damaged(offset, wanted))? |= bit;
        Ok(())
    }
}
