//! Why no plan can be made.

use std::path::PathBuf;

use super::disc::DiscMedium;
use super::request::TITLE_MAX;
use crate::contents::Kind;
use crate::contents::iso::NoBoot;
use crate::stick::FatBits;
use crate::units::{Bytes, named, shell_word};

/// Why no plan can be made. Nothing has been written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// There is no image.
    #[error("a stick without an image boots nothing")]
    NoImage,
    /// There are more images than the menu shows.
    #[error("{found} images are more than the {limit} that the boot menu shows")]
    TooManyImages {
        /// Number of images.
        found: usize,
        /// Most images.
        limit: usize,
    },
    /// A CD that no BIOS boots would be in the boot menu.
    #[error("{} does not boot as a CD: {why}", named(path))]
    NoBoot {
        /// The image.
        path: PathBuf,
        /// Why not.
        why: NoBoot,
    },
    /// An entry has more drives than there can be.
    #[error("{} would have {found} drives in RAM and can have at most {limit}", named(path))]
    TooManyDrives {
        /// The image that is booted.
        path: PathBuf,
        /// Drives, with the one that a CD emulates.
        found: usize,
        /// Most drives.
        limit: usize,
    },
    /// An entry has more floppies than BIOSes have numbers.
    #[error("{} would have {found} floppy drives in RAM and can have at most {limit}", named(path))]
    TooManyFloppies {
        /// The image that is booted.
        path: PathBuf,
        /// Floppies.
        found: usize,
        /// Most floppies.
        limit: usize,
    },
    /// The RAM disks of an entry would not all end below 4 GiB.
    #[error(
        "{} would have {needed} bytes of disks in RAM together and a PC can have at most {limit}",
        named(path)
    )]
    SetTooLarge {
        /// The image that is booted.
        path: PathBuf,
        /// Bytes of all its RAM disks.
        needed: u64,
        /// Most bytes.
        limit: u64,
    },
    /// No drive of its kind has such a number.
    #[error("{} cannot be drive {number:02X}h: a {kind} is {first:02X}h to {last:02X}h", named(path))]
    DriveNumber {
        /// The image.
        path: PathBuf,
        /// The number that was asked for.
        number: u8,
        /// Its kind.
        kind: Kind,
        /// First number of that kind.
        first: u8,
        /// Last number of that kind.
        last: u8,
    },
    /// Two drives have the same number.
    #[error("{} and {} cannot both be drive {number:02X}h", named(other), named(path))]
    SameNumber {
        /// The image.
        path: PathBuf,
        /// The one before it.
        other: PathBuf,
        /// The number.
        number: u8,
    },
    /// A title cannot be shown.
    #[error(
        "the title \"{title}\" is not 1 to {TITLE_MAX} characters of code page 437, which the target machine shows"
    )]
    Title {
        /// The image.
        path: PathBuf,
        /// The title.
        title: String,
    },
    /// FAT forbids the label.
    #[error("the label \"{label}\" is not 1 to 11 characters that FAT allows")]
    Label {
        /// The label.
        label: String,
    },
    /// The stick has no room for the tables, the boot code and any file system.
    #[error("the stick has {available} bytes and this layout needs at least {needed}")]
    StickTooSmall {
        /// Smallest stick, in bytes.
        needed: u64,
        /// Bytes of the stick.
        available: u64,
    },
    /// The file system that was asked for cannot have this size.
    #[error("a {bits} file system has {least} to {most} bytes and this stick has room for {found}")]
    FsSize {
        /// The file system.
        bits: FatBits,
        /// Bytes of the smallest.
        least: u64,
        /// Bytes of the largest.
        most: u64,
        /// Bytes that it would have.
        found: u64,
    },
    /// The image alone is larger than the file system, even if all of it were zeros.
    #[error(
        "{} needs at least {} ({needed} bytes) and the stick's file system has {} ({available} bytes)",
        named(path),
        Bytes(*needed),
        Bytes(*available)
    )]
    ImageTooLarge {
        /// The image.
        path: PathBuf,
        /// Bytes of its capsule's header and chunk table.
        needed: u64,
        /// Bytes of the file system.
        available: u64,
    },
    /// The disc does not fit the medium that it is for.
    #[error("the disc has {blocks} blocks of 2048 bytes and {} has {}: {} too many", medium_words(medium), medium.blocks, blocks - medium.blocks)]
    DiscTooLarge {
        /// Blocks of the disc, with its post-gap.
        blocks: u64,
        /// The medium.
        medium: DiscMedium,
        /// The smallest usual medium that it fits, if there is one.
        fits: Option<&'static str>,
    },
}

/// A medium in a sentence.
fn medium_words(medium: &DiscMedium) -> String {
    medium.name.map_or("the medium".into(), |name| format!("the medium \"{name}\""))
}

impl PlanError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> String {
        match self {
            Self::NoImage => "name at least one disk image".into(),
            Self::TooManyImages { .. } => "write two sticks".into(),
            Self::NoBoot { why, .. } => why.help().into(),
            Self::TooManyDrives { .. } => "put what belongs together into one image".into(),
            Self::TooManyFloppies { .. } => "put their files into one hard disk image".into(),
            Self::SetTooLarge { .. } => "leave a drive out, or shrink one".into(),
            Self::DriveNumber { .. } => "leave the number out: the drive gets the next that is free".into(),
            Self::SameNumber { .. } => "give each its own number, or leave the numbers out".into(),
            Self::Title { path, .. } => {
                format!("give --title \"...\" for {}, for example in ASCII", shell_word(path))
            }
            Self::Label { .. } => "use letters, digits, spaces, - and _, as in --label RAMKEY".into(),
            Self::StickTooSmall { needed, .. } => {
                format!(
                    "use a stick of {} or more (--size for a file)",
                    Bytes(needed.next_multiple_of(1 << 20))
                )
            }
            Self::FsSize { .. } => "leave --fs out: the file system is chosen by size".into(),
            Self::ImageTooLarge { .. } => "use a larger stick (--size for a file)".into(),
            Self::DiscTooLarge { fits: Some(name), .. } => {
                format!("use a medium that has room: --media {name}")
            }
            Self::DiscTooLarge { fits: None, .. } => "leave an image out, or write a stick".into(),
        }
    }
}
