//! The room within a capsule's file, in sectors of the file.

use std::ops::Range;

use ramkey_format::capsule::{CapsuleHeader, ChunkEntry};

use crate::capsule::Table;
use crate::units::SECTOR_LEN;

/// What of a file its capsule does not name.
pub(super) struct Room {
    /// Free sectors, ascending.
    free: Vec<Range<u64>>,
    /// Sectors of the file, with those that it grows by.
    end: u64,
}

impl Room {
    /// The room in a file of `sectors` sectors that holds the capsule of `header` and `table`.
    pub fn of(header: &CapsuleHeader, table: &Table, sectors: u64) -> Self {
        let block = header.table_offset.get();
        let table_block = block..block + u64::from(header.table_len.get());
        let stored = table.entries.iter().map(ChunkEntry::stored);
        Self::beside(std::iter::once(table_block).chain(stored), sectors)
    }

    /// The room in a file of `sectors` sectors beside its first one and these bytes.
    pub fn beside(bytes: impl Iterator<Item = Range<u64>>, sectors: u64) -> Self {
        let mut taken: Vec<Range<u64>> = std::iter::once(0..SECTOR_LEN)
            .chain(bytes.filter(|bytes| !bytes.is_empty()))
            .map(|bytes| bytes.start / SECTOR_LEN..bytes.end.div_ceil(SECTOR_LEN))
            .collect();
        taken.sort_unstable_by_key(|range| range.start);
        let (mut free, mut from) = (Vec::new(), 0);
        for range in taken {
            if range.start > from {
                free.push(from..range.start);
            }
            from = from.max(range.end);
        }
        if sectors > from {
            free.push(from..sectors);
        }
        Self { free, end: sectors.max(from) }
    }

    /// Takes `sectors` sectors that follow one another: the first that are free, or the file grows. Gives the first one.
    pub fn take(&mut self, sectors: u64) -> u64 {
        let fits = |range: &Range<u64>| range.end - range.start >= sectors;
        if let Some(index) = self.free.iter().position(fits) {
            let start = self.free[index].start;
            self.free[index].start += sectors;
            if self.free[index].is_empty() {
                self.free.remove(index);
            }
            return start;
        }
        let start = match self.free.pop_if(|range| range.end == self.end) {
            Some(last) => last.start,
            None => self.end,
        };
        self.end = start + sectors;
        start
    }

    /// The same, but none of them before sector `from`, which the file has or ends with.
    pub fn take_from(&mut self, from: u64, sectors: u64) -> u64 {
        let before: Vec<Range<u64>> = self
            .free
            .iter()
            .map(|range| range.start.min(from)..range.end.min(from))
            .filter(|range| !range.is_empty())
            .collect();
        self.free.iter_mut().for_each(|range| range.start = range.start.max(from).min(range.end));
        self.free.retain(|range| !range.is_empty());
        let start = self.take(sectors);
        self.free.splice(0..0, before);
        start
    }

    /// Sectors of the file that it must have.
    pub fn end(&self) -> u64 {
        self.end
    }
}

#[cfg(test)]
mod tests {
    use super::Room;

    #[test]
    fn what_does_not_fit_in_between_goes_behind_the_end_and_uses_what_is_free_there() {
        let mut room = Room { free: vec![3..5, 8..10], end: 10 };
        assert_eq!(room.take(2), 3);
        assert_eq!(room.take(1), 8);
        assert_eq!((room.take(4), room.end()), (9, 13));
        assert_eq!((room.take(1), room.end()), (13, 14));
    }

    #[test]
    fn what_must_lie_behind_something_does_and_leaves_what_is_before_it_free() {
        let mut room = Room { free: vec![1..4, 6..12], end: 12 };
        assert_eq!(room.take_from(8, 2), 8);
        assert_eq!((room.take(3), room.take(2)), (1, 6));
        assert_eq!((room.take_from(10, 2), room.end()), (10, 12));
    }
}
