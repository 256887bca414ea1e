//! The file allocation table of a volume, read from its start to its end.

use std::io;

use crate::contents::bytes::{u16_at, u32_at};
use crate::image::Source;

/// Bytes of a table that are looked at together: entries of 12, 16 and 32 bits end with it.
const PIECE_LEN: u64 = 48 << 10;

/// A table, and its copies behind it.
#[derive(Clone, Copy, Debug)]
pub(in crate::contents) struct Table {
    /// First byte in the image.
    pub start: u64,
    /// Bytes of one table.
    pub len: u64,
    /// Tables.
    pub copies: u64,
    /// Bits of an entry.
    pub bits: u8,
    /// Clusters of the volume.
    pub clusters: u64,
}

/// What a table says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::contents) struct Used {
    /// The last cluster that is used; 0 if none is.
    pub last: u64,
    /// Clusters that are used.
    pub count: u64,
    /// Clusters that are marked as bad.
    pub bad: u64,
    /// The highest cluster that another one leads to.
    pub reached: u64,
    /// Entry 1, which has the marks of a volume that is in use.
    pub marks: u32,
    /// Whether a cluster leads to none that can be.
    pub is_damaged: bool,
    /// Whether the copies differ.
    pub differs: bool,
}

impl Used {
    /// Clusters up to the last one that is used.
    pub fn clusters(&self) -> u64 {
        self.last.saturating_sub(1)
    }
}

impl Table {
    /// Byte of the table in which the entry of `cluster` begins.
    pub fn byte_of(&self, cluster: u64) -> u64 {
        cluster * u64::from(self.bits) / 8
    }

    /// Whether it has an entry for each cluster.
    pub fn is_whole(&self) -> bool {
        ((self.clusters + 2) * u64::from(self.bits)).div_ceil(8) <= self.len
    }

    /// Reads all entries, and compares the copies.
    ///
    /// # Errors
    ///
    /// What reading says.
    pub fn read(&self, source: &dyn Source) -> io::Result<Used> {
        let mut used = Used::default();
        let end = ((self.clusters + 2) * u64::from(self.bits)).div_ceil(8).min(self.len);
        let (mut piece, mut other) = (Vec::new(), Vec::new());
        for from in (0..end).step_by(PIECE_LEN as usize) {
            piece.resize((end - from).min(PIECE_LEN) as usize, 0);
            source.read_at(self.start + from, &mut piece)?;
            for copy in 1..self.copies {
                other.resize(piece.len(), 0);
                source.read_at(self.start + copy * self.len + from, &mut other)?;
                used.differs |= piece != other;
            }
            self.take(&mut used, from * 8 / u64::from(self.bits), &piece);
        }
        Ok(used)
    }

    /// Takes the entries in `piece`, of which the first is that of cluster `first`.
    fn take(&self, used: &mut Used, first: u64, piece: &[u8]) {
        let end = self.clusters + 2;
        let (special, bad) = match self.bits {
            12 => (0xFF0, 0xFF7),
            16 => (0xFFF0, 0xFFF7),
            _ => (0x0FFF_FFF0, 0x0FFF_FFF7),
        };
        let there = piece.len() as u64 * 8 / u64::from(self.bits);
        for cluster in first..(first + there).min(end) {
            let at = (cluster - first) as usize;
            let value = match self.bits {
                12 => u32::from(u16_at(piece, at + at / 2) >> (at % 2 * 4) & 0xFFF),
                16 => u32::from(u16_at(piece, at * 2)),
                _ => u32_at(piece, at * 4) & 0x0FFF_FFFF,
            };
            match cluster {
                0 => {}
                1 => used.marks = value,
                _ if value == 0 => {}
                // RAM has no bad sectors.
                _ if value == bad => used.bad += 1,
                _ => {
                    (used.last, used.count) = (cluster, used.count + 1);
                    if value < special {
                        used.reached = used.reached.max(value.into());
                        used.is_damaged |= value < 2 || u64::from(value) >= end;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Table, Used};
    use std::io;

    struct Bytes(Vec<u8>);

    impl crate::image::Source for Bytes {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            let from = offset as usize;
            let part = self.0.get(from..from + buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            buffer.copy_from_slice(part);
            Ok(())
        }
    }

    /// A table of `bits` with these entries in two copies, read.
    fn read(bits: u8, entries: &[u32]) -> Used {
        let mut bytes = vec![0; 512];
        for (cluster, &value) in entries.iter().enumerate() {
            match bits {
                12 => {
                    let at = cluster + cluster / 2;
                    let pair = u16::from_le_bytes([bytes[at], bytes[at + 1]]);
                    let pair = pair | (value as u16) << (cluster % 2 * 4);
                    bytes[at..at + 2].copy_from_slice(&pair.to_le_bytes());
                }
                16 => bytes[cluster * 2..][..2].copy_from_slice(&(value as u16).to_le_bytes()),
                _ => bytes[cluster * 4..][..4].copy_from_slice(&value.to_le_bytes()),
            }
        }
        let two = [bytes.clone(), bytes].concat();
        let clusters = entries.len() as u64 - 2;
        Table { start: 0, len: 512, copies: 2, bits, clusters }.read(&Bytes(two)).expect("the table")
    }

    #[test]
    fn the_last_used_cluster_is_found_whatever_the_bits_of_an_entry() {
        for (bits, all) in [(12, 0xFFF), (16, 0xFFFF), (32, 0x0FFF_FFFF)] {
            // A chain of three, a bad cluster behind it, and free ones.
            let used = read(bits, &[all - 7, all, 3, 4, all, 0, all - 8, 0, 0]);
            let expected = Used { last: 4, count: 3, bad: 1, reached: 4, marks: all, ..Used::default() };
            assert_eq!(used, expected, "{bits}");
            assert_eq!(used.clusters(), 3);
        }
        assert_eq!(read(16, &[0xFFF8, 0xFFFF, 0, 0]).clusters(), 0);
    }

    #[test]
    fn a_chain_that_leads_out_of_the_volume_is_damage_and_copies_are_compared() {
        assert!(read(12, &[0xFF8, 0xFFF, 1, 0]).is_damaged);
        assert!(read(12, &[0xFF8, 0xFFF, 4, 0]).is_damaged);
        assert!(!read(12, &[0xFF8, 0xFFF, 3, 0xFFF]).is_damaged);
        let mut two = vec![0; 1024];
        two[512 + 7] = 1;
        let table = Table { start: 0, len: 512, copies: 2, bits: 16, clusters: 2 };
        assert!(table.read(&Bytes(two.clone())).expect("the table").differs);
        assert!(!Table { clusters: 1, ..table }.read(&Bytes(two)).expect("the table").differs);
    }
}
