//! What a decoder works with: where a chunk's stored bytes come from, and the room for its plain ones.

use core::cell::Cell;
use core::ops::Range;

use ramkey_format::capsule::Form;

/// Bytes that are cleared at once, and hashed between two calls of the progress function.
pub(crate) const PIECE: usize = 32 << 10;

/// Bytes that are moved at once where only some of them are wanted.
pub const FEW: usize = 8;
/// Bytes for which a call that moves them is worth it.
const MANY: usize = 64;

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

/// The room for a chunk: plain memory, or memory that is watched. It is filled from its start on: what is put may spoil what
/// lies behind it in the room, because that is put later.
pub trait Room {
    /// Copies `bytes` to `at`; does nothing if they do not lie in the room.
    fn put(&mut self, at: usize, bytes: &[u8]);
    /// Puts `len` zeros to `at`; does nothing if they do not lie in the room.
    fn clear(&mut self, at: usize, len: usize);
    /// What is in it now.
    fn bytes(&self) -> &[u8];

    /// Puts the first `len` bytes of `bytes` to `at`; does nothing if they do not lie in the room, or are not so many.
    fn put_few(&mut self, at: usize, bytes: &[u8; FEW], len: usize) {
        if let Some(bytes) = bytes.get(..len) {
            self.put(at, bytes);
        }
    }

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

    #[inline(always)]
    fn put_few(&mut self, at: usize, bytes: &[u8; FEW], len: usize) {
        match self.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            Some(place) if len <= FEW => *place = *bytes,
            _ => bytes.get(..len).into_iter().for_each(|bytes| self.put(at, bytes)),
        }
    }

    // In plain memory a few bytes are moved faster than a function is called, and more at once than are wanted.
    #[inline(always)]
    fn put_again(&mut self, at: usize, distance: usize, len: usize) {
        let end = at.saturating_add(len);
        let Some(window) = at.checked_sub(distance).and_then(|start| self.get_mut(start..)) else { return };
        let Some(room) = window.len().checked_sub(end - at + distance).filter(|_| distance > 0) else {
            return;
        };
        if len > MANY && distance >= len {
            let (from, to) = window.split_at_mut(distance);
            to[..len].copy_from_slice(&from[..len]);
        } else if distance >= FEW && room >= FEW {
            let mut done = 0;
            while done < len {
                let Some(few) = window.get(done..).and_then(<[u8]>::first_chunk::<FEW>).copied() else {
                    return;
                };
                let Some(place) = window.get_mut(done + distance..).and_then(<[u8]>::first_chunk_mut) else {
                    return;
                };
                *place = few;
                done += FEW;
            }
        } else {
            let cells = Cell::from_mut(&mut window[..distance + len]).as_slice_of_cells();
            for (to, from) in cells[distance..].iter().zip(cells) {
                to.set(from.get());
            }
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
        for distance in [1, 2, 3, 7, 8, 9, 63, 64, 65, 100, 200] {
            for len in [0, 1, 7, 8, 9, 63, 64, 65, 150, 291, 292, 293, 299, 300] {
                let mut room = numbers.clone();
                room.resize(500, 0xD1);
                room[..].put_again(200, distance, len);
                for (at, byte) in room.iter().enumerate() {
                    let expected = match at {
                        0..200 => at as u8,
                        _ if at < 200 + len => (200 - distance + (at - 200) % distance) as u8,
                        // What comes next may be spoilt.
                        _ if at < 200 + len + FEW => continue,
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
