//! `ramkey phram`: the addition to an initramfs with which Linux finds the RAM disk again.

use std::path::PathBuf;

use clap::Args;

use crate::cli::terminal::note;
use crate::cli::{CliError, Exit, Output};
use crate::job::{PhramRequest, StickRequest, beside, phram, put_addition};
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

impl PhramArgs {
    /// Makes the file.
    ///
    /// # Errors
    ///
    /// [`CliError::Job`] if modules are missing, or the file cannot be made.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let made = phram(&PhramRequest { to: self.to, modules: self.modules })?;
        output.show(&made, |out| {
            writeln!(out, "written   {}, {}", made.path, Bytes(made.len))?;
            made.modules.iter().try_for_each(|module| writeln!(out, "module    {module}"))?;
            writeln!(out, "next      put it into the image and load it behind its initrd: docs/linux.md")
        })?;
        Ok(Exit::Done)
    }
}

/// Writes the addition beside the first image of a stick, and says what to do with it.
///
/// # Errors
///
/// [`CliError::Job`] if it cannot be written.
pub(super) fn put_beside(request: &StickRequest) -> Result<(), CliError> {
    let path = beside(&request.images[0]);
    put_addition(&path)?;
    note(format_args!("note: {} goes into the image, as a second initrd: docs/linux.md", named(&path)));
    Ok(())
}
