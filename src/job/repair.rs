//! What verifying a stick finds wrong is put right where that can be proven.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::device::{BlockTarget, FileTarget, OpenError, ReadOnly, TargetPath};
use crate::job::medium::Medium;
use crate::job::observer::part;
use crate::job::prove::write_and_prove;
use crate::job::{Destination, Event, Images, JobError, Observer, Part, StickRequest};
use crate::layout::{Extent, Layout};
use crate::pipeline::{self, Target};
use crate::repair::{Donor, Mended, repair as mend};
use crate::stick::has_trace;
use crate::units::SECTOR_LEN;
use crate::verify::{StickVerdict, Strictness, verify};

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
    /// Whether more can be put right when this is.
    more: bool,
}

/// Verifies the stick at the destination, and makes again what is wrong on it, as far as that can be proven: with the images that are
/// at hand, and with what the stick itself says. Nothing is written.
///
/// # Errors
///
/// [`JobError::Image`] for an image that cannot be used, [`JobError::Target`] if the stick must not be written, or
/// [`JobError::NoStick`] if nothing on it is ours.
pub fn prepare_repair(
    images: Vec<PathBuf>,
    destination: Destination,
    observer: &dyn Observer,
) -> Result<PreparedRepair, JobError> {
    let Destination { system, target } = destination;
    let images = Images::open(&StickRequest::new(images))?;
    target.admit(system, &images.files())?;
    let stick = ReadOnly::open(target).map_err(JobError::Target)?;
    if !has_trace(&stick) {
        return Err(JobError::NoStick { path: target.path().to_owned() });
    }
    let verdict = part(observer, Part::Read, stick.len(), |count| verify(&stick, Strictness::Boot, count));
    if verdict.sound {
        let (mended, extents) = (Vec::new(), Vec::new());
        return Ok(PreparedRepair { images, verdict, mended, extents, more: false });
    }
    let made = part(observer, Part::Mend, 0, |_| mend(&stick, &donors(&images)));
    let (extents, mended, more) = (made.stick.extents(), made.mended, made.more);
    Ok(PreparedRepair { images, verdict, mended, extents, more })
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
            let report = repair_to(prepared, &device, stop, observer)?;
            if let Err(source) = device.reread_partitions() {
                observer.tell(Event::PartitionsNotSeen { source });
            }
            Ok(report)
        }
        TargetPath::File { len, .. } => {
            let file = FileTarget::open(target, *len).map_err(JobError::Target)?;
            repair_to(prepared, &file, stop, observer)
        }
        TargetPath::New { path } => Err(missing(path)),
    }
}

fn missing(path: &Path) -> JobError {
    JobError::Target(OpenError::Missing { path: path.to_owned() })
}

fn repair_to(
    prepared: PreparedRepair,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<RepairReport, JobError> {
    let PreparedRepair { verdict: before, mended: mut repaired, mut extents, mut more, images, .. } =
        prepared;
    let medium = Medium::new(target);
    let mut written = 0;
    // Ends: what was put right is not put right again.
    while !extents.is_empty() {
        written += extents.iter().map(|extent| extent.sectors * SECTOR_LEN).sum::<u64>();
        exchange(in_place(target.len() / SECTOR_LEN, std::mem::take(&mut extents)), target, stop, observer)?;
        if more {
            let made = part(observer, Part::Mend, 0, |_| mend(&medium, &donors(&images)));
            (extents, more) = (made.stick.extents(), made.more);
            repaired.extend(made.mended);
        }
    }
    let after = part(observer, Part::Read, target.len(), |count| verify(&medium, Strictness::Boot, count));
    Ok(RepairReport { repaired, written, before, after })
}

/// The images as those that pieces are taken from.
fn donors(images: &Images) -> Vec<Donor<'_>> {
    let pairs = images.sources.iter().zip(&images.free);
    pairs.map(|(source, free)| Donor { source: &**source, free: &free.ranges }).collect()
}

/// Writes and proves a layout.
fn exchange(
    layout: Layout,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<(), JobError> {
    let observe = |event: pipeline::Event| observer.tell(event.into());
    let buffers = pipeline::Job::BUFFERS;
    let job = pipeline::Job { target, buffers, probe: None, inputs: &[], stop, observe: &observe };
    let done = write_and_prove(layout, job);
    observer.tell(Event::End);
    done.map(drop)
}

/// The layout that exchanges these ranges and nothing else. Sector 0 comes last if it is among them, else what is the first: in the
/// boot area that is its header.
fn in_place(stick_sectors: u64, extents: Vec<Extent>) -> Layout {
    let last = extents.first().map_or(0, |extent| extent.lba);
    Layout { stick_sectors, cleared_first: Vec::new(), held_back: vec![last], extents }
}
