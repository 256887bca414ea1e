//! The capsule: one image on the stick, as the ordinary file `RAMKEY/NAME.RKC`.
//!
//! A 512-byte header names a table of chunks; table and stored bytes may lie anywhere behind it, in any order. Chunks are
//! a fixed power of two long, so the chaining values of the table combine to exactly the BLAKE3 hash of what is in memory:
//! what `b3sum IMAGE` prints where nothing was left out. Specified byte by byte in `docs/format.md`.

use zerocopy::FromBytes;
use zerocopy::little_endian::{U16, U32, U64};

mod chunk;
mod need;
mod origin;
mod rules;

pub use chunk::{BEFORE_LEN_MAX, CHUNK_ENTRY_LEN, ChunkEntry, Codec, Form, PACKED_BLOCK_LEN_MAX};
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
/// Name of the text about the images, in the same folder.
pub const README: &str = "README.TXT";
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
    /// Nothing in the image says that it is a floppy: the user may boot it as a hard disk instead.
    pub const KIND_IS_GUESS: u32 = 1 << 8;
    /// Every bit that this version understands.
    pub const KNOWN: u32 = (1 << 9) - 1;
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

/// Heads of a hard disk that says nothing about them, up to 1024 cylinders.
pub const USUAL_HEADS: u16 = 16;
/// Sectors per track of such a disk.
pub const USUAL_SECTORS_PER_TRACK: u16 = 63;

/// Most RAM drives of one entry, with the boot drive, and with the drive that a disc emulates.
pub const DRIVES_MAX: usize = 8;
/// Most companions of one capsule.
pub const COMPANIONS_MAX: usize = DRIVES_MAX - 1;
/// Bytes in a sector of a CD.
pub const DISC_SECTOR_LEN: u64 = 2048;
/// Most bytes of the root directory of a disc and of the capsules' directory: what a loader looks through.
pub const DISC_DIRECTORY_LEN_MAX: u32 = 2 << 20;

record! {
    /// Another image that is loaded together with this one.
    #[derive(Copy, Default)]
    pub struct Companion[24] {
        /// name of its capsule without the extension, as in a directory: upper case, padded with spaces; zeros when
        /// there is none
        pub name: [u8; 8],
        /// first half of the BLAKE3 of its original image
        pub image_blake3: [u8; 16],
    }
}

impl Companion {
    /// Whether this place holds a companion.
    pub fn is_there(&self) -> bool {
        self.name[0] != 0
    }
}

record! {
    /// How a CD boots (El Torito 1.0); zeros for every other kind.
    #[derive(Copy, Default)]
    pub struct Disc[20] {
        /// 0 none, 1 a 1.2M floppy, 2 a 1.44M floppy, 3 a 2.88M floppy, 4 a hard disk, FFh a disc that does not
        /// boot
        pub emulation: u8,
        /// zero
        pub reserved_1: u8,
        /// segment that the boot image is loaded to; never 0
        pub load_segment: U16,
        /// sectors of 512 bytes to load, at least 1
        pub load_sectors: U16,
        /// zero
        pub reserved_2: U16,
        /// first sector of the boot image, in sectors of 2048 bytes
        pub load_lba: U32,
        /// first sector of the boot catalogue, in sectors of 2048 bytes
        pub catalogue_lba: U32,
        /// length of the emulated disk in sectors of 512 bytes; 0 without emulation
        pub emulated_sectors: U32,
    }
}

impl Disc {
    /// Whether the boot image becomes a drive of its own.
    pub fn emulates(&self) -> bool {
        (emulation::FLOPPY_1200..=emulation::HARD_DISK).contains(&self.emulation)
    }
}

record! {
    /// First sector of a capsule.
    pub struct CapsuleHeader[512] {
        /// `RAMKEYRC`
        pub magic: [u8; 8],
        /// 1
        pub version: U16,
        /// 512
        pub header_len: U16,
        /// see below
        pub flags: U32,
        /// length of the capsule in bytes, a multiple of 512
        pub file_len: U64,
        /// length of the image in memory in bytes, 1 to FFF00000h
        pub image_len: U64,
        /// BLAKE3 of the original image
        pub image_blake3: [u8; 32],
        /// BLAKE3 of the image in memory: that of the original unless sectors were left out when the capsule was
        /// made
        pub ram_blake3: [u8; 32],
        /// BLAKE3 of the table block
        pub table_blake3: [u8; 32],
        /// first byte of the table block, a multiple of 512, at least 512
        pub table_offset: U64,
        /// length of the table block in bytes: 48 for each chunk, and the origin record if there is one
        pub table_len: U32,
        /// entries in the chunk table
        pub chunk_count: U32,
        /// sectors of 512 bytes of the RAM disk: lead, image, zeros behind it; for a CD a multiple of 4
        pub disk_sectors: U32,
        /// sectors that the loader makes before the image; 0 unless it is a partition
        pub lead_sectors: U32,
        /// at least 1; with `heads` and `sectors_per_track` the geometry that INT 13h answers with. Of a CD: of the
        /// disk that it emulates, else 65535, 255 and 15
        pub cylinders: U32,
        /// 1 to 255
        pub heads: U16,
        /// 1 to 63
        pub sectors_per_track: U16,
        /// log2 of the length of a chunk, 14 to 20; the writer uses 18
        pub chunk_shift: u8,
        /// 1 hard disk, 2 floppy, 3 partition, 4 CD
        pub kind: u8,
        /// BIOS drive number: 80h to 8Fh, 00h to 03h for a floppy, E0h for a CD; see below
        pub drive: u8,
        /// CMOS type of a floppy drive, or of the floppy that a CD emulates: 1 360K, 2 1.2M, 3 720K, 4 1.44M, 6
        /// 2.88M; else 0
        pub drive_type: u8,
        /// type byte of the partition that the loader makes; 0 unless it is a partition
        pub partition_type: u8,
        /// zero
        pub reserved_1: [u8; 3],
        /// of a hard disk: NT disk signature that the RAM disk gets at 1B8h because the image has none; 0 leaves it
        pub disk_signature: U32,
        /// times that the capsule was changed in place; 0 as it was written
        pub changes: U32,
        /// how a CD boots; zeros for every other kind; see below
        pub disc: Disc,
        /// language of the title and of the origin's text: two lower-case letters, or zeros if it is not known, as
        /// the writer has it
        pub language: [u8; 2],
        /// zero
        pub reserved_2: [u8; 50],
        /// in code page 437, as a PC shows it: 20h to 7Eh and 80h to FEh, at least one character, padded with
        /// zeros. A title of ASCII alone is read by every loader
        pub title: [u8; 64],
        /// seven records of 24 bytes: the images that are loaded together with this one; see below
        pub companions: [Companion; COMPANIONS_MAX],
        /// BLAKE3 of the 480 bytes before it
        pub header_blake3: [u8; 32],
    }
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

    /// Makes the hard disk of it that its image may be as well: drive 80h, with the heads and sectors per track of a disk
    /// that says nothing about them, and as many cylinders as reach its end.
    pub fn become_hard_disk(&mut self) {
        let cylinder = u32::from(USUAL_HEADS) * u32::from(USUAL_SECTORS_PER_TRACK);
        self.kind = kind::HARD_DISK;
        self.drive = *numbers_of(kind::HARD_DISK).start();
        self.drive_type = 0;
        self.cylinders = self.disk_sectors.get().div_ceil(cylinder).into();
        self.heads = USUAL_HEADS.into();
        self.sectors_per_track = USUAL_SECTORS_PER_TRACK.into();
        self.flags.set(self.flags.get() & !flags::KIND_IS_GUESS);
    }

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

const _: () = assert!(core::mem::offset_of!(CapsuleHeader, header_blake3) == HEADER_HASHED_LEN);
