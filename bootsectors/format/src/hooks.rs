//! Hooks and tables: what drivers find of the RAM drives, in the shapes of others, and what the loader fills in of them.
//!
//! A head stands at offset 0 of a segment: MEMDISK's for one drive, or GRUB4DOS's for all of them. Behind both stands the
//! engine ([`crate::resident`]), to which they jump. Specified in `docs/boot-protocol.md`.

use zerocopy::little_endian::{U16, U32, U64};

use crate::capsule::DRIVES_MAX;
use crate::record::Record;
use crate::resident::FarPointer;

constants! {
    /// Bytes in the mBFT that its length field and checksum cover: 40, and the MDI; what follows is the patch area.
    MBFT_LEN = MBFT_SHIFT_LIMIT;
    /// The MEMDISK version that the MDI names: 6.04, as minor then major.
    MEMDISK_VERSION = 0x0604;
    /// Bytes for a diskette parameter table; DPT_LEN of them are one.
    SLOTS_DPT_LEN = 16;
}

record! {
    /// What stands at the INT 13h entry, so that drivers find it by the vector.
    pub struct SafeHook[31] {
        /// a jump that readers skip
        pub jump: [u8; 3],
        /// `$INT13SF`
        pub signature: [u8; 8] => SAFE_HOOK_SIGNATURE,
        /// `MEMDISK ` with a space, or `GRUB4DOS`
        pub vendor: [u8; 8],
        /// previous INT 13h vector; under MEMDISK's name the next drive's safe hook, and the BIOS behind the last
        pub previous: FarPointer => SAFE_HOOK_PREVIOUS,
        /// flags, 0 for MEMDISK, 1 for GRUB4DOS
        pub flags: U32 => SAFE_HOOK_FLAGS,
        /// linear address of the mBFT; for GRUB4DOS 1, its scheme of INT 13h
        pub mbft: U32 => SAFE_HOOK_MBFT,
    }
}

record! {
    /// mBFT, MDI and patch area of one drive, as MEMDISK has them.
    pub struct Mbft[120] {
        /// `mBFT`, blank in the file
        pub signature: [u8; 4],
        /// 70
        pub length: U32 => MBFT_LENGTH,
        /// 1
        pub revision: u8,
        /// makes the sum of the first 70 bytes 0
        pub checksum: u8 => MBFT_CHECKSUM,
        /// `MEMDSK`
        pub oem: [u8; 6],
        /// `Syslinux`
        pub table: [u8; 8],
        /// zero
        pub reserved_1: [u8; 12],
        /// linear address of the safe hook
        pub safe_hook: U32 => MBFT_SAFE_HOOK,
        /// the MDI begins here: its length, 30
        pub mdi_len: U16 => MBFT_MDI,
        /// version of MEMDISK, minor then major
        pub version: U16,
        /// linear address of the RAM disk
        pub disk: U32 => MBFT_DISK,
        /// sectors of the RAM disk, of the length that `sector_shift` says
        pub sectors: U32 => MBFT_SECTORS,
        /// far pointer to the command line
        pub command_line: FarPointer => MBFT_COMMAND_LINE,
        /// previous INT 13h vector
        pub old_int13: FarPointer => MBFT_OLD_INT13,
        /// previous INT 15h vector
        pub old_int15: FarPointer => MBFT_OLD_INT15,
        /// base memory in KiB before the hook
        pub old_base_memory: U16 => MBFT_OLD_BASE_MEMORY,
        /// boot loader: FFh, none that has a number
        pub boot_loader: u8,
        /// log2 of the sector length, 0 for 512 bytes
        pub sector_shift: u8 => MBFT_SECTOR_SHIFT,
        /// offset of the diskette parameter table when INT 1Eh was replaced, else 0; the last bytes that the checksum covers
        pub dpt_pointer: U16 => MBFT_DPT_POINTER,
        /// first drive number that is never shifted; the patch area begins here
        pub shift_limit: u8 => MBFT_SHIFT_LIMIT,
        /// zero
        pub reserved_2: [u8; 3],
        /// INT 15h AH=88h result in KiB
        pub memory_88: U16 => MBFT_MEMORY_88,
        /// cylinders
        pub cylinders: U16 => MBFT_CYLINDERS,
        /// heads
        pub heads: U16 => MBFT_HEADS,
        /// sectors per track
        pub sectors_per_track: U32 => MBFT_SECTORS_PER_TRACK,
        /// KiB between 1 and 16 MiB
        pub memory_1m: U32 => MBFT_MEMORY_1M,
        /// 64-KiB units above 16 MiB
        pub memory_16m: U32 => MBFT_MEMORY_16M,
        /// what drivers tell the class from: E0h a CD, from 80h on a hard disk, else a floppy
        pub drive: u8 => MBFT_DRIVE,
        /// CMOS type of a floppy
        pub drive_type: u8 => MBFT_DRIVE_TYPE,
        /// drives of the RAM disk's class that are shown
        pub drive_count: u8 => MBFT_DRIVE_COUNT,
        /// 1 if writes are refused, else 0
        pub config: u8 => MBFT_CONFIG,
        /// offset of MEMDISK's private stack; 0, ours is not in this segment
        pub stack: U16 => MBFT_STACK,
        /// address of the status byte in segment 0
        pub status: U16 => MBFT_STATUS,
        /// diskette parameter table, or the fixed disk's
        pub dpt: [u8; DiskParameters::LEN] => MBFT_DPT,
        /// previous INT 1Eh vector
        pub old_int1e: FarPointer => MBFT_OLD_INT1E,
    }
}

record! {
    /// Head of one drive, as MEMDISK has it.
    pub struct Head[176 => HEAD_LEN] {
        /// offset of the INT 13h entry
        pub int13: U16 => HEAD_INT13,
        /// offset of the INT 15h entry
        pub int15: U16 => HEAD_INT15,
        /// offset of the MDI
        pub mdi: U16 => HEAD_MDI,
        /// bytes in the head
        pub size: U16 => HEAD_SIZE,
        /// offset of an IRET
        pub iret: U16 => HEAD_IRET,
        /// the INT 13h entry, with the safe hook
        pub safe_hook: SafeHook => HEAD_SAFE_HOOK,
        /// code: a far jump
        pub jump_13: u8,
        /// far pointer to the engine's INT 13h entry
        pub engine_13: FarPointer => HEAD_ENGINE_13,
        /// code: an IRET
        pub return_13: u8,
        /// zero
        pub reserved_1: u8,
        /// mBFT, MDI and patch area; at a multiple of 16, because drivers look at paragraphs only
        pub mbft: Mbft => HEAD_MBFT,
        /// code, the INT 15h entry: a far jump
        pub jump_15: u8,
        /// far pointer to the engine's INT 15h entry
        pub engine_15: FarPointer => HEAD_ENGINE_15,
        /// the empty command line
        pub command_line: u8 => HEAD_COMMAND_LINE,
        /// zero, up to a whole paragraph
        pub reserved_2: [u8; 2],
    }
}

record! {
    /// A drive, as GRUB4DOS shows it.
    pub struct DriveSlot[24 => SLOT_LEN] {
        /// BIOS number
        pub drive: u8 => SLOT_DRIVE,
        /// FFh: memory
        pub to: u8 => SLOT_TO,
        /// last head
        pub last_head: u8 => SLOT_LAST_HEAD,
        /// sectors per track, with X in bit 7
        pub sectors_x: u8 => SLOT_SECTORS_X,
        /// last cylinder, at most 1023; bit 13 set for a CD
        pub cylinders: U16 => SLOT_CYLINDERS,
        /// last head again
        pub to_last_head: u8 => SLOT_TO_LAST_HEAD,
        /// sectors per track again, with Y in bit 6
        pub to_sectors_y: u8 => SLOT_TO_SECTORS_Y,
        /// first sector, in 512 bytes
        pub start: U64 => SLOT_START,
        /// number of sectors, in 512 bytes
        pub sectors: U64 => SLOT_SECTORS,
    }
}

record! {
    /// Head of all drives, as GRUB4DOS has it.
    pub struct SlotsHead[0x1B0 => SLOTS_LEN] {
        /// KiB of the resident part
        pub size_kib: u8 => SLOTS_SIZE_KIB,
        /// zero
        pub reserved_1: u8,
        /// ATAPI drives: 0
        pub atapi_drives: u8,
        /// lowest number of a CD
        pub first_disc: u8,
        /// `G4DS`
        pub signature: [u8; 4],
        /// 1
        pub version: U16,
        /// equipment byte before us
        pub old_equipment: u8 => SLOTS_OLD_EQUIPMENT,
        /// number of hard disks before us
        pub old_disks: u8 => SLOTS_OLD_DISKS,
        /// previous INT 15h vector
        pub old_int15: FarPointer => SLOTS_OLD_INT15,
        /// zero
        pub reserved_2: [u8; 12],
        /// previous INT 13h vector
        pub old_int13: FarPointer => SLOTS_OLD_INT13,
        /// the slots, with one of zeros behind the last
        pub slots: [DriveSlot; DRIVES_MAX + 1] => SLOTS,
        /// zero
        pub reserved_3: [u8; 4],
        /// 16
        pub before_hook: U32,
        /// the INT 13h entry, with the safe hook
        pub safe_hook: SafeHook => SLOTS_SAFE_HOOK,
        /// code: a far jump
        pub jump_13: u8,
        /// far pointer to the engine's INT 13h entry
        pub engine_13: FarPointer => SLOTS_ENGINE_13,
        /// zero
        pub reserved_4: [u8; 12],
        /// diskette parameter tables, 16 bytes each, as many as a set can have drives
        pub dpt: [[u8; SLOTS_DPT_LEN as usize]; DRIVES_MAX] => SLOTS_DPT,
    }
}

record! {
    /// Diskette parameter table: what INT 1Eh points to, and INT 13h AH=08h of a floppy. Only what differs from drive to
    /// drive has names; the other bytes are those of MEMDISK.
    pub struct FloppyParameters[13 => DPT_LEN] {
        /// times of the motor and the head, and the length of a sector
        pub times: [u8; 4],
        /// sectors per track
        pub sectors_per_track: u8 => DPT_SECTORS,
        /// gaps, filler and more times
        pub gaps: [u8; 6],
        /// last cylinder
        pub last_cylinder: u8 => DPT_LAST_CYLINDER,
        /// CMOS type
        pub drive_type: u8 => DPT_TYPE,
    }
}

record! {
    /// Fixed disk parameter table.
    pub struct DiskParameters[16] {
        /// cylinders
        pub cylinders: U16 => FDPT_CYLINDERS,
        /// heads
        pub heads: u8 => FDPT_HEADS,
        /// zero
        pub reserved_1: [u8; 5],
        /// control byte: bit 3 for more than 8 heads
        pub control: u8 => FDPT_CONTROL,
        /// zero
        pub reserved_2: [u8; 5],
        /// sectors per track
        pub sectors_per_track: u8 => FDPT_SECTORS,
        /// zero
        pub reserved_3: u8,
    }
}

/// The records that the assembler knows.
pub const RECORDS: &[Record] = &[
    SafeHook::RECORD,
    Mbft::RECORD,
    Head::RECORD,
    DriveSlot::RECORD,
    SlotsHead::RECORD,
    FloppyParameters::RECORD,
    DiskParameters::RECORD,
];

// Drivers look for an mBFT at paragraphs only, and behind a head the next one begins at one.
const _: () =
    assert!(HEAD_MBFT.is_multiple_of(16) && HEAD_LEN.is_multiple_of(16) && SLOTS_LEN.is_multiple_of(16));
