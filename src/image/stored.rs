//! The bytes of an image as its capsule stores them.

use std::io;
use std::ops::Range;

use super::hash::chunk_value;
use super::source::Source;

/// The stored bytes of an image: the same ones whenever they are read, and as many.
pub trait StoredBytes: Send + Sync {
    /// How many there are.
    fn len(&self) -> u64;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `buffer` from stored byte `offset` on.
    ///
    /// # Errors
    ///
    /// What the system says; also when there are fewer.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Whether `bytes`, which were read from `offset` on, are those that the capsule was made for.
    ///
    /// # Errors
    ///
    /// See [`Unproven`].
    fn prove(&self, offset: u64, bytes: &[u8]) -> Result<(), Unproven>;
}

/// Why stored bytes are not proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// There is no hash of just these bytes.
    Unaligned,
    /// These stored bytes are others than before.
    Changed(Range<u64>),
}

/// An image that is stored as it is: its stored bytes are its own, and its chunks' values prove them.
#[derive(Clone, Copy)]
pub struct AsItIs<'a> {
    /// The image.
    pub source: &'a dyn Source,
    /// log2 of the chunk length, at most 20.
    pub chunk_shift: u8,
    /// BLAKE3 chaining value of each chunk; of a single chunk, the hash itself.
    pub chunks: &'a [[u8; 32]],
}

impl StoredBytes for AsItIs<'_> {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.source.read_at(offset, buffer)
    }

    fn prove(&self, offset: u64, bytes: &[u8]) -> Result<(), Unproven> {
        let chunk_len = 1u64 << self.chunk_shift;
        let end = offset + bytes.len() as u64;
        if !offset.is_multiple_of(chunk_len) || !(end.is_multiple_of(chunk_len) || end == self.source.len()) {
            return Err(Unproven::Unaligned);
        }
        for (index, chunk) in (offset >> self.chunk_shift..).zip(bytes.chunks(chunk_len as usize)) {
            let offset = index << self.chunk_shift;
            let expected = self.chunks.get(index as usize).ok_or(Unproven::Unaligned)?;
            if chunk_value(chunk, offset, self.chunks.len()) != *expected {
                return Err(Unproven::Changed(offset..offset + chunk.len() as u64));
            }
        }
        Ok(())
    }
}
