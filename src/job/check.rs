//! Whether a stick has what it claims and keeps what is written, sector by sector.

use std::error::Error;
use std::io;
use std::iter::successors;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde::Serialize;

use crate::device::{BlockTarget, DeviceFacts, FileTarget, OpenError, ReadOnly, TargetPath};
use crate::job::leave::leave;
use crate::job::medium::Medium;
use crate::job::observer::part;
use crate::job::{Destination, Event, JobError, Observer, Part};
use crate::pipeline::{self, BadRange, Counts, Ended, Pass, RunId, SlowArea, Survey, Target, VerifyLevel};
use crate::sandbox::{self, LookError};
use crate::stick::{SAVED_LBAS, has_trace};
use crate::units::{SECTOR_LEN, named};
use crate::verify::{StickVerdict, Strictness, verify};

/// Alignment that direct I/O accepts everywhere.
const ALIGNMENT: usize = 4096;

/// What checking a stick found.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct CheckReport {
    /// The stick.
    pub path: String,
    /// Bytes that it claims.
    pub len: u64,
    /// Whether all of it was written.
    pub destructive: bool,
    /// Whether no fault was found and all was looked at.
    pub good: bool,
    /// Why not all was looked at; `None` if it was.
    pub ended: Option<String>,
    /// Bytes from the start on that were written.
    pub written: u64,
    /// Bytes from the start on that were read.
    pub read: u64,
    /// Bytes a second that it was written with.
    pub write_rate: Option<u64>,
    /// Bytes a second that it was read with.
    pub read_rate: Option<u64>,
    /// Bytes that it really has, if it was written and all was read.
    pub real_len: Option<u64>,
    /// Sectors that were read, by what became of them; and those that could not be written.
    pub counts: Counts,
    /// The ranges with a fault, ascending.
    pub ranges: Vec<BadRange>,
    /// Ranges with a fault that are not listed.
    pub more: u64,
    /// Places that are read much slower than the others.
    pub slow: Vec<SlowArea>,
    /// Where the bytes came from that were compared; `None` if none were.
    pub level: Option<VerifyLevel>,
    /// Whether it was read after it had no power.
    pub replugged: bool,
    /// Sectors that were right before it had no power, and are not any more.
    pub forgotten: u64,
    /// What verifying it found, if it is one of ramkey's and was not written.
    pub stick: Option<StickVerdict>,
}

/// A stick that was written with stamps, and can be read again.
pub struct Stamped {
    /// What was found so far.
    pub report: CheckReport,
    id: RunId,
    /// The device as it was; none for a file.
    facts: Option<DeviceFacts>,
}

/// Reads all of a stick, and verifies it if it is one of ramkey's. Nothing is written.
///
/// When `stop` is set, the report says how far it came, and if it is not verified, why not.
///
/// # Errors
///
/// [`JobError::Open`].
pub fn check(
    target: &TargetPath,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<CheckReport, JobError> {
    let stick = Looked::open(target)?;
    let path = target.path();
    let mut report = read(path, &stick, stop, observer);
    if report.ended.is_none() {
        let verdict = part(observer, Part::Read, stick.len(), |count| {
            let go_on = || !stop.load(Ordering::Relaxed);
            sandbox::verify(path, &stick.0, Strictness::Boot, (&go_on, count))
        });
        match verdict {
            Ok(verdict) => report.take_verdict(verdict),
            Err(error) => report.is_not_verified(&error),
        }
    }
    Ok(report)
}

/// The same on a target that is open already, by this process; `path` is for messages.
pub fn check_on(path: &Path, target: &dyn Target, stop: &AtomicBool, observer: &dyn Observer) -> CheckReport {
    let mut report = read(path, target, stop, observer);
    let medium = Medium::new(target);
    if report.ended.is_none() && has_trace(&medium) {
        let verdict =
            part(observer, Part::Read, target.len(), |count| verify(&medium, Strictness::Boot, count));
        report.take_verdict(Some(verdict));
    }
    report
}

fn read(path: &Path, target: &dyn Target, stop: &AtomicBool, observer: &dyn Observer) -> CheckReport {
    let mut report = CheckReport::new(path, target.len(), false);
    report.take_read(survey(target, stop, observer, &|survey| survey.read(None)));
    report
}

/// Writes a stamp to each sector of a stick, and reads them all back. Everything on it is lost.
///
/// When `stop` is set, the report says how far it came.
///
/// # Errors
///
/// [`JobError::Target`] if it must not be written or cannot be opened.
pub fn check_destructive(
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<Stamped, JobError> {
    let Destination { system, target } = destination;
    target.admit(system, &[])?;
    match target {
        TargetPath::Block(facts) => {
            let device = BlockTarget::open(system, facts, &[]).map_err(JobError::Target)?;
            let stamped = stamp_on(target.path(), &device, stop, observer);
            if stamped.report.written > 0 {
                leave(&device, observer);
            }
            Ok(Stamped { facts: Some((**facts).clone()), ..stamped })
        }
        TargetPath::File { len, .. } => {
            let file = FileTarget::open(target, *len).map_err(JobError::Target)?;
            Ok(stamp_on(target.path(), &file, stop, observer))
        }
        TargetPath::New { path } => Err(JobError::Target(OpenError::Missing { path: path.clone() })),
    }
}

/// The same on a target that is open already; `path` is for messages.
pub fn stamp_on(path: &Path, target: &dyn Target, stop: &AtomicBool, observer: &dyn Observer) -> Stamped {
    let id = RunId::random();
    let mut report = CheckReport::new(path, target.len(), true);
    let same = target.same_device();
    let written = match same {
        Ok(()) => survey(target, stop, observer, &|survey| survey.stamp(id, &SAVED_LBAS)),
        Err(error) => Pass { ended: Some(Ended::GaveUp(error.to_string())), ..Pass::default() },
    };
    let is_whole = written.ended.is_none();
    report.take_written(written);
    if is_whole {
        match target.begin_read_back() {
            Ok(()) => {
                report.take_read(survey(target, stop, observer, &|survey| survey.read(Some(id))));
                report.level = Some(target.level());
            }
            Err(error) => report.ended = Some(format!("it cannot be read back: {error}")),
        }
    }
    Stamped { report, id, facts: None }
}

impl Stamped {
    /// The stick as it was, if it can be plugged in again.
    pub fn facts(&self) -> Option<&DeviceFacts> {
        self.facts.as_ref()
    }

    /// Whether `found` is the stick, plugged in again into its port; `newest` is [`newest`](crate::device::System::newest) of the moment before.
    pub fn is_again(&self, found: &DeviceFacts, newest: Option<u64>) -> bool {
        self.facts.as_ref().is_some_and(|facts| facts.is_back(found, newest))
    }

    /// Reads all of it once more, after it had no power.
    ///
    /// # Errors
    ///
    /// [`JobError::Open`].
    pub fn read_again(
        self,
        target: &TargetPath,
        stop: &AtomicBool,
        observer: &dyn Observer,
    ) -> Result<CheckReport, JobError> {
        let stick = Looked::open(target)?;
        Ok(self.read_again_on(&stick, stop, observer))
    }

    /// The same on a target that is open already.
    pub fn read_again_on(
        self,
        target: &dyn Target,
        stop: &AtomicBool,
        observer: &dyn Observer,
    ) -> CheckReport {
        let Self { mut report, id, .. } = self;
        let good = report.counts.good;
        let (unwritable, slow) = (report.counts.unwritable, std::mem::take(&mut report.slow));
        let refused: Vec<BadRange> = report.refused().cloned().collect();
        let pass = survey(target, stop, observer, &|survey| survey.read(Some(id)));
        report.ranges = refused;
        report.more = 0;
        report.take_read(pass);
        report.counts.unwritable = unwritable;
        report.replugged = true;
        report.level = Some(VerifyLevel::Replugged);
        report.slow = slow;
        report.forgotten = match report.ended {
            None => good.saturating_sub(report.counts.good),
            Some(_) => 0,
        };
        report
    }
}

impl CheckReport {
    fn new(path: &Path, len: u64, destructive: bool) -> Self {
        Self {
            path: named(path).into_owned(),
            len,
            destructive,
            good: false,
            ended: None,
            written: 0,
            read: 0,
            write_rate: None,
            read_rate: None,
            real_len: None,
            counts: Counts::default(),
            ranges: Vec::new(),
            more: 0,
            slow: Vec::new(),
            level: None,
            replugged: false,
            forgotten: 0,
            stick: None,
        }
    }

    /// Whether anything is wrong with the stick, whether or not all of it was looked at.
    pub fn has_fault(&self) -> bool {
        let is_short = self.real_len.is_some_and(|real| real < self.len / SECTOR_LEN * SECTOR_LEN);
        self.counts.bad() > 0 || is_short || self.stick.as_ref().is_some_and(|stick| !stick.sound)
    }

    /// The ranges that could not be written.
    fn refused(&self) -> impl Iterator<Item = &BadRange> {
        self.ranges.iter().filter(|range| range.kind == pipeline::BadKind::Unwritable)
    }

    fn take_verdict(&mut self, verdict: Option<StickVerdict>) {
        self.good &= verdict.as_ref().is_none_or(|verdict| verdict.sound);
        self.stick = verdict;
    }

    /// All was read; that it is not known to be sound is no reason to keep that back.
    fn is_not_verified(&mut self, error: &LookError) {
        let why = match error {
            LookError::Stopped { .. } => "stopped on request".to_owned(),
            error => chain(error),
        };
        self.good = false;
        self.ended = Some(format!("{why}; all of it was read, and it was not verified"));
    }

    fn take_written(&mut self, pass: Pass) {
        self.written = pass.done;
        self.write_rate = rate(&pass);
        self.counts.unwritable = pass.counts.unwritable;
        self.ranges = pass.ranges;
        self.more = pass.more;
        self.ended = pass.ended.map(|ended| words(&ended, "written", pass.done, self.len));
    }

    fn take_read(&mut self, pass: Pass) {
        self.read = pass.done;
        self.read_rate = rate(&pass);
        self.real_len = pass.real;
        self.counts = Counts { unwritable: self.counts.unwritable, ..pass.counts };
        self.ranges.extend(pass.ranges);
        self.ranges.sort_by_key(|range| range.lba);
        self.more += pass.more;
        self.slow = pass.slow;
        self.ended = pass.ended.map(|ended| words(&ended, "read", pass.done, self.len));
        self.good = self.ended.is_none() && !self.has_fault();
    }
}

/// An error with what caused it.
fn chain(error: &dyn Error) -> String {
    let causes = successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}

/// Bytes a second.
fn rate(pass: &Pass) -> Option<u64> {
    let micros = pass.took.as_micros();
    let rate = u128::from(pass.handled).checked_mul(1_000_000)?.checked_div(micros)?;
    u64::try_from(rate).ok().filter(|_| pass.done > 0)
}

fn words(ended: &Ended, what: &str, done: u64, len: u64) -> String {
    let why = match ended {
        Ended::Stopped => "stopped on request",
        Ended::GaveUp(why) => why,
    };
    let (done, len) = (crate::units::Bytes(done), crate::units::Bytes(len));
    format!("{why}; {done} of {len} were {what}")
}

/// Makes a pass over a target, with a clock, and tells of it.
fn survey(
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
    pass: &dyn Fn(&Survey) -> Pass,
) -> Pass {
    let started = Instant::now();
    let clock = || started.elapsed();
    let observe = |event: pipeline::Event| observer.tell(event.into());
    let pass = pass(&Survey { target, stop, observe: &observe, clock: &clock });
    observer.tell(Event::End);
    pass
}

/// A stick that is only read.
struct Looked(ReadOnly);

impl Looked {
    fn open(target: &TargetPath) -> Result<Self, JobError> {
        ReadOnly::open(target).map(Self).map_err(JobError::Open)
    }
}

impl Target for Looked {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn alignment(&self) -> usize {
        ALIGNMENT
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, buffer)
    }

    fn write_at(&self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}
