//! A file's chain of clusters, walked in any order with bounded work.
//!
//! A table of a FAT leads forward only. Marks that are left on the way, evenly over the whole file, make the way back a
//! short one: never longer than the distance of two marks and a transfer.

use crate::volume::VolumeError;

/// Most marks on a chain.
const MARKS_MAX: u32 = 64;

/// A place in a chain of clusters.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    first: u32,
    cluster: u32,
    index: u32,
    /// The cluster at the last index that is a power of two: meeting it again is a circle (Brent).
    mark: u32,
}

impl Chain {
    /// The start of the chain that begins with `first_cluster`.
    pub fn new(first_cluster: u32) -> Self {
        Self { first: first_cluster, cluster: first_cluster, index: 0, mark: first_cluster }
    }

    /// Clusters of the chain before this place.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The cluster here.
    pub fn cluster(&self) -> u32 {
        self.cluster
    }

    /// The cluster at the start.
    pub fn first(&self) -> u32 {
        self.first
    }

    /// Goes on to `cluster`, which follows.
    ///
    /// # Errors
    ///
    /// The chain goes in a circle.
    pub fn step(&mut self, cluster: u32) -> Result<(), VolumeError> {
        if cluster == self.mark {
            return Err(VolumeError::Broken { cluster: self.cluster });
        }
        self.cluster = cluster;
        self.index += 1;
        if self.index.is_power_of_two() {
            self.mark = cluster;
        }
        Ok(())
    }
}

/// A chain of clusters with marks.
pub struct Trail {
    cursor: Chain,
    /// Places of the chain in ascending order, at least `stride` clusters from one to the next.
    marks: [Chain; MARKS_MAX as usize],
    count: usize,
    stride: u32,
}

impl Trail {
    /// The chain that begins with `first_cluster` and has `clusters` clusters.
    pub fn new(first_cluster: u32, clusters: u32) -> Self {
        let cursor = Chain::new(first_cluster);
        let stride = clusters.div_ceil(MARKS_MAX - 1).max(1);
        Self { cursor, marks: [cursor; MARKS_MAX as usize], count: 1, stride }
    }

    /// What `run` gives for `sector` and `max`: it walks along a chain, and is fast forward only. Fast in any order.
    ///
    /// # Errors
    ///
    /// As `run`.
    pub fn run(
        &mut self,
        cluster_sectors: u32,
        sector: u32,
        max: u16,
        run: &mut impl FnMut(&mut Chain, u32, u16) -> Result<Option<(u64, u16)>, VolumeError>,
    ) -> Result<Option<(u64, u16)>, VolumeError> {
        let index = sector / cluster_sectors;
        self.return_to(index);
        // Ends: each time the last mark is further on.
        while index.saturating_sub(self.last().index()) >= self.stride {
            let next = self.last().index() + self.stride;
            let Some(sector) = next.checked_mul(cluster_sectors) else { break };
            if self.cursor.index() < next && run(&mut self.cursor, sector, 1)?.is_none() {
                return Ok(None);
            }
            if !self.leave_mark() {
                break;
            }
        }
        let found = run(&mut self.cursor, sector, max)?;
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

    fn last(&self) -> &Chain {
        self.marks.get(self.count - 1).unwrap_or(&self.cursor)
    }
}
