//! Changes of a registry, each with what takes it back.

use super::data::text;
use super::record::{HOME, RECORD, Undo};
use crate::contents::windows::hive::ValueData;
use crate::windows::hive::{HiveEdit, HiveEditError};

/// A hive that is changed, and what takes the changes back, in the order in which they were made.
pub(in crate::windows) struct Journal {
    pub hive: HiveEdit,
    pub undo: Vec<Undo>,
}

impl Journal {
    pub fn new(hive: HiveEdit) -> Self {
        Self { hive, undo: Vec::new() }
    }

    /// Makes the keys of `path` that are not there.
    pub fn make(&mut self, path: &str) -> Result<(), HiveEditError> {
        let mut above = String::new();
        for name in path.split('\\') {
            let key = if above.is_empty() { name.to_owned() } else { format!("{above}\\{name}") };
            if !self.hive.has_key(&key)? {
                // What is below it goes with it.
                self.undo.push(Undo::Key { path: key });
                return self.hive.create_key(path);
            }
            above = key;
        }
        Ok(())
    }

    /// Sets a value, if it is not so already; whether it was not.
    pub fn set(&mut self, path: &str, name: &str, data: &ValueData) -> Result<bool, HiveEditError> {
        let old = self.hive.value(path, name)?;
        if old.as_ref() == Some(data) {
            return Ok(false);
        }
        self.make(path)?;
        let (path_and, name_and) = (path.to_owned(), name.to_owned());
        self.undo.push(match old {
            Some(data) => Undo::Old { path: path_and, name: name_and, data },
            None => Undo::New { path: path_and, name: name_and },
        });
        self.hive.set_value(path, name, data)?;
        Ok(true)
    }

    /// Deletes a value, if it is there; whether it was.
    pub fn forget(&mut self, path: &str, name: &str) -> Result<bool, HiveEditError> {
        let Some(data) = self.hive.value(path, name)? else { return Ok(false) };
        self.undo.push(Undo::Old { path: path.to_owned(), name: name.to_owned(), data });
        self.hive.delete_value(path, name)
    }

    /// Deletes a key with all below it, if it is there; whether it was.
    pub fn delete(&mut self, path: &str) -> Result<bool, HiveEditError> {
        if !self.hive.has_key(path)? {
            return Ok(false);
        }
        let mut keys = vec![path.to_owned()];
        let mut undo = Vec::new();
        while let Some(key) = keys.pop() {
            undo.push(Undo::Deleted { path: key.clone() });
            for (name, data) in self.hive.values(&key)? {
                undo.push(Undo::Old { path: key.clone(), name, data });
            }
            keys.extend(self.hive.subkeys(&key)?.into_iter().map(|name| format!("{key}\\{name}")));
        }
        // They are gone through from the last to the first.
        self.undo.extend(undo.into_iter().rev());
        self.hive.delete_key(path)
    }

    /// Puts the record into the keys of the service in each of the `sets`, after everything else.
    pub fn keep(&mut self, sets: &[String], service: &str) -> Result<(), HiveEditError> {
        let record = Undo::record(&self.undo);
        for set in sets {
            let key = format!("{set}\\Services\\{service}");
            self.hive.set_value(&key, RECORD, &record)?;
            self.hive.set_value(&key, HOME, &text(set))?;
        }
        Ok(())
    }
}
