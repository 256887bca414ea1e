//! The drives of an entry, and how drivers and systems see them.

use std::path::PathBuf;

use ramkey_format::capsule::{DISK_LEN_MAX, DRIVES_MAX, kind, numbers_of};

use super::error::PlanError;
use super::planned::{CapsulePlan, CapsuleRole, Carried};
use super::request::{CompanionRequest, ImageRequest, Request};
use crate::capsule::{DriveOptions, FirstDisk, Role, SetOptions, number_of};
use crate::contents::iso::Emulation;
use crate::contents::{ImageFacts, Kind};
use crate::units::SECTOR_LEN;

/// Refuses a set that no machine can have: too many drives, or a number that is not to be had.
pub(super) fn check(request: &Request) -> Result<(), PlanError> {
    let mut named: Vec<(u8, &PathBuf)> = Vec::new();
    for CompanionRequest { facts, number, .. } in &request.companions {
        let Some(number) = *number else { continue };
        let path = facts.path.clone();
        let numbers = numbers_of(number_of(facts.kind));
        let (first, last) = (*numbers.start(), *numbers.end());
        if !numbers.contains(&number) {
            return Err(PlanError::DriveNumber { path, number, kind: facts.kind, first, last });
        }
        // The first one is no claim: it means the next that is free.
        if number == first {
            continue;
        }
        if let Some((_, other)) = named.iter().find(|(taken, _)| *taken == number) {
            return Err(PlanError::SameNumber { path, other: (*other).clone(), number });
        }
        named.push((number, &facts.path));
    }
    request.images.iter().try_for_each(|image| check_room(image, &request.companions))
}

/// Refuses a CD that does not boot, more drives or floppies than there are numbers, and more bytes than can be.
fn check_room(image: &ImageRequest, companions: &[CompanionRequest]) -> Result<(), PlanError> {
    let path = || image.facts.path.clone();
    if let Some(Err(why)) = &image.facts.disc {
        return Err(PlanError::NoBoot { path: path(), why: why.clone() });
    }
    let kinds = kinds_of_boot(&image.facts).chain(companions.iter().map(|companion| companion.facts.kind));
    let found = kinds.clone().count();
    if found > DRIVES_MAX {
        return Err(PlanError::TooManyDrives { path: path(), found, limit: DRIVES_MAX });
    }
    let floppies = kinds.filter(|&kind| kind == Kind::Floppy).count();
    let limit = numbers_of(kind::FLOPPY).count();
    if floppies > limit {
        return Err(PlanError::TooManyFloppies { path: path(), found: floppies, limit });
    }
    let sectors = companions.iter().map(|companion| &companion.facts).chain([&image.facts]);
    let needed = sectors.map(|facts| u64::from(facts.disk_sectors) * SECTOR_LEN).sum();
    if needed > DISK_LEN_MAX {
        return Err(PlanError::SetTooLarge { path: path(), needed, limit: DISK_LEN_MAX });
    }
    Ok(())
}

/// The kinds of the drives that a boot image becomes: its own, and the one that a CD emulates.
fn kinds_of_boot(facts: &ImageFacts) -> impl Iterator<Item = Kind> + Clone {
    let emulated = facts.boot_entry().and_then(|boot| match boot.emulation {
        Emulation::NoEmulation => None,
        Emulation::HardDisk => Some(Kind::HardDisk),
        Emulation::Floppy12 | Emulation::Floppy144 | Emulation::Floppy288 => Some(Kind::Floppy),
    });
    std::iter::once(facts.kind).chain(emulated)
}

/// Whether the machine's own hard disks come before those in RAM, where there are any in RAM.
///
/// A hard disk that is booted must be the first one. Where a CD or a floppy is booted, the first hard disk is the one
/// that a setup installs to.
pub(super) fn internal_first(request: &Request, image: &ImageRequest) -> bool {
    let is_hard_disk = |kind| matches!(kind, Kind::HardDisk | Kind::Partition);
    match request.set.first_disk {
        Some(first) => first == FirstDisk::Internal,
        None if kinds_of_boot(&image.facts).any(is_hard_disk) => false,
        None => request.companions.iter().any(|companion| is_hard_disk(companion.facts.kind)),
    }
}

impl CapsulePlan {
    /// Whether it is in the boot menu.
    pub fn is_boot(&self) -> bool {
        matches!(self.role, CapsuleRole::Boot { .. })
    }

    /// Its place in its set of drives.
    pub fn set_role(&self) -> Role {
        if self.is_boot() { Role::Boot } else { Role::Companion }
    }

    /// How systems see its drives in a set with these options; of a companion only what becomes of writes differs from
    /// the usual.
    pub fn options(&self, set: &SetOptions) -> DriveOptions {
        let usual = DriveOptions { writes: self.writes, ..DriveOptions::of(0) };
        let CapsuleRole::Boot { internal_first } = self.role else { return usual };
        let first_disk = if internal_first { FirstDisk::Internal } else { FirstDisk::Ram };
        DriveOptions {
            identity: set.identity,
            first_disk,
            copy: set.copy,
            keep_stick: set.keep_stick,
            ..usual
        }
    }
}

impl Carried {
    /// Images in the boot menu; the others come behind them.
    pub fn boot_images(&self) -> usize {
        self.capsules.iter().filter(|capsule| capsule.is_boot()).count()
    }
}
