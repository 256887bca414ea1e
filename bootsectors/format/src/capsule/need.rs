//! How much memory a capsule needs: one rule for the loader, and for who says it before.

use super::CapsuleHeader;

/// The loader puts a RAM disk, and the table block below it, on boundaries of pages of so many bytes.
pub const PAGE_LEN: u64 = 4096;

/// Memory that a capsule needs while it is loaded, in bytes, in whole pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// Bytes of the RAM disk.
    pub disk: u64,
    /// Bytes of the table block below it, which is free memory again when the disk is proven.
    pub table: u64,
}

impl Need {
    /// Alignment of both parts in bytes.
    pub const PAGE_LEN: u64 = PAGE_LEN;

    /// What a RAM disk of `disk_sectors` sectors of 512 bytes needs whose table block has `table_len` bytes.
    pub const fn of(disk_sectors: u32, table_len: u64) -> Self {
        let disk_len = (disk_sectors as u64) << 9;
        Self { disk: disk_len.next_multiple_of(PAGE_LEN), table: table_len.next_multiple_of(PAGE_LEN) }
    }

    /// Bytes in all.
    pub const fn all(self) -> u64 {
        self.disk + self.table
    }
}

impl CapsuleHeader {
    /// What the capsule needs.
    pub fn need(&self) -> Need {
        Need::of(self.disk_sectors.get(), self.table_len.get().into())
    }
}
