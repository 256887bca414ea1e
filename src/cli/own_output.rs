//! Refuses a target that the words of this command would go to.

use std::path::Path;

use crate::cli::list::headline;
use crate::cli::terminal::{leading_to, step};
use crate::cli::{CliError, Streams};
use crate::device::{System, TargetPath};
use crate::job::JobError;
use crate::units::{Bytes, named};

/// Looks at what is to be written, and refuses it if the words of this command would go there too.
///
/// # Errors
///
/// [`CliError::Job`] if nothing can be there, or [`CliError::OwnOutput`].
pub(super) fn look(system: &System, path: &Path) -> Result<TargetPath, CliError> {
    let target = TargetPath::look(system, path).map_err(JobError::Target)?;
    match leading_to(system, &target) {
        Streams { output: false, error: false } => {
            step(format_args!("target: {}", words(&target)));
            Ok(target)
        }
        streams => Err(CliError::OwnOutput { path: path.to_owned(), streams }),
    }
}

fn words(target: &TargetPath) -> String {
    match target {
        TargetPath::Block(facts) => format!("device {}", headline(facts)),
        TargetPath::File { path, len, .. } => format!("file {} of {}", named(path), Bytes(*len)),
        TargetPath::New { path } => format!("new file {}", named(path)),
    }
}
