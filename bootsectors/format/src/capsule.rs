//! The capsule: one image on the stick, as the ordinary file `RAMKEY/NAME.RKC`.
//!
//! A 512-byte header, a table of chunks, then the chunks' stored bytes in order. Chunks are a fixed power of two
//! long, so the chaining values of the table combine to exactly the BLAKE3 hash of the original image: what
//! `b3sum IMAGE` prints. Specified byte by byte in `docs/format.md`.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Length of [`CapsuleHeader`], in bytes; the chunk table follows it.
pub const CAPSULE_HEADER_LEN: usize = 512;
/// Length of [`ChunkEntry`], in bytes.
pub const CHUNK_ENTRY_LEN: usize = 48;
/// Bytes of the header that its own hash covers.
pub const HEADER_HASHED_LEN: usize = 480;
/// Folder that holds the capsules, as an 8.3 name.
pub const FOLDER: &str = "RAMKEY";
/// Extension of a capsule, as an 8.3 name.
pub const EXTENSION: &str = "RKC";
/// log2 of the chunk length that the writer chooses: 256 KiB.
pub const CHUNK_SHIFT: u8 = 18;
/// Smallest and largest log2 of a chunk length that a reader must accept.
pub const CHUNK_SHIFT_RANGE: core::ops::RangeInclusive<u8> = 14..=20;
/// Most bytes that a RAM disk can have: it must end below 4 GiB.
pub const DISK_LEN_MAX: u64 = 0xFFF0_0000;

/// Bits of [`CapsuleHeader::flags`].
pub mod flags {
    /// The RAM disk refuses INT 13h writes with status 03h.
    pub const READ_ONLY: u32 = 1 << 0;
    /// Every bit that this version understands.
    pub const KNOWN: u32 = READ_ONLY;
}

/// Values of [`CapsuleHeader::kind`].
pub mod kind {
    /// A whole hard disk: drive 80h.
    pub const HARD_DISK: u8 = 1;
    /// A floppy: drive 00h.
    pub const FLOPPY: u8 = 2;
    /// One partition: drive 80h behind a first track that the loader makes.
    pub const PARTITION: u8 = 3;
}

/// Values of [`ChunkEntry::codec`].
pub mod codec {
    /// The chunk's bytes, as they are.
    pub const RAW: u8 = 0;
    /// Nothing is stored; the chunk is all zeros.
    pub const ZERO: u8 = 1;
}

/// First sector of a capsule.
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct CapsuleHeader {
    /// [`CapsuleHeader::MAGIC`]. Offset 0.
    pub magic: [u8; 8],
    /// [`CapsuleHeader::VERSION`]. Offset 8.
    pub version: U16,
    /// Length of this record in bytes: 512. Offset 10.
    pub header_len: U16,
    /// Bits of [`flags`]; an unknown bit must be refused. Offset 12.
    pub flags: U32,
    /// Length of the whole capsule in bytes, a multiple of 512. Offset 16.
    pub file_len: U64,
    /// Length of the original image in bytes; at least 1. Offset 24.
    pub image_len: U64,
    /// BLAKE3 of the original image. Offset 32.
    pub image_blake3: [u8; 32],
    /// BLAKE3 of the chunk table. Offset 64.
    pub table_blake3: [u8; 32],
    /// Length of the RAM disk in sectors: the lead, the image, and zeros behind it. Offset 96.
    pub disk_sectors: U32,
    /// Sectors that the loader makes before the image; 0 unless the kind is a partition. Offset 100.
    pub lead_sectors: U32,
    /// Entries in the chunk table. Offset 104.
    pub chunk_count: U32,
    /// First stored byte, from the start of the capsule; a multiple of 512. Offset 108.
    pub data_offset: U32,
    /// log2 of the chunk length, in [`CHUNK_SHIFT_RANGE`]. Offset 112.
    pub chunk_shift: u8,
    /// A value of [`kind`]. Offset 113.
    pub kind: u8,
    /// BIOS drive number: 80h, or 00h for a floppy. Offset 114.
    pub drive: u8,
    /// CMOS drive type of a floppy, as INT 13h AH=08h gives it in BL; 0 for a hard disk. Offset 115.
    pub drive_type: u8,
    /// Cylinders, at least 1. Offset 116.
    pub cylinders: U32,
    /// Heads, 1 to 255. Offset 120.
    pub heads: U16,
    /// Sectors per track, 1 to 63. Offset 122.
    pub sectors_per_track: U16,
    /// Type byte of the partition that the loader makes; 0 unless the kind is a partition. Offset 124.
    pub partition_type: u8,
    /// Zero. Offset 125.
    pub reserved_1: [u8; 3],
    /// Title for people: printable ASCII, padded with zeros, at least one character. Offset 128.
    pub title: [u8; 64],
    /// Zero. Offset 192.
    pub reserved_2: [u8; 288],
    /// BLAKE3 of the 480 bytes before it. Offset 480.
    pub header_blake3: [u8; 32],
}

/// One chunk of the image: the `i`-th covers the image's bytes from `i << chunk_shift` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ChunkEntry {
    /// A value of [`codec`]. Offset 0.
    pub codec: u8,
    /// Zero. Offset 1.
    pub reserved: [u8; 3],
    /// Stored bytes: the chunk's length for `RAW`, 0 for `ZERO`. Offset 4.
    pub stored_len: U32,
    /// First stored byte from the start of the capsule, a multiple of 512, ascending; 0 for `ZERO`. Offset 8.
    pub stored_offset: U64,
    /// BLAKE3 chaining value of the chunk at its place in the image; the root hash when it is the only chunk. Offset 16.
    pub chaining_value: [u8; 32],
}

/// Why bytes are no capsule header that this version can boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CapsuleError {
    /// The bytes are something else, or too few.
    NotACapsule,
    /// Written by another version.
    Version {
        /// Version found.
        found: u16,
    },
    /// A flag that this version must not ignore.
    UnknownFlags {
        /// The bits that are not in [`flags::KNOWN`].
        bits: u32,
    },
    /// A kind that this version does not know.
    UnknownKind {
        /// Kind found.
        found: u8,
    },
    /// A field contradicts the others, or is outside its range.
    Field {
        /// Offset of the field in the header.
        offset: u16,
    },
    /// A chunk's entry is wrong.
    Chunk {
        /// Number of the chunk.
        index: u32,
    },
}

impl CapsuleHeader {
    /// ASCII, so that a hex dump of a stick shows it.
    pub const MAGIC: [u8; 8] = *b"RAMKEYRC";
    /// The version that this crate reads and writes.
    pub const VERSION: u16 = 1;

    /// Reads a header, refusing anything that the loader could not act on.
    ///
    /// The two hashes are for the caller to check: this crate does not hash.
    ///
    /// # Errors
    ///
    /// The first check that fails, in the order of [`CapsuleError`]'s variants.
    pub fn parse(bytes: &[u8]) -> Result<&Self, CapsuleError> {
        let (header, _) = Self::ref_from_prefix(bytes).map_err(|_| CapsuleError::NotACapsule)?;
        if header.magic != Self::MAGIC {
            return Err(CapsuleError::NotACapsule);
        }
        if header.version.get() != Self::VERSION {
            return Err(CapsuleError::Version { found: header.version.get() });
        }
        let bits = header.flags.get() & !flags::KNOWN;
        if bits != 0 {
            return Err(CapsuleError::UnknownFlags { bits });
        }
        if !(kind::HARD_DISK..=kind::PARTITION).contains(&header.kind) {
            return Err(CapsuleError::UnknownKind { found: header.kind });
        }
        match header.wrong_field() {
            Some(offset) => Err(CapsuleError::Field { offset }),
            None => Ok(header),
        }
    }

    /// Offset of the first field, in the order of the checks, that no writer would make.
    fn wrong_field(&self) -> Option<u16> {
        let image_len = self.image_len.get();
        let disk_len = u64::from(self.disk_sectors.get()) * 512;
        let lead_len = u64::from(self.lead_sectors.get()) * 512;
        let partition = self.kind == kind::PARTITION;
        let floppy = self.kind == kind::FLOPPY;
        if usize::from(self.header_len.get()) != CAPSULE_HEADER_LEN {
            return Some(10);
        }
        if image_len == 0 || image_len > DISK_LEN_MAX {
            return Some(24);
        }
        if disk_len > DISK_LEN_MAX || disk_len < lead_len + image_len {
            return Some(96);
        }
        if partition != (self.lead_sectors.get() != 0) {
            return Some(100);
        }
        if !CHUNK_SHIFT_RANGE.contains(&self.chunk_shift) {
            return Some(112);
        }
        if u64::from(self.chunk_count.get()) != image_len.div_ceil(1 << self.chunk_shift) {
            return Some(104);
        }
        let table_end = CAPSULE_HEADER_LEN as u64 + self.table_len();
        let data_offset = u64::from(self.data_offset.get());
        if data_offset < table_end || !data_offset.is_multiple_of(512) {
            return Some(108);
        }
        if self.file_len.get() < data_offset || !self.file_len.get().is_multiple_of(512) {
            return Some(16);
        }
        if self.drive != if floppy { 0x00 } else { 0x80 } {
            return Some(114);
        }
        if self.cylinders.get() == 0 {
            return Some(116);
        }
        if !(1..=255).contains(&self.heads.get()) {
            return Some(120);
        }
        if !(1..=63).contains(&self.sectors_per_track.get()) {
            return Some(122);
        }
        if self.title[0] == 0 || self.title().is_none() {
            return Some(128);
        }
        None
    }

    /// Bytes in the chunk table.
    pub fn table_len(&self) -> u64 {
        u64::from(self.chunk_count.get()) * CHUNK_ENTRY_LEN as u64
    }

    /// Bytes in a full chunk.
    pub fn chunk_len(&self) -> u64 {
        1 << self.chunk_shift
    }

    /// Bytes of the image in chunk `index`: a full chunk, or what is left for the last one.
    pub fn raw_len(&self, index: u32) -> u64 {
        self.image_len.get().saturating_sub(u64::from(index) << self.chunk_shift).min(self.chunk_len())
    }

    /// The title, or `None` if it is not printable ASCII.
    pub fn title(&self) -> Option<&str> {
        let len = self.title.iter().position(|&byte| byte == 0).unwrap_or(self.title.len());
        let (text, padding) = self.title.split_at(len);
        let sound = text.iter().all(|byte| (0x20..0x7F).contains(byte)) && padding.iter().all(|&b| b == 0);
        if sound { core::str::from_utf8(text).ok() } else { None }
    }

    /// Checks entry `index`, whose predecessors' stored bytes end at `stored_end`; returns where its own end,
    /// rounded up to a sector.
    ///
    /// # Errors
    ///
    /// [`CapsuleError::Chunk`] if the codec is unknown or the stored bytes are not where a writer puts them.
    pub fn check_entry(&self, index: u32, entry: &ChunkEntry, stored_end: u64) -> Result<u64, CapsuleError> {
        let (offset, len) = (entry.stored_offset.get(), u64::from(entry.stored_len.get()));
        let sound = entry.reserved == [0; 3]
            && match entry.codec {
                codec::RAW => {
                    len == self.raw_len(index)
                        && offset.is_multiple_of(512)
                        && offset >= stored_end
                        && offset.checked_add(len).is_some_and(|end| end <= self.file_len.get())
                }
                codec::ZERO => offset == 0 && len == 0,
                _ => false,
            };
        match (sound, entry.codec) {
            (false, _) => Err(CapsuleError::Chunk { index }),
            (true, codec::ZERO) => Ok(stored_end),
            (true, _) => Ok((offset + len).next_multiple_of(512)),
        }
    }
}

const _: () = {
    use core::mem::{offset_of, size_of};
    assert!(size_of::<CapsuleHeader>() == CAPSULE_HEADER_LEN);
    assert!(size_of::<ChunkEntry>() == CHUNK_ENTRY_LEN);
    assert!(offset_of!(CapsuleHeader, header_blake3) == HEADER_HASHED_LEN);
    assert!(offset_of!(CapsuleHeader, disk_sectors) == 96);
    assert!(offset_of!(CapsuleHeader, chunk_shift) == 112);
    assert!(offset_of!(CapsuleHeader, cylinders) == 116);
    assert!(offset_of!(CapsuleHeader, title) == 128);
};
