//! The parts of a formatted volume, and the chains of its allocation table.

use std::iter;
use std::ops::Range;

use ramkey_format::bpb::{Fat32Start, fat_bits};

use crate::layout::error::LayoutError;
use crate::layout::stick::overlay::Overlay;
use crate::plan::FatBits;

/// Where the parts of a volume are, in sectors from its start.
pub(super) struct Fat {
    pub bits: FatBits,
    /// First sector of the first table.
    pub reserved: u64,
    /// One past the last sector of the second table; the root directory of a FAT12 or FAT16.
    pub tables_end: u64,
    /// How many tables there are.
    pub tables: u64,
    /// First cluster of the root directory; 0 unless it is a FAT32.
    pub root_cluster: u64,
    /// First sector of cluster 2.
    pub data: u64,
    pub cluster_sectors: u64,
    /// Number of clusters.
    pub clusters: u64,
}

impl Fat {
    /// Reads the boot sector that the format program wrote.
    pub fn read(disk: &Overlay) -> Option<Self> {
        let start = Fat32Start::of(disk.sector(0));
        let bpb = &start.common;
        let (cluster_sectors, reserved) = (u64::from(bpb.cluster_sectors), u64::from(bpb.reserved.get()));
        let tables_end = reserved + u64::from(bpb.fats) * u64::from(start.fat_sectors());
        let data = tables_end + u64::from(bpb.root_entries.get()).div_ceil(16);
        let clusters = u64::from(bpb.sectors()).checked_sub(data)?.checked_div(cluster_sectors)?;
        let bits = match fat_bits(clusters) {
            12 => FatBits::Fat12,
            16 => FatBits::Fat16,
            _ => FatBits::Fat32,
        };
        let root_cluster = if bits == FatBits::Fat32 { u64::from(start.root_cluster.get()) } else { 0 };
        let tables = u64::from(bpb.fats);
        Some(Self { bits, reserved, tables_end, tables, root_cluster, data, cluster_sectors, clusters })
    }

    /// The cluster that a sector lies in.
    pub fn cluster_of(&self, lba: u64) -> Option<u64> {
        let cluster = lba.checked_sub(self.data)? / self.cluster_sectors + 2;
        (cluster < self.clusters + 2).then_some(cluster)
    }

    /// The first sector of a cluster.
    pub fn sector_of(&self, cluster: u64) -> u64 {
        self.data + (cluster - 2) * self.cluster_sectors
    }

    /// Sets the entry of cluster `n` in every table.
    pub fn set(&self, disk: &mut Overlay, n: u64, value: u64) {
        let table_len = (self.tables_end - self.reserved) / self.tables;
        for table in 0..self.tables {
            let start = self.reserved + table * table_len;
            let mut put = |offset: u64, value: u64, mask: u8| {
                let byte = &mut disk.sector_mut(start + offset / 512)[(offset % 512) as usize];
                *byte = *byte & !mask | value as u8 & mask;
            };
            match self.bits {
                FatBits::Fat12 if n % 2 == 1 => {
                    put(n * 3 / 2, value << 4, 0xF0);
                    put(n * 3 / 2 + 1, value >> 4, 0xFF);
                }
                FatBits::Fat12 => {
                    put(n * 3 / 2, value, 0xFF);
                    put(n * 3 / 2 + 1, value >> 8, 0x0F);
                }
                FatBits::Fat16 => (0..2).for_each(|byte| put(n * 2 + byte, value >> (8 * byte), 0xFF)),
                // The upper four bits are nobody's.
                FatBits::Fat32 => (0..4).for_each(|byte| {
                    put(n * 4 + byte, value >> (8 * byte), if byte == 3 { 0x0F } else { 0xFF });
                }),
            }
        }
    }

    /// The entry of a cluster that holds no data.
    pub fn bad(&self) -> u64 {
        self.chain_end() - 1
    }

    /// The entry of cluster `n` in the first table.
    pub fn entry(&self, disk: &Overlay, n: u64) -> u64 {
        let at = |offset: u64| {
            let (sector, byte) = (self.reserved + offset / 512, (offset % 512) as usize);
            (disk.sector(sector), byte)
        };
        match self.bits {
            FatBits::Fat12 => {
                // An entry of twelve bits may lie in two sectors.
                let ((first, low), (second, high)) = (at(n * 3 / 2), at(n * 3 / 2 + 1));
                let word = u64::from(u16::from_le_bytes([first[low], second[high]]));
                if n % 2 == 1 { word >> 4 } else { word & 0xFFF }
            }
            FatBits::Fat16 => {
                let (sector, byte) = at(n * 2);
                u64::from(u16::from_le_bytes([sector[byte], sector[byte + 1]]))
            }
            FatBits::Fat32 => {
                let (sector, byte) = at(n * 4);
                let bytes = [sector[byte], sector[byte + 1], sector[byte + 2], sector[byte + 3]];
                u64::from(u32::from_le_bytes(bytes)) & 0x0FFF_FFFF
            }
        }
    }

    /// One past the last cluster whose entry is in a sector of the first table that holds something.
    pub fn entries_end(&self, disk: &Overlay) -> u64 {
        let table_end = self.reserved + (self.tables_end - self.reserved) / self.tables;
        let last = disk.present(self.reserved, table_end).last().map(|(lba, _)| lba - self.reserved);
        last.map_or(0, |last| (last + 1) * 512 * 8 / u64::from(self.bits.bits()) + 1)
    }

    /// The entry of the last cluster of a file.
    pub fn last(&self) -> u64 {
        self.chain_end() + 7
    }

    /// Smallest entry that ends a chain.
    fn chain_end(&self) -> u64 {
        match self.bits {
            FatBits::Fat12 => 0xFF8,
            FatBits::Fat16 => 0xFFF8,
            FatBits::Fat32 => 0x0FFF_FFF8,
        }
    }

    /// The sectors of the root directory.
    pub fn root(&self, disk: &Overlay) -> Result<Vec<Range<u64>>, LayoutError> {
        match self.root_cluster {
            0 => Ok(iter::once(self.tables_end..self.data).collect()),
            cluster => self.chain(disk, cluster),
        }
    }

    /// The chain from cluster `first` as ranges of sectors, neighbours joined.
    pub fn chain(&self, disk: &Overlay, first: u64) -> Result<Vec<Range<u64>>, LayoutError> {
        let mut ranges = Vec::<Range<u64>>::new();
        let mut cluster = first;
        for _ in 0..self.clusters {
            if !(2..self.clusters + 2).contains(&cluster) {
                return Err(LayoutError::Unsound { what: "a chain leaves it" });
            }
            let start = self.data + (cluster - 2) * self.cluster_sectors;
            match ranges.last_mut() {
                Some(last) if last.end == start => last.end += self.cluster_sectors,
                _ => ranges.push(start..start + self.cluster_sectors),
            }
            cluster = self.entry(disk, cluster);
            if cluster >= self.chain_end() {
                return Ok(ranges);
            }
        }
        Err(LayoutError::Unsound { what: "a chain does not end" })
    }

    /// Number of clusters in use on a FAT32, and the last of them.
    pub fn allocated(&self, disk: &Overlay) -> (u64, u64) {
        let table_end = self.reserved + ((self.clusters + 2) * 4).div_ceil(512);
        let entries = disk.present(self.reserved, table_end).flat_map(|(lba, sector)| {
            let first = (lba - self.reserved) * 128;
            (first..).zip(sector.chunks_exact(4))
        });
        let clusters = 2..self.clusters + 2;
        let used = entries.filter(|(n, entry)| clusters.contains(n) && entry.iter().any(|&byte| byte != 0));
        used.fold((0, 1), |(count, _), (n, _)| (count + 1, n))
    }
}
