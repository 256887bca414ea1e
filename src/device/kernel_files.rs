//! Folders and lines of sysfs and procfs.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The names in a folder, in order; none if it cannot be read.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The names of the folders in a folder, in order; none if it cannot be read. Links to folders are none.
pub(super) fn folders(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut names: Vec<String> =
        folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The path on the one line of a file of sysfs. The line's own end is the last byte; the name may have others.
pub(super) fn line_path(text: &[u8]) -> PathBuf {
    std::ffi::OsStr::from_bytes(text.strip_suffix(b"\n").unwrap_or(text)).into()
}
