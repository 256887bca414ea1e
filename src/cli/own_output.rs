//! Refuses a target that the words of this command would go to.

use std::path::Path;

use crate::cli::terminal::leading_to;
use crate::cli::{CliError, Streams};
use crate::device::{System, TargetPath};
use crate::job::JobError;

/// Looks at what is to be written, and refuses it if the words of this command would go there too.
///
/// # Errors
///
/// [`CliError::Job`] if nothing can be there, or [`CliError::OwnOutput`].
pub(super) fn look(system: &System, path: &Path) -> Result<TargetPath, CliError> {
    let target = TargetPath::look(system, path).map_err(JobError::Target)?;
    match leading_to(system, &target) {
        Streams { output: false, error: false } => Ok(target),
        streams => Err(CliError::OwnOutput { path: path.to_owned(), streams }),
    }
}
