//! The entries of a file allocation table.

use super::why::{Structure, Why};
use crate::contents::bytes::{u16_at, u32_at};
use crate::image::Source;

/// Entries that are read at once; a multiple of what fills whole bytes.
const PIECE: u64 = 1 << 13;

/// A table with the entries of all clusters, and those of its copies.
pub(in crate::contents) struct Table<'s> {
    pub source: &'s dyn Source,
    /// First byte of the first table, in the image.
    pub start: u64,
    /// Bytes from one table to the next.
    pub len: u64,
    /// How many tables there are.
    pub copies: u64,
    /// Bits of an entry: 12, 16 or 32.
    pub bits: u8,
    /// Entries: the clusters, and two.
    pub entries: u64,
}

impl Table<'_> {
    /// Whether it has room for all its entries.
    pub fn has_room(&self) -> bool {
        (self.entries * u64::from(self.bits)).div_ceil(8) <= self.len
    }

    /// The largest value of its entries.
    pub fn mask(&self) -> u32 {
        match self.bits {
            12 => 0xFFF,
            16 => 0xFFFF,
            // Four bits mean something to nobody.
            _ => 0x0FFF_FFFF,
        }
    }

    /// Calls `each` with all entries, number and value, from the first to the last.
    pub fn each(&self, mut each: impl FnMut(u64, u32) -> Result<(), Why>) -> Result<(), Why> {
        let mut values = Vec::new();
        for first in (0..self.entries).step_by(PIECE as usize) {
            self.piece(0, first, PIECE, &mut values)?;
            (first..).zip(&values).try_for_each(|(number, &value)| each(number, value))?;
        }
        Ok(())
    }

    /// Whether all copies say the same of every cluster.
    pub fn are_equal(&self) -> Result<bool, Why> {
        let (mut values, mut others) = (Vec::new(), Vec::new());
        for first in (0..self.entries).step_by(PIECE as usize) {
            self.piece(0, first, PIECE, &mut values)?;
            for copy in 1..self.copies {
                self.piece(copy, first, PIECE, &mut others)?;
                if values != others {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// What the entry of a cluster says.
    pub fn value(&self, cluster: u64) -> Result<u32, Why> {
        let mut values = Vec::new();
        let even = cluster & !1;
        self.piece(0, even, 2, &mut values)?;
        values.get((cluster - even) as usize).copied().ok_or(Why::Damaged(Structure::Table))
    }

    /// Whether `value` ends a chain.
    pub fn is_end(&self, value: u32) -> bool {
        value >= self.mask() - 7
    }

    /// Whether `value` stands for no next cluster: the end of a chain, a cluster that is bad, or one that is reserved.
    pub fn is_special(&self, value: u32) -> bool {
        value >= self.mask() - 15
    }

    /// Reads up to `count` entries from the even number `first` on.
    fn piece(&self, copy: u64, first: u64, count: u64, values: &mut Vec<u32>) -> Result<(), Why> {
        let count = count.min(self.entries.saturating_sub(first));
        let bits = u64::from(self.bits);
        let mut bytes = vec![0; (count * bits).div_ceil(8) as usize];
        let at = self.start + copy * self.len + first * bits / 8;
        self.source.read_at(at, &mut bytes).map_err(|_| Why::Unreadable)?;
        values.clear();
        let word = |number: usize| match self.bits {
            12 => {
                let pair = u32::from(u16_at(&bytes, number * 3 / 2));
                if number.is_multiple_of(2) { pair } else { pair >> 4 }
            }
            16 => u32::from(u16_at(&bytes, number * 2)),
            _ => u32_at(&bytes, number * 4),
        };
        values.extend((0..count as usize).map(|number| word(number) & self.mask()));
        Ok(())
    }
}
