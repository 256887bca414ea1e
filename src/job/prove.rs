//! A layout, from the first write to the last proof.

use std::sync::atomic::AtomicBool;

use crate::job::{Event, JobError, Observer};
use crate::layout::Layout;
use crate::pipeline::{self, Committed, Job, Target, Verdict};

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

/// The same of a layout that has bytes of no image; tells when it has ended.
///
/// # Errors
///
/// As [`write_and_prove`].
pub(super) fn write_alone(
    layout: Layout,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<(), JobError> {
    let observe = |event: pipeline::Event| observer.tell(event.into());
    let job = Job { target, buffers: Job::BUFFERS, probe: None, inputs: &[], stop, observe: &observe };
    let done = write_and_prove(layout, job);
    observer.tell(Event::End);
    done.map(drop)
}
