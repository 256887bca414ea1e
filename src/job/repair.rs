//! What verifying a stick finds wrong is put right where that can be proven.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::change::ChangeError;
use crate::device::{BlockTarget, FileTarget, OpenError, ReadOnly, TargetPath};
use crate::image::Source;
use crate::job::medium::Medium;
use crate::job::observer::part;
use crate::job::prove::write_alone;
use crate::job::{Destination, Event, Images, JobError, Observer, Opener, Part, StickRequest};
use crate::layout::{Extent, Layout};
use crate::pipeline::{Aftermath, Failure, Target};
use crate::repair::{Donor, Mended, Repair, repair as mend, repair_text};
use crate::stick::{cleared_over, has_trace};
use crate::units::SECTOR_LEN;
use crate::verify::{ReadmeState, StickVerdict, Strictness, verify};

/// What was repaired on a stick.
#[derive(Clone, Debug, Serialize)]
pub struct RepairReport {
    /// What was put right.
    pub repaired: Vec<Mended>,
    /// Bytes that were written.
    pub written: u64,
    /// What verifying found before.
    pub before: StickVerdict,
    /// What verifying finds now.
    pub after: StickVerdict,
}

/// A stick that was verified, and what of it can be put right.
pub struct PreparedRepair {
    images: Images,
    /// What verifying found.
    pub verdict: StickVerdict,
    /// What can be put right.
    pub mended: Vec<Mended>,
    extents: Vec<Extent>,
}

/// Verifies the stick at the destination, and makes again what is wrong on it, as far as that can be proven: with the images that are
/// at hand, and with what the stick itself says. Nothing is written.
///
/// # Errors
///
/// [`JobError::Image`] for an image that cannot be used, [`JobError::Target`] if the stick must not be written,
/// [`JobError::NoStick`] if nothing on it is ours, [`JobError::TakenOver`] if it is another's now, or [`JobError::Change`] if a change must
/// be finished first.
pub fn prepare_repair(
    images: Vec<PathBuf>,
    destination: Destination,
    observer: &dyn Observer,
) -> Result<PreparedRepair, JobError> {
    let Destination { system, target } = destination;
    let images = Images::open_by(&StickRequest::new(images), &Opener::new(observer))?;
    target.admit(system, &images.files())?;
    let stick = ReadOnly::open(target).map_err(JobError::Target)?;
    if !has_trace(&stick) {
        return Err(JobError::NoStick { path: target.path().to_owned() });
    }
    refuse_written_over(target, &stick)?;
    let verdict = part(observer, Part::Read, stick.len(), |count| verify(&stick, Strictness::Boot, count));
    if verdict.sound && verdict.readme != Some(ReadmeState::Changed) {
        let (mended, extents) = (Vec::new(), Vec::new());
        return Ok(PreparedRepair { images, verdict, mended, extents });
    }
    let made = part(observer, Part::Mend, 0, |_| made(&stick, &verdict, &images));
    if made.is_foreign {
        return Err(JobError::TakenOver { path: target.path().to_owned() });
    }
    let (extents, mended) = (made.stick.extents(), made.mended);
    Ok(PreparedRepair { images, verdict, mended, extents })
}

/// What a stick is started by is clear while an image is written over the one before it: putting that back would let it boot half of
/// an image.
///
/// # Errors
///
/// [`JobError::Change`] if that was cut off.
pub(super) fn refuse_written_over(target: &TargetPath, stick: &ReadOnly) -> Result<(), JobError> {
    match cleared_over(stick).is_empty() {
        true => Ok(()),
        false => {
            let (path, source) = (target.path().to_owned(), ChangeError::WrittenOver);
            Err(JobError::Change { path, has_written: false, source })
        }
    }
}

/// Opens the stick, writes what can be put right, proves it, and verifies the whole stick.
///
/// # Errors
///
/// [`JobError::Target`], [`JobError::Pipeline`], or [`JobError::Differs`].
pub fn repair(
    prepared: PreparedRepair,
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<RepairReport, JobError> {
    let Destination { system, target } = destination;
    match target {
        _ if prepared.extents.is_empty() => {
            let (repaired, before) = (prepared.mended, prepared.verdict);
            Ok(RepairReport { repaired, written: 0, after: before.clone(), before })
        }
        TargetPath::Block(facts) => {
            let device =
                BlockTarget::open(system, facts, &prepared.images.files()).map_err(JobError::Target)?;
            let report = repair_to(prepared, &facts.node, &device, stop, observer)?;
            if let Err(source) = device.reread_partitions() {
                observer.tell(Event::PartitionsNotSeen { source });
            }
            Ok(report)
        }
        TargetPath::File { len, .. } => {
            let file = FileTarget::open(target, *len).map_err(JobError::Target)?;
            repair_to(prepared, target.path(), &file, stop, observer)
        }
        TargetPath::New { path } => Err(missing(path)),
    }
}

fn missing(path: &Path) -> JobError {
    JobError::Target(OpenError::Missing { path: path.to_owned() })
}

/// The same on a target that is open already; `path` is for messages. What was shown is found once more: who had the stick until it
/// was opened may have written to it, and whole sectors are exchanged.
///
/// # Errors
///
/// [`OpenError::Changed`] if it is not the same, and nothing was written; [`JobError::Pipeline`], or [`JobError::Differs`].
pub fn repair_to(
    prepared: PreparedRepair,
    path: &Path,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<RepairReport, JobError> {
    let PreparedRepair { verdict: before, mended: shown, extents, images } = prepared;
    let medium = Medium::new(target);
    let look = || part(observer, Part::Mend, 0, |_| self::made(&medium, &before, &images));
    let mut made = look();
    if (&made.mended, made.stick.extents()) != (&shown, extents) {
        return Err(JobError::Target(OpenError::Changed { path: path.to_owned() }));
    }
    let mut repaired = Vec::new();
    let mut written = 0;
    // Ends: what was put right is not put right again.
    while !made.stick.is_empty() {
        let layout = in_place(target.len() / SECTOR_LEN, &made);
        let bytes = layout.written_sectors() * SECTOR_LEN;
        write_alone(layout, target, stop, observer).map_err(|error| match error {
            // Nothing of this round, and something of those before it.
            JobError::Pipeline(Failure { stick: Aftermath::Untouched, cause }) if written > 0 => {
                Failure { stick: Aftermath::BootsAsBefore, cause }.into()
            }
            error => error,
        })?;
        written += bytes;
        repaired.append(&mut made.mended);
        if !made.more {
            break;
        }
        made = look();
    }
    let after = part(observer, Part::Read, target.len(), |count| verify(&medium, Strictness::Boot, count));
    Ok(RepairReport { repaired, written, before, after })
}

/// What of a stick can be put right of which this was found.
fn made<'s>(stick: &'s dyn Source, verdict: &StickVerdict, images: &Images) -> Repair<'s> {
    if verdict.sound { repair_text(stick) } else { mend(stick, &donors(images)) }
}

/// The images as those that pieces are taken from.
fn donors(images: &Images) -> Vec<Donor<'_>> {
    let pairs = images.sources.iter().zip(&images.free);
    pairs.map(|(source, free)| Donor { source: &**source, free: &free.ranges }).collect()
}

/// The layout that exchanges these ranges and nothing else. What must not boot meanwhile is cleared first, and comes last; else
/// it is the first sector.
fn in_place(stick_sectors: u64, made: &Repair) -> Layout {
    let extents = made.stick.extents();
    let cleared_first = made.cleared_first.clone();
    let held_back = match cleared_first.is_empty() {
        true => extents.first().map(|extent| extent.lba).into_iter().collect(),
        false => cleared_first.iter().rev().copied().collect(),
    };
    Layout { stick_sectors, cleared_first, held_back, extents }
}
