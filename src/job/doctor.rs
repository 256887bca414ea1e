//! Finds out what on a stick contradicts what.

use std::path::Path;

use crate::doctor::Diagnosis;
use crate::job::{JobError, open};
use crate::sandbox;

/// Looks at any stick, or an image of one; a finding is no error but an answer.
///
/// # Errors
///
/// [`JobError::Open`] or [`JobError::Doctor`] if it cannot be read.
pub fn diagnose(path: &Path) -> Result<Diagnosis, JobError> {
    let stick = open(path)?;
    sandbox::diagnose(path, &stick).map_err(|source| JobError::Doctor { path: path.to_owned(), source })
}
