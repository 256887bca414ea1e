//! Sector 0's patch points, the boot header, and what the stages tell each other.

use zerocopy::FromBytes;
use zerocopy::little_endian::{U16, U32};

use crate::bpb::{Fat32Start, PartitionEntry};
use crate::memory::{BLOCK_SHIFT, BOOT_SECTORS_MAX, DISC_BUFFER, DISC_LOAD, SECTOR_SIZE, STAGE2_SECTORS};
use crate::record::Record;

constants! {
    /// Bytes of stage 1's code; its stamp, the boot area's LBA and the boot checksum follow as in sector 0.
    STAGE1_LEN = SECTOR0_STAMP;
    /// Boot header: the file system is a FAT.
    VOLUME_FAT = 1;
    /// Boot header: the file system is ISO 9660; its first block is the medium's.
    VOLUME_ISO9660 = 2;
    /// Flag of the boot header: the medium is a disc as well. If its own file system cannot be reached, because the BIOS
    /// shows no more of the disc than the floppy or the hard disk that it emulates, ISO 9660 can.
    HEADER_IS_DISC = 1;
    /// Flag of the boot header: what the screen says goes to COM1 too, and keys come from there.
    HEADER_SERIAL = 2;
    /// MEASURED: the stick's stamps gave INFO_EDD_HIDDEN, so EDD works.
    MEASURED_EDD = 1;
    /// MEASURED: the stamps gave INFO_CHS_HIDDEN, so CHS works.
    MEASURED_CHS = 2;
    /// MEASURED: the stamps gave the sectors per track.
    MEASURED_SECTORS = 4;
    /// MEASURED: the stamps gave the heads.
    MEASURED_HEADS = 8;
    /// START_KEY: nothing.
    START_KEY_NONE = 0;
    /// START_KEY: F8, or a Shift key: show what was found, then go on.
    START_KEY_REPORT = 1;
    /// Timer ticks (18.2 a second) after which an INT 13h call counts as hung, when it lets interrupts in: 30 seconds.
    WATCH_TICKS = 546;
    /// Status of a call that hung, and of no BIOS.
    STATUS_ABANDONED = 0xFE;
    /// Status of no call: EDD never worked, and the sector lies behind the last cylinder that CHS can name.
    STATUS_OUT_OF_REACH = 0xFD;
    /// Value of REGS_INT that leaves for real mode at REGS_TARGET and does not come back.
    REGS_FAR_JUMP = 0x100;
}

record! {
    /// Sector 0. Its copies have all of it but the disk signature and the table; stage 1 has the fields from the stamp to the
    /// boot checksum, and a stamped sector has the stamp and the boot checksum, at the same places.
    pub struct Sector0[512] {
        /// jump over the next field
        pub jump: [u8; 3],
        /// BIOS parameter block where the file system begins here, else zeros. No code is here, because BIOSes write to it
        pub bpb: [u8; Fat32Start::LEN - 3],
        /// boot code
        pub code: [u8; 333] => SECTOR0_CODE,
        /// first sector in which stage 1 is looked for, counted from the first that the BIOS shows
        pub stage1: u8 => SECTOR0_STAGE1,
        /// checksum of stage 1, its first 428 bytes
        pub stage1_checksum: U32 => SECTOR0_STAGE1_CHECKSUM,
        /// stamp: LBA of this sector; it counts only where `boot_checksum` is that of this stick
        pub stamp: U32 => SECTOR0_STAMP,
        /// first LBA of the boot area: 128
        pub boot_lba: U32 => SECTOR0_BOOT_LBA,
        /// checksum of the first 16 sectors of the boot area, as they are on this stick
        pub boot_checksum: U32 => SECTOR0_BOOT_CHECKSUM,
        /// disk signature, as Windows NT knows it
        pub disk_signature: [u8; 4] => SECTOR0_DISK_SIGNATURE,
        /// zero
        pub reserved: [u8; 2],
        /// partition table; zeros in `fdd` and `superfloppy`
        pub table: [PartitionEntry; 4] => SECTOR0_TABLE,
        /// 55h AAh
        pub magic: U16 => SECTOR0_MAGIC,
    }
}

record! {
    /// First sector of the boot area: what the loader must know about this stick.
    ///
    /// The host program patches it into the committed boot code; sector 0's checksum covers it. Integers are
    /// little-endian. Specified in `docs/format.md`.
    pub struct BootHeader[512 => BOOT_HEADER_LEN] {
        /// `RAMKEYBT`
        pub magic: [u8; 8],
        /// 1
        pub version: U16,
        /// 512
        pub header_len: U16,
        /// bit 0: the medium is a disc as well; bit 1: the screen is sent to COM1 too; others are refused
        pub flags: U32,
        /// sectors of this header and stage 2: 16
        pub stage2_sectors: U16,
        /// sectors of the loader, at least 1; with `stage2_sectors` at most 336
        pub loader_sectors: U16 => HEADER_LOADER_SECTORS,
        /// checksum of the loader's sectors
        pub loader_checksum: U32 => HEADER_LOADER_CHECKSUM,
        /// LBA of this sector
        pub boot_lba: U32 => HEADER_BOOT_LBA,
        /// LBA of the file system; 0 for a superfloppy and for ISO 9660
        pub volume_lba: U32,
        /// seconds between "In memory and proven" and the boot; 0 waits for a key, 255 does not wait
        pub start_timeout: u8,
        /// seconds that the menu of several images waits; 0 and 255 as above
        pub menu_timeout: u8,
        /// kind of the file system: 1 FAT, 2 ISO 9660
        pub volume_kind: u8 => HEADER_VOLUME_KIND,
        /// zero
        pub reserved_1: u8,
        /// language of the screen (ISO 639-1), two lower-case letters, as `en`; a reader that does not speak it speaks English
        pub language: [u8; 2] => HEADER_LANGUAGE,
        /// zero
        pub reserved_2: [u8; 2],
        /// derived from the size and the options, so that the checksum of another stick is another; nobody reads it
        pub options: [u8; 8],
        /// zero
        pub reserved_3: [u8; 464],
    }
}

record! {
    /// First block of the disc boot image, which a BIOS loads from a disc without emulation. The boot area follows it.
    ///
    /// Some BIOSes load 512 bytes of it, so those find the rest. They know the disc by the bytes from 64 to 511.
    pub struct DiscStart[2048 => DISC_START_LEN] {
        /// jump over the boot information table
        pub jump: [u8; 8],
        /// boot information table: block of the primary volume descriptor, 16
        pub descriptor_block: U32,
        /// block of the disc boot image on the disc
        pub file_block: U32 => DISC_FILE_BLOCK,
        /// bytes of the disc boot image
        pub file_len: U32,
        /// sum of its little-endian 32-bit words from byte 64 on
        pub file_sum: U32,
        /// zero, up to the end of that table
        pub reserved: [u8; 40],
        /// boot code
        pub code: [u8; 438] => DISC_CODE,
        /// checksum of the second half, from byte 512 on
        pub rest_checksum: U32 => DISC_REST_CHECKSUM,
        /// checksum of the first 16 sectors of the boot area that follows
        pub boot_checksum: U32 => DISC_BOOT_CHECKSUM,
        /// 55h AAh
        pub magic: U16 => DISC_MAGIC,
        /// boot code, which the first 512 bytes load and prove
        pub rest: [u8; 1536] => DISC_REST,
    }
}

impl Sector0 {
    /// The fields of `sector`, whatever it holds.
    pub fn of(sector: &[u8; 512]) -> &Self {
        Self::ref_from_bytes(sector).expect("a sector has its length")
    }
}

/// Value of a time-out that means "do not wait".
pub const NO_WAIT: u8 = 255;

/// Why a sector is no boot header that this version understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BootHeaderError {
    /// The sector holds something else.
    NotABootHeader,
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
    /// The lengths contradict each other or the boot area.
    Lengths,
    /// A file system that this version cannot read.
    UnknownVolume {
        /// Number of its kind.
        found: u8,
    },
    /// What names the language is no two lower-case letters.
    Language {
        /// The two bytes.
        found: [u8; 2],
    },
}

impl BootHeader {
    /// ASCII, so that a hex dump of a stick shows it.
    pub const MAGIC: [u8; 8] = *b"RAMKEYBT";
    /// The version that this crate reads and writes.
    pub const VERSION: u16 = 1;
    /// The language that every reader speaks.
    pub const ENGLISH: [u8; 2] = *b"en";

    /// Reads the header at the start of `sector`.
    ///
    /// # Errors
    ///
    /// The first check that fails, in the order of [`BootHeaderError`]'s variants.
    pub fn parse(sector: &[u8]) -> Result<&Self, BootHeaderError> {
        let (header, _) = Self::ref_from_prefix(sector).map_err(|_| BootHeaderError::NotABootHeader)?;
        if header.magic != Self::MAGIC {
            return Err(BootHeaderError::NotABootHeader);
        }
        if header.version.get() != Self::VERSION {
            return Err(BootHeaderError::Version { found: header.version.get() });
        }
        let unknown_flags = header.flags.get() & !(HEADER_IS_DISC | HEADER_SERIAL);
        if unknown_flags != 0 {
            return Err(BootHeaderError::UnknownFlags { bits: unknown_flags });
        }
        let sectors = u32::from(header.stage2_sectors.get()) + u32::from(header.loader_sectors.get());
        if u32::from(header.header_len.get()) != BOOT_HEADER_LEN
            || u32::from(header.stage2_sectors.get()) != STAGE2_SECTORS
            || header.loader_sectors.get() == 0
            || sectors > BOOT_SECTORS_MAX
        {
            return Err(BootHeaderError::Lengths);
        }
        if ![VOLUME_FAT, VOLUME_ISO9660].contains(&u32::from(header.volume_kind)) {
            return Err(BootHeaderError::UnknownVolume { found: header.volume_kind });
        }
        if !header.language.iter().all(u8::is_ascii_lowercase) {
            return Err(BootHeaderError::Language { found: header.language });
        }
        Ok(header)
    }
}

record! {
    /// What stage 2 leaves at [`crate::memory::BOOT_INFO`] for the loader.
    #[derive(Copy)]
    pub struct BootInfo[40 => INFO_LEN] {
        /// BIOS number that the stick answers to
        pub drive: u8 => INFO_DRIVE,
        /// nonzero when EDD calls work: they read the loader
        pub edd: u8 => INFO_EDD,
        /// nonzero when A20 was on when stage 2 began
        pub a20: u8 => INFO_A20,
        /// DL as the BIOS passed it
        pub bios_dl: u8 => INFO_BIOS_DL,
        /// linear address of `bios_call`, the entry that makes BIOS calls
        pub call: U32 => INFO_CALL,
        /// sectors per track that CHS reads use; 0 when there is no way to know, and CHS does not work
        pub sectors_per_track: U16 => INFO_SECTORS_PER_TRACK,
        /// heads that CHS reads use
        pub heads: U16 => INFO_HEADS,
        /// sectors of the stick before the one that EDD calls number 0
        pub edd_hidden: U32 => INFO_EDD_HIDDEN,
        /// sectors of the stick before the one that CHS calls have at 0/0/1
        pub chs_hidden: U32 => INFO_CHS_HIDDEN,
        /// LBA of the boot area that was loaded
        pub boot_lba: U32 => INFO_BOOT_LBA,
        /// which of these numbers the stick's stamps gave: bit 0 EDD, 1 CHS, 2 sectors per track, 3 heads
        pub measured: u8 => INFO_MEASURED,
        /// version of EDD that AH=41h told in AH; 0 when it failed
        pub edd_version: u8 => INFO_EDD_VERSION,
        /// what AH=41h claims in CL; bit 0 is packet calls
        pub edd_claims: u8 => INFO_EDD_CLAIMS,
        /// BIOS status of the last call that failed
        pub status: u8 => INFO_STATUS,
        /// sectors per track that AH=08h told; 0 when it failed
        pub told_sectors: U16 => INFO_TOLD_SECTORS,
        /// heads that AH=08h told
        pub told_heads: U16 => INFO_TOLD_HEADS,
        /// cylinders that AH=08h told
        pub told_cylinders: U16 => INFO_TOLD_CYLINDERS,
        /// longest transfer that stage 2 made or may make, in sectors of 512 bytes
        pub transfer: U16 => INFO_TRANSFER,
        /// BIOS calls that hung
        pub abandoned: U16 => INFO_ABANDONED,
        /// 1 if F8 or Shift was seen, else 0
        pub start_key: u8 => INFO_START_KEY,
        /// log2 of the 512-byte sectors in a block that EDD calls count: 0 for a stick, 2 for a disc
        pub block_shift: u8 => INFO_BLOCK_SHIFT,
    }
}

record! {
    /// Registers of one BIOS call, at [`crate::memory::CALL_REGISTERS`].
    #[derive(Copy, Default)]
    pub struct Registers[40 => REGS_LEN] {
        /// interrupt number, or [`REGS_FAR_JUMP`]
        pub int: U16 => REGS_INT,
        /// FLAGS after the call
        pub flags: U16 => REGS_FLAGS,
        /// EAX
        pub eax: U32 => REGS_EAX,
        /// EBX
        pub ebx: U32 => REGS_EBX,
        /// ECX
        pub ecx: U32 => REGS_ECX,
        /// EDX
        pub edx: U32 => REGS_EDX,
        /// ESI
        pub esi: U32 => REGS_ESI,
        /// EDI
        pub edi: U32 => REGS_EDI,
        /// EBP
        pub ebp: U32 => REGS_EBP,
        /// DS
        pub ds: U16 => REGS_DS,
        /// ES
        pub es: U16 => REGS_ES,
        /// offset to jump to when the interrupt is [`REGS_FAR_JUMP`]
        pub target_offset: U16 => REGS_TARGET,
        /// segment to jump to
        pub target_segment: U16,
    }
}

/// The records that the assembler knows.
pub const RECORDS: &[Record] =
    &[Sector0::RECORD, DiscStart::RECORD, BootHeader::RECORD, BootInfo::RECORD, Registers::RECORD];

const _: () =
    assert!(DISC_START_LEN == SECTOR_SIZE << BLOCK_SHIFT && DISC_LOAD + DISC_START_LEN == DISC_BUFFER);

// Behind the boot info lie a few bytes that only stages 0 to 2 use.
const _: () = assert!(INFO_LEN + 12 <= crate::memory::CALL_REGISTERS - crate::memory::BOOT_INFO);
