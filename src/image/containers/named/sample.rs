//! What is looked at of a file, and what it was found to be.

use std::path::Path;

use super::remedy::Remedy;
use crate::image::error::ImageError;
use crate::image::source::Source;

/// Bytes from the start of a file that are looked at: two sectors of a raw CD with subchannels.
const HEAD_LEN: u64 = 8192;
/// Bytes from the end of a file that are looked at.
const TAIL_LEN: u64 = 512;

/// What a file is, if it is no raw image.
pub struct Named {
    /// As in `a qcow2 file` or `compressed (gzip)`.
    pub what: &'static str,
    pub(super) remedy: Remedy,
}

/// What is looked at of a file.
pub struct Sample<'a> {
    source: &'a dyn Source,
    pub(super) len: u64,
    pub(super) head: Vec<u8>,
    pub(super) tail: Vec<u8>,
}

impl<'a> Sample<'a> {
    /// Reads both ends of `source`. `path` is for messages only.
    ///
    /// # Errors
    ///
    /// [`ImageError::Read`] if they cannot be read.
    pub fn read(path: &Path, source: &'a dyn Source) -> Result<Self, ImageError> {
        let len = source.len();
        let bytes = |offset: u64, count: u64| {
            let mut bytes = vec![0; (len - offset).min(count) as usize];
            match source.read_at(offset, &mut bytes) {
                Ok(()) => Ok(bytes),
                Err(source) => Err(ImageError::Read { path: path.to_owned(), offset, source }),
            }
        };
        let (head, tail) = (bytes(0, HEAD_LEN)?, bytes(len.saturating_sub(TAIL_LEN), TAIL_LEN)?);
        Ok(Self { source, len, head, tail })
    }

    /// The first sector, if it is whole.
    pub fn first(&self) -> Option<&[u8; 512]> {
        self.head.first_chunk()
    }

    /// Whether `bytes` stand at `offset` of the head.
    pub(super) fn at(&self, offset: usize, bytes: &[u8]) -> bool {
        self.head.get(offset..).unwrap_or_default().starts_with(bytes)
    }

    /// Whether `bytes` stand so many bytes before the end.
    pub(super) fn before_end(&self, distance: usize, bytes: &[u8]) -> bool {
        self.tail.len().checked_sub(distance).is_some_and(|at| self.tail[at..].starts_with(bytes))
    }

    /// Whether `bytes` stand at `offset` of the file, wherever that is.
    pub(super) fn has(&self, offset: u64, bytes: &[u8]) -> bool {
        let mut found = vec![0; bytes.len()];
        let is_there = offset.saturating_add(bytes.len() as u64) <= self.len;
        is_there && self.source.read_at(offset, &mut found).is_ok() && found == bytes
    }

    pub(super) fn u32_at(&self, offset: usize) -> Option<u64> {
        let bytes = self.head.get(offset..)?.first_chunk()?;
        Some(u64::from(u32::from_le_bytes(*bytes)))
    }
}
