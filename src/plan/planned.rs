//! A plan: what a stick will be.

use super::disc::{BLOCK_SECTORS, DiscDivision};
use super::fs::Volume;
use crate::boot::StartOptions;
use crate::capsule::{SetOptions, Writes};
use crate::contents::ImageFacts;
use crate::stick::LayoutKind;
use crate::units::Geometry;

/// One image's place in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapsulePlan {
    /// What the image is.
    pub facts: ImageFacts,
    /// Title in the boot menu: 1 to [`TITLE_MAX`](super::TITLE_MAX) characters of code page 437.
    pub title: String,
    /// What the title does not have of the file's name that it was made from, for people.
    pub title_lost: Option<&'static str>,
    /// Name of its file in the folder `RAMKEY`, as in `DOS622.RKC`.
    pub file_name: String,
    /// BIOS drive number; the first of its class means the next that is free.
    pub number: u8,
    /// What becomes of the sectors that the machine writes to it.
    pub writes: Writes,
    /// Whether it is in the boot menu.
    pub role: CapsuleRole,
}

/// The place of an image in its set of drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapsuleRole {
    /// It is booted.
    Boot {
        /// Whether the machine's own hard disks come before the hard disks in RAM.
        internal_first: bool,
    },
    /// It stands beside each one that is booted.
    Companion,
}

/// How a medium is divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    /// Sectors of the medium.
    pub sectors: u64,
    /// Where on it the boot code, the tables and the file system lie.
    pub layout: LayoutKind,
    /// The file system.
    pub volume: Volume,
    /// Label of the file system, upper case, padded with spaces.
    pub label: [u8; 11],
    /// Geometry that the partition table and the file system are made for.
    pub geometry: Geometry,
    /// What makes it a disc as well, if it is one.
    pub disc: Option<DiscDivision>,
}

impl Division {
    /// Blocks of 2048 bytes that a disc has.
    pub fn blocks(&self) -> u64 {
        self.sectors / BLOCK_SECTORS
    }
}

/// What a medium carries, however it is divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Identity of the medium, as in the request.
    pub id: Option<[u8; 16]>,
    /// How the machine starts, as in the request.
    pub start: StartOptions,
    /// How drivers and systems see the drives.
    pub set: SetOptions,
    /// The images that are booted, in the order of the menu, at least one; then those that stand beside each of them,
    /// in the order of their drives.
    pub capsules: Vec<CapsulePlan>,
    /// Text that stands beside the capsules as README.TXT, as in the request.
    pub readme: Vec<u8>,
}

/// A medium, decided down to everything but the images' bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How it is divided.
    pub division: Division,
    /// What it carries.
    pub carried: Carried,
}
