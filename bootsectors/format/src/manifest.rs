//! The stick manifest: what was written where, with the hash of each range.
//!
//! It lies in the boot area, outside every file system, so `verify` needs no image. A header, then [`RangeEntry`] records. A
//! capsule is proven through its header: the header's hash covers the chunk table's hash, and that covers every chunk.
//!
//! There are two slots, at [`crate::memory::MANIFEST_LBA`] and [`crate::memory::MANIFEST_2_LBA`]. Of the sound manifests the
//! one with the higher [`ManifestHeader::generation`] counts; a change is written into the other slot.

use zerocopy::FromBytes;
use zerocopy::little_endian::{U16, U32, U64};

use crate::memory::{MANIFEST_SECTORS_MAX, SECTOR_SIZE};

/// Length of [`ManifestHeader`], in bytes; the ranges follow it.
pub const MANIFEST_HEADER_LEN: usize = ManifestHeader::LEN;
/// Length of [`RangeEntry`], in bytes.
pub const RANGE_ENTRY_LEN: usize = RangeEntry::LEN;
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
    /// The first piece of the capsule before it once more: the hash is that of the capsule's header sector after a change
    /// that is under way.
    pub const CAPSULE_NEXT: u8 = 11;
    /// What ISO 9660 and El Torito have on a medium that is a disc as well: descriptors, boot catalogue, boot image, path
    /// tables and directories.
    pub const DISC: u8 = 12;
    /// Files of the user's own, which ISO 9660 alone names.
    pub const FILES: u8 = 13;
    /// The file that tells of the images, which the user may change and delete. Two of them while it is written anew: one is there.
    pub const TEXT: u8 = 14;
}

record! {
    /// Start of the manifest.
    pub struct ManifestHeader[128] {
        /// `RAMKEYMF`
        pub magic: [u8; 8],
        /// 1
        pub version: U16,
        /// 128
        pub header_len: U16,
        /// none is known
        pub flags: U32,
        /// sectors of the stick that the layout was made for
        pub stick_sectors: U64,
        /// LBA of the file system
        pub volume_lba: U64,
        /// sectors of the file system
        pub volume_sectors: U64,
        /// entries that follow
        pub range_count: U32,
        /// 1 `hdd`, 2 `gpt`, 3 `superfloppy`, 4 `universal`, 5 `universal-zip`, 6 `zip`, 7 `fdd`, 8 `two-partitions`
        pub layout: u8,
        /// 12, 16 or 32
        pub fat_bits: u8,
        /// zero
        pub reserved_1: [u8; 2],
        /// identity of the stick
        pub stick_id: [u8; 16],
        /// label of the file system, upper case, padded with spaces; a user may change it later
        pub label: [u8; 11],
        /// zero
        pub reserved_2: u8,
        /// 1 as the stick is written, and one more with each manifest that is written later; never 0
        pub generation: U32,
        /// zero
        pub reserved_3: [u8; 16],
        /// BLAKE3 of bytes 0..96 of this header followed by all entries
        pub blake3: [u8; 32],
    }
}

/// Bytes of the header that its hash covers.
pub const MANIFEST_HASHED_LEN: usize = core::mem::offset_of!(ManifestHeader, blake3);

record! {
    /// One written range. Ascending by LBA, not overlapping, but for [`range::CAPSULE_NEXT`].
    #[derive(Copy)]
    pub struct RangeEntry[64] {
        /// first sector
        pub lba: U64,
        /// at least 1
        pub sectors: U64,
        /// 1 sector 0, 2 partition table, 3 boot code, 4 reserved sectors of the file system, 5 its tables, 6 a directory, 7 a
        /// capsule or a piece of it, 8 zeros, 9 copies and stamps, 10 the boot area again, 11 a capsule that is being changed,
        /// 12 what ISO 9660 and El Torito have, 13 the user's own files on a disc, 14 the text about the images
        pub kind: u8,
        /// zero
        pub reserved: [u8; 7],
        /// for a capsule, the first sector of this piece in the file; else 0
        pub file_sector: U64,
        /// BLAKE3 of the range; for a capsule, of its first sector
        pub blake3: [u8; 32],
    }
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
    /// A reserved field is not zero, or the generation is, or there is no such FAT.
    Field {
        /// Offset of the field in the header.
        offset: u16,
    },
    /// No ranges, more than a manifest can have, or fewer bytes than they take.
    RangeCount {
        /// Number found.
        found: u32,
    },
    /// Ranges overlap, are empty, of an unknown kind, out of order or outside the stick; or a capsule that is being changed does not follow its
    /// first piece.
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
        if header.magic != Self::MAGIC {
            return Err(ManifestError::NotAManifest);
        }
        if header.version.get() != Self::VERSION {
            return Err(ManifestError::Version { found: header.version.get() });
        }
        if header.flags.get() != 0 {
            return Err(ManifestError::UnknownFlags { bits: header.flags.get() });
        }
        let fields = [
            (usize::from(header.header_len.get()) == MANIFEST_HEADER_LEN, field_offset!(Self, header_len)),
            (header.reserved_1 == [0; 2], field_offset!(Self, reserved_1)),
            (header.reserved_2 == 0, field_offset!(Self, reserved_2)),
            (matches!(header.fat_bits, 12 | 16 | 32), field_offset!(Self, fat_bits)),
            (header.generation.get() != 0, field_offset!(Self, generation)),
            (header.reserved_3 == [0; 16], field_offset!(Self, reserved_3)),
        ];
        if let Some((_, offset)) = fields.into_iter().find(|(is_right, _)| !is_right) {
            return Err(ManifestError::Field { offset });
        }
        let found = header.range_count.get();
        let count = found as usize;
        if count == 0 || count > RANGES_MAX {
            return Err(ManifestError::RangeCount { found });
        }
        let (ranges, _) = <[RangeEntry]>::ref_from_prefix_with_elems(rest, count)
            .map_err(|_| ManifestError::RangeCount { found })?;
        let mut before = None;
        for (index, range) in (0..).zip(ranges) {
            let end = range.lba.get().checked_add(range.sectors.get());
            let is_placed = match range.kind {
                range::CAPSULE_NEXT => before.is_some_and(|before| range.is_next_of(before)),
                _ => before.is_none_or(|before: &RangeEntry| range.lba.get() >= before.end()),
            };
            let is_on_stick = end.is_some_and(|end| end <= header.stick_sectors.get());
            if range.sectors.get() == 0 || !is_placed || !is_on_stick || !range.is_known() {
                return Err(ManifestError::Range { index });
            }
            before = Some(range);
        }
        Ok((header, ranges))
    }
}

/// Whether these ranges say that a change is under way: of a capsule, or of the text about the images.
#[must_use]
pub fn is_changing(ranges: &[RangeEntry]) -> bool {
    let texts = ranges.iter().filter(|range| range.kind == range::TEXT).count();
    texts > 1 || ranges.iter().any(|range| range.kind == range::CAPSULE_NEXT)
}

impl RangeEntry {
    /// Whether its kind is one of [`range`], and what must be zero is.
    fn is_known(&self) -> bool {
        let is_capsule = matches!(self.kind, range::CAPSULE | range::CAPSULE_NEXT);
        (range::SECTOR_0..=range::TEXT).contains(&self.kind)
            && self.reserved == [0; 7]
            && (is_capsule || self.file_sector.get() == 0)
    }

    /// One past its last sector.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.lba.get().saturating_add(self.sectors.get())
    }

    /// Whether it is the first piece of a capsule.
    #[must_use]
    pub fn is_first_piece(&self) -> bool {
        self.kind == range::CAPSULE && self.file_sector.get() == 0
    }

    /// Whether it says to what the capsule is being changed whose first piece stands before it.
    fn is_next_of(&self, before: &Self) -> bool {
        let place = |entry: &Self| (entry.lba.get(), entry.sectors.get(), entry.file_sector.get());
        before.is_first_piece() && place(self) == place(before)
    }
}
