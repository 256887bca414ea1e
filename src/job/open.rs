//! Opens what a job reads: the one place where an image or a stick becomes bytes.

use std::path::Path;

use crate::device::{ReadOnly, System, TargetPath};
use crate::job::JobError;

/// Opens a stick, or anything that may be one, for reading.
///
/// # Errors
///
/// [`JobError::Open`].
pub fn open(path: &Path) -> Result<ReadOnly, JobError> {
    let target = TargetPath::look(&System::default(), path).map_err(JobError::Open)?;
    ReadOnly::open(&target).map_err(JobError::Open)
}
