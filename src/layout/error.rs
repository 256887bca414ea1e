//! Why a plan cannot be laid out.

use std::io;
use std::path::PathBuf;

use super::disc::iso9660::IsoError;
use crate::plan::FatBits;
use crate::units::{Bytes, MIB, named};

/// Why a plan cannot be laid out. Nothing has been written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// The images do not fit the stick's file system.
    #[error(
        "the images need {} ({needed} bytes) and the stick's file system has {} ({available} bytes)",
        Bytes(*needed),
        Bytes(*available)
    )]
    TooLarge {
        /// Bytes of all capsules, in whole clusters, and of their folder.
        needed: u64,
        /// Bytes of the file system's clusters.
        available: u64,
    },
    /// The file system came out with other bits than planned.
    #[error("formatting {sectors} sectors made a FAT{found} and not the {planned} that was planned")]
    OtherFat {
        /// Sectors of the volume.
        sectors: u64,
        /// Bits in an entry of the table that was made.
        found: u8,
        /// The file system of the plan.
        planned: FatBits,
    },
    /// The formatted file system contradicts itself.
    #[error("the file system that was made is not sound: {what}")]
    Unsound {
        /// What is wrong.
        what: &'static str,
    },
    /// A library that works in memory refused to.
    #[error("making the {what}")]
    InMemory {
        /// What was made.
        what: &'static str,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// There are more separate ranges than the manifest can list.
    #[error("the stick has {found} separate ranges and its manifest has room for {limit}")]
    TooManyRanges {
        /// Number of ranges.
        found: usize,
        /// Most ranges.
        limit: usize,
    },
    /// What is known of an image makes no capsule that a loader would read.
    #[error("what is known of {} makes no drive that a machine can have", named(path))]
    Capsule {
        /// The image.
        path: PathBuf,
    },
    /// The files of a disc have no place in its directories.
    #[error(transparent)]
    Files(#[from] IsoError),
    /// A sector that holds no data is where nothing but its own contents can be.
    #[error("a sector that holds no data is one that the stick cannot do without")]
    Fixed,
    /// The committed boot code does not keep its contract.
    #[error("the built-in boot code cannot be used: {what}")]
    BootCode {
        /// What is wrong.
        what: &'static str,
    },
}

impl LayoutError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> String {
        match self {
            Self::TooLarge { needed, available } => {
                let more = (needed - available.min(needed)).next_multiple_of(MIB);
                format!("use a stick with {} more (--size for a file), or leave an image out", Bytes(more))
            }
            Self::OtherFat { .. } => "choose another --size or --fs".into(),
            Self::TooManyRanges { .. } => "write fewer images to one stick".into(),
            Self::Unsound { .. } | Self::InMemory { .. } => {
                "this is a fault of ramkey; another --fs or --layout may go around it".into()
            }
            Self::Capsule { .. } => {
                "this is a fault of ramkey; another --kind or --chs may go around it".into()
            }
            Self::Fixed => "use another stick".into(),
            Self::Files(error) => error.help(),
            Self::BootCode { .. } => "run `cargo xtask boot` and build again".into(),
        }
    }
}
