//! Temporary files for what is unpacked.

use std::env;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use crate::image::{ImageError, temporary_file};

/// Where temporary files lie unless the user names a folder: on a disk first, and in memory last.
const FOLDERS: [&str; 2] = ["/var/tmp", "/tmp"];

/// An empty file without a name, and the folder that it is in: that which TMPDIR names, and no other if it names one.
pub(super) fn room(path: &Path) -> Result<(File, PathBuf), ImageError> {
    let named = env::var_os("TMPDIR").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folders = named.map_or_else(|| FOLDERS.map(PathBuf::from).to_vec(), |folder| vec![folder]);
    let mut failed = None;
    for folder in folders {
        match temporary_file(&folder) {
            Ok(file) => return Ok((file, folder)),
            Err(source) => {
                failed.get_or_insert((folder, source));
            }
        }
    }
    let (folder, source) = failed.unwrap_or_else(|| (PathBuf::new(), io::ErrorKind::NotFound.into()));
    Err(ImageError::Room { path: path.to_owned(), folder, source })
}

/// The same file without the right to write it, so that nobody finds it open for writing.
pub(super) fn for_reading(file: File) -> File {
    let reopened = File::open(format!("/proc/self/fd/{}", file.as_raw_fd()));
    // Whoever has it may have told in its place how far it was.
    let _ = (&file).seek(SeekFrom::Start(0));
    reopened.unwrap_or(file)
}
