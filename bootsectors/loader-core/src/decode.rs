//! Puts a chunk's plain bytes where they belong, from its stored bytes: for the loader, and for who proves a capsule.
//!
//! Whatever the stored bytes are, nothing is written outside the room for the chunk, nothing is read but the chunk's
//! stored bytes and what lies before it in memory, and the work is bounded by the chunk's length. Whether the bytes are
//! right is for the caller to prove.

use core::ops::Range;

use ramkey_format::capsule::{Codec, Form};

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
/// `stored` are the bytes of the capsule that the chunk's entry names, `before` what lies directly before the chunk in
/// memory: [`Form::before_len`] bytes. `progress` is called often, with the bytes that were put since the last call.
///
/// # Errors
///
/// The stored bytes cannot be read; the room then holds a part.
pub fn decode<S: Stored>(
    form: Form,
    capsule: &mut S,
    stored: Range<u64>,
    before: &[u8],
    room: &mut (impl Room + ?Sized),
    progress: &mut dyn FnMut(usize),
) -> Result<(), S::Error> {
    let len = room.bytes().len();
    match form {
        Form::Zero => {
            for at in (0..len).step_by(PIECE) {
                let piece = PIECE.min(len - at);
                room.clear(at, piece);
                progress(piece);
            }
            Ok(())
        }
        Form::Raw => copy(capsule, stored, room, progress),
        Form::Packed { codec, .. } => unpack(codec, before),
    }
}

/// Unpacks stored bytes, which may refer to those of `before`.
fn unpack<E>(codec: Codec, _before: &[u8]) -> Result<(), E> {
    match codec {}
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
