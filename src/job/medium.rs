//! A target that is open for writing, read as a medium.

use std::io;
use std::sync::{Mutex, PoisonError};

use crate::image::Source;
use crate::pipeline::{Buffer, Target};
use crate::units::SECTOR_LEN;

/// Bytes of the buffer that direct I/O reads into.
const BUFFER_LEN: u64 = 1 << 20;

/// The bytes of a target, from the device itself.
pub(super) struct Medium<'t> {
    target: &'t dyn Target,
    buffer: Mutex<Buffer>,
}

impl<'t> Medium<'t> {
    pub fn new(target: &'t dyn Target) -> Self {
        Self { target, buffer: Mutex::new(Buffer::new(BUFFER_LEN as usize, target.alignment())) }
    }
}

impl Source for Medium<'_> {
    fn len(&self) -> u64 {
        self.target.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64).filter(|&end| end <= self.target.len());
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut aligned = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut at = offset;
        while at < end {
            let start = at - at % SECTOR_LEN;
            let len = (end - start).next_multiple_of(SECTOR_LEN).min(BUFFER_LEN);
            let piece = &mut aligned.bytes_mut()[..len as usize];
            self.target.read_at(start, piece)?;
            let skip = (at - start) as usize;
            let count = (len - (at - start)).min(end - at) as usize;
            let place = (at - offset) as usize;
            buffer[place..place + count].copy_from_slice(&piece[skip..skip + count]);
            at += count as u64;
        }
        Ok(())
    }
}
