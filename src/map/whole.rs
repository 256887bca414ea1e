//! A map, and whether it can be one.

use serde::{Deserialize, Serialize};

use super::canvas::RANGES_MAX;
use super::capsule::MapCapsule;
use super::range::{MapRange, NAME_LEN_MAX};
use crate::stick::CAPSULES_MAX;
use crate::units::SECTOR_LEN;

/// Most runs of chunks of all capsules together.
pub(super) const RUNS_MAX: usize = 1 << 16;

/// What a map is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// A stick of this program.
    Stick,
    /// A disc image of this program, or a copy of one.
    Disc,
    /// The image of a disk, or a disk of another.
    Image,
    /// A CD image.
    Cd,
    /// A stick or a disc that is not written yet.
    Plan,
}

/// What lies where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Map {
    /// What it is of.
    pub medium: Medium,
    /// Sectors of 512 bytes that it has.
    pub sectors: u64,
    /// All of them, ascending: each range begins where the one before it ends.
    pub ranges: Vec<MapRange>,
    /// Free runs of fewer sectors than this are shown with the files around them; 0 if each is a range of its own.
    pub free_from: u64,
    /// The images of a stick.
    pub capsules: Vec<MapCapsule>,
    /// Whether not all of it could be told: it cannot be read, or has too many parts.
    pub partial: bool,
}

impl Medium {
    /// The same for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Stick => "a stick",
            Self::Disc => "a disc image, which is a stick as well",
            Self::Image => "the image of a disk",
            Self::Cd => "a CD image",
            Self::Plan => "what would be written",
        }
    }
}

impl Map {
    /// Whether this can be said of a medium of `len` bytes. Who did not look itself asks that before it believes it.
    pub fn is_possible(&self, len: u64) -> bool {
        let mut end = 0;
        let mut follows = |range: &MapRange| {
            let is_next = range.lba == end && range.sectors > 0;
            end = end.saturating_add(range.sectors);
            is_next && range.name.len() <= NAME_LEN_MAX
        };
        let runs: usize = self.capsules.iter().map(|capsule| capsule.runs.len()).sum();
        matches!(self.medium, Medium::Stick | Medium::Disc)
            && self.sectors == len.div_ceil(SECTOR_LEN)
            && self.ranges.len() <= 2 * RANGES_MAX + 1
            && self.ranges.iter().all(&mut follows)
            && end == self.sectors
            && self.capsules.len() <= CAPSULES_MAX
            && runs <= RUNS_MAX
            && self.capsules.iter().all(MapCapsule::is_possible)
    }
}
