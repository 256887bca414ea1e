//! Proves a stick without its images.

use std::path::Path;

use crate::image::Source;
use crate::job::observer::part;
use crate::job::{JobError, Observer, Part, open};
use crate::stick::has_trace;
use crate::verify::{self, StickVerdict, Strictness};

/// Reads all of a stick and judges it; a fault is no error but an answer.
///
/// # Errors
///
/// [`JobError::Open`] if it cannot be opened, [`JobError::NoStick`] if nothing on it is ours.
pub fn verify(
    path: &Path,
    strictness: Strictness,
    observer: &dyn Observer,
) -> Result<StickVerdict, JobError> {
    let stick = open(path)?;
    if !has_trace(&stick) {
        return Err(JobError::NoStick { path: path.to_owned() });
    }
    Ok(part(observer, Part::Read, Source::len(&stick), |count| verify::verify(&stick, strictness, count)))
}
