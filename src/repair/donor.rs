//! An image that is at hand, from which pieces of one on a stick are made again.

use std::ops::Range;

use crate::image::{Source, chunk_value};

/// An image that may be the one on the stick, or a version of it.
pub struct Donor<'d> {
    /// Its bytes.
    pub source: &'d dyn Source,
    /// Those that would be left out, in order.
    pub free: &'d [Range<u64>],
}

impl Donor<'_> {
    /// The bytes of a chunk, if they have this value at their place: as they are, or without what would be left out.
    pub(super) fn chunk(&self, bytes: &Range<u64>, count: usize, value: &[u8; 32]) -> Option<Vec<u8>> {
        if bytes.end > self.source.len() {
            return None;
        }
        let mut plain = vec![0; (bytes.end - bytes.start) as usize];
        self.source.read_at(bytes.start, &mut plain).ok()?;
        if chunk_value(&plain, bytes.start, count) == *value {
            return Some(plain);
        }
        for free in self.free.iter().filter(|free| free.start < bytes.end && free.end > bytes.start) {
            let (from, to) = (free.start.max(bytes.start), free.end.min(bytes.end));
            plain[(from - bytes.start) as usize..(to - bytes.start) as usize].fill(0);
        }
        (chunk_value(&plain, bytes.start, count) == *value).then_some(plain)
    }
}
