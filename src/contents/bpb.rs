//! The fields of a BIOS parameter block as they stand in a boot sector. Whether they make sense is for others to
//! judge.

use super::bytes::{u16_at, u32_at};

/// The BIOS parameter block of a FAT, as it stands in `sector`. (Microsoft, FAT32 File System Specification 1.03.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BpbFields {
    /// Bytes in a sector. Offset 11.
    pub bytes_per_sector: u16,
    /// Sectors in a cluster. Offset 13.
    pub cluster_sectors: u8,
    /// Sectors before the first table. Offset 14.
    pub reserved: u16,
    /// Number of tables. Offset 16.
    pub fats: u8,
    /// Entries of the root directory; 0 on a FAT32. Offset 17.
    pub root_entries: u16,
    /// Sectors of the volume, or 0 if the long field has them. Offset 19.
    pub short_sectors: u16,
    /// Media descriptor. Offset 21.
    pub media: u8,
    /// Sectors of a table; 0 on a FAT32. Offset 22.
    pub short_fat_sectors: u16,
    /// Offset 24.
    pub sectors_per_track: u16,
    /// Offset 26.
    pub heads: u16,
    /// Sectors on the disk before the volume. Offset 28.
    pub hidden: u32,
    /// Sectors of the volume. Offset 32.
    pub long_sectors: u32,
    /// Sectors of a table of a FAT32. Offset 36.
    pub long_fat_sectors: u32,
    /// First cluster of the root directory of a FAT32. Offset 44.
    pub root_cluster: u32,
    /// Sector of the summary of free clusters of a FAT32. Offset 48.
    pub fs_info: u16,
    /// Sector of the copy of the boot sector of a FAT32. Offset 50.
    pub backup: u16,
}

impl BpbFields {
    /// Reads the fields of `sector`, whatever it holds.
    pub fn read(sector: &[u8; 512]) -> Self {
        let word = |at| u16_at(sector, at);
        let long = |at| u32_at(sector, at);
        Self {
            bytes_per_sector: word(11),
            cluster_sectors: sector[13],
            reserved: word(14),
            fats: sector[16],
            root_entries: word(17),
            short_sectors: word(19),
            media: sector[21],
            short_fat_sectors: word(22),
            sectors_per_track: word(24),
            heads: word(26),
            hidden: long(28),
            long_sectors: long(32),
            long_fat_sectors: long(36),
            root_cluster: long(44),
            fs_info: word(48),
            backup: word(50),
        }
    }

    /// Whether the fields are arranged as on a FAT32.
    pub fn is_fat32(&self) -> bool {
        self.short_fat_sectors == 0
    }

    /// Sectors of the volume, from whichever field has them.
    pub fn sectors(&self) -> u64 {
        match self.short_sectors {
            0 => u64::from(self.long_sectors),
            short => u64::from(short),
        }
    }

    /// Sectors of one table.
    pub fn fat_sectors(&self) -> u64 {
        if self.is_fat32() { u64::from(self.long_fat_sectors) } else { u64::from(self.short_fat_sectors) }
    }

    /// Sectors of the root directory of a FAT12 or FAT16.
    pub fn root_sectors(&self) -> u64 {
        u64::from(self.root_entries).div_ceil(16)
    }

    /// First sector of cluster 2, from the start of the volume.
    pub fn data(&self) -> u64 {
        u64::from(self.reserved) + u64::from(self.fats) * self.fat_sectors() + self.root_sectors()
    }

    /// Bits of an entry of its tables, by the number of its clusters; `None` if it has no cluster.
    pub fn fat_bits(&self) -> Option<u8> {
        match self.clusters()? {
            0 => None,
            1..4085 => Some(12),
            4085..65525 => Some(16),
            _ => Some(32),
        }
    }

    /// Clusters of the volume; `None` if it has no room for its own tables, or no clusters are described.
    pub fn clusters(&self) -> Option<u64> {
        self.sectors().checked_sub(self.data())?.checked_div(u64::from(self.cluster_sectors))
    }
}
