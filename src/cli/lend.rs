//! `ramkey lend`: the process with rights of another one that has none. Not for people, so no help names it.

use std::env;

use crate::cli::terminal::{is_terminal, raw_streams};
use crate::cli::{CliError, Exit, stop};
use crate::device::System;
use crate::device::lend::lend;

/// The name of the command.
pub(super) const NAME: &str = "lend";

/// Whether this process is to lend: that is all that its command line says.
pub(super) fn is_asked() -> bool {
    env::args_os().skip(1).eq([NAME])
}

/// Opens the device that is asked for through standard input, for another process of this program, until that ends it.
///
/// # Errors
///
/// [`CliError::Usage`] if there is a person at the other end, and what the system says.
pub(super) fn run() -> Result<Exit, CliError> {
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
