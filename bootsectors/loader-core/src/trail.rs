//! A file's chain of clusters, walked in any order with bounded work.
//!
//! A table of a FAT leads forward only. Marks that are left on the way, evenly over the whole file, make the way back a
//! short one: never longer than the distance of two marks and a transfer.

use crate::drive::Sectors;
use crate::fat::{Cursor, FatError, Volume};

/// Most marks on a chain.
const MARKS_MAX: u32 = 64;

/// A chain of clusters with marks.
pub(crate) struct Trail {
    cursor: Cursor,
    /// Places of the chain in ascending order, at least `stride` clusters from one to the next.
    marks: [Cursor; MARKS_MAX as usize],
    count: usize,
    stride: u32,
}

impl Trail {
    /// The chain that begins with `first_cluster` and has `clusters` clusters.
    pub fn new(first_cluster: u32, clusters: u32) -> Self {
        let cursor = Cursor::new(first_cluster);
        let stride = clusters.div_ceil(MARKS_MAX - 1).max(1);
        Self { cursor, marks: [cursor; MARKS_MAX as usize], count: 1, stride }
    }

    /// As [`Volume::run`], fast in any order.
    ///
    /// # Errors
    ///
    /// As [`Volume::run`].
    pub fn run(
        &mut self,
        volume: &mut Volume<'_>,
        sectors: &mut impl Sectors,
        sector: u32,
        max: u16,
    ) -> Result<Option<(u64, u16)>, FatError> {
        let index = sector / volume.cluster_sectors();
        self.return_to(index);
        // Ends: each time the last mark is further on.
        while index.saturating_sub(self.last().index()) >= self.stride {
            let next = self.last().index() + self.stride;
            let Some(sector) = next.checked_mul(volume.cluster_sectors()) else { break };
            if self.cursor.index() < next && volume.run(sectors, &mut self.cursor, sector, 1)?.is_none() {
                return Ok(None);
            }
            if !self.leave_mark() {
                break;
            }
        }
        let found = volume.run(sectors, &mut self.cursor, sector, max)?;
        self.leave_mark();
        Ok(found)
    }

    /// Goes back to the nearest known place that is not behind cluster `index` of the chain.
    fn return_to(&mut self, index: u32) {
        if self.cursor.index() > index {
            let known = self.marks.iter().take(self.count);
            let nearest = known.take_while(|mark| mark.index() <= index).last();
            self.cursor = nearest.copied().unwrap_or(self.marks[0]);
        }
    }

    /// Leaves a mark where the cursor is, if it is far enough from the last one and there is room.
    fn leave_mark(&mut self) -> bool {
        let is_far = self.cursor.index().saturating_sub(self.last().index()) >= self.stride;
        match self.marks.get_mut(self.count).filter(|_| is_far) {
            Some(free) => *free = self.cursor,
            None => return false,
        }
        self.count += 1;
        true
    }

    fn last(&self) -> &Cursor {
        self.marks.get(self.count - 1).unwrap_or(&self.cursor)
    }
}
