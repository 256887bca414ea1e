//! What a BIOS boots of a disc.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::units::Geometry;

/// What a BIOS makes of the boot image on a disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Emulation {
    /// Code that is loaded; the disc is a drive with sectors of 2048 bytes.
    NoEmulation,
    /// A floppy of 1.2 MB: drive 00h.
    Floppy12,
    /// A floppy of 1.44 MB: drive 00h.
    Floppy144,
    /// A floppy of 2.88 MB: drive 00h.
    Floppy288,
    /// A hard disk: drive 80h.
    HardDisk,
}

impl Emulation {
    /// What the media byte of a catalogue means.
    pub(super) fn of(media: u8) -> Option<Self> {
        Some(match media {
            0 => Self::NoEmulation,
            1 => Self::Floppy12,
            2 => Self::Floppy144,
            3 => Self::Floppy288,
            4 => Self::HardDisk,
            _ => return None,
        })
    }
}

impl fmt::Display for Emulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoEmulation => "no emulation",
            Self::Floppy12 => "1.2 MB floppy emulation",
            Self::Floppy144 => "1.44 MB floppy emulation",
            Self::Floppy288 => "2.88 MB floppy emulation",
            Self::HardDisk => "hard disk emulation",
        })
    }
}

/// The entry of the boot catalogue that a BIOS boots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BootEntry {
    /// What the machine will see.
    pub emulation: Emulation,
    /// The media byte as the catalogue has it.
    pub media: u8,
    /// Segment that the boot code is loaded to; the 0 of a catalogue is 07C0h.
    pub load_segment: u16,
    /// Sectors of 512 bytes that are loaded. The 0 of a catalogue is one block (4) without emulation, because a
    /// disc is read by blocks, and one sector with it. With emulation it is always 1: the emulated disk's boot sector.
    pub load_sectors: u16,
    /// Sectors to load, as the catalogue has it.
    pub told_sectors: u16,
    /// Block of the boot image.
    pub load_lba: u32,
    /// System type: for a hard disk the type byte of its partition.
    pub system_type: u8,
    /// Block of the boot catalogue.
    pub catalogue_lba: u32,
    /// Place in the catalogue; 0 is the default entry.
    pub index: usize,
    /// Who made it, as the catalogue says; mostly empty.
    pub id: String,
    /// The emulated disk; `None` without emulation.
    pub disk: Option<EmulatedDisk>,
}

/// A disk that a BIOS makes of a part of a disc.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EmulatedDisk {
    /// Its geometry.
    pub geometry: Geometry,
    /// Sectors of 512 bytes that it has.
    pub sectors: u64,
    /// Those that are on the disc; zeros stand for the others.
    pub present: u64,
}
