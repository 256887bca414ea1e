//! What a decoder works with: where a chunk's stored bytes come from, and the room for its plain ones.

use core::cell::Cell;
use core::ops::Range;

use ramkey_format::capsule::Form;

/// Bytes that are cleared at once, and hashed between two calls of the progress function.
pub(crate) const PIECE: usize = 32 << 10;

/// Bytes for which a call that copies them is not worth it.
const FEW: usize = 24;

/// Where stored bytes come from: a capsule's file.
pub trait Stored {
    /// Why bytes cannot be had.
    type Error;

    /// The bytes from `offset` of the capsule on: at least one, at most `max`.
    ///
    /// # Errors
    ///
    /// The bytes cannot be read.
    fn piece(&mut self, offset: u64, max: usize) -> Result<&[u8], Self::Error>;
}

/// The room for a chunk: plain memory, or memory that is watched.
pub trait Room {
    /// Copies `bytes` to `at`; does nothing if they do not lie in the room.
    fn put(&mut self, at: usize, bytes: &[u8]);
    /// Puts `len` zeros to `at`; does nothing if they do not lie in the room.
    fn clear(&mut self, at: usize, len: usize);
    /// What is in it now.
    fn bytes(&self) -> &[u8];

    /// Puts to `at` the `len` bytes that lie `distance` before it. Where they reach `at` itself they are those that were
    /// just put, so that the last `distance` bytes are repeated. Does nothing if any of them does not lie in the room.
    fn put_again(&mut self, at: usize, distance: usize, len: usize) {
        let fits = at.checked_add(len).is_some_and(|end| end <= self.bytes().len());
        if !fits || !(1..=at).contains(&distance) {
            return;
        }
        let mut piece = [0; 64];
        let mut done = 0;
        while done < len {
            let phase = done % distance;
            let from = at - distance + phase;
            let count = (distance + done - phase).min(len - done).min(piece.len());
            let Some(source) = self.bytes().get(from..from + count) else { return };
            piece[..count].copy_from_slice(source);
            self.put(at + done, &piece[..count]);
            done += count;
        }
    }
}

/// A chunk as a capsule has it.
pub struct Encoded<'b> {
    /// How its bytes are stored.
    pub form: Form,
    /// The bytes of the capsule that its entry names.
    pub stored: Range<u64>,
    /// What lies directly before it in memory: [`Form::before_len`] bytes.
    pub before: &'b [u8],
}

impl Room for [u8] {
    fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    fn clear(&mut self, at: usize, len: usize) {
        if let Some(place) = self.get_mut(at..at + len) {
            place.fill(0);
        }
    }

    fn bytes(&self) -> &[u8] {
        self
    }

    // In plain memory a few bytes are moved faster one by one, and none of them has to be looked at in between.
    #[inline(always)]
    fn put_again(&mut self, at: usize, distance: usize, len: usize) {
        let start = at.wrapping_sub(distance);
        let Some(window) = at.checked_add(len).and_then(|end| self.get_mut(start..end)) else { return };
        if distance == 0 {
            return;
        }
        if len > FEW && distance >= len {
            let (from, to) = window.split_at_mut(distance);
            to.copy_from_slice(&from[..len]);
            return;
        }
        let cells = Cell::from_mut(window).as_slice_of_cells();
        for (to, from) in cells[distance..].iter().zip(cells) {
            to.set(from.get());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn what_was_put_can_be_repeated_and_nothing_leaves_the_room() {
        let numbers: Vec<u8> = (0..200).collect();
        for distance in [1, 2, 3, 63, 64, 65, 100, 200] {
            for len in [0, 1, 63, 64, 65, 150, 300] {
                let mut room = numbers.clone();
                room.resize(500, 0xD1);
                room[..].put_again(200, distance, len);
                for (at, byte) in room.iter().enumerate() {
                    let expected = match at {
                        0..200 => at as u8,
                        _ if at < 200 + len => (200 - distance + (at - 200) % distance) as u8,
                        _ => 0xD1,
                    };
                    assert_eq!(*byte, expected, "byte {at} of {len} from {distance} before");
                }
            }
        }
        let mut room = numbers.clone();
        for (at, distance, len) in [(100, 0, 5), (100, 101, 5), (100, 1, 101), (0, 1, 1), (1, 1, usize::MAX)]
        {
            room[..].put_again(at, distance, len);
            assert!(room == numbers, "{at} {distance} {len}");
        }
    }
}
