//! An image in a regular file.

use std::fs::{self, File, FileType};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::Path;

use super::{ImageError, Source};

/// A regular file, read by position.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    len: u64,
}

impl FileSource {
    /// Opens `path` for reading.
    ///
    /// # Errors
    ///
    /// [`ImageError::Open`] if it cannot be opened, [`ImageError::NotAFile`] if it is something else than a
    /// regular file.
    pub fn open(path: &Path) -> Result<Self, ImageError> {
        let open_error = |source| ImageError::Open { path: path.to_owned(), source };
        // Looked at by name first: opening a pipe would wait for its other end.
        let kind = fs::metadata(path).map_err(open_error)?.file_type();
        if let Some(found) = not_regular(kind) {
            return Err(ImageError::NotAFile { path: path.to_owned(), found });
        }
        let file = File::open(path).map_err(open_error)?;
        let metadata = file.metadata().map_err(open_error)?;
        if let Some(found) = not_regular(metadata.file_type()) {
            return Err(ImageError::NotAFile { path: path.to_owned(), found });
        }
        Ok(Self { file, len: metadata.len() })
    }
}

fn not_regular(kind: FileType) -> Option<&'static str> {
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some("a directory")
    } else if kind.is_block_device() || kind.is_char_device() {
        Some("a device")
    } else {
        Some("a pipe or socket")
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
