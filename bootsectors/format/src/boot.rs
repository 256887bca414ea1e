//! Sector 0's patch points, the boot header, and what the stages tell each other.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::memory::{BOOT_SECTORS_MAX, STAGE2_SECTORS};

constants! {
    /// Sector 0: where code may begin; BIOSes write into the BPB area before it.
    SECTOR0_CODE = 0x5A;
    /// Sector 0 and its copies: patched, the first sector in which stage 1 is looked for, counted from the first that the
    /// BIOS shows, 8 bits.
    SECTOR0_STAGE1 = 0x1A7;
    /// Sector 0 and its copies: patched, checksum of stage 1, up to STAGE1_LEN.
    SECTOR0_STAGE1_CHECKSUM = 0x1A8;
    /// Bytes of stage 1's code; its stamp, the boot area's LBA and the boot checksum follow as in sector 0.
    STAGE1_LEN = 0x1AC;
    /// Sector 0, stage 1, their copies, and every stamped sector: patched, its own LBA, 32 bits. It counts only where
    /// SECTOR0_BOOT_CHECKSUM is that of this stick.
    SECTOR0_STAMP = 0x1AC;
    /// Sector 0 and stage 1: patched, first LBA of the boot area, 32 bits.
    SECTOR0_BOOT_LBA = 0x1B0;
    /// The same sectors: patched, checksum of the boot header and stage 2 as they are on this stick.
    SECTOR0_BOOT_CHECKSUM = 0x1B4;
    /// Sector 0: disk signature, as Windows NT knows it.
    SECTOR0_DISK_SIGNATURE = 0x1B8;
    /// Sector 0: partition table.
    SECTOR0_TABLE = 0x1BE;
    /// Sector 0: the word AA55h.
    SECTOR0_MAGIC = 0x1FE;
    /// Bytes in the boot header, before stage 2's code.
    BOOT_HEADER_LEN = 512;
    /// Boot header: sectors of the loader, 16 bits.
    HEADER_LOADER_SECTORS = 18;
    /// Boot header: checksum of the loader, 32 bits.
    HEADER_LOADER_CHECKSUM = 20;
    /// Boot header: first LBA of the boot area, 32 bits.
    HEADER_BOOT_LBA = 24;
    /// BootInfo: BIOS drive number of the stick.
    INFO_DRIVE = 0;
    /// BootInfo: nonzero when the stick was read with EDD calls.
    INFO_EDD = 1;
    /// BootInfo: nonzero when A20 was on at power-on.
    INFO_A20 = 2;
    /// BootInfo: drive number that the BIOS passed in DL.
    INFO_BIOS_DL = 3;
    /// BootInfo: ES:DI at power-on, offset then segment.
    INFO_PNP = 4;
    /// BootInfo: linear address of the protected-mode entry that makes BIOS calls.
    INFO_CALL = 8;
    /// BootInfo: sectors per track that CHS reads use, 16 bits; 0 when there is no way to know.
    INFO_SECTORS_PER_TRACK = 12;
    /// BootInfo: heads that CHS reads use, 16 bits.
    INFO_HEADS = 14;
    /// BootInfo: sectors of the stick before the one that EDD calls number 0, 32 bits.
    INFO_EDD_HIDDEN = 16;
    /// BootInfo: sectors of the stick before the one that CHS calls have at 0/0/1, 32 bits.
    INFO_CHS_HIDDEN = 20;
    /// BootInfo: LBA of the boot area that was loaded, 32 bits.
    INFO_BOOT_LBA = 24;
    /// BootInfo: MEASURED bits.
    INFO_MEASURED = 28;
    /// BootInfo: AH that AH=41h returned, the version of EDD; 0 when it failed.
    INFO_EDD_VERSION = 29;
    /// BootInfo: CL that AH=41h returned; bit 0 claims packet calls.
    INFO_EDD_CLAIMS = 30;
    /// BootInfo: BIOS status of the last call that failed.
    INFO_STATUS = 31;
    /// BootInfo: sectors per track that AH=08h told, 16 bits; 0 when it failed.
    INFO_TOLD_SECTORS = 32;
    /// BootInfo: heads that AH=08h told, 16 bits.
    INFO_TOLD_HEADS = 34;
    /// BootInfo: cylinders that AH=08h told, 16 bits.
    INFO_TOLD_CYLINDERS = 36;
    /// BootInfo: longest transfer that stage 2 made or may make, in sectors, 16 bits.
    INFO_TRANSFER = 38;
    /// BootInfo: BIOS calls that did not come back within WATCH_TICKS, 16 bits.
    INFO_ABANDONED = 40;
    /// BootInfo: START_KEY value: what was pressed or held when stage 2 began.
    INFO_START_KEY = 42;
    /// Bytes of BootInfo.
    INFO_LEN = 44;
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
    /// Registers: interrupt number, or REGS_FAR_JUMP.
    REGS_INT = 0;
    /// Registers: FLAGS after the call.
    REGS_FLAGS = 2;
    /// Registers: EAX.
    REGS_EAX = 4;
    /// Registers: EBX.
    REGS_EBX = 8;
    /// Registers: ECX.
    REGS_ECX = 12;
    /// Registers: EDX.
    REGS_EDX = 16;
    /// Registers: ESI.
    REGS_ESI = 20;
    /// Registers: EDI.
    REGS_EDI = 24;
    /// Registers: EBP.
    REGS_EBP = 28;
    /// Registers: DS.
    REGS_DS = 32;
    /// Registers: ES.
    REGS_ES = 34;
    /// Registers: offset and segment to jump to when REGS_INT is REGS_FAR_JUMP.
    REGS_TARGET = 36;
    /// Registers: bytes.
    REGS_LEN = 40;
    /// Value of REGS_INT that leaves for real mode at REGS_TARGET and does not come back.
    REGS_FAR_JUMP = 0x100;
}

/// First sector of the boot area: what the loader must know about this stick.
///
/// The host program patches it into the committed boot code; sector 0's checksum covers it. Integers are
/// little-endian. Specified in `docs/format.md`.
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct BootHeader {
    /// [`BootHeader::MAGIC`]. Offset 0.
    pub magic: [u8; 8],
    /// [`BootHeader::VERSION`]. Offset 8.
    pub version: U16,
    /// Length of this record in bytes: 512. Offset 10.
    pub header_len: U16,
    /// No flag is known: zero. Offset 12.
    pub flags: U32,
    /// Sectors of this header and stage 2: [`STAGE2_SECTORS`]. Offset 16.
    pub stage2_sectors: U16,
    /// Sectors of the loader, directly behind stage 2. Offset 18.
    pub loader_sectors: U16,
    /// [`crate::checksum::checksum`] of the loader's sectors. Offset 20.
    pub loader_checksum: U32,
    /// LBA of this sector. Offset 24.
    pub boot_lba: U32,
    /// LBA of the FAT volume's first sector; 0 for a superfloppy. Offset 28.
    pub volume_lba: U32,
    /// Identity of the stick, derived from its images. Offset 32.
    pub stick_id: [u8; 16],
    /// Seconds between "In memory and proven" and the boot; 0 waits for a key, 255 does not wait. Offset 48.
    pub start_timeout: u8,
    /// Seconds that the menu of several images waits; 0 waits for a key, 255 does not wait. Offset 49.
    pub menu_timeout: u8,
    /// Zero. Offset 50.
    pub reserved: [u8; 462],
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
}

impl BootHeader {
    /// ASCII, so that a hex dump of a stick shows it.
    pub const MAGIC: [u8; 8] = *b"RAMKEYBT";
    /// The version that this crate reads and writes.
    pub const VERSION: u16 = 1;

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
        if header.flags.get() != 0 {
            return Err(BootHeaderError::UnknownFlags { bits: header.flags.get() });
        }
        let sectors = u32::from(header.stage2_sectors.get()) + u32::from(header.loader_sectors.get());
        if u32::from(header.header_len.get()) != BOOT_HEADER_LEN
            || u32::from(header.stage2_sectors.get()) != STAGE2_SECTORS
            || header.loader_sectors.get() == 0
            || sectors > BOOT_SECTORS_MAX
        {
            return Err(BootHeaderError::Lengths);
        }
        Ok(header)
    }
}

/// What stage 2 leaves at [`crate::memory::BOOT_INFO`] for the loader.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct BootInfo {
    /// BIOS drive number that the stick answers to. Offset 0.
    pub drive: u8,
    /// Nonzero when EDD calls read the loader. Offset 1.
    pub edd: u8,
    /// Nonzero when A20 was on when stage 2 began. Offset 2.
    pub a20: u8,
    /// DL as the BIOS passed it. Offset 3.
    pub bios_dl: u8,
    /// DI at power-on: offset of the PnP structure, if there is one. Offset 4.
    pub pnp_offset: U16,
    /// ES at power-on. Offset 6.
    pub pnp_segment: U16,
    /// Linear address of the entry that makes BIOS calls. Offset 8.
    pub call: U32,
    /// Sectors per track that CHS reads use; 0 when there is no way to know. Offset 12.
    pub sectors_per_track: U16,
    /// Heads that CHS reads use. Offset 14.
    pub heads: U16,
    /// Sectors of the stick before the one that EDD calls number 0. Offset 16.
    pub edd_hidden: U32,
    /// Sectors of the stick before the one that CHS calls have at 0/0/1. Offset 20.
    pub chs_hidden: U32,
    /// LBA of the boot area that was loaded. Offset 24.
    pub boot_lba: U32,
    /// Which of these numbers the stick's stamps gave: `MEASURED` bits. Offset 28.
    pub measured: u8,
    /// Version of EDD (AH of AH=41h); 0 when the call failed. Offset 29.
    pub edd_version: u8,
    /// What AH=41h claims (CL); bit 0 is packet calls. Offset 30.
    pub edd_claims: u8,
    /// BIOS status of the last call that failed. Offset 31.
    pub status: u8,
    /// Sectors per track that AH=08h told; 0 when it failed. Offset 32.
    pub told_sectors: U16,
    /// Heads that AH=08h told. Offset 34.
    pub told_heads: U16,
    /// Cylinders that AH=08h told. Offset 36.
    pub told_cylinders: U16,
    /// Longest transfer that stage 2 made or may make, in sectors. Offset 38.
    pub transfer: U16,
    /// BIOS calls that did not come back within [`WATCH_TICKS`]. Offset 40.
    pub abandoned: U16,
    /// A `START_KEY` value. Offset 42.
    pub start_key: u8,
    /// Zero. Offset 43.
    pub reserved: u8,
}

/// Registers of one BIOS call, at [`crate::memory::CALL_REGISTERS`].
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Registers {
    /// Interrupt number, or [`REGS_FAR_JUMP`]. Offset 0.
    pub int: U16,
    /// FLAGS after the call. Offset 2.
    pub flags: U16,
    /// Offset 4.
    pub eax: U32,
    /// Offset 8.
    pub ebx: U32,
    /// Offset 12.
    pub ecx: U32,
    /// Offset 16.
    pub edx: U32,
    /// Offset 20.
    pub esi: U32,
    /// Offset 24.
    pub edi: U32,
    /// Offset 28.
    pub ebp: U32,
    /// Offset 32.
    pub ds: U16,
    /// Offset 34.
    pub es: U16,
    /// Offset to jump to. Offset 36.
    pub target_offset: U16,
    /// Segment to jump to. Offset 38.
    pub target_segment: U16,
}

const _: () = {
    use core::mem::{offset_of, size_of};
    assert!(size_of::<BootHeader>() == BOOT_HEADER_LEN as usize);
    assert!(offset_of!(BootHeader, loader_sectors) == HEADER_LOADER_SECTORS as usize);
    assert!(offset_of!(BootHeader, loader_checksum) == HEADER_LOADER_CHECKSUM as usize);
    assert!(offset_of!(BootHeader, boot_lba) == HEADER_BOOT_LBA as usize);
    assert!(offset_of!(BootHeader, stick_id) == 32);
    assert!(offset_of!(BootInfo, call) == INFO_CALL as usize);
    assert!(offset_of!(BootInfo, heads) == INFO_HEADS as usize);
    assert!(offset_of!(BootInfo, edd_hidden) == INFO_EDD_HIDDEN as usize);
    assert!(offset_of!(BootInfo, chs_hidden) == INFO_CHS_HIDDEN as usize);
    assert!(offset_of!(BootInfo, boot_lba) == INFO_BOOT_LBA as usize);
    assert!(offset_of!(BootInfo, measured) == INFO_MEASURED as usize);
    assert!(offset_of!(BootInfo, told_sectors) == INFO_TOLD_SECTORS as usize);
    assert!(offset_of!(BootInfo, transfer) == INFO_TRANSFER as usize);
    assert!(offset_of!(BootInfo, abandoned) == INFO_ABANDONED as usize);
    assert!(offset_of!(BootInfo, start_key) == INFO_START_KEY as usize);
    assert!(size_of::<BootInfo>() == INFO_LEN as usize);
    // Behind it lie a few bytes that only stages 0 to 2 use.
    assert!(INFO_LEN + 12 <= crate::memory::CALL_REGISTERS - crate::memory::BOOT_INFO);
    assert!(offset_of!(Registers, target_offset) == REGS_TARGET as usize);
    assert!(size_of::<Registers>() == REGS_LEN as usize);
};
