//! Unpacks a chunk that is one Zstandard frame (RFC 8878).
//!
//! Of the format, what a chunk needs: one frame with the chunk's length in its header and no checksum, because BLAKE3
//! proves the chunk; no dictionary, but matches may reach the bytes that lie before the chunk in memory, as those of a
//! frame that was made with a prefix do. The stored bytes of a compressed block are at most
//! [`PACKED_BLOCK_LEN_MAX`]. Everything else is refused as if it were damaged.
//!
//! Bit streams of the format are read from their end, so a compressed block is collected before it is decoded; literals
//! are decoded when they are needed, a few at a time. Both are in the scratch memory, with the tables.
//!
//! Damage never stops it with an error: what is left of the room is cleared then, and the caller's proof fails. Work is
//! bounded, because each step either takes stored bytes, at most a table's length for a few of them, or puts bytes.

mod bits;
mod codes;
mod fse;
mod huffman;
mod literals;
mod output;
mod scratch;
mod section;
mod sequences;

use ramkey_format::capsule::PACKED_BLOCK_LEN_MAX;
use zerocopy::FromBytes;

use crate::room::{Encoded, Room, Stored};
use literals::Literals;
use output::Output;
use scratch::{FRONT, Scratch};
use section::Section;
use sequences::History;

/// First bytes of a frame.
const MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();
/// Bits 0 to 5 of the frame header descriptor: a single segment, and neither a dictionary nor a checksum.
const SINGLE_SEGMENT: u8 = 0x20;

/// Why a frame is not decoded to its end.
enum Stop<E> {
    /// Its bytes cannot be read.
    Stored(E),
    /// They are not a frame that a chunk needs.
    Damaged,
}

impl<E> Stop<E> {
    /// The value, if there is one; else damage.
    fn unless<T>(value: Option<T>) -> Result<T, Self> {
        value.ok_or(Self::Damaged)
    }
}

/// Fills `room` with what the frame in the chunk's stored bytes holds; with zeros from where it is damaged.
///
/// # Errors
///
/// The stored bytes cannot be read; the room then holds a part.
pub(crate) fn unpack<S: Stored>(
    chunk: &Encoded,
    capsule: &mut S,
    scratch: &mut [u8],
    room: &mut (impl Room + ?Sized),
    progress: &mut dyn FnMut(usize),
) -> Result<(), S::Error> {
    let mut input = Input { capsule, at: chunk.stored.start, end: chunk.stored.end };
    let mut output = Output::new(room, chunk.before, progress);
    if let Err(Stop::Stored(error)) = frame(&mut input, scratch, &mut output) {
        return Err(error);
    }
    output.clear_rest();
    Ok(())
}

/// The frame, from its magic to its last block.
fn frame<S: Stored>(
    input: &mut Input<S>,
    scratch: &mut [u8],
    output: &mut Output<impl Room + ?Sized>,
) -> Result<(), Stop<S::Error>> {
    let (scratch, _) = Scratch::mut_from_prefix(scratch).map_err(|_| Stop::Damaged)?;
    scratch.block[..FRONT].fill(0);
    let mut start = [0; 5];
    input.fill(&mut start)?;
    let [magic @ .., descriptor] = start;
    if magic != MAGIC || descriptor & 0x3F != SINGLE_SEGMENT {
        return Err(Stop::Damaged);
    }
    let mut len = [0; 8];
    let (width, base) = [(1, 0), (2, 256), (4, 0), (8, 0)][usize::from(descriptor >> 6)];
    input.fill(&mut len[..width])?;
    if u64::from_le_bytes(len).checked_add(base) != Some(output.left() as u64) {
        return Err(Stop::Damaged);
    }
    let mut history = History::new();
    loop {
        let mut header = [0; 4];
        input.fill(&mut header[..3])?;
        let header = u32::from_le_bytes(header);
        let len = (header >> 3) as usize;
        match header >> 1 & 3 {
            0 => input.copy(len, output)?,
            1 => {
                let mut byte = [0];
                input.fill(&mut byte)?;
                Stop::unless(output.fill(byte[0], len))?;
            }
            2 if len <= PACKED_BLOCK_LEN_MAX => {
                input.fill(&mut scratch.block[FRONT..FRONT + len])?;
                Stop::unless(block(scratch, len, &mut history, output))?;
            }
            _ => return Err(Stop::Damaged),
        }
        if header & 1 != 0 {
            return if input.at == input.end { Ok(()) } else { Err(Stop::Damaged) };
        }
    }
}

/// A compressed block, whose `len` bytes are in the scratch memory. `None` if it is damaged.
fn block(
    scratch: &mut Scratch,
    len: usize,
    history: &mut History,
    output: &mut Output<impl Room + ?Sized>,
) -> Option<()> {
    let mut section = Section { at: FRONT, end: FRONT + len };
    let Scratch { huffman, tables, literals, block } = scratch;
    let block = &*block;
    let source = Literals::open(block, &mut section, huffman, &mut history.huffman_log)?;
    let count = sequences::open(block, &mut section, tables, history)?;
    sequences::run(block, section, count, tables, history, source.over(block, huffman, literals), output)
}

/// The stored bytes of the chunk, from the first to the last.
struct Input<'s, S> {
    capsule: &'s mut S,
    at: u64,
    end: u64,
}

impl<S: Stored> Input<'_, S> {
    /// The next bytes, at least one and at most `max`.
    fn piece(&mut self, max: usize) -> Result<&[u8], Stop<S::Error>> {
        let left = self.end.saturating_sub(self.at);
        if left < max as u64 {
            return Err(Stop::Damaged);
        }
        let piece = self.capsule.piece(self.at, max).map_err(Stop::Stored)?;
        if piece.is_empty() || piece.len() > max {
            return Err(Stop::Damaged);
        }
        self.at += piece.len() as u64;
        Ok(piece)
    }

    /// Fills `bytes` with the next ones.
    fn fill(&mut self, mut bytes: &mut [u8]) -> Result<(), Stop<S::Error>> {
        while !bytes.is_empty() {
            let piece = self.piece(bytes.len())?;
            let (filled, rest) = bytes.split_at_mut(piece.len());
            filled.copy_from_slice(piece);
            bytes = rest;
        }
        Ok(())
    }

    /// Puts the next `len` bytes as they are.
    fn copy(
        &mut self,
        mut len: usize,
        output: &mut Output<impl Room + ?Sized>,
    ) -> Result<(), Stop<S::Error>> {
        while len > 0 {
            let piece = self.piece(len)?;
            len -= piece.len();
            Stop::unless(output.put(piece))?;
        }
        Ok(())
    }
}
