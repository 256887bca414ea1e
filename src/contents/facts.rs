//! What is known about an image before its bytes are read.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ends::Claim;
use super::geometry::Disagreement;
use super::iso::{BootEntry, DiscWarning, NoBoot};
use super::kind::Kind;
use super::will_boot::NoStart;
use crate::image::{Unpacked, Wrapping, own_name};
use crate::units::{Bytes, Geometry, SECTOR_LEN, counted};

/// Everything about one image that the plan of a stick needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// The file; only its name matters to the stick. It may be no text, and is not among what is told to others.
    #[serde(skip)]
    pub path: PathBuf,
    /// Length in bytes, at least 1; without what is around it.
    pub len: u64,
    /// What was around it in its files, and is left out.
    pub wrapping: Option<Wrapping>,
    /// What it was packed in, from the outside to the inside.
    pub unpacked: Vec<Unpacked>,
    /// The kind of disk that it will be.
    pub kind: Kind,
    /// Whether nothing in it says that it is a floppy, and nobody did.
    pub kind_is_guess: bool,
    /// Why it is that kind, for people.
    pub reason: Cow<'static, str>,
    /// Geometry that INT 13h will answer with: of a CD that emulates a disk, for that disk.
    pub geometry: Geometry,
    /// Sectors of 512 bytes of the RAM disk: the lead, the image, and zeros behind it.
    pub disk_sectors: u32,
    /// Sectors that the loader makes before the image; 0 unless the kind is a partition.
    pub lead_sectors: u32,
    /// BIOS drive number: 80h, 00h for a floppy, or E0h for a CD.
    pub drive: u8,
    /// CMOS type of a floppy drive, or of the floppy that a CD emulates; else 0.
    pub drive_type: u8,
    /// Type byte of the partition that the loader makes; 0 unless the kind is a partition.
    pub partition_type: u8,
    /// How a CD boots, or why it does not; `None` for every other kind.
    pub disc: Option<Result<BootEntry, NoBoot>>,
    /// NT disk signature, at 1B8h, of a hard disk with a partition table; `None` for every other disk, which has no
    /// place for one.
    pub disk_signature: Option<u32>,
    /// Whether its first sector ends with 55h AAh.
    pub boot_signature: bool,
    /// What is on it, in a few words, as in `FAT12 "BOOT"`; `None` when it cannot be told.
    pub contents: Option<String>,
    /// What the user should know before booting it.
    pub warnings: Vec<Warning>,
    /// What it was made of, if it was changed on the way from there.
    #[serde(skip)]
    pub made_of: Option<MadeOf>,
}

/// The image that another one was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeOf {
    /// Its length in bytes.
    pub len: u64,
    /// Its BLAKE3.
    pub blake3: [u8; 32],
    /// What was done with it.
    pub text: String,
}

impl ImageFacts {
    /// The name that it has by itself: without the extension of what it was packed in, and that of the file in an archive.
    pub fn own_name(&self) -> PathBuf {
        own_name(&self.path, &self.unpacked)
    }

    /// The entry that a BIOS boots, of a CD that boots.
    pub fn boot_entry(&self) -> Option<&BootEntry> {
        self.disc.as_ref()?.as_ref().ok()
    }
}

/// Something odd about an image that does not stop it from being written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Warning {
    /// The image ends before what it says is on it.
    Short {
        /// What reaches farthest.
        before: Claim,
        /// Bytes that are missing.
        missing: u64,
        /// Whether zeros stand for them; else the disk ends with the image.
        zeros: bool,
    },
    /// It does not boot.
    NoStart(NoStart),
    /// The disk that a CD emulates does not boot.
    EmulatedNoStart(NoStart),
    /// Its first sector does not end with 55h AAh.
    NoBootSignature,
    /// Its length is no multiple of 512 bytes; zeros follow it in memory.
    PartialSector {
        /// Length in bytes.
        len: u64,
    },
    /// A partition's boot sector names another place on its disk than the RAM disk can give it.
    Moved {
        /// First sector on the disk, as its boot sector says.
        claimed: u32,
        /// First sector on the RAM disk.
        lead: u32,
    },
    /// It is a CD image, and was asked to be a kind of disk as which no CD boots.
    CdAs {
        /// The kind.
        kind: Kind,
    },
    /// Something odd about a CD.
    Disc(DiscWarning),
    /// Witnesses of the geometry contradict each other.
    Geometries(Disagreement),
    /// Nothing in it says that it is a floppy.
    KindIsGuess,
    /// Nothing says which floppy it is, and its length is that of no usual one.
    UnusualFloppy {
        /// The geometry that is taken.
        taken: Geometry,
    },
    /// The geometry that was asked for is smaller than the image.
    BeyondGeometry {
        /// Sectors of the geometry.
        reach: u64,
        /// Sectors of the image.
        present: u64,
    },
}

impl Warning {
    /// Whether it is good to know and speaks against nothing.
    pub fn is_note(&self) -> bool {
        matches!(self, Self::PartialSector { .. } | Self::KindIsGuess)
    }

    /// Whether it says that something is missing at the end.
    pub(super) fn is_about_length(&self) -> bool {
        matches!(self, Self::Short { .. } | Self::Disc(DiscWarning::Truncated { .. }))
    }

    /// Whether it matters only where the image is booted.
    pub fn is_about_booting(&self) -> bool {
        matches!(
            self,
            Self::NoBootSignature | Self::NoStart(_) | Self::EmulatedNoStart(_) | Self::KindIsGuess
        )
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { before, missing, zeros } => {
                let follows = if *zeros { "zeros will follow" } else { "the disk in memory is shorter too" };
                write!(f, "it ends {} before {before}; {follows}", Bytes(*missing))
            }
            Self::NoStart(why) => why.fmt(f),
            Self::EmulatedNoStart(why) => write!(f, "of the disk that it emulates: {why}"),
            Self::NoBootSignature => f.write_str("its first sector has no boot signature; it may not boot"),
            Self::PartialSector { len } => {
                let zeros = (SECTOR_LEN - len % SECTOR_LEN) % SECTOR_LEN;
                let zeros = counted(zeros, "zero byte");
                write!(f, "its last sector is not whole; {zeros} will follow it in memory")
            }
            Self::Moved { claimed, lead } => write!(
                f,
                "its boot sector says that it begins at sector {claimed}; in memory it begins at sector {lead}"
            ),
            Self::CdAs { kind } => write!(f, "it is a CD image, and a {kind} was asked for"),
            Self::Disc(warning) => warning.fmt(f),
            Self::Geometries(disagreement) => {
                f.write_str("its geometry is told in different ways: ")?;
                disagreement.write(f, "--chs ")
            }
            Self::KindIsGuess => f.write_str(
                "nothing in it says whether it is a floppy or a hard disk, so that is a guess; if it is a hard disk say \
                 --kind hdd, or press K while it counts down",
            ),
            Self::UnusualFloppy { taken } => write!(
                f,
                "its size is that of no usual floppy; it is read as one of {taken}, and if that is wrong it reads \
                 wrong sectors: say the right one with --chs C/H/S"
            ),
            Self::BeyondGeometry { reach, present } => {
                let reach = counted(*reach, "sector");
                write!(f, "its geometry reaches {reach} and it has {present}")
            }
        }
    }
}
