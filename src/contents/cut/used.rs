//! What a file allocation table says of the clusters that are used.

use crate::contents::free::Why;
use crate::contents::free::fat_table::Table;

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
}

impl Used {
    /// Reads all entries.
    ///
    /// # Errors
    ///
    /// The table cannot be read.
    pub fn of(table: &Table) -> Result<Self, Why> {
        let mut used = Self::default();
        let bad = table.mask() - 8;
        table.each(|cluster, value| {
            match cluster {
                0 => {}
                1 => used.marks = value,
                _ if value == 0 => {}
                // RAM has no bad sectors.
                _ if value == bad => used.bad += 1,
                _ => {
                    (used.last, used.count) = (cluster, used.count + 1);
                    if !table.is_special(value) {
                        used.reached = used.reached.max(value.into());
                        used.is_damaged |= value < 2 || u64::from(value) >= table.entries;
                    }
                }
            }
            Ok(())
        })?;
        Ok(used)
    }

    /// Clusters up to the last one that is used.
    pub fn clusters(&self) -> u64 {
        self.last.saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::Used;
    use crate::contents::free::fat_table::Table;
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

    /// What a table of `bits` with these entries says.
    fn of(bits: u8, entries: &[u32]) -> Used {
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
        let source = &Bytes(bytes);
        let table = Table { source, start: 0, len: 512, copies: 1, bits, entries: entries.len() as u64 };
        Used::of(&table).expect("the table")
    }

    #[test]
    fn the_last_used_cluster_is_found_whatever_the_bits_of_an_entry() {
        for (bits, all) in [(12, 0xFFF), (16, 0xFFFF), (32, 0x0FFF_FFFF)] {
            // A chain of three, a bad cluster behind it, and free ones.
            let used = of(bits, &[all - 7, all, 3, 4, all, 0, all - 8, 0, 0]);
            let expected = Used { last: 4, count: 3, bad: 1, reached: 4, marks: all, ..Used::default() };
            assert_eq!(used, expected, "{bits}");
            assert_eq!(used.clusters(), 3);
        }
        assert_eq!(of(16, &[0xFFF8, 0xFFFF, 0, 0]).clusters(), 0);
    }

    #[test]
    fn a_chain_that_leads_out_of_the_volume_is_damage() {
        assert!(of(12, &[0xFF8, 0xFFF, 1, 0]).is_damaged);
        assert!(of(12, &[0xFF8, 0xFFF, 4, 0]).is_damaged);
        assert!(!of(12, &[0xFF8, 0xFFF, 3, 0xFFF]).is_damaged);
    }
}
