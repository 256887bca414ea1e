//! What will be on a stick, or why it cannot be: a pure function of the request.
//!
//! The plan fixes everything that does not depend on the images' bytes: partition, file system, geometry and names.
//! Whether the capsules fit is known when the images have been read, and `layout` says it.

use std::path::PathBuf;

use ramkey_format::capsule::CAPSULE_HEADER_LEN;

use crate::capsule::table_len;
use crate::contents::iso::NoBoot;
use crate::contents::{ImageFacts, Kind};
pub use crate::stick::{FatBits, LayoutKind, Slot};
use crate::units::{Bytes, Geometry, SECTOR_LEN, named, shell_word};

mod division;
mod fs;
mod names;
mod set;
mod titles;

pub use crate::capsule::{CopyMode, FirstDisk, SetOptions, Writes};
pub(crate) use division::GPT_SECTORS;
pub use division::LayoutChoice;
use fs::FatSize;
pub use fs::Volume;
pub(crate) use names::file_names;
pub use set::CompanionRequest;

/// Most images on one stick: what the boot menu can show.
pub const IMAGES_MAX: usize = 16;
/// Label of the file system unless the user names another.
pub const LABEL: &str = "RAMKEY";
/// Longest title of an image, in characters.
pub const TITLE_MAX: usize = 64;
/// Lengths of the smallest and the largest stick that is chosen for the user.
const USUAL_LEN_MIN: u64 = 16 << 20;
const USUAL_LEN_MAX: u64 = 2 << 40;
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
    /// Seconds between "In memory and proven" and the boot; 0 waits for a key, 255 does not wait.
    pub start_timeout: u8,
    /// Seconds that the menu of several images waits; 0 waits for a key, 255 does not wait.
    pub menu_timeout: u8,
}

/// One image's place in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapsulePlan {
    /// What the image is.
    pub facts: ImageFacts,
    /// Title in the boot menu: 1 to [`TITLE_MAX`] characters of code page 437.
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

/// A stick, decided down to everything but the images' bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Sectors of the stick.
    pub stick_sectors: u64,
    /// How it is divided.
    pub layout: LayoutKind,
    /// The file system.
    pub volume: Volume,
    /// Label of the file system, upper case, padded with spaces.
    pub label: [u8; 11],
    /// Identity of the stick, as in the request.
    pub id: Option<[u8; 16]>,
    /// Geometry that the partition table and the file system are made for.
    pub geometry: Geometry,
    /// Time-out of the boot, as in the request.
    pub start_timeout: u8,
    /// Time-out of the menu, as in the request.
    pub menu_timeout: u8,
    /// How drivers and systems see the drives.
    pub set: SetOptions,
    /// The images that are booted, in the order of the menu, at least one; then those that stand beside each of them,
    /// in the order of their drives.
    pub capsules: Vec<CapsulePlan>,
}

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
    #[error("{} needs at least {needed} bytes and the stick's file system has {available}", named(path))]
    ImageTooLarge {
        /// The image.
        path: PathBuf,
        /// Bytes of its capsule's header and chunk table.
        needed: u64,
        /// Bytes of the file system.
        available: u64,
    },
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
        }
    }
}

/// Decides everything about a stick that does not depend on the images' bytes.
///
/// # Errors
///
/// The images, drives and texts are checked first, then the size of the stick, then the file system.
pub fn plan(request: &Request) -> Result<Plan, PlanError> {
    if request.images.is_empty() {
        return Err(PlanError::NoImage);
    }
    if request.images.len() > IMAGES_MAX {
        return Err(PlanError::TooManyImages { found: request.images.len(), limit: IMAGES_MAX });
    }
    set::check(request)?;
    let capsules = names::capsules(request)?;
    let label = names::label(request.label.as_deref().unwrap_or(LABEL))?;
    let layout = request.layout.of(request.stick_sectors);
    let (lba, end) = layout.volume_bounds(request.stick_sectors)?;
    let sectors = end - lba;
    let size = FatSize { layout, lba, sectors, outside: request.stick_sectors - sectors };
    let volume = size.choose(request.fs)?;
    for CapsulePlan { facts, .. } in &capsules {
        let needed = CAPSULE_HEADER_LEN as u64 + table_len(facts.len);
        let available = volume.sectors * SECTOR_LEN;
        if needed > available {
            return Err(PlanError::ImageTooLarge { path: facts.path.clone(), needed, available });
        }
    }
    Ok(Plan {
        stick_sectors: request.stick_sectors,
        layout,
        volume,
        label,
        id: request.id,
        geometry: layout.geometry(request.stick_sectors),
        start_timeout: request.start_timeout,
        menu_timeout: request.menu_timeout,
        set: request.set,
        capsules,
    })
}

/// Plans the smallest usual stick of at least `least_len` bytes that the request can have, whatever size it names:
/// 16 MiB, and each power of two up to 2 TiB.
///
/// # Errors
///
/// What no larger stick would change, or what the largest is still too small for.
pub fn plan_smallest(request: &Request, least_len: u64) -> Result<Plan, PlanError> {
    let mut result = Err(PlanError::StickTooSmall { needed: least_len, available: USUAL_LEN_MAX });
    let doubled = |len: &u64| (*len < USUAL_LEN_MAX).then_some(len * 2);
    for len in std::iter::successors(Some(USUAL_LEN_MIN), doubled).filter(|&len| len >= least_len) {
        result = plan(&Request { stick_sectors: len / SECTOR_LEN, ..request.clone() });
        let too_small = match &result {
            Err(PlanError::StickTooSmall { .. } | PlanError::ImageTooLarge { .. }) => true,
            Err(PlanError::FsSize { least, found, .. }) => found < least,
            _ => false,
        };
        if !too_small {
            break;
        }
    }
    result
}
