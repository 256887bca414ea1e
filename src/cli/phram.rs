//! `ramkey phram`: the addition to an initramfs with which Linux finds the RAM disk again.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cli::{CliError, Exit, Output};
use crate::linux_phram::{Module, addition, modules};
use crate::units::{Bytes, named};

/// Make an addition to a Linux system's initramfs that finds the RAM disk
///
/// A Linux that looks for its CD or disk again does not see the one in RAM. Put this file into the image and load it
/// as a second initrd: docs/linux.md has the lines for each boot loader and system.
#[derive(Debug, Args)]
pub struct PhramArgs {
    /// The file to make
    #[arg(long, value_name = "FILE")]
    to: PathBuf,

    /// Folder of the kernel's modules, named after its release, if the initramfs does not have phram; more than once
    /// for several kernels
    #[arg(long, value_name = "FOLDER")]
    modules: Vec<PathBuf>,
}

/// The file that was made.
#[derive(Serialize)]
struct Addition {
    path: String,
    len: u64,
    blake3: String,
    modules: Vec<String>,
}

impl PhramArgs {
    /// Makes the file.
    ///
    /// # Errors
    ///
    /// [`CliError::Phram`] if modules are missing; [`CliError::Exists`] and [`CliError::Write`] for the file.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let mut found: Vec<Module> = Vec::new();
        for folder in &self.modules {
            let more = modules(folder)?;
            found.extend(more.into_iter().filter(|module| !found.contains(module)).collect::<Vec<_>>());
        }
        let bytes = put(&self.to, &found)?;
        let made = Addition {
            path: named(&self.to).into_owned(),
            len: bytes.len() as u64,
            blake3: blake3::hash(&bytes).to_hex().to_string(),
            modules: found.iter().map(|module| format!("{}/{}", module.release, module.file)).collect(),
        };
        output.show(&made, |out| {
            writeln!(out, "written   {}, {}", made.path, Bytes(made.len))?;
            made.modules.iter().try_for_each(|module| writeln!(out, "module    {module}"))?;
            writeln!(out, "next      put it into the image and load it behind its initrd: docs/linux.md")
        })?;
        Ok(Exit::Done)
    }
}

/// The addition's file beside `image`: `live.iso` has `live.phram.cpio`. What is no ending of a kind of file stays: `live-1.5`
/// has `live-1.5.phram.cpio`.
pub(super) fn beside(image: &Path) -> PathBuf {
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
///
/// # Errors
///
/// [`CliError::Exists`] if another file is there, [`CliError::Write`] if it cannot be written.
pub(super) fn put(path: &Path, modules: &[Module]) -> Result<Vec<u8>, CliError> {
    let bytes = addition(modules);
    let write = |source| CliError::Write { path: path.to_owned(), source };
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
                return Err(CliError::Exists { path: path.to_owned() });
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
