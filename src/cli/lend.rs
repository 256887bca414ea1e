//! `ramkey lend`: the process with rights of another one that has none. Not for people.

use std::env;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};

use clap::Args;
use rustix::stdio::{stdin, stdout};

use crate::cli::{CliError, Exit, Output, stop};
use crate::device::System;
use crate::device::lend::lend;

/// The name of the command.
pub(super) const NAME: &str = "lend";

/// Open a device for another process of ramkey, which is at the other end of standard input and output
#[derive(Debug, Args)]
pub struct LendArgs {}

impl LendArgs {
    /// Lends the device that is asked for, until standard input ends.
    ///
    /// # Errors
    ///
    /// [`CliError::Lend`].
    pub fn run(self, _: &mut Output) -> Result<Exit, CliError> {
        // The other process is told to stop by the same keys, and then ends what it does and closes the stream.
        stop::leave_keys_to_others()?;
        // No folder of the user is held, and no name is looked for in one.
        env::set_current_dir("/")?;
        let copy = |stream: BorrowedFd<'_>| stream.try_clone_to_owned().map(File::from);
        let (mut from, mut to) = (copy(stdin().as_fd())?, copy(stdout().as_fd())?);
        lend(&System::default(), &mut from, &mut to).map_err(CliError::Lend)?;
        Ok(Exit::Done)
    }
}
