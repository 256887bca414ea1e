//! One range, and what it is there for.

use serde::{Deserialize, Serialize};

/// Longest name of anything on a map, in bytes.
pub(super) const NAME_LEN_MAX: usize = 4096;

/// What sectors are there for. The names in JSON do not change.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Use {
    /// Sector 0 of a stick.
    #[serde(rename = "sector-0")]
    Sector0,
    /// A partition table.
    Table,
    /// Boot header, second stage and loader.
    BootCode,
    /// The same again, behind the start of the partition.
    BootCopy,
    /// Copies of sector 0's code, and sectors that hold their own number.
    Stamps,
    /// The stick manifest.
    Manifest,
    /// Boot sector and reserved sectors of a FAT.
    FatReserved,
    /// File allocation tables.
    FatTable,
    /// Directories.
    Directory,
    /// An image on a stick.
    Capsule,
    /// The text about the images.
    Readme,
    /// Files.
    File,
    /// What ISO 9660, UDF and El Torito have.
    Disc,
    /// What a BIOS boots of a CD.
    BootImage,
    /// A disc image that is copied as it is.
    Copy,
    /// A partition of which nothing more is known, or what a file system uses.
    Volume,
    /// Free in a file system.
    Free,
    /// Marked as bad in a file system.
    Bad,
    /// Zeros that clear what another tool may have left.
    Cleared,
    /// In no file system.
    Unused,
    /// Not written by a plan.
    Kept,
    /// What could not be told.
    Unknown,
}

impl Use {
    /// The letter that stands for it; an image on a stick has a number.
    pub fn letter(self) -> char {
        match self {
            Self::Sector0 => 'S',
            Self::Table => 'T',
            Self::BootCode => 'B',
            Self::BootCopy => 'b',
            Self::Stamps => 's',
            Self::Manifest => 'M',
            Self::FatReserved => 'R',
            Self::FatTable => 'F',
            Self::Directory => 'D',
            Self::Capsule => '#',
            Self::Readme => 'r',
            Self::File => 'f',
            Self::Disc => 'I',
            Self::BootImage => 'E',
            Self::Copy => 'C',
            Self::Volume => 'V',
            Self::Free => '.',
            Self::Bad => '!',
            Self::Cleared => '_',
            Self::Unused => '-',
            Self::Kept => '~',
            Self::Unknown => '?',
        }
    }

    /// What it is, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Sector0 => "sector 0",
            Self::Table => "partition table",
            Self::BootCode => "boot code",
            Self::BootCopy => "copy of the boot code",
            Self::Stamps => "code copies and stamps",
            Self::Manifest => "manifest",
            Self::FatReserved => "boot sector, reserved",
            Self::FatTable => "file allocation table",
            Self::Directory => "directory",
            Self::Capsule => "image",
            Self::Readme => "README.TXT",
            Self::File => "file",
            Self::Disc => "structure of a disc",
            Self::BootImage => "boot image of a disc",
            Self::Copy => "disc image as it is",
            Self::Volume => "partition",
            Self::Free => "free",
            Self::Bad => "marked as bad",
            Self::Cleared => "cleared",
            Self::Unused => "unused",
            Self::Kept => "stays as it is",
            Self::Unknown => "unknown",
        }
    }
}

/// A range of sectors with one use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MapRange {
    /// First sector.
    pub lba: u64,
    /// Sectors, at least 1.
    pub sectors: u64,
    /// What it is there for.
    #[serde(rename = "use")]
    pub used_for: Use,
    /// What it is, for people: the path of a file, for example.
    pub name: String,
    /// Number of the image, from 1 on; `None` of what is none.
    pub image: Option<usize>,
}

impl MapRange {
    /// One past its last sector.
    pub fn end(&self) -> u64 {
        self.lba.saturating_add(self.sectors)
    }

    /// The sign that stands for it: a letter, or for an image the last digit of its number.
    pub fn sign(&self) -> char {
        let digit = self.image.and_then(|number| char::from_digit((number % 10) as u32, 10));
        digit.unwrap_or_else(|| self.used_for.letter())
    }
}
