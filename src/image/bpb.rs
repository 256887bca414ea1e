//! The fields of a boot sector and of a partition table as they stand there. Whether they make sense is for others to
//! judge.

use ramkey_format::boot::Sector0;
use ramkey_format::bpb::{BOOT_SIGNATURE_WORD, Fat32Start};

use crate::units::Chs;

/// The last two bytes of a boot sector.
pub const BOOT_SIGNATURE: [u8; 2] = (BOOT_SIGNATURE_WORD as u16).to_le_bytes();

/// The BIOS parameter block of a FAT, as it stands in `sector`. (Microsoft, FAT32 File System Specification 1.03.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BpbFields {
    /// Bytes in a sector.
    pub bytes_per_sector: u16,
    /// Sectors in a cluster.
    pub cluster_sectors: u8,
    /// Sectors before the first table.
    pub reserved: u16,
    /// Number of tables.
    pub fats: u8,
    /// Entries of the root directory; 0 on a FAT32.
    pub root_entries: u16,
    /// Sectors of the volume, or 0 if the long field has them.
    pub short_sectors: u16,
    /// Media descriptor.
    pub media: u8,
    /// Sectors of a table; 0 on a FAT32.
    pub short_fat_sectors: u16,
    /// Sectors per track.
    pub sectors_per_track: u16,
    /// Heads.
    pub heads: u16,
    /// Sectors on the disk before the volume.
    pub hidden: u32,
    /// Sectors of the volume.
    pub long_sectors: u32,
    /// Sectors of a table of a FAT32.
    pub long_fat_sectors: u32,
    /// First cluster of the root directory of a FAT32.
    pub root_cluster: u32,
    /// Sector of the summary of free clusters of a FAT32.
    pub fs_info: u16,
    /// Sector of the copy of the boot sector of a FAT32.
    pub backup: u16,
}

impl BpbFields {
    /// Reads the fields of `sector`, whatever it holds.
    pub fn read(sector: &[u8; 512]) -> Self {
        let start = Fat32Start::of(sector);
        let common = &start.common;
        Self {
            bytes_per_sector: common.bytes_per_sector.get(),
            cluster_sectors: common.cluster_sectors,
            reserved: common.reserved.get(),
            fats: common.fats,
            root_entries: common.root_entries.get(),
            short_sectors: common.short_sectors.get(),
            media: common.media,
            short_fat_sectors: common.short_fat_sectors.get(),
            sectors_per_track: common.sectors_per_track.get(),
            heads: common.heads.get(),
            hidden: common.hidden.get(),
            long_sectors: common.long_sectors.get(),
            long_fat_sectors: start.long_fat_sectors.get(),
            root_cluster: start.root_cluster.get(),
            fs_info: start.fs_info.get(),
            backup: start.backup.get(),
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
    Sector0::of(sector).table.map(|entry| Slot {
        status: entry.status,
        type_byte: entry.type_byte,
        start_chs: Chs::from_bytes(entry.start_chs),
        end_chs: Chs::from_bytes(entry.end_chs),
        start: u64::from(entry.start.get()),
        sectors: u64::from(entry.sectors.get()),
    })
}

/// Four bytes at `at`.
pub(super) fn u32_at(sector: &[u8; 512], at: usize) -> u32 {
    u32::from_le_bytes([sector[at], sector[at + 1], sector[at + 2], sector[at + 3]])
}
