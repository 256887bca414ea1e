//! An image as it is when it is cut.

use std::io;

use super::record::Cut;
use crate::image::Source;

/// The bytes of an image that is cut.
pub struct Shortened<'s> {
    source: &'s dyn Source,
    cut: &'s Cut,
}

impl<'s> Shortened<'s> {
    /// The image in `source` as `cut` makes it.
    pub fn new(source: &'s dyn Source, cut: &'s Cut) -> Self {
        Self { source, cut }
    }
}

impl Source for Shortened<'_> {
    fn len(&self) -> u64 {
        self.cut.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64).filter(|&end| end <= self.cut.len);
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        self.source.read_at(offset, buffer)?;
        for range in &self.cut.cleared {
            let (from, to) = (range.start.max(offset), range.end.min(end));
            if from < to {
                buffer[(from - offset) as usize..(to - offset) as usize].fill(0);
            }
        }
        for (at, bytes) in &self.cut.changes {
            let (from, to) = ((*at).max(offset), (at + bytes.len() as u64).min(end));
            if from < to {
                let part = &bytes[(from - at) as usize..(to - at) as usize];
                buffer[(from - offset) as usize..(to - offset) as usize].copy_from_slice(part);
            }
        }
        Ok(())
    }
}
