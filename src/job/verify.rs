//! Proves a stick without its images.

use std::path::Path;

use crate::job::observer::part;
use crate::job::{Event, JobError, Observer, Part, open};
use crate::sandbox;
use crate::verify::{StickVerdict, Strictness};

/// Reads all of a stick and judges it; a fault is no error but an answer. As root a process without rights does.
///
/// # Errors
///
/// [`JobError::Open`] if it cannot be opened, [`JobError::NoStick`] if nothing on it is ours, [`JobError::Doctor`] if it is not read.
pub fn verify(
    path: &Path,
    strictness: Strictness,
    observer: &dyn Observer,
) -> Result<StickVerdict, JobError> {
    let stick = open(path)?;
    observer.tell(Event::Expect { bytes: stick.len(), later: 0 });
    let verdict = part(observer, Part::Read, stick.len(), |count| {
        sandbox::verify(path, &stick, strictness, (&|| true, count))
    });
    let verdict = verdict.map_err(|source| JobError::Doctor { path: path.to_owned(), source })?;
    verdict.ok_or_else(|| JobError::NoStick { path: path.to_owned() })
}
