//! The name by which an image is asked for, and the one that it has by itself.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::containers::is_extension_of;
use super::standard_input::is_standard_input;
use super::unpacked::Unpacked;

/// A file, and what of it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageName {
    /// The file.
    pub file: PathBuf,
    /// The file in an archive that is meant, which stands behind `#`.
    pub member: Option<String>,
}

impl ImageName {
    /// What `path` means: the file of this name, if there is one; else the first file that stands before a `#`, and what stands
    /// behind it; else a file that is not there.
    pub fn find(path: &Path) -> Self {
        let bytes = path.as_os_str().as_bytes();
        if path.symlink_metadata().is_err() {
            for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'#') {
                let file = Path::new(OsStr::from_bytes(&bytes[..at]));
                let Ok(member) = std::str::from_utf8(&bytes[at + 1..]) else { continue };
                if !member.is_empty() && file.is_file() {
                    return Self { file: file.to_owned(), member: Some(member.to_owned()) };
                }
            }
        }
        Self { file: path.to_owned(), member: None }
    }

    /// Whether `path` means standard input.
    pub fn is_input(path: &Path) -> bool {
        is_standard_input(path)
    }

    /// Whether there is something of the name `path`.
    pub fn exists(path: &Path) -> bool {
        Self::is_input(path) || Self::find(path).file.exists()
    }
}

/// The name that an image has by itself: that of the file in the last archive, or that of its own file at `path` without
/// the extensions of what it was packed in, `unpacked`.
pub fn own_name(path: &Path, unpacked: &[Unpacked]) -> PathBuf {
    // Standard input has none.
    let mut name = if ImageName::is_input(path) { PathBuf::new() } else { path.to_owned() };
    for layer in unpacked {
        if let Some(member) = &layer.member {
            name = member.into();
        } else if name
            .extension()
            .is_some_and(|known| is_extension_of(&layer.container, &known.to_string_lossy()))
        {
            name.set_extension("");
        }
    }
    name
}
