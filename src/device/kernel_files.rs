//! Folders and lines of sysfs and procfs.

use std::fs::{self, DirEntry};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The names in a folder, in order; none if it cannot be read.
pub(super) fn names(folder: &Path) -> Vec<String> {
    names_of(folder, |_| true)
}

/// The names of the folders in a folder, in order; none if it cannot be read. Links to folders are none.
pub(super) fn folders(folder: &Path) -> Vec<String> {
    names_of(folder, |entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
}

fn names_of(folder: &Path, is_wanted: impl Fn(&DirEntry) -> bool) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().filter(is_wanted);
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The path on the one line of a file of sysfs. The line's own end is the last byte; the name may have others.
pub(super) fn line_path(text: &[u8]) -> PathBuf {
    std::ffi::OsStr::from_bytes(text.strip_suffix(b"\n").unwrap_or(text)).into()
}
