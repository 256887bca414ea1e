//! From images to a proven stick.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::device::lend::LentTarget;
use crate::device::{BlockTarget, FileTarget, TargetPath};
use crate::image::{SourceFile, StoredBytes};
use crate::job::disc::OwnFiles;
use crate::job::leave::leave;
use crate::job::medium::Medium;
use crate::job::moved::{Around, Cover, write_around};
use crate::job::resume::{Ended, write_on};
use crate::job::{Destination, Event, JobError, NotResumed, Observer, Prepared};
use crate::layout::Layout;
use crate::pipeline::{self, Aftermath, Failure, Input, Job, PipelineError, RunId, Target};
use crate::report::{Report, Resumed};
use crate::stick::has_trace;
use crate::units::{SECTOR_LEN, named};

/// Opens the destination, then writes, proves and commits the stick. The destination is the one that it was prepared for.
///
/// When `stop` is set, the piece in work is finished, and the stick does not boot. A file that was made for it is removed again
/// if nothing was written to it, or if its disk is full.
///
/// # Errors
///
/// [`JobError::Target`], [`JobError::Pipeline`], [`JobError::NoRoom`] or [`JobError::Differs`]; [`JobError::stick`] says what
/// became of the stick.
pub fn write(
    prepared: &Prepared,
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<Report, JobError> {
    work(prepared).to(destination, observer, |target| write_to(prepared, target, stop, observer))
}

/// Opens the destination and goes on with this very write, which was interrupted there: what is there already is not written
/// again, and everything is read back. A stick that is complete is left as it is.
///
/// # Errors
///
/// [`JobError::NotResumed`] if it is not this write that was begun there; then nothing was written. Else as [`write`](write()).
pub fn resume(
    prepared: &Prepared,
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<Report, JobError> {
    let path = begun(destination)?;
    work(prepared).to(destination, observer, |target| resume_to(prepared, path, target, stop, observer))
}

/// The path of a destination where something can have been begun.
pub(super) fn begun(destination: Destination<'_>) -> Result<&Path, JobError> {
    let path = destination.target.path();
    match destination.target {
        TargetPath::New { .. } | TargetPath::File { len: 0, .. } => {
            Err(JobError::NotResumed { path: path.to_owned(), why: NotResumed::Nothing })
        }
        TargetPath::Block(_) | TargetPath::File { .. } => Ok(path),
    }
}

/// What is to be done with the target of a stick.
pub(super) fn work(prepared: &Prepared) -> Work<'_> {
    Work {
        layout: &prepared.layout,
        files: prepared.images.files(),
        len: prepared.plan.division.sectors * SECTOR_LEN,
        // What a disc does not write is zeros, so that the same images and options give the same file.
        is_anew: prepared.plan.division.disc.is_some(),
    }
}

/// What is to be done with a target.
pub(super) struct Work<'a> {
    /// What is written.
    pub layout: &'a Layout,
    /// The files that it comes from.
    pub files: Vec<SourceFile>,
    /// Length in bytes of a file that is made for it.
    pub len: u64,
    /// Whether nothing of what a file held stays.
    pub is_anew: bool,
}

/// A target that is open.
pub(super) enum Opened {
    /// A device.
    Device(Box<BlockTarget>),
    /// A device that another process opened.
    Lent(LentTarget),
    /// A file.
    File(FileTarget),
}

impl Work<'_> {
    /// Opens the destination and does `put` there.
    ///
    /// # Errors
    ///
    /// [`JobError::Target`], [`JobError::NoRoom`], and those of what is done.
    pub fn to<T>(
        &self,
        destination: Destination,
        observer: &dyn Observer,
        put: impl FnOnce(&dyn Target) -> Result<T, JobError>,
    ) -> Result<T, JobError> {
        self.on(self.open(destination)?, destination.target, observer, put)
    }

    /// Opens the destination and writes nothing.
    ///
    /// # Errors
    ///
    /// [`JobError::Target`].
    pub fn open(&self, destination: Destination) -> Result<Opened, JobError> {
        let Destination { system, target } = destination;
        // A stick may be shorter than a file that is there already.
        let opened = match (target, &system.lender) {
            (TargetPath::Block(facts), Some(lender)) => {
                LentTarget::open(system, lender, facts, &self.files).map(Opened::Lent)
            }
            (TargetPath::Block(facts), None) => {
                BlockTarget::open(system, facts, &self.files).map(|device| Opened::Device(Box::new(device)))
            }
            _ if self.is_anew => FileTarget::open_anew(target, self.len).map(Opened::File),
            (TargetPath::File { len: len @ 1.., .. }, _) => FileTarget::open(target, *len).map(Opened::File),
            (TargetPath::File { .. } | TargetPath::New { .. }, _) => {
                FileTarget::open(target, self.len).map(Opened::File)
            }
        };
        opened.map_err(JobError::Target)
    }

    /// Does `put` on what was opened at `target`.
    ///
    /// # Errors
    ///
    /// [`JobError::NoRoom`], and those of what is done.
    pub fn on<T>(
        &self,
        opened: Opened,
        target: &TargetPath,
        observer: &dyn Observer,
        put: impl FnOnce(&dyn Target) -> Result<T, JobError>,
    ) -> Result<T, JobError> {
        let needed = self.layout.written_sectors() * SECTOR_LEN;
        match opened {
            Opened::Device(device) => {
                let done = put(&*device)?;
                leave(&*device, observer);
                Ok(done)
            }
            Opened::Lent(device) => {
                let done = put(&device)?;
                leave(&device, observer);
                Ok(done)
            }
            Opened::File(file) if !self.is_anew => put(&file).map_err(|error| give_up(target, error, needed)),
            Opened::File(mut file) => {
                let is_emptied = file.empty().map_err(|source| {
                    let cause = PipelineError::Write { offset: 0, end: self.len, source };
                    JobError::from(Failure { stick: Aftermath::WillNotBoot, cause })
                })?;
                put(&file).map_err(|error| match give_up(target, error, needed) {
                    // What the file held is gone all the same.
                    JobError::Pipeline(Failure { stick: Aftermath::Untouched, cause }) if is_emptied => {
                        Failure { stick: Aftermath::WillNotBoot, cause }.into()
                    }
                    error => error,
                })
            }
        }
    }
}

/// Writes, proves and commits the stick on a target that is open already.
///
/// # Errors
///
/// [`JobError::Pipeline`] or [`JobError::Differs`].
pub fn write_to(
    prepared: &Prepared,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<Report, JobError> {
    let way = Way { beginning: Beginning::Anew, buffers: Job::BUFFERS, stop, observer };
    put(prepared, Path::new(""), target, way)
}

/// Goes on with a write on a target that is open already; `path` is for messages.
///
/// # Errors
///
/// As [`resume`].
pub fn resume_to(
    prepared: &Prepared,
    path: &Path,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<Report, JobError> {
    let way = Way { beginning: Beginning::Resumed, buffers: Job::BUFFERS, stop, observer };
    put(prepared, path, target, way)
}

/// What a write makes of what a target holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Nothing: it is written over.
    Anew,
    /// The beginning of itself; anything else is left as it is.
    Resumed,
}

/// How a stick is written.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    /// What it makes of what is there.
    pub beginning: Beginning,
    /// Buffers of the pipeline.
    pub buffers: usize,
    /// Stops it.
    pub stop: &'a AtomicBool,
    /// Is told how far it is.
    pub observer: &'a dyn Observer,
}

/// Writes a stick on a target that is open already; `path` is for messages.
pub(super) fn put(
    prepared: &Prepared,
    path: &Path,
    target: &dyn Target,
    way: Way,
) -> Result<Report, JobError> {
    let Prepared { plan, scans, images, .. } = prepared;
    let mut names: Vec<String> =
        plan.carried.capsules.iter().map(|capsule| named(&capsule.facts.path).into_owned()).collect();
    let sources = images.sources.iter().zip(scans.iter());
    let mut bytes: Vec<Box<dyn StoredBytes>> = sources.map(|(source, scan)| scan.stored(&**source)).collect();
    if let Some(OwnFiles { path, source, scan: Some(scan) }) = &prepared.files {
        names.push(named(path).into_owned());
        bytes.push(scan.stored(source));
    }
    let inputs: Vec<Input> =
        names.iter().zip(&bytes).map(|(name, stored)| Input { name, stored: &**stored }).collect();
    let observe = |event: pipeline::Event| way.observer.tell(event.into());
    let probe = if way.beginning == Beginning::Anew { stamps(target) } else { None };
    let job = Job { target, buffers: way.buffers, probe, inputs: &inputs, stop: way.stop, observe: &observe };
    let mut moved = None;
    let around = match way.beginning {
        Beginning::Anew => Around::nothing(prepared),
        Beginning::Resumed => Around::begun(prepared, &Medium::new(target)),
    };
    let (layout, known) = (around.layout().clone(), around.warning());
    let ended = match way.beginning {
        Beginning::Anew => write_around(prepared, around, job).map(|(done, warning)| {
            moved = warning;
            Ended::Done(Box::new(done))
        }),
        Beginning::Resumed => {
            // Of an image that was moved, pieces begin where no hash does.
            let covers: Vec<Cover> = job.inputs.iter().map(|input| Cover(input.stored)).collect();
            let inputs = job.inputs.iter().zip(&covers);
            let inputs: Vec<Input> =
                inputs.map(|(input, stored)| Input { name: input.name, stored }).collect();
            write_on(path, &layout, Job { inputs: &inputs, ..job }, |job| {
                let (done, warning) = write_around(prepared, around, job)?;
                moved = warning;
                Ok(done)
            })
        }
    };
    way.observer.tell(Event::End);
    let mut report = match ended? {
        Ended::Complete => {
            moved = known;
            Report::of_complete(plan, &layout, scans)
        }
        Ended::Done(done) => {
            let resumed = Resumed::partly(&done.effort);
            let resumed = (way.beginning == Beginning::Resumed).then_some(resumed);
            Report { resumed, ..Report::new(plan, scans, &done) }
        }
    };
    report.stick.warnings.extend(moved);
    Ok(Report { stick: prepared.finish(report.stick), ..report })
}

/// The stamps that tell whether a stick has what it claims, for one that was never seen: on a stick of ramkey everything was
/// proven once.
pub(super) fn stamps(target: &dyn Target) -> Option<RunId> {
    (target.may_lie() && !has_trace(&Medium::new(target))).then(RunId::random)
}

/// After a failure: takes away again a file that was made for the stick and holds nothing of it, or for which the disk
/// has no room. `needed` is what the stick takes, in bytes.
fn give_up(target: &TargetPath, error: JobError, needed: u64) -> JobError {
    let JobError::Pipeline(failure) = error else { return error };
    let Failure { stick, cause } = failure;
    let full = match &cause {
        PipelineError::Write { source, .. } | PipelineError::Flush(source) => matches!(
            source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        ),
        _ => false,
    };
    let undone = (full || stick == Aftermath::Untouched) && undo(target).is_some_and(|result| result.is_ok());
    let stick = if undone { Aftermath::Untouched } else { stick };
    let path = target.path().to_owned();
    match cause {
        PipelineError::Write { source, .. } | PipelineError::Flush(source) if full => {
            JobError::NoRoom { path, needed, stick, source }
        }
        cause => Failure { stick, cause }.into(),
    }
}

/// Makes a file that was new again what it was: nothing, or empty. `None` for one that held something.
pub(super) fn undo(target: &TargetPath) -> Option<io::Result<()>> {
    match target {
        TargetPath::New { path } => Some(fs::remove_file(path)),
        TargetPath::File { path, len: 0, .. } => {
            Some(File::options().write(true).open(path).and_then(|file| file.set_len(0)))
        }
        _ => None,
    }
}
