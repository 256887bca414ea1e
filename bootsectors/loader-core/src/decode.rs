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

use crate::room::PIECE;
pub use crate::room::{Encoded, Room, Stored};
use crate::zstd;

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
