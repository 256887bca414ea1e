//! The options of every command that opens a stick for writing.

use clap::Args;

use crate::cli::{CliError, confirm};
use crate::device::{Allowed, System, TargetPath};

/// How a stick is opened for writing, and what is asked before.
#[derive(Clone, Debug, Args)]
pub struct TargetArgs {
    /// Unmount the file systems of the stick first; they are shown before
    #[arg(long, hide = true)]
    pub unmount: bool,

    /// Also take a disk of more than 64 GiB, which may be no stick
    #[arg(long)]
    pub large: bool,

    /// Do not ask before a device, or a file with contents of its own, is erased, or bytes are written of which nothing is known
    #[arg(long)]
    pub yes: bool,
}

impl TargetArgs {
    /// The machine, with what is allowed on it.
    pub fn system(&self) -> System {
        System { allowed: Allowed { large: self.large }, ..System::default() }
    }

    /// Asks before everything on the target is erased, unless that was answered already.
    ///
    /// # Errors
    ///
    /// As those of [`confirm::ask`].
    pub fn confirm_erasing(&self, system: &System, target: &TargetPath) -> Result<(), CliError> {
        if self.yes { Ok(()) } else { confirm::ask(system, target) }
    }
}
