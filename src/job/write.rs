//! From images to a proven stick.

use std::fs::{self, File};
use std::io;
use std::sync::atomic::AtomicBool;

use crate::device::{BlockTarget, FileTarget, TargetPath};
use crate::image::{SourceFile, StoredBytes};
use crate::job::disc::OwnFiles;
use crate::job::medium::Medium;
use crate::job::{Destination, Event, JobError, Observer, Prepared};
use crate::layout::Layout;
use crate::pipeline::{self, Aftermath, Committed, Failure, Input, PipelineError, RunId, Target, Verdict};
use crate::report::Report;
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
    let work = Work {
        layout: &prepared.layout,
        files: &prepared.images.files(),
        len: prepared.plan.division.sectors * SECTOR_LEN,
        // What a disc does not write is zeros, so that the same images and options give the same file.
        is_anew: prepared.plan.division.disc.is_some(),
        put: &|target| write_to(prepared, target, stop, observer),
    };
    work.to(destination, observer)
}

/// What is to be done with a target, once it is open.
pub(super) struct Work<'a, T> {
    /// What is written.
    pub layout: &'a Layout,
    /// The files that it comes from.
    pub files: &'a [SourceFile],
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
                let device = BlockTarget::open(system, facts, self.files).map_err(JobError::Target)?;
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
    let Prepared { plan, layout, scans, images, .. } = prepared;
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
    let job = pipeline::Job {
        target,
        buffers: pipeline::Job::BUFFERS,
        probe: stamps(target),
        inputs: &inputs,
        stop,
        observe: &observe,
    };
    let committed = write_and_prove(layout.clone(), job);
    observer.tell(Event::End);
    let report = Report::new(plan, scans, &committed?);
    Ok(Report { stick: prepared.finish(report.stick), ..report })
}

/// The stamps that tell whether a stick has what it claims, for one that was never seen: on a stick of ramkey everything was
/// proven once.
pub(super) fn stamps(target: &dyn Target) -> Option<RunId> {
    (target.may_lie() && !has_trace(&Medium::new(target))).then(RunId::random)
}

/// Writes, proves and commits a layout.
///
/// # Errors
///
/// [`JobError::Pipeline`] or [`JobError::Differs`].
pub(super) fn write_and_prove(layout: Layout, job: pipeline::Job) -> Result<Committed, JobError> {
    match pipeline::verify(pipeline::write(layout, job)?)? {
        Verdict::Identical(proven) => Ok(pipeline::commit(proven)?),
        Verdict::Differs { stick, differences } => Err(JobError::Differs { stick, differences }),
    }
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
