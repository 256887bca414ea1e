//! What is odd about a disc.

use std::fmt;

use ramkey_format::resident::RESIDENT_MAX;
use serde::{Deserialize, Serialize};

use super::blocks::BLOCK_LEN;
use crate::contents::geometry::Disagreement;
use crate::units::{Bytes, SECTOR_LEN};

/// Something odd about a disc that does not stop it from being booted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DiscWarning {
    /// The image ends before the volume does.
    Truncated {
        /// Blocks that the volume says it has.
        claimed: u64,
        /// Blocks that the image has.
        present: u64,
    },
    /// The boot catalogue's checksum is wrong; some BIOSes do not boot such a disc.
    Checksum,
    /// The boot code would be loaded to where some machines keep memory for themselves.
    LoadHigh {
        /// First byte.
        start: u32,
        /// One past the last byte.
        end: u32,
    },
    /// The boot image goes on behind the end of the disc; zeros are loaded.
    LoadCut {
        /// Bytes to load.
        wanted: u64,
        /// Bytes that are there.
        present: u64,
    },
    /// The first sector of the boot image is zeros, or one other byte.
    NoCode,
    /// The emulated hard disk has more than the one partition that is allowed.
    Partitions {
        /// Partitions.
        found: usize,
    },
    /// The emulated hard disk goes on behind the end of the disc: zeros stand for what is missing, or it is cut there.
    DiskTruncated {
        /// Sectors that its partition table claims.
        claimed: u64,
        /// Sectors on the disc.
        present: u64,
    },
    /// Witnesses of the emulated hard disk's geometry contradict each other.
    DiskGeometries(Disagreement),
}

impl fmt::Display for DiscWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { claimed, present } => write!(
                f,
                "the CD image is shorter than it says itself: it has {} of {}",
                Bytes(present.saturating_mul(BLOCK_LEN)),
                Bytes(claimed.saturating_mul(BLOCK_LEN))
            ),
            Self::Checksum => {
                f.write_str("the checksum of its boot catalogue is wrong; some BIOSes refuse that")
            }
            Self::LoadHigh { start, end } => {
                let kib = end.saturating_add(RESIDENT_MAX).div_ceil(1024);
                write!(
                    f,
                    "its boot code would be loaded to {start:#x}..{end:#x}: a machine with less than {kib} KB of base \
                     memory may stop with E23"
                )
            }
            Self::LoadCut { wanted, present } => {
                write!(f, "its boot image has {present} of {wanted} bytes; zeros stand for the rest")
            }
            Self::NoCode => {
                f.write_str("its boot image begins with a sector without code: no BIOS starts it")
            }
            Self::Partitions { found } => {
                write!(f, "its emulated hard disk has {found} partitions and only one is allowed")
            }
            Self::DiskTruncated { claimed, present } => write!(
                f,
                "its emulated hard disk is cut: {} of {} are on the disc",
                Bytes(present.saturating_mul(SECTOR_LEN)),
                Bytes(claimed.saturating_mul(SECTOR_LEN))
            ),
            Self::DiskGeometries(disagreement) => {
                f.write_str("the geometry of its emulated hard disk is told in different ways: ")?;
                disagreement.write(f, "")
            }
        }
    }
}
