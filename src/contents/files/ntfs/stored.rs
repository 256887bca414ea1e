//! Names as they are stored.

use super::{FilesError, NAME, NtfsVolume, ROOT};
use crate::contents::files::portion::names;
use crate::contents::files::record::{AttributeValue, FILE_NAME, attributes};

impl NtfsVolume<'_> {
    /// The path of the file or folder at `path`, with upper and lower case as they are stored; `None` if there is none.
    pub fn stored_path(&self, path: &str) -> Result<Option<String>, FilesError> {
        let (mut record, mut stored) = (self.record(ROOT)?, Vec::new());
        for name in names(path) {
            let Some(found) = self.entry(&record, name)? else { return Ok(None) };
            record = found;
            let damaged = || self.damaged_record(record.number);
            let own = attributes(&record.bytes).ok_or_else(damaged)?;
            // A file has a name of its own for DOS, and each of its names leads to it.
            let is_same = |found: &String| found.to_uppercase() == name.to_uppercase();
            let name = own.iter().filter(|attribute| attribute.kind == FILE_NAME).find_map(|attribute| {
                let AttributeValue::Resident(value) = &attribute.value else { return None };
                text(value).filter(is_same)
            });
            stored.push(name.ok_or_else(damaged)?);
        }
        Ok(Some(stored.join("\\")))
    }
}

/// The name in a file name's record.
fn text(record: &[u8]) -> Option<String> {
    let len = usize::from(*record.get(NAME - 2)?) * 2;
    let units = record.get(NAME..NAME + len)?.chunks_exact(2);
    char::decode_utf16(units.map(|unit| u16::from_le_bytes([unit[0], unit[1]])))
        .collect::<Result<_, _>>()
        .ok()
}
