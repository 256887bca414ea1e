//! Where an image can end.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::contents::facts::ImageFacts;
use crate::units::SECTOR_LEN;

/// Bytes that change at most, beside those that become zeros.
const CHANGED_MAX: u64 = 512;

/// Where an image can end, and what changes in it then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Bytes of the image that are left, a multiple of 512.
    pub len: u64,
    /// Bytes that are written over those of the image: where, and what.
    pub changes: Vec<(u64, Vec<u8>)>,
    /// Bytes of the image that become zeros.
    pub cleared: Vec<Range<u64>>,
    /// The file system, as in `FAT16`.
    pub system: String,
    /// Number of its partition; `None` without a partition table.
    pub partition: Option<usize>,
    /// Sectors of the file system before, and after.
    pub sectors: (u64, u64),
    /// Free bytes that the file system has left.
    pub free: u64,
    /// How many of them lie before the last cluster that is used.
    pub gaps: u64,
    /// Bytes of the clusters that are used.
    pub used: u64,
    /// Why it does not end earlier.
    pub limit: Limit,
    /// Sectors of the disk in memory before, and after.
    pub disk_sectors: (u32, u32),
    /// What the image is when it is cut.
    pub facts: ImageFacts,
}

/// What an image ends with when it is cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// The last cluster that is used, of this file or folder if its name is known.
    Used(Option<String>),
    /// The fewest clusters that such a FAT can have.
    Clusters(u64),
    /// The smallest disk that is still of the same kind and geometry.
    Kind,
}

impl Cut {
    /// Whether this can be said of an image of `len` bytes. Who did not look itself asks that before it believes it.
    pub(in crate::contents) fn is_possible(&self, len: u64) -> bool {
        let is_within = |range: &Range<u64>| range.start < range.end && range.end <= self.len;
        let changed: u64 = self.changes.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        let mut changes = self.changes.iter().map(|(at, bytes)| *at..at.saturating_add(bytes.len() as u64));
        self.len > 0
            && self.len < len
            && self.len.is_multiple_of(SECTOR_LEN)
            && self.facts.len == self.len
            && changed <= CHANGED_MAX
            && changes.all(|range| is_within(&range))
            && self.cleared.iter().all(is_within)
    }
}
