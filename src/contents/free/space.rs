//! The answer: what can be left out, and where nothing can.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::usage::Usage;
use super::why::Why;
use crate::units::SECTOR_LEN;

/// What is asked of the free space of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreeQuestion {
    /// Whether the contents of swap files are not needed either.
    pub swap: bool,
}

/// What the file systems of an image do not need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreeSpace {
    /// Bytes of the image that no file system needs: in order, apart from each other, multiples of 512, not empty.
    #[serde(with = "flat")]
    pub ranges: Vec<Range<u64>>,
    /// How many of these bytes are the contents of swap files.
    pub swap: u64,
    /// Where nothing was given up, and why.
    pub kept: Vec<Kept>,
}

/// A part of an image of which nothing was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The part.
    pub place: KeptPlace,
    /// Why.
    pub why: Why,
}

/// A part of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeptPlace {
    /// All of it.
    Image,
    /// A partition, with its number: from 1 on; those within an extended one from 5 on.
    Partition(usize),
}

impl FreeSpace {
    /// How many bytes can be left out.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(|range| range.end - range.start).sum()
    }

    /// Gives nothing up, because a system sleeps on another image that is loaded with this one.
    pub fn keep_beside_a_sleeper(&mut self) {
        self.keep(Why::SleepsBeside);
    }

    /// Gives nothing up, because somebody may write to the image: what was free may be so no more.
    pub fn keep_in_use(&mut self) {
        self.keep(Why::InUse);
    }

    fn keep(&mut self, why: Why) {
        if !self.is_empty() {
            (self.ranges, self.swap) = (Vec::new(), 0);
            self.kept.push(Kept { place: KeptPlace::Image, why });
        }
    }

    /// Whether nothing can be left out.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether this can be said of an image of `len` bytes. Who did not look itself asks that before it believes it.
    pub fn is_possible(&self, len: u64) -> bool {
        let mut end = 0;
        let mut is_next = |range: &Range<u64>| {
            let begins_behind = range.start > end || (range.start == 0 && end == 0);
            end = range.end;
            begins_behind
                && range.start < range.end
                && range.start.is_multiple_of(SECTOR_LEN)
                && range.end.is_multiple_of(SECTOR_LEN)
        };
        self.ranges.iter().all(&mut is_next) && end <= len && self.swap <= self.len()
    }

    /// Adds what `usage` calls free; nothing if there were more than `max` ranges then.
    pub(super) fn add(&mut self, usage: &Usage, max: usize) -> Result<(), Why> {
        let before = self.ranges.len();
        for range in usage.free() {
            if self.ranges.len() == max {
                self.ranges.truncate(before);
                return Err(Why::TooMany);
            }
            self.ranges.push(range);
        }
        self.swap += usage.swap();
        Ok(())
    }
}

impl Kept {
    /// Whether a system sleeps there.
    pub fn is_asleep(&self) -> bool {
        self.why.is_sleep()
    }

    /// Whether somebody may want to know: that a CD, or what has no file system, has no free space is no news.
    pub fn is_news(&self) -> bool {
        !matches!((self.place, &self.why), (_, Why::Disc) | (KeptPlace::Image, Why::Unknown))
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

impl fmt::Display for KeptPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image => f.write_str("the image"),
            Self::Partition(number) => write!(f, "partition {number}"),
        }
    }
}

/// Ranges as one list of sectors: how many are between a range and the one before it, and how many it has. A quarter of a
/// million of them is told to another process so.
mod flat {
    use std::ops::Range;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::units::SECTOR_LEN;

    pub fn serialize<S: Serializer>(ranges: &[Range<u64>], serializer: S) -> Result<S::Ok, S::Error> {
        let ends = std::iter::once(0).chain(ranges.iter().map(|range| range.end));
        let pairs = ranges.iter().zip(ends).flat_map(|(range, before)| {
            [range.start.saturating_sub(before), range.end.saturating_sub(range.start)]
        });
        pairs.map(|bytes| bytes / SECTOR_LEN).collect::<Vec<u64>>().serialize(serializer)
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Vec<Range<u64>>, D::Error> {
        let numbers = Vec::<u64>::deserialize(deserializer)?;
        let (pairs, rest) = numbers.as_chunks::<2>();
        let mut end = 0u64;
        let range = |&[gap, len]: &[u64; 2]| {
            let start = gap.checked_mul(SECTOR_LEN)?.checked_add(end)?;
            end = len.checked_mul(SECTOR_LEN)?.checked_add(start)?;
            Some(start..end)
        };
        let ranges: Option<Vec<Range<u64>>> = pairs.iter().map(range).collect();
        ranges.filter(|_| rest.is_empty()).ok_or_else(|| D::Error::custom("these are no ranges of sectors"))
    }
}
