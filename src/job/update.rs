//! A stick gets the boot code of this program; everything else on it stays.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::device::{BlockTarget, FileTarget, OpenError, ReadOnly, TargetPath};
use crate::job::leave::leave;
use crate::job::prove::write_alone;
use crate::job::repair::{refuse_written_over, unanswered};
use crate::job::{Destination, JobError, Observer};
use crate::layout::Layout;
use crate::pipeline::{Aftermath, Failure, Target};
use crate::repair::Update;
use crate::sandbox::{self, LookError};
use crate::units::{SECTOR_LEN, named};

/// What became of a stick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct UpdateReport {
    /// The stick.
    pub path: String,
    /// Whether it had this boot code already, and nothing was written.
    pub same: bool,
    /// Bytes that were written.
    pub written: u64,
    /// Seconds before the boot, which stay.
    pub start_timeout: u8,
    /// Seconds of the menu, which stay.
    pub menu_timeout: u8,
    /// Language of the screen, which stays.
    pub language: String,
    /// Whether the screen is sent to COM1, too, which stays.
    pub serial: bool,
}

/// A stick whose boot code can be exchanged.
pub struct PreparedUpdate(Update);

impl PreparedUpdate {
    /// Whether there is nothing to write.
    pub fn is_same(&self) -> bool {
        self.0.code.is_none()
    }
}

/// Looks at the stick at the destination. Nothing is written.
///
/// # Errors
///
/// [`JobError::Target`] if it must not be written, [`JobError::NoStick`], [`JobError::DiscStays`], [`JobError::Update`], or
/// [`JobError::Change`] if a change must be finished first.
pub fn prepare_update(destination: Destination) -> Result<PreparedUpdate, JobError> {
    let Destination { system, target } = destination;
    target.admit(system, &[])?;
    let path = target.path().to_owned();
    let stick = ReadOnly::open(target).map_err(JobError::Target)?;
    let state = sandbox::state(&path, &stick)?;
    if !state.is_ours {
        return Err(JobError::ForeignStick { path });
    }
    if state.is_disc {
        return Err(JobError::DiscStays { path });
    }
    refuse_written_over(&path, state)?;
    let plan = sandbox::update(&path, &stick, &|| true)?;
    plan.map(PreparedUpdate).map_err(|source| JobError::Update { path, source })
}

/// Opens the stick, and writes and proves the boot code. The stick does not boot until all of it is proven.
///
/// # Errors
///
/// [`JobError::Target`], [`JobError::Pipeline`], [`JobError::Differs`].
pub fn update(
    prepared: PreparedUpdate,
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<UpdateReport, JobError> {
    let Destination { system, target } = destination;
    let PreparedUpdate(plan) = prepared;
    let written = match target {
        _ if plan.code.is_none() => 0,
        TargetPath::Block(facts) => {
            let device = BlockTarget::open(system, facts, &[]).map_err(JobError::Target)?;
            is_as_seen(&plan, target.path(), device.reader(), stop)?;
            let written = update_to(&plan, &device, stop, observer)?;
            leave(&device, observer);
            written
        }
        TargetPath::File { len, .. } => {
            let file = FileTarget::open(target, *len).map_err(JobError::Target)?;
            is_as_seen(&plan, target.path(), file.reader(), stop)?;
            update_to(&plan, &file, stop, observer)?
        }
        TargetPath::New { path } => {
            return Err(JobError::Target(OpenError::Missing { path: path.clone() }));
        }
    };
    let [one, two] = plan.start.language.code();
    Ok(UpdateReport {
        path: named(target.path()).into_owned(),
        same: plan.code.is_none(),
        written,
        start_timeout: plan.start.start_timeout,
        menu_timeout: plan.start.menu_timeout,
        language: [one, two].map(char::from).iter().collect(),
        serial: plan.start.serial,
    })
}

/// What was planned keeps what systems wrote, and who had the stick may have written since: it must be the same with nobody there.
fn is_as_seen(
    seen: &Update,
    path: &Path,
    stick: io::Result<ReadOnly>,
    stop: &AtomicBool,
) -> Result<(), JobError> {
    let stick = stick.map_err(|source| LookError::Start { path: path.to_owned(), source })?;
    let now = sandbox::update(path, &stick, &|| !stop.load(Ordering::Relaxed));
    match now
        .map_err(|error| unanswered(error, Aftermath::Untouched, JobError::Image))?
        .is_ok_and(|now| now == *seen)
    {
        true => Ok(()),
        false => Err(JobError::Target(OpenError::Changed { path: path.to_owned() })),
    }
}

/// The same on a target that is open already; gives the bytes that were written.
///
/// # Errors
///
/// [`JobError::Pipeline`], [`JobError::Differs`].
pub fn update_to(
    plan: &Update,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<u64, JobError> {
    let mut written = 0;
    for layout in [&plan.manifest, &plan.code].into_iter().flatten() {
        let sectors = Layout::written_sectors(layout);
        let done = write_alone(layout.clone(), target, stop, observer);
        done.map_err(|error| match error {
            // Nothing of this step, and the manifest before it.
            JobError::Pipeline(Failure { stick: Aftermath::Untouched, cause }) if written > 0 => {
                Failure { stick: Aftermath::BootsAsBefore, cause }.into()
            }
            error => error,
        })?;
        written += sectors * SECTOR_LEN;
    }
    Ok(written)
}
