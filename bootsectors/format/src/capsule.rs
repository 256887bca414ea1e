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

/// Values of [`ChunkEntry::codec`].
pub mod codec {
    /// The chunk's bytes, as they are.
    pub const RAW: u8 = 0;
    /// Nothing is stored; the chunk is all zeros.
    pub const ZERO: u8 = 1;
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
    /// Zero. Offset 8.
    pub reserved: [u8; 8],
    /// First half of the BLAKE3 of its image. Offset 16.
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
    /// BIOS drive number, in [`numbers_of`]. The first of a class (80h, 00h, E0h) means the next that is free in it;
    /// any other number means just that one. Offset 114.
    pub drive: u8,
    /// CMOS drive type of a floppy, or of the floppy that a disc emulates, as INT 13h AH=08h gives it in BL; else
    /// 0. Offset 115.
    pub drive_type: u8,
    /// Cylinders, at least 1; of the emulated disk when a disc has one. Offset 116.
    pub cylinders: U32,
    /// Heads, 1 to 255. Offset 120.
    pub heads: U16,
    /// Sectors per track, 1 to 63. Offset 122.
    pub sectors_per_track: U16,
    /// Type byte of the partition that the loader makes; 0 unless the kind is a partition. Offset 124.
    pub partition_type: u8,
    /// Zero. Offset 125.
    pub reserved_1: [u8; 3],
    /// Title for people, as the screen shows it: code page 437 without controls, padded with zeros, at least one
    /// character. Offset 128.
    pub title: [u8; 64],
    /// Images that are loaded together with this one, in the order of their drives; the last places may be empty.
    /// Offset 192.
    pub companions: [Companion; COMPANIONS_MAX],
    /// How a CD boots. Offset 416.
    pub disc: Disc,
    /// NT disk signature that the RAM disk gets because the image has none; 0 leaves it. Offset 436.
    pub disk_signature: U32,
    /// Zero. Offset 440.
    pub reserved_2: [u8; 40],
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
        if !(kind::HARD_DISK..=kind::DISC).contains(&header.kind) {
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
        if !numbers_of(self.kind).contains(&self.drive) {
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
        self.wrong_set().or_else(|| self.wrong_disc())
    }

    /// As `wrong_field`, for what belongs to a set of drives.
    fn wrong_set(&self) -> Option<u16> {
        let flags = self.flags.get();
        let companion = flags & flags::COMPANION != 0;
        let count = self.companions().count();
        let sound = |(place, other): (usize, &Companion)| {
            if place < count {
                // Behind the last character there are only spaces, as in a directory.
                let end = other.name.iter().position(|&byte| byte == b' ').unwrap_or(other.name.len());
                let (name, padding) = other.name.split_at(end);
                name.iter().all(|byte| (0x21..0x7F).contains(byte))
                    && padding.iter().all(|&byte| byte == b' ')
            } else {
                *other == Companion::default()
            }
        };
        if companion && flags & !flags::OF_COMPANIONS != 0
            || flags & flags::COPY_DIRECT != 0 && flags & flags::COPY_INT15 != 0
        {
            return Some(12);
        }
        let emulated = usize::from(self.disc.emulates());
        if !self.companions.iter().enumerate().all(sound)
            || companion && count != 0
            || 1 + emulated + count > DRIVES_MAX
        {
            return Some(192);
        }
        if self.disk_signature.get() != 0 && self.kind != kind::HARD_DISK {
            return Some(436);
        }
        None
    }

    /// As `wrong_field`, for how a CD boots.
    fn wrong_disc(&self) -> Option<u16> {
        let disc = &self.disc;
        if self.kind != kind::DISC {
            return (*disc != Disc::default()).then_some(416);
        }
        if !self.disk_sectors.get().is_multiple_of(DISC_SECTOR_LEN as u32 / 512) {
            return Some(96);
        }
        let bootable = disc.emulation != emulation::NOT_BOOTABLE;
        let companion = self.flags.get() & flags::COMPANION != 0;
        if bootable == companion || bootable && disc.emulation > emulation::HARD_DISK {
            return Some(416);
        }
        if !bootable {
            return (*disc != Disc { emulation: emulation::NOT_BOOTABLE, ..Disc::default() }).then_some(416);
        }
        if disc.load_segment.get() == 0 {
            return Some(418);
        }
        if disc.load_sectors.get() == 0 {
            return Some(420);
        }
        // What is loaded or emulated lies in the disk; what a floppy lacks behind it is zeros of the disk.
        let sectors =
            if disc.emulates() { disc.emulated_sectors.get() } else { disc.load_sectors.get().into() };
        if u64::from(disc.load_lba.get()) * 4 + u64::from(sectors) > u64::from(self.disk_sectors.get()) {
            return Some(424);
        }
        if u64::from(disc.catalogue_lba.get()) * 4 >= u64::from(self.disk_sectors.get()) {
            return Some(428);
        }
        if disc.emulates() != (disc.emulated_sectors.get() != 0) {
            return Some(432);
        }
        None
    }

    /// The companions, in order.
    pub fn companions(&self) -> impl Iterator<Item = &Companion> {
        self.companions.iter().take_while(|companion| companion.is_there())
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

    /// The title in code page 437, or `None` if a byte of it is no text there.
    pub fn title(&self) -> Option<&[u8]> {
        let len = self.title.iter().position(|&byte| byte == 0).unwrap_or(self.title.len());
        let (text, padding) = self.title.split_at(len);
        let sound = text.iter().all(|&byte| is_title_byte(byte)) && padding.iter().all(|&byte| byte == 0);
        sound.then_some(text)
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
    assert!(offset_of!(CapsuleHeader, companions) == 192);
    assert!(offset_of!(CapsuleHeader, disc) == 416);
    assert!(offset_of!(CapsuleHeader, disk_signature) == 436);
    assert!(size_of::<Companion>() == 32);
    assert!(size_of::<Disc>() == 20);
};
