//! `ramkey write --driver`: the image is copied, and its Windows gets the driver, before the stick is written.

use std::env;
use std::path::{Path, PathBuf};

use crate::cli::terminal::note;
use crate::cli::{CliError, Progress, stop};
use crate::job::{TemporaryImage, with_driver};
use crate::units::named;

/// Puts a copy with the driver in place of the first of `images`, and says what was changed. The copy goes with what is given.
///
/// # Errors
///
/// [`CliError::Job`] if the driver cannot be added.
pub(super) fn on_the_way(images: &mut [PathBuf], driver: &Path) -> Result<Option<TemporaryImage>, CliError> {
    let Some(image) = images.first_mut() else { return Ok(None) };
    let (copy, report) = with_driver(image, driver, &env::temp_dir(), &*stop::wish()?, &Progress::new())?;
    note(format_args!("note: {} is copied, and the copy gets the driver:", named(image)));
    for change in &report.changes {
        note(format_args!("note: {change}"));
    }
    note(format_args!("note: {}", report.after.unwrap_or(report.before)));
    copy.path().clone_into(image);
    Ok(Some(copy))
}
