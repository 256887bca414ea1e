//! `ramkey lend`: the process with rights of another one that has none. Not for people.

use std::env;

use clap::Args;

use crate::cli::terminal::{is_terminal, raw_streams};
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
    /// [`CliError::Usage`] if there is a person at the other end, and what the system says.
    pub fn run(self, _: &mut Output) -> Result<Exit, CliError> {
        if is_terminal() {
            let what = "`ramkey lend` is started by `ramkey write`, and is not for people".into();
            return Err(CliError::Usage { what });
        }
        // The other process is told to stop by the same keys, and then ends what it does and closes the stream.
        stop::leave_keys_to_others()?;
        // No folder of the user is held, and no name is looked for in one.
        env::set_current_dir("/")?;
        let (mut from, mut to) = raw_streams()?;
        // The other process was told what is to be said.
        Ok(match lend(&System::default(), &mut from, &mut to) {
            Ok(()) => Exit::Done,
            Err(error) if error.is_untouched() => Exit::Refused,
            Err(_) => Exit::Failed,
        })
    }
}
