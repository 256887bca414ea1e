//! `ramkey phram`: the addition to an initramfs with which Linux finds the RAM disk again.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{CliError, Exit, Output};
use crate::job::{PhramRequest, phram};
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
