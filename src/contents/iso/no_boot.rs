//! Why a disc is not booted as a CD.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is wrong with a boot catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CatalogueFault {
    /// The disc ends before it.
    Outside,
    /// Its first byte is not 01h.
    Header(u8),
    /// Its first entry does not end with 55h AAh.
    Key(u16),
}

impl fmt::Display for CatalogueFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside => f.write_str("the disc ends before it"),
            Self::Header(found) => write!(f, "it begins with {found:02X}h and not with 01h"),
            Self::Key(found) => write!(f, "its key is {found:04X}h and not AA55h"),
        }
    }
}

/// Why no BIOS boots a disc as a CD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NoBoot {
    /// Block 17 is no boot record.
    NoRecord,
    /// The boot catalogue is damaged.
    Catalogue {
        /// Its block.
        lba: u32,
        /// What is wrong with it.
        fault: CatalogueFault,
    },
    /// It boots by EFI alone.
    EfiOnly,
    /// Every entry is for another platform, such as 1 for PowerPC.
    Platform(u8),
    /// Every entry says that it is not to be booted.
    NotBootable,
    /// The media byte is none that is known.
    Media(u8),
    /// The disc ends before the boot image.
    Outside {
        /// Block of the boot image.
        lba: u32,
        /// Blocks that the image has.
        blocks: u64,
    },
    /// The emulated hard disk has no partition, which would tell its length.
    NoPartition,
    /// The boot code would be loaded over what a BIOS needs itself, or behind the end of memory.
    Load {
        /// First byte.
        start: u32,
        /// One past the last byte.
        end: u32,
        /// Whether it is the data of the BIOS that is in the way.
        low: bool,
    },
}

impl fmt::Display for NoBoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecord => f.write_str("it has no boot record"),
            Self::Catalogue { lba, fault } => {
                write!(f, "its boot catalogue at block {lba} is damaged: {fault}")
            }
            Self::EfiOnly => f.write_str("it boots by EFI only"),
            Self::Platform(platform) => {
                write!(f, "it boots on another kind of machine only (platform {platform:02X}h)")
            }
            Self::NotBootable => f.write_str("its boot catalogue says that nothing on it is to be booted"),
            Self::Media(media) => write!(f, "its boot catalogue has the unknown media byte {media:02X}h"),
            Self::Outside { lba, blocks } => {
                write!(f, "its boot image is at block {lba} and it has {blocks} blocks")
            }
            Self::NoPartition => f.write_str("its emulated hard disk has no partition"),
            Self::Load { start, end, low } => {
                let over = if *low { "over the data of the BIOS" } else { "behind the end of base memory" };
                write!(f, "its boot catalogue wants the boot code at {start:#x}..{end:#x}, {over}")
            }
        }
    }
}

impl NoBoot {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoRecord | Self::NotBootable => "use a disc that boots, or its boot floppy if it has one",
            Self::EfiOnly => "take the edition of the same system that boots with a BIOS",
            Self::Platform(_) => "take the edition of the same system for PCs",
            Self::Catalogue { .. } | Self::Media(_) | Self::Outside { .. } => {
                "compare the image with its publisher's checksum, and copy the disc again"
            }
            Self::NoPartition => {
                "use the boot image as a disk with `--kind hdd`, after cutting it out of the disc"
            }
            Self::Load { .. } => {
                "no machine boots it; make the disc again with `-boot-load-seg 0x7c0 -boot-load-size 4` of `xorriso -as \
                 mkisofs`"
            }
        }
    }
}
