//! Makes the addition to an initramfs with which Linux finds the RAM disk again.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::job::JobError;
use crate::linux_phram::{Module, addition, modules};
use crate::units::{hex, named};

/// The addition that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhramRequest {
    /// The file to make.
    pub to: PathBuf,
    /// Folders of kernels' modules, each named after its release.
    pub modules: Vec<PathBuf>,
}

/// The file that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Addition {
    /// Its path.
    pub path: String,
    /// Its length in bytes.
    pub len: u64,
    /// Its BLAKE3.
    pub blake3: String,
    /// The modules in it, each behind its kernel's release.
    pub modules: Vec<String>,
}

/// Makes the file.
///
/// # Errors
///
/// [`JobError::Phram`] if modules are missing; [`JobError::Exists`] and [`JobError::Write`] for the file.
pub fn phram(request: &PhramRequest) -> Result<Addition, JobError> {
    let mut found: Vec<Module> = Vec::new();
    for folder in &request.modules {
        let more = modules(folder)?;
        found.extend(more.into_iter().filter(|module| !found.contains(module)).collect::<Vec<_>>());
    }
    let bytes = put(&request.to, &found)?;
    Ok(Addition {
        path: named(&request.to).into_owned(),
        len: bytes.len() as u64,
        blake3: hex(blake3::hash(&bytes).as_bytes()),
        modules: found.iter().map(|module| format!("{}/{}", module.release, module.file)).collect(),
    })
}

/// Makes an addition without modules, unless the file is there already.
///
/// # Errors
///
/// [`JobError::Exists`] and [`JobError::Write`].
pub fn put_addition(path: &Path) -> Result<(), JobError> {
    put(path, &[]).map(drop)
}

/// The addition's file beside `image`: `live.iso` has `live.phram.cpio`. What is no ending of a kind of file stays: `live-1.5`
/// has `live-1.5.phram.cpio`.
pub fn beside(image: &Path) -> PathBuf {
    const ENDING: &str = "phram.cpio";
    let is_kind = |ending: &OsStr| {
        let bytes = ending.as_bytes();
        bytes.len() <= 5
            && bytes.iter().all(u8::is_ascii_alphanumeric)
            && bytes.iter().any(u8::is_ascii_alphabetic)
    };
    match image.extension() {
        Some(ending) if is_kind(ending) => image.with_extension(ENDING),
        _ => image.with_added_extension(ENDING),
    }
}

/// Writes the addition to `path`, unless the file is there already; gives its bytes.
fn put(path: &Path, modules: &[Module]) -> Result<Vec<u8>, JobError> {
    let bytes = addition(modules);
    let write = |source| JobError::Write { path: path.to_owned(), source };
    match File::create_new(path) {
        Ok(mut file) => file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(|source| {
            // It is ours, made a moment ago, and a part of it is of no use.
            let _ = fs::remove_file(path);
            write(source)
        })?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Only a regular file can be read to its end.
            let same = path.is_file() && fs::read(path).map_err(write)? == bytes;
            if !same {
                return Err(JobError::Exists { path: path.to_owned() });
            }
        }
        Err(error) => return Err(write(error)),
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::beside;
    use std::path::Path;

    #[test]
    fn the_addition_lies_beside_its_image_and_has_its_name() {
        for (image, addition) in [
            ("live.iso", "live.phram.cpio"),
            ("a/b/live.ISO", "a/b/live.phram.cpio"),
            ("/x/debian-12.5.0-amd64-netinst.iso", "/x/debian-12.5.0-amd64-netinst.phram.cpio"),
            ("debian-12.5.0-amd64", "debian-12.5.0-amd64.phram.cpio"),
            ("live-1.5", "live-1.5.phram.cpio"),
            ("live", "live.phram.cpio"),
            ("../live.", "../live..phram.cpio"),
        ] {
            assert_eq!(beside(Path::new(image)), Path::new(addition));
        }
    }
}
