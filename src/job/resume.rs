//! Goes on with a write that was interrupted: what is there already is not written again.
//!
//! There is no file that remembers how far it was: the stick does. Its manifest has the hash of every range of one very layout, and
//! as long as sector 0 is clear, what belongs there is known.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use ramkey_format::memory::MANIFEST_LBA;

use crate::job::loss::files_on;
use crate::job::medium::Medium;
use crate::job::{JobError, NotResumed};
use crate::layout::Layout;
use crate::pipeline::{
    Aftermath, Buffer, Committed, Failure, Held, Job, PIECE_LEN, PipelineError, Target, VerifyLevel,
    first_difference, held,
};
use crate::units::SECTOR_LEN;

/// A target to which only what differs is written: it is read before.
pub(super) struct Unchanged<'t> {
    target: &'t dyn Target,
    /// What was read to be compared.
    found: Mutex<Buffer>,
    /// Whether it is read before at all.
    compares: AtomicBool,
    skipped: AtomicU64,
}

impl<'t> Unchanged<'t> {
    /// The same target, of which nothing was skipped yet.
    pub fn new(target: &'t dyn Target) -> Self {
        Self {
            target,
            found: Mutex::new(Buffer::new(PIECE_LEN as usize, target.alignment())),
            compares: AtomicBool::new(true),
            skipped: AtomicU64::new(0),
        }
    }

    /// Whether the target holds these bytes already. What cannot be read it does not hold.
    fn holds(&self, offset: u64, bytes: &[u8]) -> bool {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        (offset..).step_by(PIECE_LEN as usize).zip(bytes.chunks(PIECE_LEN as usize)).all(|(offset, bytes)| {
            let found = &mut found.bytes_mut()[..bytes.len()];
            self.target.read_at(offset, found).is_ok() && found == bytes
        })
    }
}

impl Target for Unchanged<'_> {
    fn len(&self) -> u64 {
        self.target.len()
    }

    fn alignment(&self) -> usize {
        self.target.alignment()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.target.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> io::Result<()> {
        let len = buffer.len() as u64;
        if self.compares.load(Ordering::Relaxed) && self.holds(offset, buffer) {
            self.skipped.fetch_add(len, Ordering::Relaxed);
            return Ok(());
        }
        self.target.write_at(offset, buffer)
    }

    fn flush(&self) -> io::Result<()> {
        self.target.flush()
    }

    fn in_flight(&self) -> usize {
        self.target.in_flight()
    }

    fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed) + self.target.skipped()
    }

    /// From now on everything is written: what comes back changed is written again, although it may look right then.
    fn begin_read_back(&self) -> io::Result<()> {
        self.compares.store(false, Ordering::Relaxed);
        self.target.begin_read_back()
    }

    fn level(&self) -> VerifyLevel {
        self.target.level()
    }

    fn is_buffered(&self) -> bool {
        self.target.is_buffered()
    }

    fn is_found_anew(&self) -> bool {
        self.target.is_found_anew()
    }

    fn same_device(&self) -> io::Result<()> {
        self.target.same_device()
    }
}

/// How a resumed write ended.
pub(super) enum Ended {
    /// The stick was complete; nothing was written.
    Complete,
    /// The rest was written, and everything proven.
    Done(Box<Committed>),
}

/// Goes on with the write of `layout` on the job's target, which `path` names in messages: `write` does it, with a target that skips
/// what is there.
///
/// # Errors
///
/// [`JobError::NotResumed`] if it is not this write that was interrupted there: then nothing was written. Else as a write.
pub(super) fn write_on(
    path: &Path,
    layout: &Layout,
    job: Job,
    write: impl FnOnce(Job) -> Result<Committed, JobError>,
) -> Result<Ended, JobError> {
    let untouched = |cause| Failure { stick: Aftermath::Untouched, cause };
    job.target.same_device().map_err(PipelineError::DeviceChanged).map_err(untouched)?;
    if is_complete(path, layout, &job)? {
        return Ok(Ended::Complete);
    }
    let target = Unchanged::new(job.target);
    let committed = write(Job { target: &target, probe: None, ..job })?;
    Ok(Ended::Done(Box::new(committed)))
}

/// Whether all of the layout is there, or else the beginning of this very one.
///
/// The manifest has the hash of every range, so whoever has the same one was to become the same stick. What can be lost is a
/// file that somebody put there since.
fn is_complete(path: &Path, layout: &Layout, job: &Job) -> Result<bool, JobError> {
    let not = |why| JobError::NotResumed { path: path.to_owned(), why };
    let untouched = |cause| JobError::Pipeline(Failure { stick: Aftermath::Untouched, cause });
    let sectors = job.target.len() / SECTOR_LEN;
    let manifest = u64::from(MANIFEST_LBA);
    if sectors <= manifest {
        return Err(not(NotResumed::Nothing));
    }
    let holds = |lba: u64| held(layout, job, lba).map_err(untouched);
    if holds(manifest)? != Held::Same {
        return Err(not(NotResumed::Nothing));
    }
    // What is written last decides whether it was finished.
    let last = layout.held_back.last().copied().unwrap_or(0);
    match holds(last)? {
        Held::Same => match first_difference(layout, job).map_err(untouched)? {
            None => return Ok(true),
            Some(lba) => return Err(not(NotResumed::Finished { lba })),
        },
        Held::Clear => {}
        Held::Other => return Err(not(NotResumed::Other { lba: last })),
    }
    for &lba in layout.cleared_first.iter().filter(|&&lba| lba < sectors) {
        if holds(lba)? == Held::Other {
            return Err(not(NotResumed::Other { lba }));
        }
    }
    match files_on(&Medium::new(job.target)) {
        Some(what) => Err(not(NotResumed::Files { what })),
        None => Ok(false),
    }
}
