//! A part of an image, as an image of its own.

use std::io;

use super::source::Source;

/// An image from one of its bytes on.
pub struct Rest<'s> {
    source: &'s dyn Source,
    from: u64,
}

impl<'s> Rest<'s> {
    /// What follows the first `from` bytes of `source`; nothing if it has not so many.
    pub fn new(source: &'s dyn Source, from: u64) -> Self {
        Self { source, from }
    }
}

impl Source for Rest<'_> {
    fn len(&self) -> u64 {
        self.source.len().saturating_sub(self.from)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let offset = offset.checked_add(self.from).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.source.read_at(offset, buffer)
    }
}
