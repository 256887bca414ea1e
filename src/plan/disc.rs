//! A medium that is a disc as well as a stick: how large it may be, and what lies on it beside the stick's parts.
//!
//! A disc counts in blocks of 2048 bytes, a stick in sectors of 512. Where both see the same bytes, a block is four sectors.

use std::ops::Range;

use crate::image::{ExtraFiles, Source};
use crate::units::SECTOR_LEN;

/// Bytes of a block.
pub const BLOCK_LEN: u64 = 2048;
/// Sectors of a block.
pub(crate) const BLOCK_SECTORS: u64 = BLOCK_LEN / SECTOR_LEN;
/// Blocks of zeros at the end, two seconds of a disc: drives read ahead, and some fail at the end of the track
/// (ECMA-130, section 20: the post-gap).
pub const POST_GAP_BLOCKS: u64 = 150;
/// Blocks of the volume descriptors: the primary one, the boot record, that of Joliet, and the terminator (ECMA-119, section
/// 6.2.1: the first is block 16).
pub(crate) const DESCRIPTORS: Range<u64> = 16..20;
/// Bytes in a second of a drive at single speed: 75 blocks.
const SINGLE_SPEED: u64 = 75 * BLOCK_LEN;
/// Sectors of a cylinder of 64 heads and 32 sectors per track, on which the partition ends.
const CYLINDER_SECTORS: u64 = 2048;

/// A kind of disc, and how much goes onto it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiscMedium {
    /// The name that the command line uses; `None` where somebody named a number of blocks.
    pub name: Option<&'static str>,
    /// Blocks, with the post-gap.
    pub blocks: u64,
}

impl DiscMedium {
    /// The usual kinds, the smallest first. A minute has 60 x 75 blocks: 18, 21, 24 and 74 minutes, and cards of 50 MB.
    pub const ALL: [Self; 5] = [
        Self { name: Some("card"), blocks: 25_600 },
        Self { name: Some("8cm-18"), blocks: 81_000 },
        Self { name: Some("8cm"), blocks: 94_500 },
        Self { name: Some("8cm-24"), blocks: 108_000 },
        Self { name: Some("12cm"), blocks: 333_000 },
    ];

    /// The medium that a text names: one of the usual ones, or a number of blocks from 1000 to 4,000,000.
    pub fn named(text: &str) -> Option<Self> {
        let usual = Self::ALL.into_iter().find(|medium| medium.name == Some(text));
        usual.or_else(|| {
            let blocks = text.parse().ok().filter(|blocks| (1000..=4_000_000).contains(blocks))?;
            Some(Self { name: None, blocks })
        })
    }
}

/// Whole seconds, rounded up, in which a drive reads `len` bytes at `speed` times 150 KiB a second.
pub fn seconds_at(len: u64, speed: u64) -> u64 {
    len.div_ceil(speed * SINGLE_SPEED)
}

impl Default for DiscMedium {
    /// The mini-CD of 21 minutes.
    fn default() -> Self {
        Self::named("8cm").expect("it is one of the usual ones")
    }
}

/// How a BIOS boots the disc.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiscBoot {
    /// Without emulation; a BIOS that looks further finds a floppy and a hard disk.
    #[default]
    Auto,
    /// Without emulation, and nothing else is offered.
    NoEmulation,
    /// As a floppy; a BIOS that looks further finds the others.
    Floppy,
    /// As a hard disk; a BIOS that looks further finds the others.
    HardDisk,
}

impl DiscBoot {
    /// Its number in what the disc's identity is derived from.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Auto => 0,
            Self::NoEmulation => 1,
            Self::Floppy => 2,
            Self::HardDisk => 3,
        }
    }

    /// The name that the command line uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::NoEmulation => "no-emulation",
            Self::Floppy => "floppy",
            Self::HardDisk => "hard-disk",
        }
    }
}

/// The user's own files on a disc: a folder, and the hash of everything in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderFiles {
    /// Folders and files by name, with their lengths.
    pub tree: ExtraFiles,
    /// BLAKE3 of all files, one behind the other in whole blocks.
    pub blake3: [u8; 32],
}

impl FolderFiles {
    /// Blocks that they take.
    fn blocks(&self) -> u64 {
        self.tree.len() / BLOCK_LEN
    }
}

/// What makes a medium a disc as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscRequest {
    /// How a BIOS boots it.
    pub boot: DiscBoot,
    /// The medium that it is for.
    pub medium: DiscMedium,
    /// Blocks for the boot image, the boot catalogue, path tables and directories.
    pub structure_blocks: u64,
    /// The user's own files.
    pub files: FolderFiles,
}

impl DiscRequest {
    /// Sectors behind the partition: the user's files and the post-gap.
    fn tail_sectors(&self) -> u64 {
        (self.files.blocks() + POST_GAP_BLOCKS) * BLOCK_SECTORS
    }

    /// Sectors of a disc whose partition ends with `cylinder`, counted from 1.
    pub(super) fn sectors(&self, cylinders: u64) -> u64 {
        cylinders * CYLINDER_SECTORS + self.tail_sectors()
    }

    /// Cylinders before the end of the partition of a disc of `sectors` sectors that was made for this request.
    pub(crate) fn cylinders(&self, sectors: u64) -> u64 {
        self.partition_end(sectors) / CYLINDER_SECTORS
    }

    /// Where the partition of a disc of `sectors` sectors ends.
    pub(super) fn partition_end(&self, sectors: u64) -> u64 {
        sectors.saturating_sub(self.tail_sectors()) / CYLINDER_SECTORS * CYLINDER_SECTORS
    }

    /// Where everything of a disc lies whose stamps end before sector `stamped_end`.
    pub(super) fn division(&self, stamped_end: u64, sectors: u64) -> DiscDivision {
        let start = stamped_end.div_ceil(BLOCK_SECTORS);
        let extra = self.partition_end(sectors) / BLOCK_SECTORS;
        DiscDivision {
            boot: self.boot,
            medium: self.medium,
            structures: start..start + self.structure_blocks,
            extra: extra..extra + self.files.blocks(),
            files: self.files.clone(),
        }
    }
}

/// What a division has that makes it a disc as well. All numbers count blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscDivision {
    /// How a BIOS boots it.
    pub boot: DiscBoot,
    /// The medium that it is for. Nothing that is written depends on it.
    pub medium: DiscMedium,
    /// The boot image, the boot catalogue, path tables and directories: reserved sectors of the file system.
    pub structures: Range<u64>,
    /// The user's own files, behind the partition.
    pub extra: Range<u64>,
    /// What they are.
    pub files: FolderFiles,
}
