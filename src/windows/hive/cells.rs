//! The cells of a hive: which are in use, which are free, and the bins that they lie in.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{CELLS_LEN_MAX, HiveEditError};
use crate::contents::bytes::get_u32;
use crate::contents::windows::hive::regf::HEADER_LEN;

/// Bins begin and end at multiples of it.
const BIN_UNIT: usize = 4096;
/// Length of a bin's own header.
const BIN_HEADER_LEN: usize = 32;
/// Cells begin at multiples of it.
const CELL_UNIT: usize = 8;
/// Length of the number before each cell's content.
const LENGTH_LEN: usize = 4;

/// What follows the header of a hive.
pub(super) struct Cells {
    bytes: Vec<u8>,
    /// Where the last bin ends. What lies behind it means nothing.
    end: usize,
    /// A bit for each place where a cell may begin: whether one does.
    starts: Vec<u64>,
    /// Offset and length of each free cell.
    free: BTreeMap<u32, u32>,
    /// The same, by length and then offset.
    free_by_len: BTreeSet<(u32, u32)>,
}

impl Cells {
    /// Takes what follows the header, of which the first `end` bytes are bins, and goes through all of them.
    pub fn new(bytes: Vec<u8>, end: usize) -> Result<Self, HiveEditError> {
        let mut cells = Self {
            starts: vec![0; bytes.len() / CELL_UNIT / 64 + 1],
            bytes,
            end,
            free: BTreeMap::new(),
            free_by_len: BTreeSet::new(),
        };
        if end > cells.bytes.len() || !end.is_multiple_of(BIN_UNIT) || end > CELLS_LEN_MAX {
            return Err(damaged(end as u32, "the end of its last bin"));
        }
        let mut at = 0;
        while at < end {
            at = cells.take_bin(at)?;
        }
        Ok(cells)
    }

    /// Goes through the bin at `start`; gives its end.
    fn take_bin(&mut self, start: usize) -> Result<usize, HiveEditError> {
        let wrong = || damaged(start as u32, "a bin");
        let len = get_u32(&self.bytes, start + 8).ok_or_else(wrong)? as usize;
        let is_bin =
            self.bytes[start..].starts_with(b"hbin") && get_u32(&self.bytes, start + 4) == Some(start as u32);
        let stop = start.checked_add(len).filter(|&stop| stop <= self.end).ok_or_else(wrong)?;
        if !is_bin || len == 0 || !len.is_multiple_of(BIN_UNIT) {
            return Err(wrong());
        }
        let mut at = start + BIN_HEADER_LEN;
        while at < stop {
            let wrong = || damaged(at as u32, "a cell");
            let stored = get_u32(&self.bytes, at).ok_or_else(wrong)?.cast_signed();
            let len = stored.unsigned_abs() as usize;
            if len < CELL_UNIT || !len.is_multiple_of(CELL_UNIT) || len > stop - at {
                return Err(wrong());
            }
            self.mark(at, true);
            if stored > 0 {
                self.add_free(at as u32, len as u32);
            }
            at += len;
        }
        Ok(stop)
    }

    /// All bytes, as they belong behind the header, and how many of them are bins.
    pub fn into_parts(self) -> (Vec<u8>, usize) {
        (self.bytes, self.end)
    }

    /// Bits for all places where a cell may begin, none of them set.
    pub fn no_marks(&self) -> Vec<u64> {
        vec![0; self.starts.len()]
    }

    /// The place of the cell at `offset` among such bits.
    pub fn mark_of(offset: u32) -> (usize, u64) {
        let unit = offset as usize / CELL_UNIT;
        (unit / 64, 1 << (unit % 64))
    }

    fn mark(&mut self, at: usize, begins: bool) {
        let (word, bit) = Self::mark_of(at as u32);
        if begins { self.starts[word] |= bit } else { self.starts[word] &= !bit }
    }

    fn add_free(&mut self, offset: u32, len: u32) {
        self.free.insert(offset, len);
        self.free_by_len.insert((len, offset));
    }

    fn take_free(&mut self, offset: u32, len: u32) {
        self.free.remove(&offset);
        self.free_by_len.remove(&(len, offset));
    }

    /// Length of the cell at `offset`, if one that is in use begins there.
    fn used_len(&self, offset: u32, wanted: &'static str) -> Result<usize, HiveEditError> {
        let at = offset as usize;
        let (word, bit) = Self::mark_of(offset);
        let begins = at.is_multiple_of(CELL_UNIT) && at < self.end && self.starts[word] & bit != 0;
        let stored = get_u32(&self.bytes, at).filter(|_| begins).map(u32::cast_signed);
        match stored {
            Some(stored @ ..0) => Ok(stored.unsigned_abs() as usize),
            _ => Err(damaged(offset, wanted)),
        }
    }

    /// What the cell at `offset` holds, if it is in use.
    pub fn content(&self, offset: u32, wanted: &'static str) -> Result<&[u8], HiveEditError> {
        let len = self.used_len(offset, wanted)?;
        Ok(&self.bytes[offset as usize + LENGTH_LEN..offset as usize + len])
    }

    /// The same, to be changed.
    pub fn content_mut(&mut self, offset: u32, wanted: &'static str) -> Result<&mut [u8], HiveEditError> {
        let len = self.used_len(offset, wanted)?;
        Ok(&mut self.bytes[offset as usize + LENGTH_LEN..offset as usize + len])
    }

    /// Puts `bytes` into a cell: into free space that fits best, or into a new bin at the end. Gives its offset.
    pub fn add(&mut self, bytes: &[u8]) -> Result<u32, HiveEditError> {
        let len = (bytes.len() + LENGTH_LEN).next_multiple_of(CELL_UNIT);
        let wanted = u32::try_from(len).map_err(|_| HiveEditError::Full)?;
        let found = self.free_by_len.range((wanted, 0)..).next().copied();
        let (free_len, offset) = found.map_or_else(|| self.add_bin(len), Ok)?;
        self.take_free(offset, free_len);
        let mut used = wanted;
        if free_len - wanted >= CELL_UNIT as u32 {
            let rest = offset + wanted;
            self.put_length(rest, (free_len - wanted).cast_signed());
            self.mark(rest as usize, true);
            self.add_free(rest, free_len - wanted);
        } else {
            used = free_len;
        }
        self.put_length(offset, -used.cast_signed());
        let at = offset as usize;
        let content = &mut self.bytes[at + LENGTH_LEN..at + used as usize];
        content.fill(0);
        content[..bytes.len()].copy_from_slice(bytes);
        Ok(offset)
    }

    /// Puts `bytes` in place of what the cell at `offset` holds, or into another cell if they do not fit there. Gives the
    /// offset of the cell.
    pub fn replace(&mut self, offset: u32, bytes: &[u8], wanted: &'static str) -> Result<u32, HiveEditError> {
        let content = self.content_mut(offset, wanted)?;
        if bytes.len() > content.len() {
            self.release(offset, wanted)?;
            return self.add(bytes);
        }
        content[..bytes.len()].copy_from_slice(bytes);
        content[bytes.len()..].fill(0);
        Ok(offset)
    }

    /// Makes the cell at `offset` free, and joins it with free neighbours in its bin.
    pub fn release(&mut self, offset: u32, wanted: &'static str) -> Result<(), HiveEditError> {
        let (mut start, mut len) = (offset, self.used_len(offset, wanted)? as u32);
        if let Some(&next) = self.free.get(&(offset + len)) {
            self.take_free(offset + len, next);
            self.mark((offset + len) as usize, false);
            len += next;
        }
        // A bin's header lies between its first cell and the last one of the bin before.
        let before = self.free.range(..offset).next_back().map(|(&at, &len)| (at, len));
        if let Some((at, before)) = before.filter(|&(at, len)| at + len == offset) {
            self.take_free(at, before);
            self.mark(offset as usize, false);
            (start, len) = (at, len + before);
        }
        self.put_length(start, len.cast_signed());
        self.add_free(start, len);
        Ok(())
    }

    /// Adds a bin with room for a cell of `len` bytes; gives length and offset of its free cell.
    fn add_bin(&mut self, len: usize) -> Result<(u32, u32), HiveEditError> {
        let bin_len = (len + BIN_HEADER_LEN).next_multiple_of(BIN_UNIT);
        let (start, end) = (self.end, self.end + bin_len);
        if end > CELLS_LEN_MAX {
            return Err(HiveEditError::Full);
        }
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.starts.resize(self.bytes.len() / CELL_UNIT / 64 + 1, 0);
        self.bytes[start..end].fill(0);
        self.bytes[start..start + 4].copy_from_slice(b"hbin");
        self.put_length(start as u32 + 4, start as i32);
        self.put_length(start as u32 + 8, bin_len as i32);
        self.end = end;
        let (free, offset) = ((bin_len - BIN_HEADER_LEN) as u32, (start + BIN_HEADER_LEN) as u32);
        self.put_length(offset, free.cast_signed());
        self.mark(offset as usize, true);
        self.add_free(offset, free);
        Ok((free, offset))
    }

    fn put_length(&mut self, offset: u32, value: i32) {
        let at = offset as usize;
        self.bytes[at..at + LENGTH_LEN].copy_from_slice(&value.to_le_bytes());
    }
}

/// The error that names the cell at `offset`.
pub(super) fn damaged(offset: u32, wanted: &'static str) -> HiveEditError {
    HiveEditError::Damaged { offset: HEADER_LEN.saturating_add(offset as usize), wanted }
}
