//! How much memory a capsule needs: one rule for the loader, and for who says it before.

use super::{CapsuleHeader, Codec};

/// Memory that a capsule needs while it is loaded, in bytes, in whole pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// Bytes of the RAM disk.
    pub disk: u64,
    /// Bytes of the table block below it, which is free memory again when the disk is proven.
    pub table: u64,
    /// Bytes below the table block for the decoder to work in, free again as that is.
    pub scratch: u64,
}

impl Need {
    /// Each part begins on a boundary of so many bytes.
    pub const PAGE_LEN: u64 = 4096;

    /// What a RAM disk of `disk_sectors` sectors of 512 bytes needs whose table block has `table_len` bytes.
    pub const fn of(disk_sectors: u32, table_len: u64) -> Self {
        let disk_len = (disk_sectors as u64) << 9;
        Self {
            disk: disk_len.next_multiple_of(Self::PAGE_LEN),
            table: table_len.next_multiple_of(Self::PAGE_LEN),
            scratch: (Codec::SCRATCH_LEN as u64).next_multiple_of(Self::PAGE_LEN),
        }
    }

    /// Bytes below the disk that are lent until it is proven: the scratch memory, and above it the table block.
    pub const fn lent(self) -> u64 {
        self.scratch + self.table
    }

    /// Bytes in all.
    pub const fn all(self) -> u64 {
        self.disk + self.lent()
    }
}

impl CapsuleHeader {
    /// What the capsule needs.
    pub fn need(&self) -> Need {
        Need::of(self.disk_sectors.get(), self.table_len.get().into())
    }
}
