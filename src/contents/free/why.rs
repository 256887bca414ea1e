//! Why nothing of a volume is given up.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why nothing of a volume, or of a whole image, is given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Why {
    /// A CD has no free space.
    Disc,
    /// No file system whose free space is known.
    Unknown,
    /// More than one file system seems to begin there.
    Ambiguous,
    /// The type of the partition is not that of a file system.
    PartitionType(u8),
    /// A GUID partition table is announced, and none that is sound is there.
    GuidTable,
    /// Too many partitions.
    Partitions,
    /// It shares sectors with another volume.
    Overlap,
    /// A file system begins at sector 0, and there is a partition table too.
    TableAndVolume,
    /// It ends behind the end of the image.
    BeyondImage,
    /// The file system says that it is longer than its partition.
    BeyondPartition,
    /// The file system, with this name, was not closed cleanly.
    NotClosed(Closed),
    /// A field or a structure of it makes no sense; what it is.
    Damaged(Structure),
    /// The copies of the file allocation table differ.
    TablesDiffer,
    /// The number of its clusters is one where programs do not agree on the kind of FAT.
    KindOfFat,
    /// There is no file on it: what is on it is not what its file system knows of.
    NoFiles,
    /// A system sleeps there: its memory was saved to a file or a partition.
    Sleeps,
    /// A system sleeps on another volume.
    SleepsBeside,
    /// A system may sleep on another volume: that cannot be looked into.
    PerhapsSleepsBeside,
    /// Somebody may write to the image.
    InUse,
    /// A boot loader names blocks, whatever file they belong to.
    BlockList,
    /// The type of the partition in a GUID partition table is not that of a file system.
    PartitionGuid,
    /// It has shadow copies, which show files that are gone.
    Snapshots,
    /// It has features that are not known.
    Features,
    /// Clusters that are in use are called free.
    UsedIsFree,
    /// The number of free blocks is told in two ways.
    FreeCount,
    /// The free space is in too many pieces, or the volume in too many clusters.
    TooMany,
    /// Too much would have to be read, or the image cannot be read there.
    Unreadable,
}

/// How it is seen that a file system was not closed cleanly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Closed {
    /// A mark in the volume itself says so.
    Mark,
    /// Its log or journal has something that is not on the disk yet.
    Log,
    /// Files that were deleted while they were open.
    Orphans,
}

/// A structure of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Structure {
    /// The boot sector of a FAT or an NTFS.
    BootSector,
    /// A file allocation table.
    Table,
    /// A folder of a FAT.
    Folder,
    /// The record of an ext2, ext3 or ext4.
    Superblock,
    /// A descriptor of a group of blocks.
    Group,
    /// What says which clusters or blocks are used.
    Bitmap,
    /// A record of a file.
    Record,
    /// The log of an NTFS.
    Log,
}

impl Why {
    /// Whether a system sleeps there.
    pub fn is_sleep(&self) -> bool {
        *self == Self::Sleeps
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disc => "it is a CD",
            Self::Unknown => "it has no file system whose free space is known here",
            Self::Ambiguous => "more than one file system begins there",
            Self::PartitionType(type_byte) => {
                return write!(f, "its type is {type_byte:02X}h, and no file system is expected there");
            }
            Self::GuidTable => "its GUID partition table cannot be read",
            Self::Partitions => "it has too many partitions",
            Self::Overlap => "it shares sectors with another partition",
            Self::TableAndVolume => "it begins with a file system and has a partition table too",
            Self::BeyondImage => "it ends behind the end of the image",
            Self::BeyondPartition => "its file system is longer than the room that it has",
            Self::NotClosed(Closed::Mark) => {
                "its file system is marked as not closed; check it, and try again"
            }
            Self::NotClosed(Closed::Log) => {
                "its log holds changes that are not on the disk; start and stop its system"
            }
            Self::NotClosed(Closed::Orphans) => {
                "files were deleted on it while they were open; check it, and try again"
            }
            Self::Damaged(what) => return write!(f, "{what} is damaged or unusual; check its file system"),
            Self::TablesDiffer => "the copies of its file allocation table differ; check its file system",
            Self::KindOfFat => "it has so many clusters that programs do not agree which FAT it is",
            Self::NoFiles => "there is no file on it, so whatever it holds is unknown to its file system",
            Self::Sleeps => "a system sleeps on it; start that, and shut it down",
            Self::SleepsBeside => "a system sleeps on another partition; start that, and shut it down",
            Self::PerhapsSleepsBeside => {
                "a system may sleep on another partition, which cannot be looked into or was not closed"
            }
            Self::InUse => "it is in use, and what is free may change",
            Self::BlockList => "LILO starts from it, which names blocks and not files",
            Self::PartitionGuid => "its type is not that of a file system that is known here",
            Self::Snapshots => "it has shadow copies, which show what is deleted; delete them, and try again",
            Self::Features => "its file system has features that are not known here",
            Self::UsedIsFree => "it uses clusters that it calls free; check its file system",
            Self::FreeCount => "it counts its free blocks in two ways that differ; check its file system",
            Self::TooMany => "its free space is in too many pieces",
            Self::Unreadable => "it cannot be read, or too much would have to be",
        })
    }
}

impl fmt::Display for Structure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BootSector => "its boot sector",
            Self::Table => "its file allocation table",
            Self::Folder => "a folder",
            Self::Superblock => "its superblock",
            Self::Group => "a descriptor of a group of blocks",
            Self::Bitmap => "its bitmap of used clusters",
            Self::Record => "the record of a file",
            Self::Log => "its log",
        })
    }
}
