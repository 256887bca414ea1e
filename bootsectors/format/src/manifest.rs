//! The stick manifest: what was written where, with the hash of each range.
//!
//! It lies in the boot area at [`crate::memory::MANIFEST_LBA`], outside every file system, so `verify` needs no
//! image. A header, then [`RangeEntry`] records. A capsule is proven through its header: the header's hash
//! covers the chunk table's hash, and that covers every chunk.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::memory::{MANIFEST_SECTORS_MAX, SECTOR_SIZE};

/// Length of [`ManifestHeader`], in bytes; the ranges follow it.
pub const MANIFEST_HEADER_LEN: usize = 128;
/// Length of [`RangeEntry`], in bytes.
pub const RANGE_ENTRY_LEN: usize = 64;
/// Most ranges that a manifest can have.
pub const RANGES_MAX: usize =
    ((MANIFEST_SECTORS_MAX * SECTOR_SIZE) as usize - MANIFEST_HEADER_LEN) / RANGE_ENTRY_LEN;

/// Values of [`ManifestHeader::layout`].
pub mod layout {
    /// Master boot record and one partition, for USB-HDD.
    pub const HDD: u8 = 1;
    /// GUID partition table and one partition.
    pub const GPT: u8 = 2;
    /// A file system from sector 0 on.
    pub const SUPERFLOPPY: u8 = 3;
    /// Sector 0 is a master boot record, and a boot sector of the same file system.
    pub const UNIVERSAL: u8 = 4;
    /// The same with the partition in slot 4.
    pub const UNIVERSAL_ZIP: u8 = 5;
    /// Master boot record with the partition in slot 4, at the second track, for USB-ZIP.
    pub const ZIP: u8 = 6;
    /// A floppy of any size: a file system from sector 0 on with the numbers of a floppy, for USB-FDD.
    pub const FDD: u8 = 7;
    /// Master boot record with a second partition at the end.
    pub const TWO_PARTITIONS: u8 = 8;
}

/// Values of [`RangeEntry::kind`].
pub mod range {
    /// Sector 0.
    pub const SECTOR_0: u8 = 1;
    /// Partition table sectors other than sector 0.
    pub const TABLE: u8 = 2;
    /// Boot header, stage 2 and loader.
    pub const BOOT_CODE: u8 = 3;
    /// Boot sector and reserved sectors of the FAT file system.
    pub const FAT_RESERVED: u8 = 4;
    /// File allocation tables.
    pub const FAT_TABLE: u8 = 5;
    /// Directories.
    pub const DIRECTORY: u8 = 6;
    /// A capsule, or one piece of it; the hash is that of the capsule's header sector.
    pub const CAPSULE: u8 = 7;
    /// Zeros that clear what another tool may have left.
    pub const CLEARED: u8 = 8;
    /// Copies of sector 0's code, and sectors that hold their own number.
    pub const STAMPS: u8 = 9;
    /// The boot area again, behind the start of the partition.
    pub const BOOT_COPY: u8 = 10;
}

/// Start of the manifest.
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ManifestHeader {
    /// [`ManifestHeader::MAGIC`]. Offset 0.
    pub magic: [u8; 8],
    /// [`ManifestHeader::VERSION`]. Offset 8.
    pub version: U16,
    /// Length of this record in bytes: 128. Offset 10.
    pub header_len: U16,
    /// No flag is known: zero. Offset 12.
    pub flags: U32,
    /// Sectors of the stick that the layout was made for. Offset 16.
    pub stick_sectors: U64,
    /// LBA of the FAT volume. Offset 24.
    pub volume_lba: U64,
    /// Sectors of the FAT volume. Offset 32.
    pub volume_sectors: U64,
    /// Number of [`RangeEntry`] records that follow, at most [`RANGES_MAX`]. Offset 40.
    pub range_count: U32,
    /// A value of [`layout`]. Offset 44.
    pub layout: u8,
    /// 12, 16 or 32. Offset 45.
    pub fat_bits: u8,
    /// Zero. Offset 46.
    pub reserved_1: [u8; 2],
    /// The stick's identity, as in the boot header. Offset 48.
    pub stick_id: [u8; 16],
    /// Label of the file system, padded with spaces. Offset 64.
    pub label: [u8; 11],
    /// Zero. Offset 75.
    pub reserved_2: [u8; 21],
    /// BLAKE3 of the first 96 bytes of this header followed by the ranges. Offset 96.
    pub blake3: [u8; 32],
}

/// Bytes of the header that its hash covers.
pub const MANIFEST_HASHED_LEN: usize = 96;

/// One written range. Ascending by LBA, not overlapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct RangeEntry {
    /// First sector. Offset 0.
    pub lba: U64,
    /// Sectors; at least 1. Offset 8.
    pub sectors: U64,
    /// A value of [`range`]. Offset 16.
    pub kind: u8,
    /// Zero. Offset 17.
    pub reserved: [u8; 7],
    /// For a capsule, the offset of this piece in the file, in sectors; else 0. Offset 24.
    pub file_sector: U64,
    /// BLAKE3 of the range, or of the capsule's header. Offset 32.
    pub blake3: [u8; 32],
}

/// Why bytes are no manifest that this version understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestError {
    /// The bytes are something else, or too few.
    NotAManifest,
    /// Written by another version.
    Version {
        /// Version found.
        found: u16,
    },
    /// A flag that this version must not ignore.
    UnknownFlags {
        /// The bits.
        bits: u32,
    },
    /// A reserved field is not zero.
    Field {
        /// Offset of the field in the header.
        offset: u16,
    },
    /// More ranges than a manifest can have, or fewer bytes than they take.
    RangeCount {
        /// Number found.
        found: u32,
    },
    /// Ranges overlap, are empty, out of order or outside the stick.
    Range {
        /// Number of the range.
        index: u32,
    },
}

impl ManifestHeader {
    /// ASCII, so that a hex dump of a stick shows it.
    pub const MAGIC: [u8; 8] = *b"RAMKEYMF";
    /// The version that this crate reads and writes.
    pub const VERSION: u16 = 1;

    /// Reads a manifest: the header, and the ranges behind it. The hash is for the caller to check.
    ///
    /// # Errors
    ///
    /// The first check that fails, in the order of [`ManifestError`]'s variants.
    pub fn parse(bytes: &[u8]) -> Result<(&Self, &[RangeEntry]), ManifestError> {
        let (header, rest) = Self::ref_from_prefix(bytes).map_err(|_| ManifestError::NotAManifest)?;
        if header.magic != Self::MAGIC || usize::from(header.header_len.get()) != MANIFEST_HEADER_LEN {
            return Err(ManifestError::NotAManifest);
        }
        if header.version.get() != Self::VERSION {
            return Err(ManifestError::Version { found: header.version.get() });
        }
        if header.flags.get() != 0 {
            return Err(ManifestError::UnknownFlags { bits: header.flags.get() });
        }
        if header.reserved_1 != [0; 2] {
            return Err(ManifestError::Field { offset: 46 });
        }
        if header.reserved_2 != [0; 21] {
            return Err(ManifestError::Field { offset: 75 });
        }
        let found = header.range_count.get();
        let count = found as usize;
        if count > RANGES_MAX {
            return Err(ManifestError::RangeCount { found });
        }
        let (ranges, _) = <[RangeEntry]>::ref_from_prefix_with_elems(rest, count)
            .map_err(|_| ManifestError::RangeCount { found })?;
        let mut free_from = 0;
        for (index, range) in (0..).zip(ranges) {
            let end = range.lba.get().checked_add(range.sectors.get());
            let sound = range.sectors.get() > 0
                && range.lba.get() >= free_from
                && end.is_some_and(|end| end <= header.stick_sectors.get());
            if !sound {
                return Err(ManifestError::Range { index });
            }
            free_from = end.unwrap_or(u64::MAX);
        }
        Ok((header, ranges))
    }
}

const _: () = {
    use core::mem::{offset_of, size_of};
    assert!(size_of::<ManifestHeader>() == MANIFEST_HEADER_LEN);
    assert!(offset_of!(ManifestHeader, reserved_1) == 46);
    assert!(offset_of!(ManifestHeader, label) == 64);
    assert!(offset_of!(ManifestHeader, reserved_2) == 75);
    assert!(offset_of!(ManifestHeader, blake3) == MANIFEST_HASHED_LEN);
    assert!(size_of::<RangeEntry>() == RANGE_ENTRY_LEN);
    assert!(offset_of!(RangeEntry, blake3) == 32);
};
