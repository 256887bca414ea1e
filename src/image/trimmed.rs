//! An image without what its own file systems do not need.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::files::SourceFile;
use super::source::Source;
use super::wrapping::Wrapping;

/// An image of which some bytes are left out: zeros stand for them.
#[derive(Clone)]
pub(super) struct Trimmed<'a> {
    source: &'a dyn Source,
    free: Arc<[Range<u64>]>,
}

impl<'a> Trimmed<'a> {
    /// `free` has the bytes that are left out, in order and apart from each other.
    pub fn new(source: &'a dyn Source, free: &Arc<[Range<u64>]>) -> Self {
        Self { source, free: Arc::clone(free) }
    }
}

impl Source for Trimmed<'_> {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.source.read_at(offset, buffer)?;
        leave_out(&self.free, offset, buffer);
        Ok(())
    }

    fn wrapping(&self) -> Option<&Wrapping> {
        self.source.wrapping()
    }

    fn files(&self) -> &[SourceFile] {
        self.source.files()
    }

    fn descriptors(&self) -> &[File] {
        self.source.descriptors()
    }
}

/// Puts zeros for what of `bytes`, which begin at `offset` of the image, is in `free`.
pub(super) fn leave_out(free: &[Range<u64>], offset: u64, bytes: &mut [u8]) {
    for part in parts(free, offset, bytes.len()) {
        bytes[part].fill(0);
    }
}

/// A copy of `bytes` with zeros there, or the same if nothing of them is left out.
pub(super) fn trimmed<'b>(free: &[Range<u64>], offset: u64, bytes: &'b [u8]) -> Cow<'b, [u8]> {
    let mut left = Cow::Borrowed(bytes);
    for part in parts(free, offset, bytes.len()) {
        left.to_mut()[part].fill(0);
    }
    left
}

/// Which of `len` bytes, which begin at `offset` of the image, are in `free`.
fn parts(free: &[Range<u64>], offset: u64, len: usize) -> impl Iterator<Item = Range<usize>> {
    let end = offset + len as u64;
    let first = free.partition_point(|range| range.end <= offset);
    let within = free[first..].iter().take_while(move |range| range.start < end);
    within
        .map(move |range| (range.start.max(offset) - offset) as usize..(range.end.min(end) - offset) as usize)
}
