//! A stick that is open and is changed in its place: proven first, and then written step by step.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use ramkey_format::manifest::range;
use ramkey_format::memory::BOOT_AREA_END_LBA;

use crate::change::{ChangeError, Step, finish, mend};
use crate::device::lend::LentTarget;
use crate::device::{BlockTarget, FileTarget, TargetPath};
use crate::image::SourceFile;
use crate::job::leave::leave;
use crate::job::medium::Medium;
use crate::job::observer::with_later;
use crate::job::prove::write_and_prove;
use crate::job::worn::Worn;
use crate::job::{Destination, Event, JobError, Observer, Part};
use crate::layout::Content;
use crate::pipeline::{self, Aftermath, Effort, Failure, Input, Phase, Target};
use crate::stick::{self, Reader, StickState};
use crate::units::SECTOR_LEN;
use crate::verify::{Fault, FaultKind, Strictness, judge};

/// The sectors from which much is read more than once.
const BOOT_AREA: Range<u64> = 0..BOOT_AREA_END_LBA as u64;

/// A stick that is open, and what changes it.
pub(super) struct Changing<'a> {
    path: &'a Path,
    target: &'a dyn Target,
    stop: &'a AtomicBool,
    observer: &'a dyn Observer,
    medium: Medium<'a>,
    effort: RefCell<Effort>,
    /// Whether the stick does not boot: an image was being written over the one before it, and is not all there yet.
    is_dead: Cell<bool>,
    /// What it did not keep.
    pub(super) worn: RefCell<Worn>,
}

/// Why a change is not made.
pub(super) enum Stopped {
    /// It cannot be.
    Change(ChangeError),
    /// Something failed.
    Job(JobError),
}

impl From<ChangeError> for Stopped {
    fn from(error: ChangeError) -> Self {
        Self::Change(error)
    }
}

impl From<JobError> for Stopped {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

/// Opens a stick that is there, and does `work` with it. `files` are those that must not lie on it.
///
/// # Errors
///
/// [`JobError::Target`], [`JobError::ForeignStick`], and those of `work`.
pub(super) fn with_stick<T>(
    Destination { system, target }: Destination,
    files: &[SourceFile],
    observer: &dyn Observer,
    work: impl FnOnce(&dyn Target) -> Result<T, JobError>,
) -> Result<T, JobError> {
    match (target, &system.lender) {
        (TargetPath::Block(facts), Some(lender)) => {
            let device = LentTarget::open(system, lender, facts, files).map_err(JobError::Target)?;
            let done = work(&device)?;
            leave(&device, observer);
            Ok(done)
        }
        (TargetPath::Block(facts), None) => {
            let device = BlockTarget::open(system, facts, files).map_err(JobError::Target)?;
            let done = work(&device)?;
            leave(&device, observer);
            Ok(done)
        }
        (TargetPath::File { len: len @ 1.., .. }, _) => {
            work(&FileTarget::open(target, *len).map_err(JobError::Target)?)
        }
        _ => Err(JobError::ForeignStick { path: target.path().to_owned() }),
    }
}

/// `observer` of what is prepared for the stick at `destination`, which is read before it is changed.
pub(super) fn before_stick<'o>(destination: Destination, observer: &'o dyn Observer) -> impl Observer + 'o {
    let len = destination.target.stick_len(None).ok().flatten();
    with_later(observer, len.unwrap_or_default())
}

/// Whether a fault is one of an image whose change is announced.
fn is_of_announced(state: &StickState, fault: &Fault) -> bool {
    let ranges = state.manifest().map_or(&[][..], |manifest| &manifest.ranges);
    let tree = state.file_system.as_ref().and_then(|found| found.as_ref().ok()?.tree.as_ref());
    let mut entries = tree.map_or(&[][..], |tree| &tree.entries).iter();
    let is_announced =
        |lba: u64| ranges.iter().any(|range| range.kind == range::CAPSULE_NEXT && range.lba.get() == lba);
    entries.any(|entry| {
        let is_it = entry.runs.first().is_some_and(|run| is_announced(run.0));
        is_it && fault.place.file.as_ref() == Some(&entry.path)
    })
}

impl<'a> Changing<'a> {
    /// A stick on a target that is open; `path` is for messages.
    pub fn new(
        path: &'a Path,
        target: &'a dyn Target,
        stop: &'a AtomicBool,
        observer: &'a dyn Observer,
    ) -> Self {
        let (effort, is_dead, worn) = (RefCell::default(), Cell::new(false), RefCell::default());
        Self { path, target, stop, observer, medium: Medium::new(target), effort, is_dead, worn }
    }

    /// The stick's name, for messages.
    pub(super) fn path(&self) -> &Path {
        self.path
    }

    /// Whether the stick does not boot, because an image was being written over the one before it.
    pub(super) fn is_dead(&self) -> bool {
        self.is_dead.get()
    }

    /// What everything so far took.
    pub fn effort(&self) -> Effort {
        self.effort.borrow().clone()
    }

    /// Whether anything was written.
    pub fn has_written(&self) -> bool {
        self.effort.borrow().written > 0
    }

    /// Proves the stick, which is read once for that and for its state; asks `is_meant` whether it is the one; finishes what was
    /// cut off; and does `work`, which is told whether an image was being written over the one before it and that was cut off: then
    /// it is the only thing that may be wrong, and nothing was finished. `can_go_on` says whether `work` can do that.
    ///
    /// # Errors
    ///
    /// [`JobError::ForeignStick`], [`JobError::DiscStays`], [`JobError::FaultyStick`], [`JobError::Change`], what `is_meant` and
    /// `work` say, and those of writing.
    pub fn prove_and<T>(
        &self,
        is_meant: impl FnOnce(&StickState) -> Result<(), JobError>,
        can_go_on: bool,
        work: impl FnOnce(&Reader, &StickState, bool) -> Result<T, Stopped>,
    ) -> Result<T, JobError> {
        let path = || self.path.to_owned();
        self.medium.remember(BOOT_AREA);
        if !stick::has_trace(&self.medium) {
            return Err(JobError::ForeignStick { path: path() });
        }
        let cleared = stick::cleared_over(&self.medium);
        let is_cut = !cleared.is_empty();
        if is_cut {
            if !can_go_on {
                return Err(self.refused(ChangeError::WrittenOver));
            }
            self.is_dead.set(true);
            self.medium.lay_over(cleared);
            self.medium.remember(BOOT_AREA);
        }
        self.medium.remember(stick::tables(&self.medium));
        let is_told = Cell::new(true);
        let observe = |bytes| {
            if is_told.get() {
                self.observer.tell(Event::Advance { bytes });
            }
        };
        self.observer.tell(Event::Begin { part: Part::Read, bytes: self.target.len() });
        let reader = Reader::new(&self.medium, &observe);
        let state = stick::read(&reader);
        let verdict = judge(&reader, &state, Strictness::Boot);
        self.observer.tell(Event::End);
        is_told.set(false);
        if verdict.disc {
            return Err(JobError::DiscStays { path: path() });
        }
        let is_usual = |fault: &Fault| !is_cut || fault.kind != FaultKind::Capsule;
        if verdict.faults.iter().any(is_usual) {
            return Err(JobError::FaultyStick { path: path(), faults: verdict.faults });
        }
        let others = verdict.faults.into_iter().filter(|fault| !is_of_announced(&state, fault));
        let others: Vec<Fault> = others.collect();
        is_meant(&state)?;
        let state = self.finished(&reader, state, is_cut)?;
        let done = work(&reader, &state, is_cut).map_err(|error| match error {
            Stopped::Change(error) => self.refused(error),
            Stopped::Job(error) => error,
        })?;
        if others.is_empty() {
            return Ok(done);
        }
        // It boots again, and something else of it does not.
        let cause = JobError::FaultyStick { path: path(), faults: others };
        Err(JobError::Unfinished { cause: Box::new(cause) })
    }

    /// The state of the stick when what was cut off is finished, but for what was being written over.
    pub(super) fn finished<'r>(
        &self,
        reader: &'r Reader<'r>,
        mut state: StickState<'r>,
        is_cut: bool,
    ) -> Result<StickState<'r>, JobError> {
        let steps = mend(reader, &state).map_err(|error| self.refused(error))?;
        self.all(&steps)?;
        let mut is_mended = !steps.is_empty();
        // What was written over is finished by writing it once more.
        while !is_cut || is_mended {
            if is_mended {
                state = self.state(reader);
            }
            if is_cut {
                break;
            }
            let steps = finish(reader, &state).map_err(|error| self.refused(error))?;
            if steps.is_empty() {
                break;
            }
            self.all(&steps)?;
            is_mended = true;
        }
        Ok(state)
    }

    /// A sector of the stick as it is, if it can be read.
    pub fn sector(&self, lba: u64) -> Option<[u8; SECTOR_LEN as usize]> {
        Reader::new(&self.medium, &|_| {}).sector(lba).ok()
    }

    /// What is on the stick now that steps were written, which were read back: what is known of its boot area and tables is not read
    /// again.
    pub fn known_state<'r>(&self, reader: &'r Reader<'r>) -> StickState<'r> {
        stick::read(reader)
    }

    /// What is on the stick now that something was written.
    pub fn state<'r>(&self, reader: &'r Reader<'r>) -> StickState<'r> {
        self.medium.forget();
        self.medium.remember(BOOT_AREA);
        self.medium.remember(stick::tables(&self.medium));
        stick::read(reader)
    }

    /// An error behind the step that decides.
    pub fn unfinished(&self, error: Stopped) -> Stopped {
        let cause = match error {
            Stopped::Change(error) => self.refused(error),
            Stopped::Job(error @ JobError::Unfinished { .. }) => return error.into(),
            Stopped::Job(error) => error,
        };
        JobError::Unfinished { cause: Box::new(cause) }.into()
    }

    fn refused(&self, source: ChangeError) -> JobError {
        if let Some(error) = self.worn.borrow_mut().no_other(self.path, &source) {
            return error;
        }
        JobError::Change { path: self.path.to_owned(), has_written: self.has_written(), source }
    }

    /// Writes and proves steps that need no image.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn all(&self, steps: &[Step]) -> Result<(), JobError> {
        self.steps(steps, &[])
    }

    /// Writes and proves steps, one after the other, with bytes of `inputs`.
    ///
    /// # Errors
    ///
    /// [`JobError::Pipeline`], [`JobError::Differs`]; [`JobError::Unfinished`] behind the step that decides.
    pub fn steps(&self, steps: &[Step], inputs: &[Input]) -> Result<(), JobError> {
        if steps.is_empty() {
            return Ok(());
        }
        // Each byte is written and read back.
        let bytes: u64 = steps.iter().map(|step| 2 * step.layout.written_sectors() * SECTOR_LEN).sum();
        self.observer.tell(Event::Expect { bytes, later: 0 });
        self.observer.tell(Event::Begin { part: Part::Change, bytes });
        let mut is_new = false;
        let mut done = Ok(());
        for step in steps {
            done = self.step(step, inputs);
            if done.is_err() {
                self.medium.forget();
                break;
            }
            for extent in &step.layout.extents {
                // No image lies where much is read more than once.
                if let Content::Bytes(bytes) = &extent.content {
                    self.medium.put(extent.lba, bytes);
                }
            }
            is_new |= step.decides;
            if step.decides {
                self.is_dead.set(false);
            }
        }
        self.observer.tell(Event::End);
        done.map_err(|cause| match is_new {
            true => JobError::Unfinished { cause: Box::new(cause) },
            false => cause,
        })
    }

    fn step(&self, step: &Step, inputs: &[Input]) -> Result<(), JobError> {
        let observe = |event: pipeline::Event| match event {
            pipeline::Event::Advance { phase: Phase::Write | Phase::ReadBack, bytes } => {
                self.observer.tell(Event::Advance { bytes });
            }
            pipeline::Event::Advance { phase: Phase::Commit, bytes } => {
                self.observer.tell(Event::Advance { bytes: 2 * bytes });
            }
            event @ pipeline::Event::Repaired { .. } => self.observer.tell(event.into()),
            _ => {}
        };
        let job = pipeline::Job {
            target: self.target,
            buffers: pipeline::Job::BUFFERS,
            probe: None,
            inputs,
            stop: self.stop,
            observe: &observe,
        };
        let done = write_and_prove(step.layout.clone(), job);
        let now = |stick| match stick {
            // Nothing of this step, and something of those before it.
            Aftermath::Untouched if !self.has_written() => Aftermath::Untouched,
            Aftermath::Untouched | Aftermath::BootsAsBefore if self.is_dead.get() => Aftermath::WillNotBoot,
            Aftermath::Untouched => Aftermath::BootsAsBefore,
            // No step but the one that decides writes what boots.
            Aftermath::Unknown if self.is_dead.get() && !step.decides => Aftermath::WillNotBoot,
            stick => stick,
        };
        let done = done.map_err(|error| match error {
            JobError::Pipeline(Failure { stick, cause }) => Failure { stick: now(stick), cause }.into(),
            JobError::Differs { stick, differences } => JobError::Differs { stick: now(stick), differences },
            error => error,
        })?;
        let mut effort = self.effort.borrow_mut();
        effort.written += done.effort.written;
        effort.retries.extend(done.effort.retries);
        effort.repairs.extend(done.effort.repairs);
        effort.level = done.effort.level;
        effort.buffered |= done.effort.buffered;
        Ok(())
    }
}
