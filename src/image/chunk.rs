//! What a pass over an image keeps of each chunk, and how chunks are stored.
//!
//! Which form a chunk gets is decided here, or, if it may be packed, in `pack.rs`, and nowhere else.

use std::io;
use std::ops::Range;

use ramkey_format::capsule::Form;

use super::hash::chunk_value;
use super::stored::{AsItIs, StoredBytes, Unproven};
use super::trimmed::Trimmed;

/// log2 of the length of a chunk.
pub use ramkey_format::capsule::CHUNK_SHIFT;

/// Length of a chunk in bytes; the last one of an image may be shorter.
pub const CHUNK_LEN: usize = 1 << CHUNK_SHIFT;

/// One chunk of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Whether all of it is zeros.
    pub zero: bool,
    /// Its BLAKE3 chaining value at its place in the image; the root hash when it is the only chunk.
    pub chaining_value: [u8; 32],
}

impl Chunk {
    /// What is kept of the chunk `data` at byte `offset` of an image of `count` chunks.
    pub(super) fn of(data: &[u8], offset: u64, count: usize) -> Self {
        Self { zero: is_zero(data), chaining_value: chunk_value(data, offset, count) }
    }
}

/// How a chunk of an image is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// In which form.
    pub form: Form,
    /// Which of the stored bytes are its own: from a multiple of 512 on unless it is packed; none for zeros.
    pub bytes: Range<u64>,
}

/// How the chunks of an image of `len` bytes are stored, in order, if nothing is packed.
pub(super) fn parts(chunks: &[Chunk], len: u64) -> Vec<Part> {
    let parts = (0..).zip(chunks).map(|(index, chunk)| {
        let offset: u64 = index << CHUNK_SHIFT;
        let end = len.min(offset + CHUNK_LEN as u64);
        match chunk.zero {
            true => Part { form: Form::Zero, bytes: 0..0 },
            false => Part { form: Form::Raw, bytes: offset..end },
        }
    });
    parts.collect()
}

/// The stored bytes of the image in `source`, as [`parts`] names them.
pub(super) fn stored<'a>(chunks: &[Chunk], source: Trimmed<'a>) -> Box<dyn StoredBytes + 'a> {
    let chunks = chunks.iter().map(|chunk| chunk.chaining_value).collect();
    Box::new(Scanned { source, chunks })
}

/// An image that was scanned, stored as it is.
struct Scanned<'a> {
    source: Trimmed<'a>,
    chunks: Vec<[u8; 32]>,
}

impl Scanned<'_> {
    fn as_it_is(&self) -> AsItIs<'_> {
        AsItIs { source: &self.source, chunk_shift: CHUNK_SHIFT, chunks: &self.chunks }
    }
}

impl StoredBytes for Scanned<'_> {
    fn len(&self) -> u64 {
        self.as_it_is().len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.as_it_is().read_at(offset, buffer)
    }

    fn prove(&self, offset: u64, bytes: &[u8]) -> Result<(), Unproven> {
        self.as_it_is().prove(offset, bytes)
    }
}

fn is_zero(data: &[u8]) -> bool {
    let (head, words, tail) = (data.first(), data.chunks_exact(64), data.chunks_exact(64).remainder());
    // Most chunks are told by their first byte; the fold over 64 bytes at a time is one the compiler makes wide.
    head == Some(&0)
        && words.into_iter().all(|block| block.iter().fold(0, |sum, &byte| sum | byte) == 0)
        && tail.iter().all(|&byte| byte == 0)
}
