//! The capsule: one image on the stick, as the ordinary file `RAMKEY/NAME.RKC`.
//!
//! A 512-byte header names a table of chunks; table and stored bytes may lie anywhere behind it, in any order. Chunks are
//! a fixed power of two long, so the chaining values of the table combine to exactly the BLAKE3 hash of what is in memory:
//! what `b3sum IMAGE` prints where nothing was left out. Specified byte by byte in `docs/format.md`.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

mod chunk;
mod need;
mod origin;
mod rules;

pub use chunk::{CHUNK_ENTRY_LEN, ChunkEntry, Codec, Form};
pub use need::Need;
pub use origin::{ORIGIN_LEN, ORIGIN_TEXT_MAX, Origin};

/// Length of [`CapsuleHeader`], in bytes.
pub const CAPSULE_HEADER_LEN: usize = 512;
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
    /// INT 13h writes report success and are dropped.
    pub const FAKE_WRITE: u32 = 1 << 1;
    /// This image stands beside another one's boot drive, and is in no menu.
    pub const COMPANION: u32 = 1 << 2;
    /// The machine's own hard disks come before the hard disks in RAM.
    pub const INTERNAL_FIRST: u32 = 1 << 3;
    /// The stick keeps a drive number.
    pub const KEEP_STICK: u32 = 1 << 4;
    /// Drivers see GRUB4DOS's hook and slots instead of MEMDISK's.
    pub const GRUB4DOS: u32 = 1 << 5;
    /// INT 13h copies with its own mode switch only.
    pub const COPY_DIRECT: u32 = 1 << 6;
    /// INT 13h copies with INT 15h AH=87h only.
    pub const COPY_INT15: u32 = 1 << 7;
    /// Every bit that this version understands.
    pub const KNOWN: u32 = (1 << 8) - 1;
    /// The bits that a companion may have; the others belong to the boot drive's capsule.
    pub const OF_COMPANIONS: u32 = READ_ONLY | FAKE_WRITE | COMPANION;
}

/// Values of [`CapsuleHeader::kind`].
pub mod kind {
    /// A whole hard disk: drive 80h.
    pub const HARD_DISK: u8 = 1;
    /// A floppy: drive 00h.
    pub const FLOPPY: u8 = 2;
    /// One partition: drive 80h behind a first track that the loader makes.
    pub const PARTITION: u8 = 3;
    /// A CD: drive E0h, sectors of 2048 bytes.
    pub const DISC: u8 = 4;
}

/// Values of [`Disc::emulation`]: the media types of El Torito, and one for discs that do not boot.
pub mod emulation {
    /// The boot image is code; the drive is the disc.
    pub const NONE: u8 = 0;
    /// The boot image is a floppy of 1.2 MB.
    pub const FLOPPY_1200: u8 = 1;
    /// The boot image is a floppy of 1.44 MB.
    pub const FLOPPY_1440: u8 = 2;
    /// The boot image is a floppy of 2.88 MB.
    pub const FLOPPY_2880: u8 = 3;
    /// The boot image is a hard disk.
    pub const HARD_DISK: u8 = 4;
    /// The disc does not boot: a companion.
    pub const NOT_BOOTABLE: u8 = 0xFF;
}

/// Most RAM drives of one entry, with the boot drive, and with the drive that a disc emulates.
pub const DRIVES_MAX: usize = 8;
/// Most companions of one capsule.
pub const COMPANIONS_MAX: usize = DRIVES_MAX - 1;
/// Bytes in a sector of a CD.
pub const DISC_SECTOR_LEN: u64 = 2048;

/// Another image that is loaded together with this one.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Companion {
    /// Name of its capsule without the extension, as in a directory: upper case, padded with spaces; zeros when
    /// there is none. Offset 0.
    pub name: [u8; 8],
    /// First half of the BLAKE3 of its original image. Offset 8.
    pub image_blake3: [u8; 16],
}

impl Companion {
    /// Whether this place holds a companion.
    pub fn is_there(&self) -> bool {
        self.name[0] != 0
    }
}

/// How a CD boots (El Torito 1.0); zeros for every other kind.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Disc {
    /// A value of [`emulation`]. Offset 0.
    pub emulation: u8,
    /// Zero. Offset 1.
    pub reserved_1: u8,
    /// Segment that the boot image is loaded to; never 0. Offset 2.
    pub load_segment: U16,
    /// Sectors of 512 bytes to load. Offset 4.
    pub load_sectors: U16,
    /// Zero. Offset 6.
    pub reserved_2: U16,
    /// First sector of the boot image, in sectors of 2048 bytes. Offset 8.
    pub load_lba: U32,
    /// First sector of the boot catalogue, in sectors of 2048 bytes. Offset 12.
    pub catalogue_lba: U32,
    /// Length of the emulated disk in sectors of 512 bytes; 0 without emulation. Offset 16.
    pub emulated_sectors: U32,
}

impl Disc {
    /// Whether the boot image becomes a drive of its own.
    pub fn emulates(&self) -> bool {
        (emulation::FLOPPY_1200..=emulation::HARD_DISK).contains(&self.emulation)
    }
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
    /// Length of the image in memory in bytes; at least 1. Offset 24.
    pub image_len: U64,
    /// BLAKE3 of the original image. Offset 32.
    pub image_blake3: [u8; 32],
    /// BLAKE3 of the image in memory: that of the original unless sectors of it were left out. Offset 64.
    pub ram_blake3: [u8; 32],
    /// BLAKE3 of the table block. Offset 96.
    pub table_blake3: [u8; 32],
    /// First byte of the table block, from the start of the capsule; a multiple of 512, at least 512. Offset 128.
    pub table_offset: U64,
    /// Length of the table block in bytes: the chunk table, and an origin record if there is one. Offset 136.
    pub table_len: U32,
    /// Entries in the chunk table. Offset 140.
    pub chunk_count: U32,
    /// Length of the RAM disk in sectors: the lead, the image, and zeros behind it. Offset 144.
    pub disk_sectors: U32,
    /// Sectors that the loader makes before the image; 0 unless the kind is a partition. Offset 148.
    pub lead_sectors: U32,
    /// Cylinders, at least 1; of the emulated disk when a disc has one. Offset 152.
    pub cylinders: U32,
    /// Heads, 1 to 255. Offset 156.
    pub heads: U16,
    /// Sectors per track, 1 to 63. Offset 158.
    pub sectors_per_track: U16,
    /// log2 of the chunk length, in [`CHUNK_SHIFT_RANGE`]. Offset 160.
    pub chunk_shift: u8,
    /// A value of [`kind`]. Offset 161.
    pub kind: u8,
    /// BIOS drive number, in [`numbers_of`]. The first of a class (80h, 00h, E0h) means the next that is free in it;
    /// any other number means just that one. Offset 162.
    pub drive: u8,
    /// CMOS drive type of a floppy, or of the floppy that a disc emulates, as INT 13h AH=08h gives it in BL; else
    /// 0. Offset 163.
    pub drive_type: u8,
    /// Type byte of the partition that the loader makes; 0 unless the kind is a partition. Offset 164.
    pub partition_type: u8,
    /// Zero. Offset 165.
    pub reserved_1: [u8; 3],
    /// NT disk signature that the RAM disk gets because the image has none; 0 leaves it. Offset 168.
    pub disk_signature: U32,
    /// Times that the capsule was changed in place; 0 as it was written. Offset 172.
    pub changes: U32,
    /// How a CD boots. Offset 176.
    pub disc: Disc,
    /// Language of the title and of the origin's text: two lower-case letters, or zeros if it is not known. Offset 196.
    pub language: [u8; 2],
    /// Zero. Offset 198.
    pub reserved_2: [u8; 50],
    /// Title for people, as the screen shows it: code page 437 without controls, padded with zeros, at least one
    /// character. Offset 248.
    pub title: [u8; 64],
    /// Images that are loaded together with this one, in the order of their drives; the last places may be empty.
    /// Offset 312.
    pub companions: [Companion; COMPANIONS_MAX],
    /// BLAKE3 of the 480 bytes before it. Offset 480.
    pub header_blake3: [u8; 32],
}

/// BIOS drive numbers that a capsule of `kind` may name; the first means "the next that is free".
pub const fn numbers_of(kind: u8) -> core::ops::RangeInclusive<u8> {
    match kind {
        kind::FLOPPY => 0x00..=0x03,
        kind::DISC => 0xE0..=0xE0,
        _ => 0x80..=0x8F,
    }
}

/// Whether a title can have `byte`: text of code page 437.
pub const fn is_title_byte(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7E | 0x80..=0xFE)
}

/// Why bytes are no capsule that this version can boot.
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
    /// A chunk is packed in a way that this version does not know.
    UnknownCodec {
        /// Number of the chunk.
        index: u32,
        /// Codec found.
        found: u8,
    },
    /// The origin record contradicts itself.
    Origin {
        /// Offset of the field in the record.
        offset: u16,
    },
}

impl CapsuleHeader {
    /// ASCII, so that a hex dump of a stick shows it.
    pub const MAGIC: [u8; 8] = *b"RAMKEYRC";
    /// The version that this crate reads and writes.
    pub const VERSION: u16 = 1;

    /// The companions, in order.
    pub fn companions(&self) -> impl Iterator<Item = &Companion> {
        self.companions.iter().take_while(|companion| companion.is_there())
    }

    /// Bytes in the chunk table, with which the table block begins.
    pub fn entries_len(&self) -> u64 {
        u64::from(self.chunk_count.get()) * CHUNK_ENTRY_LEN as u64
    }

    /// The chunk table of a table block, or `None` if the block is shorter than the table.
    pub fn entries<'t>(&self, block: &'t [u8]) -> Option<&'t [ChunkEntry]> {
        let count = usize::try_from(self.chunk_count.get()).ok()?;
        <[ChunkEntry]>::ref_from_prefix_with_elems(block, count).ok().map(|(entries, _)| entries)
    }

    /// Bytes in a full chunk.
    pub fn chunk_len(&self) -> u64 {
        1 << self.chunk_shift
    }

    /// Bytes of the image in chunk `index`: a full chunk, or what is left for the last one.
    pub fn raw_len(&self, index: u32) -> u64 {
        self.image_len.get().saturating_sub(u64::from(index) << self.chunk_shift).min(self.chunk_len())
    }

    /// The title in code page 437, or `None` if a byte of it is no text there.
    pub fn title(&self) -> Option<&[u8]> {
        let len = self.title.iter().position(|&byte| byte == 0).unwrap_or(self.title.len());
        let (text, padding) = self.title.split_at(len);
        let sound = text.iter().all(|&byte| is_title_byte(byte)) && padding.iter().all(|&byte| byte == 0);
        sound.then_some(text)
    }
}

const _: () = {
    use core::mem::{offset_of, size_of};
    assert!(size_of::<CapsuleHeader>() == CAPSULE_HEADER_LEN);
    assert!(offset_of!(CapsuleHeader, header_blake3) == HEADER_HASHED_LEN);
    assert!(offset_of!(CapsuleHeader, image_blake3) == 32);
    assert!(offset_of!(CapsuleHeader, table_offset) == 128);
    assert!(offset_of!(CapsuleHeader, cylinders) == 152);
    assert!(offset_of!(CapsuleHeader, chunk_shift) == 160);
    assert!(offset_of!(CapsuleHeader, disk_signature) == 168);
    assert!(offset_of!(CapsuleHeader, disc) == 176);
    assert!(offset_of!(CapsuleHeader, title) == 248);
    assert!(offset_of!(CapsuleHeader, companions) == 312);
    assert!(size_of::<Companion>() == 24);
    assert!(size_of::<Disc>() == 20);
};
