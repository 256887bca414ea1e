//! The fields of a BIOS parameter block as they stand in a boot sector. Whether they make sense is for others to
//! judge.

use ramkey_format::bpb::{self, Fat32Start};

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

    /// Bits of an entry of its tables, by the number of its clusters; `None` if it has no cluster.
    pub fn fat_bits(&self) -> Option<u8> {
        match self.clusters()? {
            0 => None,
            clusters => Some(bpb::fat_bits(clusters)),
        }
    }

    /// Clusters of the volume; `None` if it has no room for its own tables, or no clusters are described.
    pub fn clusters(&self) -> Option<u64> {
        self.sectors().checked_sub(self.data())?.checked_div(u64::from(self.cluster_sectors))
    }
}
