//! Packed bytes that wait on a disk until every stick has them.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::image::{Spool, temporary_file};

/// A file without a name in a folder for temporary files: it is gone with this, however the program ends.
#[derive(Debug)]
pub struct TemporarySpool {
    file: File,
    /// Bytes that are in it; `None` once there was no room, after which nothing more is put there.
    len: Mutex<Option<u64>>,
}

impl TemporarySpool {
    /// An empty one in `folder`.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self { file: temporary_file(folder)?, len: Mutex::new(Some(0)) })
    }
}

impl Spool for TemporarySpool {
    fn put(&self, bytes: &[u8]) -> Option<u64> {
        let mut len = self.len.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = (*len)?;
        let is_put = self.file.write_all_at(bytes, offset).is_ok();
        *len = is_put.then_some(offset + bytes.len() as u64);
        is_put.then_some(offset)
    }

    fn get(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_put_comes_back_and_leaves_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let spool = TemporarySpool::new(folder.path()).unwrap();
        let places: Vec<u64> = (0..9_u8).map(|n| spool.put(&[n; 1000]).unwrap()).collect();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        for (number, place) in (0..).zip(places) {
            let mut bytes = [0xD1; 1000];
            spool.get(place, &mut bytes).unwrap();
            assert_eq!(bytes, [number; 1000]);
        }
        spool.get(8500, &mut [0; 1000]).unwrap_err();
    }

    #[test]
    fn where_there_is_no_room_nothing_is_put() {
        let file = File::options().write(true).open("/dev/full").unwrap();
        let spool = TemporarySpool { file, len: Mutex::new(Some(0)) };
        assert_eq!(spool.put(&[1; 100]), None);
        assert_eq!(spool.put(&[1; 100]), None);
        TemporarySpool::new(Path::new("/no/such/folder")).unwrap_err();
    }
}
