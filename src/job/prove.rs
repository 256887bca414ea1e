//! A layout, from the first write to the last proof.

use crate::job::JobError;
use crate::layout::Layout;
use crate::pipeline::{self, Committed, Verdict};

/// Writes, proves and commits a layout.
///
/// # Errors
///
/// [`JobError::Pipeline`] or [`JobError::Differs`].
pub(super) fn write_and_prove(layout: Layout, job: pipeline::Job) -> Result<Committed, JobError> {
    match pipeline::verify(pipeline::write(layout, job)?)? {
        Verdict::Identical(proven) => Ok(pipeline::commit(*proven)?),
        Verdict::Differs { stick, differences } => Err(JobError::Differs { stick, differences }),
    }
}
