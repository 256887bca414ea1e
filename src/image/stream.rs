//! Images that can be read in one direction alone, as what comes out of a decompressor.

use std::io;

use super::source::Source;

/// An image that is read from its start to its end, once.
pub trait Stream: Send {
    /// Length in bytes, if it is known before the end.
    fn len(&self) -> Option<u64>;

    /// Whether it is known that there is nothing to read.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Reads the next bytes into `buffer` and says how many there were; 0 at the end, or for an empty buffer.
    ///
    /// # Errors
    ///
    /// What the system says, or what is wrong with the container.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
}

/// A source, read as a stream.
pub struct Forward<'s> {
    source: &'s dyn Source,
    at: u64,
}

impl<'s> Forward<'s> {
    /// All of `source`, from its start on.
    pub fn new(source: &'s dyn Source) -> Self {
        Self { source, at: 0 }
    }
}

impl Stream for Forward<'_> {
    fn len(&self) -> Option<u64> {
        Some(self.source.len())
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (self.source.len() - self.at).min(buffer.len() as u64) as usize;
        self.source.read_at(self.at, &mut buffer[..count])?;
        self.at += count as u64;
        Ok(count)
    }
}
