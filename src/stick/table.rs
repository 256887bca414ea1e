//! The file allocation table: one entry for each cluster.
//!
//! The table is never in memory as a whole: it is compared and counted piece by piece, and chains are followed through a
//! few small pieces of it.

use std::cell::RefCell;

use super::kind::FatBits;
use super::reader::{RUN_LEN, ReadError, Reader};
use crate::units::SECTOR_LEN;

/// What an entry says of a cluster that is bad, and of the last cluster of a file; a FAT12 and a FAT16 have the lower bits.
pub(crate) const BAD_CLUSTER: u32 = 0x0FFF_FFF7;
pub(crate) const LAST_CLUSTER: u32 = 0x0FFF_FFFF;

/// What follows a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Free,
    Bad,
    End,
    Cluster(u64),
}

/// Where a copy of the table is not as the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableDifference {
    /// A sector of the copy holds something else.
    Sector {
        /// The sector of the copy.
        lba: u64,
        /// BLAKE3 of the same sector of the table.
        expected: blake3::Hash,
        /// BLAKE3 of the sector of the copy.
        found: blake3::Hash,
    },
    /// A sector of the copy cannot be read.
    Unreadable(ReadError),
}

/// What comparing a table with its copies gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    /// The first difference of each copy.
    pub differences: Vec<TableDifference>,
    /// The sector of the table that cannot be read; nothing behind it was compared.
    pub unreadable: Option<ReadError>,
}

/// The first table of a volume.
pub(super) struct Table<'r> {
    reader: &'r Reader<'r>,
    bits: FatBits,
    lba: u64,
    /// Sectors that hold the entries of clusters.
    sectors: u64,
    /// Number of the first cluster that has no entry.
    end: u64,
    lines: RefCell<Vec<Line>>,
}

/// A piece of the table in memory: its number, and its bytes; none if it could not be read.
#[derive(Clone, Default)]
struct Line {
    number: Option<u64>,
    bytes: Vec<u8>,
}

const LINE_SECTORS: u64 = 8;
const LINE_LEN: u64 = LINE_SECTORS * SECTOR_LEN;
/// Pieces that are kept; each has one place where it can be.
const LINES: usize = 256;

impl<'r> Table<'r> {
    /// The table at `lba` of a FAT of `bits` bits with `clusters` clusters; nothing is read.
    pub fn new(reader: &'r Reader<'r>, bits: FatBits, lba: u64, clusters: u64) -> Self {
        let end = clusters + 2;
        let sectors = (end * u64::from(bits.bits())).div_ceil(8).div_ceil(SECTOR_LEN);
        Self { reader, bits, lba, sectors, end, lines: RefCell::new(vec![Line::default(); LINES]) }
    }

    /// Reads the table and compares it with its copies, which follow it every `distance` sectors. Where no cluster has an
    /// entry is not looked at. Of each copy the first difference is told.
    ///
    /// Bits of entry 1 that tell whether the volume was unmounted may differ.
    pub fn compare(&self, distance: u64, copies: u64) -> Comparison {
        let step = RUN_LEN as u64 / SECTOR_LEN;
        let len = (self.sectors.min(step) * SECTOR_LEN) as usize;
        let (mut table, mut copy) = (vec![0; len], vec![0; len]);
        let mut found = Comparison::default();
        let mut differs = vec![false; copies as usize];
        for first in (0..self.sectors).step_by(step as usize) {
            let len = ((self.sectors - first).min(step) * SECTOR_LEN) as usize;
            if let Err(error) = self.reader.read(self.lba + first, &mut table[..len]) {
                found.unreadable = Some(error);
                return found;
            }
            for number in 1..copies {
                let start = self.lba + number * distance;
                if differs[number as usize] {
                    continue;
                }
                let difference = match self.reader.read(start + first, &mut copy[..len]) {
                    Ok(()) => self.difference(start, first, &table[..len], &copy[..len]),
                    Err(error) => Some(TableDifference::Unreadable(error)),
                };
                differs[number as usize] = difference.is_some();
                found.differences.extend(difference);
            }
        }
        found
    }

    /// The first sector of the copy at `start` that is not as in `table`; both begin with sector `first`.
    fn difference(&self, start: u64, first: u64, table: &[u8], copy: &[u8]) -> Option<TableDifference> {
        if table == copy {
            return None;
        }
        let sectors = table.chunks_exact(SECTOR_LEN as usize).zip(copy.chunks_exact(SECTOR_LEN as usize));
        let differs =
            |sector: u64, a: &[u8], b: &[u8]| a != b && (sector > 0 || !only_state_differs(self.bits, a, b));
        let mut sectors = (first..).zip(sectors);
        let (sector, (expected, found)) = sectors.find(|(sector, (a, b))| differs(*sector, a, b))?;
        let (expected, found) = (blake3::hash(expected), blake3::hash(found));
        Some(TableDifference::Sector { lba: start + sector, expected, found })
    }

    /// Whether entries 0 and 1 hold what belongs there.
    pub fn has_sound_start(&self, media: u8) -> bool {
        let (ones, state) = match self.bits {
            FatBits::Fat12 => (0xFFF, 0),
            FatBits::Fat16 => (0xFFFF, 0xC000),
            FatBits::Fat32 => (0x0FFF_FFFF, 0x0C00_0000),
        };
        self.entry(0) == Some((ones & !0xFF) | u64::from(media))
            && self.entry(1).is_some_and(|entry| entry | state | 7 == ones)
    }

    /// Whether a system says that it did not unmount the volume.
    pub fn is_dirty(&self) -> bool {
        let state = match self.bits {
            FatBits::Fat12 => return false,
            FatBits::Fat16 => 0xC000,
            FatBits::Fat32 => 0x0C00_0000,
        };
        self.entry(1).is_some_and(|entry| entry & state != state)
    }

    /// What follows `cluster`; where the table cannot be read again, a bad cluster.
    pub fn next(&self, cluster: u64) -> Next {
        self.entry(cluster).map_or(Next::Bad, |value| meaning(self.bits, value))
    }

    /// Gives every cluster that is not free to `take`, in order, with what follows it.
    ///
    /// # Errors
    ///
    /// A sector of the table cannot be read any more.
    pub fn each(&self, mut take: impl FnMut(u64, Next)) -> Result<(), ReadError> {
        if self.bits == FatBits::Fat12 {
            let all = (2..self.end).map(|cluster| (cluster, self.next(cluster)));
            all.filter(|(_, next)| *next != Next::Free).for_each(|(cluster, next)| take(cluster, next));
            return Ok(());
        }
        let entry_len = usize::from(self.bits.bits() / 8);
        let mut buffer = vec![0; (self.sectors * SECTOR_LEN).min(RUN_LEN as u64) as usize];
        for first in (0..self.sectors * SECTOR_LEN).step_by(RUN_LEN) {
            let len = (self.sectors * SECTOR_LEN - first).min(RUN_LEN as u64) as usize;
            self.reader.again(self.lba + first / SECTOR_LEN, &mut buffer[..len])?;
            // Most of a table says that clusters are free.
            for (line, bytes) in (0..).zip(buffer[..len].chunks(LINE_LEN as usize)) {
                if *bytes == [0; LINE_LEN as usize][..bytes.len()] {
                    continue;
                }
                let from = (first + line * LINE_LEN) / entry_len as u64;
                for (cluster, entry) in (from..).zip(bytes.chunks_exact(entry_len)) {
                    let next = meaning(self.bits, value(entry));
                    if next != Next::Free && (2..self.end).contains(&cluster) {
                        take(cluster, next);
                    }
                }
            }
        }
        Ok(())
    }

    /// The entry of `cluster`; `None` if it cannot be read.
    fn entry(&self, cluster: u64) -> Option<u64> {
        match self.bits {
            FatBits::Fat12 => {
                let at = cluster * 3 / 2;
                let word = u64::from(self.byte(at)?) | u64::from(self.byte(at + 1)?) << 8;
                Some(if cluster % 2 == 1 { word >> 4 } else { word & 0xFFF })
            }
            FatBits::Fat16 => self.bytes(cluster * 2, 2),
            FatBits::Fat32 => self.bytes(cluster * 4, 4),
        }
    }

    fn byte(&self, at: u64) -> Option<u8> {
        self.bytes(at, 1).map(|byte| byte as u8)
    }

    /// The number of `len` bytes at `at`, which lies in one piece.
    fn bytes(&self, at: u64, len: usize) -> Option<u64> {
        let number = at / LINE_LEN;
        let mut lines = self.lines.borrow_mut();
        let line = &mut lines[number as usize % LINES];
        if line.number != Some(number) {
            let first = number * LINE_SECTORS;
            let sectors = self.sectors.checked_sub(first).filter(|&left| left > 0)?.min(LINE_SECTORS);
            line.bytes.resize((sectors * SECTOR_LEN) as usize, 0);
            if self.reader.again(self.lba + first, &mut line.bytes).is_err() {
                line.bytes.clear();
            }
            line.number = Some(number);
        }
        let at = (at % LINE_LEN) as usize;
        line.bytes.get(at..at + len).map(value)
    }
}

/// The number in up to four bytes, of which 28 bits count.
fn value(bytes: &[u8]) -> u64 {
    let number = bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
    number & 0x0FFF_FFFF
}

/// What an entry of `bits` bits says.
fn meaning(bits: FatBits, value: u64) -> Next {
    let reserved = match bits {
        FatBits::Fat12 => 0xFF0,
        FatBits::Fat16 => 0xFFF0,
        FatBits::Fat32 => 0x0FFF_FFF0,
    };
    match value {
        0 => Next::Free,
        value if value >= reserved | 8 => Next::End,
        value if value == reserved | 7 => Next::Bad,
        value => Next::Cluster(value),
    }
}

/// Whether two first sectors differ in nothing but the state bits of entry 1.
fn only_state_differs(bits: FatBits, a: &[u8], b: &[u8]) -> bool {
    let (at, mask) = match bits {
        FatBits::Fat12 => return false,
        FatBits::Fat16 => (3, 0xC0),
        FatBits::Fat32 => (7, 0x0C),
    };
    a.iter().zip(b).enumerate().all(|(i, (a, b))| if i == at { (a ^ b) & !mask == 0 } else { a == b })
}
