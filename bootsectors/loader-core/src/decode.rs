//! Puts a chunk's plain bytes where they belong, from its stored bytes: for the loader, and for who proves a capsule.
//!
//! Whatever the stored bytes are, nothing is written outside the room for the chunk, nothing is read but the chunk's
//! stored bytes and what lies before it in memory, and the work is bounded by the chunk's length. Whether the bytes are
//! right is for the caller to prove.
//!
//! A codec is a module with a function that [`decode`] calls, and needs nothing that `decode` does not have: it takes
//! stored bytes from the [`Stored`], puts plain ones into the [`Room`] in order, and repeats what it has put with
//! [`Room::put_again`].

use core::ops::Range;

use ramkey_format::capsule::{Codec, Form};

use crate::zstd;

/// Bytes that are cleared at once, and hashed between two calls of the progress function.
pub(crate) const PIECE: usize = 32 << 10;

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
}

/// Fills `room`, which is as long as the chunk, with the chunk's bytes, once and in order.
///
/// `scratch` is [`Codec::SCRATCH_LEN`] bytes to work in, with anything in them. `progress` is called often, with the
/// bytes that were put since the last call.
///
/// # Errors
///
/// The stored bytes cannot be read; the room then holds a part.
pub fn decode<S: Stored>(
    chunk: &Encoded,
    capsule: &mut S,
    scratch: &mut [u8],
    room: &mut (impl Room + ?Sized),
    progress: &mut dyn FnMut(usize),
) -> Result<(), S::Error> {
    let len = room.bytes().len();
    match chunk.form {
        Form::Zero => {
            for at in (0..len).step_by(PIECE) {
                let piece = PIECE.min(len - at);
                room.clear(at, piece);
                progress(piece);
            }
            Ok(())
        }
        Form::Raw => copy(capsule, chunk.stored.clone(), room, progress),
        Form::Packed { codec: Codec::Zstd, .. } => zstd::unpack(chunk, capsule, scratch, room, progress),
    }
}

/// Copies stored bytes as they are.
fn copy<S: Stored>(
    capsule: &mut S,
    stored: Range<u64>,
    room: &mut (impl Room + ?Sized),
    progress: &mut dyn FnMut(usize),
) -> Result<(), S::Error> {
    let len = room.bytes().len();
    let mut at = 0;
    while at < len && stored.start + (at as u64) < stored.end {
        let piece = capsule.piece(stored.start + at as u64, len - at)?;
        room.put(at, piece);
        at += piece.len();
        progress(piece.len());
    }
    Ok(())
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
