//! What a user chose.

use super::disc::DiscRequest;
use crate::boot::StartOptions;
use crate::capsule::{SetOptions, Writes};
use crate::contents::ImageFacts;
use crate::stick::{FatBits, LayoutKind, Slot};
use crate::units::SECTOR_LEN;

/// Most images on one stick: what the boot menu can show.
pub const IMAGES_MAX: usize = 16;
/// Label of the file system unless the user names another.
pub const LABEL: &str = "RAMKEY";
/// Longest title of an image, in characters.
pub const TITLE_MAX: usize = 64;
/// Smallest stick that is no universal one unless the user asks for it: 1 GiB.
const AUTO_HDD_SECTORS: u64 = (1 << 30) / SECTOR_LEN;

/// The layout that the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LayoutChoice {
    /// Universal below 1 GiB, with a master boot record from there on.
    #[default]
    Auto,
    /// This one.
    Is(LayoutKind),
}

impl From<LayoutKind> for LayoutChoice {
    fn from(kind: LayoutKind) -> Self {
        Self::Is(kind)
    }
}

impl LayoutChoice {
    /// The layout of a stick of `stick_sectors` sectors.
    pub fn of(self, stick_sectors: u64) -> LayoutKind {
        match self {
            Self::Is(kind) => kind,
            Self::Auto if stick_sectors < AUTO_HDD_SECTORS => LayoutKind::Universal { slot: Slot::First },
            Self::Auto => LayoutKind::Hdd,
        }
    }
}

/// The file system that the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FsChoice {
    /// FAT12 below 16 MiB, FAT16 up to 1 GiB, FAT32 above.
    #[default]
    Auto,
    /// This one.
    Is(FatBits),
}

/// One image of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRequest {
    /// What it is.
    pub facts: ImageFacts,
    /// Title in the boot menu; the file's name without its extension if there is none. Equal ones get a number.
    pub title: Option<String>,
    /// What becomes of the sectors that the machine writes to it.
    pub writes: Writes,
}

/// Everything that the user chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The images that are booted, in the order of the menu.
    pub images: Vec<ImageRequest>,
    /// The images that stand beside each of them, in the order of their drives.
    pub companions: Vec<CompanionRequest>,
    /// How drivers and systems see the drives.
    pub set: SetOptions,
    /// Sectors of the stick.
    pub stick_sectors: u64,
    /// How it is divided.
    pub layout: LayoutChoice,
    /// Its file system.
    pub fs: FsChoice,
    /// Label of the file system; [`LABEL`] if there is none.
    pub label: Option<String>,
    /// Identity of the stick, from which every other number is made by which systems know it; derived from the images and
    /// the options if there is none.
    pub id: Option<[u8; 16]>,
    /// How the machine starts.
    pub start: StartOptions,
    /// Text that stands beside the capsules as README.TXT; nothing if it is empty.
    pub readme: Vec<u8>,
    /// What makes the medium a disc as well, if it is to be one; its layout is universal then.
    pub disc: Option<DiscRequest>,
}

/// An image that stands beside the boot drive of every entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanionRequest {
    /// What it is.
    pub facts: ImageFacts,
    /// Its BIOS drive number; `None` and the first number of its class mean the next that is free.
    pub number: Option<u8>,
    /// What becomes of the sectors that the machine writes to it.
    pub writes: Writes,
}
