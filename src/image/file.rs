//! An image in a regular file.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::error::ImageError;
use super::files::Files;
use super::source::Source;

/// A regular file, read by position.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    len: u64,
}

impl FileSource {
    /// Opens `path` for reading, as it is: no container is looked for.
    ///
    /// # Errors
    ///
    /// [`ImageError::Open`] if it cannot be opened, [`ImageError::NotAFile`] if it is something else than a
    /// regular file.
    pub fn open(path: &Path) -> Result<Self, ImageError> {
        Self::take(path, Files::by_name(path)?.1)
    }

    /// The bytes of `file`, which is open. `path` is for messages only.
    ///
    /// # Errors
    ///
    /// [`ImageError::Open`] if its length cannot be told.
    pub fn take(path: &Path, file: File) -> Result<Self, ImageError> {
        // A device has no length by its metadata.
        let len = (&file).seek(SeekFrom::End(0));
        let len = len.map_err(|source| ImageError::Open { path: path.to_owned(), source })?;
        Ok(Self { file, len })
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}
