//! The engine of the resident part: what the loader fills in, and where.
//!
//! At the top of base memory lie the heads ([`crate::hooks`]), then the engine: the code that every head jumps to, with our
//! variables, a record for each RAM drive, and the E820 table. Specified in `docs/boot-protocol.md`.

use zerocopy::little_endian::{U16, U32, U64};

use crate::record::Record;

constants! {
    /// Hard disk numbers that are mapped, from 80h on.
    DISK_MAP_LEN = 16;
    /// Floppy numbers that are mapped, from 00h on.
    FLOPPY_MAP_LEN = 8;
    /// Map: the RAM drive whose record number is added.
    MAP_RAM = 0xF0;
    /// Map: there is no such drive.
    MAP_NONE = 0xFF;
    /// Class of a drive, and its bit in the engine's table of functions: floppies, from 00h on.
    CLASS_FLOPPY = 13;
    /// Class of a drive: hard disks, from 80h on.
    CLASS_HARD_DISK = 14;
    /// Class of a drive: CDs, from E0h down.
    CLASS_CD = 15;
    /// Bit of the configuration: writes are refused.
    CONFIG_READ_ONLY = 1;
    /// Bit of the configuration: writes report success and are dropped.
    CONFIG_FAKE_WRITE = 2;
    /// Bit of the configuration: the drive answers the calls of El Torito.
    CONFIG_EL_TORITO = 4;
    /// How bytes are moved: our own mode switch, but INT 15h AH=87h in V86 mode.
    COPY_AUTO = 0;
    /// How bytes are moved: our own mode switch wherever the processor allows it.
    COPY_DIRECT = 1;
    /// How bytes are moved: INT 15h AH=87h.
    COPY_INT15 = 2;
    /// BIOS number of the first CD in RAM; drivers tell a CD by it.
    FIRST_DISC = 0xE0;
    /// Most sectors in one call of a guest: by CHS, as SeaBIOS and Bochs have it; by packet, as SeaBIOS has it, where Bochs
    /// has no limit; and of a boot catalogue.
    TRANSFER_MAX = 128;
    /// Bytes of the private stack.
    RESIDENT_STACK_LEN = 512;
    /// Most bytes that the resident part may take below 640 KiB.
    RESIDENT_MAX = 8192;
}

record! {
    /// A real-mode far pointer.
    #[derive(Copy)]
    pub struct FarPointer[4] {
        /// offset
        pub offset: U16,
        /// segment
        pub segment: U16 => FAR_SEGMENT,
    }
}

record! {
    /// Start of the engine.
    pub struct EngineHeader[12] {
        /// offset of the INT 13h entry
        pub int13: U16 => ENGINE_INT13,
        /// offset of the INT 15h entry
        pub int15: U16 => ENGINE_INT15,
        /// offset of the hand-off routine
        pub hand_off: U16 => ENGINE_HAND_OFF,
        /// offset of the variables
        pub variables: U16 => ENGINE_VARIABLES,
        /// bytes without the part that only CDs need
        pub len_core: U16 => ENGINE_LEN_CORE,
        /// bytes with that part
        pub len_all: U16 => ENGINE_LEN_ALL,
    }
}

record! {
    /// The engine's variables that the loader knows.
    pub struct Variables[96 => VARIABLES_LEN] {
        /// previous INT 13h vector, behind all heads
        pub old_int13: FarPointer => VAR_OLD_INT13,
        /// previous INT 15h vector
        pub old_int15: FarPointer => VAR_OLD_INT15,
        /// INT 15h AH=88h result in KiB
        pub memory_88: U16 => VAR_MEMORY_88,
        /// entries in the E820 table
        pub e820_count: u8 => VAR_E820_COUNT,
        /// CDs among the records
        pub discs: u8 => VAR_DISCS,
        /// KiB between 1 and 16 MiB
        pub memory_1m: U32 => VAR_MEMORY_1M,
        /// 64-KiB units above 16 MiB
        pub memory_16m: U32 => VAR_MEMORY_16M,
        /// KiB from 1 MiB up to the first gap
        pub memory_kib: U32 => VAR_MEMORY_KIB,
        /// offset of the E820 table, which ends the records
        pub e820: U16 => VAR_E820,
        /// offset of the records
        pub records: U16 => VAR_RECORDS,
        /// hard disks that are shown
        pub disks_shown: u8 => VAR_DISKS_SHOWN,
        /// floppy drives that are shown
        pub floppies_shown: u8 => VAR_FLOPPIES_SHOWN,
        /// how A20 is switched: 0 not known yet, 1 INT 15h, 2 keyboard controller, 3 port 92h
        pub a20_method: u8 => VAR_A20_METHOD,
        /// how bytes are moved: 0 our own switch, but INT 15h in V86 mode; 1 our own switch wherever that is possible; 2 INT 15h
        pub copy: u8 => VAR_COPY,
        /// linear address of the engine's segment
        pub linear: U32 => VAR_LINEAR,
        /// the engine's segment
        pub segment: U16 => VAR_SEGMENT,
        /// limit of the resident GDT
        pub gdt_limit: U16 => VAR_GDT_LIMIT,
        /// base of the resident GDT, as an offset in the file and linear when installed
        pub gdt_base: U32 => VAR_GDT_BASE,
        /// linear address of what is booted
        pub boot_source: U32 => VAR_BOOT_SOURCE,
        /// bytes of it
        pub boot_bytes: U32 => VAR_BOOT_BYTES,
        /// far pointer to where it goes
        pub boot_target: FarPointer => VAR_BOOT_TARGET,
        /// drive number that it gets in DL
        pub boot_drive: u8 => VAR_BOOT_DRIVE,
        /// what the place of an emulated drive holds when emulation ends
        pub replaced: u8 => VAR_REPLACED,
        /// offset, from the variables, of the map's byte for the emulated drive; 0 without one
        pub emulated: U16 => VAR_EMULATED,
        /// offset of the record of the CD that was booted; 0 without one
        pub boot_disc: U16 => VAR_BOOT_DISC,
        /// what each hard disk number from 80h on means: a number of the BIOS, F0h and the number of a record, or FFh, nothing
        pub disk_map: [u8; DISK_MAP_LEN as usize] => VAR_DISK_MAP,
        /// the same for floppies, from 00h on
        pub floppy_map: [u8; FLOPPY_MAP_LEN as usize] => VAR_FLOPPY_MAP,
        /// zero
        pub reserved: [u8; 2],
        /// linear address of the resident part; what a transfer leaves alone begins here
        pub resident: U32 => VAR_RESIDENT,
        /// one past its last byte
        pub resident_end: U32 => VAR_RESIDENT_END,
    }
}

record! {
    /// Variables of CDs, from `len_core` of the engine on.
    pub struct DiscVariables[24 => CD_VARIABLES_LEN] {
        /// first sector of the boot catalogue, in sectors of 2048 bytes
        pub catalogue: U32 => DISC_CATALOGUE,
        /// El Torito's specification packet
        pub specification: Specification => DISC_SPECIFICATION,
        /// zero
        pub reserved: u8,
    }
}

record! {
    /// El Torito's specification packet: what INT 13h AH=4Bh tells.
    pub struct Specification[19 => SPECIFICATION_LEN] {
        /// 19
        pub len: u8 => SPECIFICATION_SIZE,
        /// medium that is emulated, as in the boot catalogue
        pub emulation: u8 => SPECIFICATION_EMULATION,
        /// BIOS number of what was booted
        pub drive: u8 => SPECIFICATION_DRIVE,
        /// controller: 0
        pub controller: u8,
        /// first sector of the boot image, in sectors of 2048 bytes
        pub load_lba: U32 => SPECIFICATION_LOAD_LBA,
        /// device: 0
        pub device: U16,
        /// segment of a buffer of 3 KiB: 0
        pub buffer: U16,
        /// segment that the boot image was loaded to
        pub load_segment: U16 => SPECIFICATION_LOAD_SEGMENT,
        /// sectors of 512 bytes that were loaded
        pub load_sectors: U16 => SPECIFICATION_LOAD_SECTORS,
        /// last cylinder, low 8 bits
        pub cylinder: u8 => SPECIFICATION_CYLINDER,
        /// sectors per track, and in bits 6 and 7 the high bits of the last cylinder
        pub sectors: u8 => SPECIFICATION_SECTORS,
        /// last head
        pub head: u8 => SPECIFICATION_HEAD,
    }
}

record! {
    /// One RAM drive, as the engine knows it.
    pub struct DriveRecord[32 => RECORD_LEN] {
        /// linear address of the drive's first byte
        pub disk: U32 => RECORD_DISK,
        /// sectors of 512 bytes
        pub sectors: U32 => RECORD_SECTORS,
        /// sectors per track
        pub sectors_per_track: U32 => RECORD_SECTORS_PER_TRACK,
        /// cylinders
        pub cylinders: U16 => RECORD_CYLINDERS,
        /// heads
        pub heads: U16 => RECORD_HEADS,
        /// address of the status byte in segment 0
        pub status: U16 => RECORD_STATUS,
        /// segment of the head whose MDI describes the drive, 0 for GRUB4DOS
        pub head: U16 => RECORD_HEAD,
        /// far pointer to the diskette parameter table
        pub dpt: FarPointer => RECORD_DPT,
        /// BIOS drive number
        pub drive: u8 => RECORD_DRIVE,
        /// CMOS type of a floppy
        pub drive_type: u8 => RECORD_TYPE,
        /// bit 0: writes are refused; bit 1: they report success and are dropped; bit 2: the drive answers the calls of El Torito
        pub config: u8 => RECORD_CONFIG,
        /// log2 of the sector length
        pub sector_shift: u8 => RECORD_SECTOR_SHIFT,
        /// class: 13 floppies, 14 hard disks, 15 CDs
        pub class: u8 => RECORD_CLASS,
        /// zero
        pub reserved: [u8; 3],
    }
}

record! {
    /// An entry of the E820 table, which follows the records.
    pub struct StoredRange[12 => E820_STORED_LEN] {
        /// first byte
        pub address: [u8; 6] => STORED_ADDRESS,
        /// bytes
        pub len: [u8; 5] => STORED_RANGE_LEN,
        /// kind, as E820h tells it
        pub kind: u8 => STORED_KIND,
    }
}

record! {
    /// An answer of INT 15h E820h.
    pub struct E820Answer[20 => E820_ENTRY_LEN] {
        /// first byte
        pub address: U64,
        /// bytes
        pub len: U64,
        /// kind
        pub kind: U32,
    }
}

/// The records that the assembler knows.
pub const RECORDS: &[Record] = &[
    FarPointer::RECORD,
    EngineHeader::RECORD,
    Variables::RECORD,
    DiscVariables::RECORD,
    Specification::RECORD,
    DriveRecord::RECORD,
    StoredRange::RECORD,
    E820Answer::RECORD,
];
