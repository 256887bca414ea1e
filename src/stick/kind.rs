//! The kinds of sticks: how one is divided, and which FAT it has.

use std::fmt;

use ramkey_format::manifest::layout;
use ramkey_format::{bpb, memory};

/// First sector of the partition: 1 MiB, the alignment that every partition tool uses today.
pub(crate) const PARTITION_LBA: u64 = memory::PARTITION_LBA as u64;
/// First sector of the partition of a USB-ZIP: the second track.
const ZIP_LBA: u64 = 32;
/// First number of clusters that makes a FAT16.
pub(crate) const FAT16_CLUSTERS: u64 = bpb::FAT16_CLUSTERS as u64;
/// First number of clusters that makes a FAT32.
pub(crate) const FAT32_CLUSTERS: u64 = bpb::FAT32_CLUSTERS as u64;

/// The entry of the partition table that the partition has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The first, as on hard disks.
    #[default]
    First,
    /// The fourth, as on ZIP disks.
    Fourth,
}

/// How the stick is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LayoutKind {
    /// Sector 0 is a master boot record with one active partition, and a boot sector of the same file system.
    Universal {
        /// Where the partition stands in the table.
        slot: Slot,
    },
    /// Master boot record and one active partition.
    Hdd,
    /// Master boot record and one active partition in slot 4, from the second track on.
    Zip,
    /// A file system from sector 0 on, with the numbers of a floppy.
    Fdd,
    /// Master boot record, one active partition, and a second of one cylinder at the end.
    TwoPartitions,
    /// GUID partition table and one partition, with boot code in the protective master boot record.
    Gpt,
    /// A file system from sector 0 on.
    Superfloppy,
}

impl LayoutKind {
    /// Every layout.
    pub const ALL: [Self; 8] = [
        Self::Universal { slot: Slot::First },
        Self::Universal { slot: Slot::Fourth },
        Self::Hdd,
        Self::Zip,
        Self::Fdd,
        Self::TwoPartitions,
        Self::Gpt,
        Self::Superfloppy,
    ];

    /// Its name in text and JSON, which does not change.
    pub fn name(self) -> &'static str {
        match self {
            Self::Universal { slot: Slot::First } => "universal",
            Self::Universal { slot: Slot::Fourth } => "universal-zip",
            Self::Hdd => "hdd",
            Self::Zip => "zip",
            Self::Fdd => "fdd",
            Self::TwoPartitions => "two-partitions",
            Self::Gpt => "gpt",
            Self::Superfloppy => "superfloppy",
        }
    }

    /// Its number in the stick manifest.
    pub fn code(self) -> u8 {
        match self {
            Self::Universal { slot: Slot::First } => layout::UNIVERSAL,
            Self::Universal { slot: Slot::Fourth } => layout::UNIVERSAL_ZIP,
            Self::Hdd => layout::HDD,
            Self::Zip => layout::ZIP,
            Self::Fdd => layout::FDD,
            Self::TwoPartitions => layout::TWO_PARTITIONS,
            Self::Gpt => layout::GPT,
            Self::Superfloppy => layout::SUPERFLOPPY,
        }
    }

    /// The layout with this number in the stick manifest.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether sector 0 is a boot sector of the file system, alone or beside a partition table.
    pub fn has_volume_in_sector_0(self) -> bool {
        matches!(self, Self::Universal { .. } | Self::Fdd | Self::Superfloppy)
    }

    /// First sector of the file system.
    pub(crate) fn volume_lba(self) -> u64 {
        match self {
            Self::Universal { .. } | Self::Hdd | Self::TwoPartitions | Self::Gpt => PARTITION_LBA,
            Self::Zip => ZIP_LBA,
            Self::Fdd | Self::Superfloppy => 0,
        }
    }
}

/// Bits in an entry of the file allocation table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FatBits {
    /// FAT12.
    Fat12,
    /// FAT16.
    Fat16,
    /// FAT32.
    Fat32,
}

impl FatBits {
    /// Those of a volume with so many clusters.
    pub fn of(clusters: u64) -> Self {
        match clusters {
            ..FAT16_CLUSTERS => Self::Fat12,
            FAT16_CLUSTERS..FAT32_CLUSTERS => Self::Fat16,
            _ => Self::Fat32,
        }
    }

    /// 12, 16 or 32.
    pub fn bits(self) -> u8 {
        match self {
            Self::Fat12 => 12,
            Self::Fat16 => 16,
            Self::Fat32 => 32,
        }
    }
}

impl fmt::Display for FatBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FAT{}", self.bits())
    }
}
