//! The writing itself: the one step of the guide that needs rights.

use std::sync::atomic::AtomicBool;

use crate::cli::CliError;
use crate::cli::guide::order::Ready;
use crate::cli::target_args::free;
use crate::job::{self, Observer};
use crate::report::Report;

/// Writes and proves what was prepared and confirmed.
///
/// # Errors
///
/// As those of `write`: the exit status says what became of the medium.
pub(super) fn write(ready: &Ready, stop: &AtomicBool, observer: &dyn Observer) -> Result<Report, CliError> {
    let single = &ready.single;
    free(&single.system, &single.target, &ready.mounts)?;
    Ok(job::write(&ready.prepared, single.destination(), stop, observer)?)
}
