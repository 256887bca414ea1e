//! `ramkey phram`: the addition to an initramfs with which Linux finds the RAM disk again.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cli::{CliError, Exit, Output};
use crate::linux_phram::{Module, addition, modules};
use crate::units::Bytes;

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
            path: self.to.display().to_string(),
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

/// The addition's file beside `image`: `live.iso` has `live.phram.cpio`.
pub(super) fn beside(image: &Path) -> PathBuf {
    image.with_extension("phram.cpio")
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
