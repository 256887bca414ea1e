//! Why an image cannot be cut.

use serde::{Deserialize, Serialize};

use crate::contents::free::Why;

/// Why an image cannot be cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NoCut {
    /// It is a floppy.
    #[error("it is a floppy, and a floppy has the size of its drive")]
    Floppy,
    /// It is a CD.
    #[error("it is a CD, which has no free space")]
    Disc,
    /// Something is around it in its file.
    #[error("it is wrapped in a file of another form")]
    Wrapped {
        /// The command that prints the image alone.
        command: String,
    },
    /// It has a GUID partition table.
    #[error("it has a GUID partition table, whose copy is at its end")]
    GuidTable,
    /// It ends before what is on it.
    #[error("it ends before its last partition or file system does")]
    Short,
    /// No partition, or none that can be understood.
    #[error("no file system is found in it that can be cut")]
    NoVolume,
    /// A file system begins at sector 0, and there is a partition table too.
    #[error("it begins with a file system and has a partition table too")]
    TableAndVolume,
    /// Partitions share sectors.
    #[error("its last partition shares sectors with another one")]
    Overlap,
    /// The last partition holds others.
    #[error("its last partition holds logical drives")]
    Extended,
    /// The last partition has another file system.
    #[error("its last file system is {system}, and only a FAT is cut")]
    Other {
        /// Its name.
        system: String,
    },
    /// The volume is longer than its partition.
    #[error("its file system is longer than the partition that it is in")]
    BeyondPartition,
    /// The fields of its boot sector contradict each other.
    #[error("the boot sector of its file system makes no sense")]
    BootSector,
    /// There are two opinions on the bits of its entries.
    #[error("its FAT32 has so few clusters that systems do not agree on what it is")]
    SmallFat32,
    /// It was not closed.
    #[error("its file system is marked as not closed or as faulty")]
    NotClosed,
    /// Its tables differ.
    #[error("the copies of its file allocation table differ")]
    TablesDiffer,
    /// Something on it is damaged.
    #[error("its file system is damaged: {what}")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// A system sleeps on it.
    #[error("a system sleeps on it: its memory is in \\{file}")]
    Sleeps {
        /// The file.
        file: String,
    },
    /// Its free space is not believed, or a system sleeps on another partition.
    #[error("nothing of it is given up: {why}")]
    Kept {
        /// Why.
        why: Why,
    },
    /// There is something behind the volume.
    #[error("behind its file system is something of which nothing is known, at byte {offset:#x}")]
    DataBehind {
        /// The first byte that is not zero.
        offset: u64,
    },
    /// Nothing would be gained.
    #[error("it cannot be smaller: its file system is used up to its end{}", last(file.as_deref()))]
    Nothing {
        /// The file or folder that ends last.
        file: Option<String>,
    },
    /// A shorter one would be another disk.
    #[error("a shorter image would be another kind of disk, or be read with another geometry")]
    OtherDisk,
    /// It cannot be read.
    #[error("it cannot be read at the place of its file system")]
    Unreadable,
}

/// The file that ends last, in words.
fn last(file: Option<&str>) -> String {
    file.map(|file| format!(", by {file}")).unwrap_or_default()
}

impl NoCut {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> String {
        match self {
            Self::Floppy => {
                "a floppy takes as much memory as it has sectors; move its files to a smaller one".into()
            }
            Self::Disc => "make the disc anew with fewer files".into(),
            Self::Wrapped { command } => {
                format!("make a plain image of it: `{command} > PLAIN.img`, and shrink that")
            }
            Self::GuidTable => {
                "make a master boot record of it: `gdisk` (r, g, w), and repeat the command with that image"
                    .into()
            }
            Self::Short => "make it whole with `truncate`, or copy it again".into(),
            Self::NoVolume | Self::TableAndVolume | Self::Overlap => {
                "`ramkey inspect` and `sfdisk -l` show what is on it; only a FAT in the last partition is cut"
                    .into()
            }
            Self::Extended => {
                "move the files of the logical drives, and delete the extended partition".into()
            }
            Self::Other { system } => help_for(system),
            Self::BeyondPartition => "make the partition longer, or the file system anew".into(),
            Self::BootSector | Self::TablesDiffer | Self::NotClosed | Self::Damaged { .. } => {
                "check it with `fsck.fat` or with the system that uses it, and repeat the command".into()
            }
            Self::Kept { .. } => {
                "docs/trimming.md says what must be so; mend that, and repeat the command".into()
            }
            Self::SmallFat32 => "copy its files to a FAT16".into(),
            Self::Sleeps { .. } => "start that system and shut it down, or delete the file".into(),
            Self::DataBehind { .. } => {
                "look at it; if nobody needs it, cut it off with `truncate -s`, and repeat the command".into()
            }
            Self::Nothing { .. } => {
                "delete files, or defragment it with the system that uses it, and repeat the command".into()
            }
            Self::OtherDisk => {
                "copy its files to a smaller disk that is made with the geometry that it is to have".into()
            }
            Self::Unreadable => "copy the image to a sound disk and repeat the command".into(),
        }
    }
}

/// The program that shrinks another file system.
fn help_for(system: &str) -> String {
    match system {
        "NTFS" => {
            "`ntfsresize` shrinks an NTFS and `sfdisk` its partition; then cut the image with `truncate -s`"
                .into()
        }
        "ext2" | "ext3" | "ext4" => {
            "`resize2fs` shrinks it and `sfdisk` its partition; then cut the image with `truncate -s`".into()
        }
        _ => "copy its files to a FAT, or use the programs of that file system".into(),
    }
}
