//! From images to a proven stick.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::device::{BlockTarget, FileTarget, TargetPath};
use crate::image::{SourceFile, StoredBytes};
use crate::job::disc::OwnFiles;
use crate::job::moved::write_around;
use crate::job::resume::{Ended, write_on};
use crate::job::{Destination, Event, JobError, NotResumed, Observer, Prepared};
use crate::layout::Layout;
use crate::pipeline::{self, Aftermath, Failure, Input, PipelineError, Target};
use crate::report::{Report, Resumed};
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
    work(prepared, &|target| write_to(prepared, target, stop, observer)).to(destination, observer)
}

/// Opens the destination and goes on with this very write, which was interrupted there: what is there already is not written
/// again, and everything is read back. A stick that is complete is left as it is.
///
/// # Errors
///
/// [`JobError::NotResumed`] if it is not this write that was begun there; then nothing was written. Else as [`write`].
pub fn resume(
    prepared: &Prepared,
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<Report, JobError> {
    let path = begun(destination)?;
    work(prepared, &|target| resume_to(prepared, path, target, stop, observer)).to(destination, observer)
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

fn work<'a>(
    prepared: &'a Prepared,
    put: &'a dyn Fn(&dyn Target) -> Result<Report, JobError>,
) -> Work<'a, Report> {
    Work {
        layout: &prepared.layout,
        files: prepared.images.files(),
        len: prepared.plan.division.sectors * SECTOR_LEN,
        // What a disc does not write is zeros, so that the same images and options give the same file.
        is_anew: prepared.plan.division.disc.is_some(),
        put,
    }
}

/// What is to be done with a target, once it is open.
pub(super) struct Work<'a, T> {
    /// What is written.
    pub layout: &'a Layout,
    /// The files that it comes from.
    pub files: Vec<SourceFile>,
    /// Length in bytes of a file that is made for it.
    pub len: u64,
    /// Whether nothing of what a file held stays.
    pub is_anew: bool,
    /// Does it.
    pub put: &'a dyn Fn(&dyn Target) -> Result<T, JobError>,
}

impl<T> Work<'_, T> {
    /// Opens the destination and does it there.
    ///
    /// # Errors
    ///
    /// [`JobError::Target`], [`JobError::NoRoom`], and those of what is done.
    pub fn to(&self, destination: Destination, observer: &dyn Observer) -> Result<T, JobError> {
        let Destination { system, target } = destination;
        match target {
            TargetPath::Block(facts) => {
                let device = BlockTarget::open(system, facts, &self.files).map_err(JobError::Target)?;
                let done = (self.put)(&device)?;
                if let Err(source) = device.reread_partitions() {
                    observer.tell(Event::PartitionsNotSeen { source });
                }
                Ok(done)
            }
            TargetPath::File { .. } | TargetPath::New { .. } => {
                let needed = self.layout.written_sectors() * SECTOR_LEN;
                if !self.is_anew {
                    let file = FileTarget::open(target, self.len).map_err(JobError::Target)?;
                    return (self.put)(&file).map_err(|error| give_up(target, error, needed));
                }
                let mut file = FileTarget::open_anew(target, self.len).map_err(JobError::Target)?;
                let is_emptied = file.empty().map_err(|source| {
                    let cause = PipelineError::Write { offset: 0, end: self.len, source };
                    JobError::from(Failure { stick: Aftermath::WillNotBoot, cause })
                })?;
                (self.put)(&file).map_err(|error| match give_up(target, error, needed) {
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
    let Prepared { plan, scans, .. } = prepared;
    let (committed, warning) = with_job(prepared, target, stop, observer, |job| write_around(prepared, job))?;
    let mut report = Report::new(plan, scans, &committed);
    report.stick.warnings.extend(warning);
    Ok(finished(prepared, report))
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
    let Prepared { plan, layout, scans, .. } = prepared;
    let ended = with_job(prepared, target, stop, observer, |job| write_on(path, layout, job))?;
    Ok(finished(
        prepared,
        match ended {
            Ended::Complete => Report::of_complete(plan, layout, scans),
            Ended::Done(committed) => {
                let resumed = Some(Resumed::partly(&committed.effort));
                Report { resumed, ..Report::new(plan, scans, &committed) }
            }
        },
    ))
}

fn finished(prepared: &Prepared, report: Report) -> Report {
    Report { stick: prepared.finish(report.stick), ..report }
}

/// Does something with the job of writing what is prepared to a target.
fn with_job<T>(
    prepared: &Prepared,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
    put: impl FnOnce(pipeline::Job) -> Result<T, JobError>,
) -> Result<T, JobError> {
    let Prepared { plan, scans, images, .. } = prepared;
    let mut names: Vec<String> =
        plan.carried.capsules.iter().map(|capsule| named(&capsule.facts.path).into_owned()).collect();
    let sources = images.sources.iter().zip(scans);
    let mut bytes: Vec<Box<dyn StoredBytes>> = sources.map(|(source, scan)| scan.stored(&**source)).collect();
    if let Some(OwnFiles { path, source, scan: Some(scan) }) = &prepared.files {
        names.push(named(path).into_owned());
        bytes.push(scan.stored(source));
    }
    let inputs: Vec<Input> =
        names.iter().zip(&bytes).map(|(name, stored)| Input { name, stored: &**stored }).collect();
    let observe = |event: pipeline::Event| observer.tell(event.into());
    let done = put(pipeline::Job {
        target,
        buffers: pipeline::Job::BUFFERS,
        inputs: &inputs,
        stop,
        observe: &observe,
    });
    observer.tell(Event::End);
    done
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
