//! Boot sectors of others: the BIOS parameter block of a FAT, and the partition table of sector 0.
//!
//! Fields as they stand there, from Microsoft's FAT32 File System Specification 1.03; whether they make sense is for the
//! reader to judge.

use zerocopy::FromBytes;
use zerocopy::little_endian::{U16, U32};

constants! {
    /// Clusters from which on a volume is a FAT16: the specification goes by their number alone.
    FAT16_CLUSTERS = 4085;
    /// Clusters from which on a volume is a FAT32.
    FAT32_CLUSTERS = 65525;
    /// The last word of a boot sector and of sector 0: 55h AAh.
    BOOT_SIGNATURE_WORD = 0xAA55;
}

/// Bits of a table entry of a volume of so many clusters: 12, 16 or 32.
pub const fn fat_bits(clusters: u64) -> u8 {
    if clusters < FAT16_CLUSTERS as u64 {
        12
    } else if clusters < FAT32_CLUSTERS as u64 {
        16
    } else {
        32
    }
}

record! {
    /// Start of a boot sector of any FAT.
    pub struct Bpb[36] {
        /// jump over the block
        pub jump: [u8; 3],
        /// name of the program that formatted the volume
        pub oem: [u8; 8],
        /// bytes in a sector
        pub bytes_per_sector: U16,
        /// sectors in a cluster, a power of two
        pub cluster_sectors: u8,
        /// sectors before the first table
        pub reserved: U16,
        /// number of tables
        pub fats: u8,
        /// entries of the root directory; 0 on a FAT32
        pub root_entries: U16,
        /// sectors of the volume, or 0 if `long_sectors` has them
        pub short_sectors: U16,
        /// media descriptor
        pub media: u8,
        /// sectors of a table; 0 on a FAT32
        pub short_fat_sectors: U16,
        /// sectors per track
        pub sectors_per_track: U16,
        /// heads
        pub heads: U16,
        /// sectors on the disk before the volume
        pub hidden: U32,
        /// sectors of the volume, if `short_sectors` is 0
        pub long_sectors: U32,
    }
}

record! {
    /// Start of a boot sector of a FAT12 or FAT16: everything before its code.
    pub struct Fat16Start[62] {
        /// as in every FAT
        pub common: Bpb,
        /// BIOS drive number
        pub drive: u8,
        /// for systems to write to
        pub reserved: u8,
        /// 29h when the three fields behind it are there
        pub extended: u8,
        /// serial number of the volume
        pub serial: U32,
        /// label, padded with spaces
        pub label: [u8; 11],
        /// `FAT12   ` or `FAT16   `, which nobody may believe
        pub kind: [u8; 8],
    }
}

record! {
    /// Start of a boot sector of a FAT32: everything before its code.
    pub struct Fat32Start[90] {
        /// as in every FAT
        pub common: Bpb,
        /// sectors of a table
        pub long_fat_sectors: U32,
        /// bit 7: only the table whose number is in bits 0 to 3 is kept up to date
        pub flags: U16,
        /// 0
        pub version: U16,
        /// first cluster of the root directory
        pub root_cluster: U32,
        /// sector of the summary of free clusters
        pub fs_info: U16,
        /// sector of the copy of the boot sector
        pub backup: U16,
        /// zero
        pub reserved_1: [u8; 12],
        /// BIOS drive number
        pub drive: u8,
        /// for systems to write to
        pub reserved_2: u8,
        /// 29h when the three fields behind it are there
        pub extended: u8,
        /// serial number of the volume
        pub serial: U32,
        /// label, padded with spaces
        pub label: [u8; 11],
        /// `FAT32   `
        pub kind: [u8; 8],
    }
}

record! {
    /// An entry of a partition table.
    #[derive(Copy, Default)]
    pub struct PartitionEntry[16] {
        /// 80h for active, else 0
        pub status: u8,
        /// address of the first sector: head, sector and cylinder, as INT 13h has them
        pub start_chs: [u8; 3],
        /// kind of partition; 0 for none
        pub type_byte: u8,
        /// address of the last sector
        pub end_chs: [u8; 3],
        /// first sector
        pub start: U32,
        /// sectors
        pub sectors: U32,
    }
}

impl Bpb {
    /// Sectors of the volume, from whichever field has them.
    pub fn sectors(&self) -> u32 {
        match self.short_sectors.get() {
            0 => self.long_sectors.get(),
            short => short.into(),
        }
    }

    /// Whether the fields behind these are those of a [`Fat32Start`].
    pub fn is_fat32(&self) -> bool {
        self.short_fat_sectors.get() == 0
    }
}

impl Fat32Start {
    /// The fields at the start of `sector`, whatever it holds. Where [`Bpb::is_fat32`] says no, only `common` is meant.
    pub fn of(sector: &[u8; 512]) -> &Self {
        let (start, _) = Self::ref_from_prefix(sector).expect("a sector is longer");
        start
    }

    /// Sectors of one table, from whichever field has them.
    pub fn fat_sectors(&self) -> u32 {
        if self.common.is_fat32() {
            self.long_fat_sectors.get()
        } else {
            self.common.short_fat_sectors.get().into()
        }
    }
}
