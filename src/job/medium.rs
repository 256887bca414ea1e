//! A target that is open for writing, read as a medium.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::image::Source;
use crate::pipeline::{Buffer, Target};
use crate::units::SECTOR_LEN;

/// Bytes of the buffer that direct I/O reads into.
const BUFFER_LEN: u64 = 1 << 20;

/// Bytes of a block that is remembered.
const BLOCK_LEN: u64 = 4096;
/// Most blocks that are remembered: 16 MiB.
const BLOCKS_MAX: usize = 4096;

/// The bytes of a target, from the device itself; those of a range that is read more than once from memory, once they were read.
pub(super) struct Medium<'t> {
    target: &'t dyn Target,
    buffer: Mutex<Buffer>,
    remembered: Mutex<Vec<Remembered>>,
    /// Sectors that are read as these, whatever the device has.
    over: Mutex<Vec<(u64, [u8; SECTOR_LEN as usize])>>,
}

/// A range of bytes, as much of it as was read.
struct Remembered {
    range: Range<u64>,
    /// Its blocks that are not zeros, by their number.
    blocks: BTreeMap<u64, Vec<u8>>,
    /// One past the last byte that is known.
    known: u64,
}

impl<'t> Medium<'t> {
    pub fn new(target: &'t dyn Target) -> Self {
        let buffer = Mutex::new(Buffer::new(BUFFER_LEN as usize, target.alignment()));
        Self { target, buffer, remembered: Mutex::default(), over: Mutex::default() }
    }

    /// Lets these sectors be read as they were before they were cleared.
    pub fn lay_over(&self, sectors: Vec<(u64, [u8; SECTOR_LEN as usize])>) {
        self.forget();
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = sectors;
    }

    /// Reads these sectors, and gives them from memory from now on. What has too many that are no zeros is read again, and so is
    /// what cannot be read now.
    pub fn remember(&self, sectors: Range<u64>) {
        let end = (sectors.end * SECTOR_LEN).min(self.target.len());
        let range = (sectors.start * SECTOR_LEN).min(end)..end;
        let mut found = Remembered { known: range.start, range: range.clone(), blocks: BTreeMap::new() };
        let mut piece = vec![0; BUFFER_LEN as usize];
        while found.known < range.end {
            let piece = &mut piece[..(range.end - found.known).min(BUFFER_LEN) as usize];
            let is_full = found.blocks.len() > BLOCKS_MAX - (BUFFER_LEN / BLOCK_LEN) as usize;
            if is_full || self.read(found.known, piece).is_err() {
                break;
            }
            let first = (found.known - range.start) / BLOCK_LEN;
            let blocks = (first..).zip(piece.chunks(BLOCK_LEN as usize));
            let blocks = blocks.filter(|(_, block)| block.iter().any(|&byte| byte != 0));
            found.blocks.extend(blocks.map(|(number, block)| (number, block.to_vec())));
            found.known += piece.len() as u64;
        }
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).push(found);
    }

    /// Remembers what was written and read back, where what was there is remembered.
    pub fn put(&self, lba: u64, bytes: &[u8]) {
        for remembered in &mut *self.remembered.lock().unwrap_or_else(PoisonError::into_inner) {
            remembered.put(lba * SECTOR_LEN, bytes);
        }
    }

    /// Reads from the device again: something was written.
    pub fn forget(&self) {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
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
        for (lba, sector) in &*self.over.lock().unwrap_or_else(PoisonError::into_inner) {
            let start = lba * SECTOR_LEN;
            let (first, last) = (start.max(offset), (start + SECTOR_LEN).min(end));
            if first < last {
                buffer[(first - offset) as usize..(last - offset) as usize]
                    .copy_from_slice(&sector[(first - start) as usize..(last - start) as usize]);
            }
        }
        Ok(())
    }
}

impl Remembered {
    /// Takes the part of `bytes`, which lie at byte `offset`, that is known.
    fn put(&mut self, offset: u64, bytes: &[u8]) {
        let from = offset.max(self.range.start);
        let to = (offset + bytes.len() as u64).min(self.known);
        let mut at = from;
        while at < to {
            let place = at - self.range.start;
            let skip = place % BLOCK_LEN;
            let count = (BLOCK_LEN - skip).min(to - at);
            let block = self.blocks.entry(place / BLOCK_LEN).or_insert_with(|| vec![0; BLOCK_LEN as usize]);
            let within = skip as usize..(skip + count) as usize;
            if block.len() < within.end {
                block.resize(within.end, 0);
            }
            block[within].copy_from_slice(&bytes[(at - offset) as usize..][..count as usize]);
            at += count;
        }
    }

    /// Fills `buffer` from byte `offset` on, if all of it is known.
    fn give(&self, offset: u64, buffer: &mut [u8]) -> bool {
        let end = offset.saturating_add(buffer.len() as u64);
        if offset < self.range.start || end > self.known {
            return false;
        }
        let (from, to) = (offset - self.range.start, end - self.range.start);
        buffer.fill(0);
        for (number, block) in self.blocks.range(from / BLOCK_LEN..to.div_ceil(BLOCK_LEN)) {
            let start = number * BLOCK_LEN;
            let (first, last) = (from.max(start), to.min(start + block.len() as u64));
            if first < last {
                buffer[(first - from) as usize..(last - from) as usize]
                    .copy_from_slice(&block[(first - start) as usize..(last - start) as usize]);
            }
        }
        true
    }
}

impl Source for Medium<'_> {
    fn len(&self) -> u64 {
        self.target.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.iter().any(|remembered| remembered.give(offset, buffer)) {
            return Ok(());
        }
        drop(remembered);
        self.read(offset, buffer)
    }
}
