//! The fields of a boot sector and of a partition table as they stand there. Whether they make sense is for others to
//! judge.

use crate::units::Chs;

/// The last two bytes of a boot sector.
pub const BOOT_SIGNATURE: [u8; 2] = [0x55, 0xAA];
/// Offset of the partition table in sector 0.
const TABLE_OFFSET: usize = 0x1BE;
const SLOT_LEN: usize = 16;

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

    /// Clusters of the volume; `None` if it has no room for its own tables, or no clusters are described.
    pub fn clusters(&self) -> Option<u64> {
        self.sectors().checked_sub(self.data())?.checked_div(u64::from(self.cluster_sectors))
    }
}

/// One of the four entries of a partition table, as it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// 80h for active.
    pub status: u8,
    /// Kind of partition; 0 for none.
    pub type_byte: u8,
    /// Address of its first sector.
    pub start_chs: Chs,
    /// Address of its last sector.
    pub end_chs: Chs,
    /// First sector.
    pub start: u64,
    /// Sectors.
    pub sectors: u64,
}

impl Slot {
    /// One past its last sector.
    pub fn end(&self) -> u64 {
        self.start + self.sectors
    }
}

/// The four entries of the partition table in `sector`, whatever it holds.
pub fn slots(sector: &[u8; 512]) -> [Slot; 4] {
    std::array::from_fn(|number| {
        let at = TABLE_OFFSET + number * SLOT_LEN;
        let chs = |at: usize| Chs::from_bytes([sector[at], sector[at + 1], sector[at + 2]]);
        Slot {
            status: sector[at],
            type_byte: sector[at + 4],
            start_chs: chs(at + 1),
            end_chs: chs(at + 5),
            start: u64::from(u32_at(sector, at + 8)),
            sectors: u64::from(u32_at(sector, at + 12)),
        }
    })
}

/// Two bytes at `at`.
pub(super) fn u16_at(sector: &[u8; 512], at: usize) -> u16 {
    u16::from_le_bytes([sector[at], sector[at + 1]])
}

/// Four bytes at `at`.
pub(super) fn u32_at(sector: &[u8; 512], at: usize) -> u32 {
    u32::from_le_bytes([sector[at], sector[at + 1], sector[at + 2], sector[at + 3]])
}
