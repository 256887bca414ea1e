//! The resident part: what the loader fills in, and where.
//!
//! At the top of base memory lie the heads, then the engine. A head is what drivers read: MEMDISK's safe hook and
//! mBFT for one drive, or GRUB4DOS's hook and slots for all of them. The engine is the code that every head jumps
//! to, with our variables, a record for each RAM drive, and the E820 table. Specified in `docs/boot-protocol.md`.

constants! {
    /// MEMDISK head: offset of the INT 13h entry, 16 bits.
    HEAD_INT13 = 0;
    /// MEMDISK head: offset of the INT 15h entry, 16 bits.
    HEAD_INT15 = 2;
    /// MEMDISK head: offset of the MDI, 16 bits.
    HEAD_MDI = 4;
    /// MEMDISK head: bytes in the head, 16 bits.
    HEAD_SIZE = 6;
    /// MEMDISK head: offset of an IRET, 16 bits.
    HEAD_IRET = 8;
    /// MEMDISK head: the safe hook begins here; the INT 13h entry.
    HEAD_SAFE_HOOK = 10;
    /// MEMDISK head: far pointer to the engine's INT 13h entry.
    HEAD_ENGINE_13 = 42;
    /// MEMDISK head: the mBFT; a multiple of 16, because drivers look at paragraphs only.
    HEAD_MBFT = 48;
    /// MEMDISK head: far pointer to the engine's INT 15h entry.
    HEAD_ENGINE_15 = 169;
    /// MEMDISK head: the empty command line.
    HEAD_COMMAND_LINE = 173;
    /// MEMDISK head: bytes, whole paragraphs.
    HEAD_LEN = 176;
    /// Safe hook: signature, 8 bytes, then the vendor, 8 bytes.
    SAFE_HOOK_SIGNATURE = 3;
    /// Safe hook: previous INT 13h vector; the next drive's safe hook, and the BIOS behind the last.
    SAFE_HOOK_PREVIOUS = 19;
    /// Safe hook: flags, 0 for MEMDISK.
    SAFE_HOOK_FLAGS = 23;
    /// Safe hook: linear address of the mBFT.
    SAFE_HOOK_MBFT = 27;
    /// Bytes in the mBFT that its length field and checksum cover: 40, and the MDI.
    MBFT_LEN = 70;
    /// mBFT: length field.
    MBFT_LENGTH = 4;
    /// mBFT: checksum byte.
    MBFT_CHECKSUM = 9;
    /// mBFT: linear address of the safe hook.
    MBFT_SAFE_HOOK = 36;
    /// mBFT: the MDI begins here.
    MBFT_MDI = 40;
    /// MDI: linear address of the RAM disk.
    MBFT_DISK = 44;
    /// MDI: sectors of the RAM disk.
    MBFT_SECTORS = 48;
    /// MDI: far pointer to the command line.
    MBFT_COMMAND_LINE = 52;
    /// MDI: previous INT 13h vector.
    MBFT_OLD_INT13 = 56;
    /// MDI: previous INT 15h vector.
    MBFT_OLD_INT15 = 60;
    /// MDI: base memory in KiB before the hook, 16 bits.
    MBFT_OLD_BASE_MEMORY = 64;
    /// MDI: log2 of the sector length, 0 for 512 bytes; 8 bits.
    MBFT_SECTOR_SHIFT = 67;
    /// MDI: offset of the diskette parameter table when INT 1Eh was replaced, else 0; 16 bits.
    MBFT_DPT_POINTER = 68;
    /// Patch area: first drive number that is never shifted.
    MBFT_SHIFT_LIMIT = 70;
    /// Patch area: INT 15h AH=88h result in KiB, 16 bits.
    MBFT_MEMORY_88 = 74;
    /// Patch area: cylinders, 16 bits.
    MBFT_CYLINDERS = 76;
    /// Patch area: heads, 16 bits.
    MBFT_HEADS = 78;
    /// Patch area: sectors per track, 32 bits.
    MBFT_SECTORS_PER_TRACK = 80;
    /// Patch area: KiB between 1 and 16 MiB, 32 bits.
    MBFT_MEMORY_1M = 84;
    /// Patch area: 64-KiB units above 16 MiB, 32 bits.
    MBFT_MEMORY_16M = 88;
    /// Patch area: what drivers tell the class from: E0h a CD, from 80h on a hard disk, else a floppy.
    MBFT_DRIVE = 92;
    /// Patch area: CMOS type of a floppy.
    MBFT_DRIVE_TYPE = 93;
    /// Patch area: drives of the RAM disk's class that are shown.
    MBFT_DRIVE_COUNT = 94;
    /// Patch area: CONFIG_READ_ONLY.
    MBFT_CONFIG = 95;
    /// Patch area: offset of MEMDISK's private stack, 16 bits; 0, ours is not in this segment.
    MBFT_STACK = 96;
    /// Patch area: address of the status byte in segment 0, 16 bits.
    MBFT_STATUS = 98;
    /// Patch area: diskette parameter table, or the fixed disk's.
    MBFT_DPT = 100;
    /// Patch area: previous INT 1Eh vector.
    MBFT_OLD_INT1E = 116;
    /// GRUB4DOS head: KiB of the resident part, 8 bits.
    SLOTS_SIZE_KIB = 0x00;
    /// GRUB4DOS head: equipment byte before us.
    SLOTS_OLD_EQUIPMENT = 0x0A;
    /// GRUB4DOS head: number of hard disks before us, 8 bits.
    SLOTS_OLD_DISKS = 0x0B;
    /// GRUB4DOS head: previous INT 15h vector.
    SLOTS_OLD_INT15 = 0x0C;
    /// GRUB4DOS head: previous INT 13h vector.
    SLOTS_OLD_INT13 = 0x1C;
    /// GRUB4DOS head: the slots, with one of zeros behind the last.
    SLOTS = 0x20;
    /// Bytes in a slot.
    SLOT_LEN = 24;
    /// GRUB4DOS head: the safe hook; the INT 13h entry.
    SLOTS_SAFE_HOOK = 0x100;
    /// GRUB4DOS head: far pointer to the engine's INT 13h entry.
    SLOTS_ENGINE_13 = 0x120;
    /// GRUB4DOS head: diskette parameter tables, SLOTS_DPT_LEN bytes each, as many as a set can have drives.
    SLOTS_DPT = 0x130;
    /// Bytes for a diskette parameter table.
    SLOTS_DPT_LEN = 16;
    /// GRUB4DOS head: bytes, whole paragraphs.
    SLOTS_LEN = 0x1B0;
    /// Engine: offset of the INT 13h entry, 16 bits.
    ENGINE_INT13 = 0;
    /// Engine: offset of the INT 15h entry, 16 bits.
    ENGINE_INT15 = 2;
    /// Engine: offset of the hand-off routine, 16 bits.
    ENGINE_HAND_OFF = 4;
    /// Engine: offset of the variables, 16 bits.
    ENGINE_VARIABLES = 6;
    /// Engine: bytes without the part that only CDs need, 16 bits.
    ENGINE_LEN_CORE = 8;
    /// Engine: bytes with that part, 16 bits.
    ENGINE_LEN_ALL = 10;
    /// Variable: previous INT 13h vector, behind all heads.
    VAR_OLD_INT13 = 0;
    /// Variable: previous INT 15h vector.
    VAR_OLD_INT15 = 4;
    /// Variable: INT 15h AH=88h result in KiB, 16 bits.
    VAR_MEMORY_88 = 8;
    /// Variable: entries in the E820 table; 8 bits.
    VAR_E820_COUNT = 10;
    /// Variable: CDs among the records; 8 bits.
    VAR_DISCS = 11;
    /// Variable: KiB between 1 and 16 MiB, 32 bits.
    VAR_MEMORY_1M = 12;
    /// Variable: 64-KiB units above 16 MiB, 32 bits.
    VAR_MEMORY_16M = 16;
    /// Variable: KiB from 1 MiB up to the first gap, 32 bits.
    VAR_MEMORY_KIB = 20;
    /// Variable: offset of the E820 table, which ends the records; 16 bits.
    VAR_E820 = 24;
    /// Variable: offset of the records; 16 bits.
    VAR_RECORDS = 26;
    /// Variable: hard disks that are shown; 8 bits.
    VAR_DISKS_SHOWN = 28;
    /// Variable: floppy drives that are shown; 8 bits.
    VAR_FLOPPIES_SHOWN = 29;
    /// Variable: how A20 is switched: 0 not known yet, 1 INT 15h, 2 keyboard controller, 3 port 92h; 8 bits.
    VAR_A20_METHOD = 30;
    /// Variable: how bytes are moved, a COPY value; 8 bits.
    VAR_COPY = 31;
    /// Variable: linear address of the engine's segment; 32 bits.
    VAR_LINEAR = 32;
    /// Variable: the engine's segment; 16 bits.
    VAR_SEGMENT = 36;
    /// Variable: base of the resident GDT, as an offset in the file and linear when installed; 32 bits.
    VAR_GDT_BASE = 40;
    /// Variable: linear address of what is booted; 32 bits.
    VAR_BOOT_SOURCE = 44;
    /// Variable: bytes of it; 32 bits.
    VAR_BOOT_BYTES = 48;
    /// Variable: far pointer to where it goes.
    VAR_BOOT_TARGET = 52;
    /// Variable: drive number that it gets in DL; 8 bits.
    VAR_BOOT_DRIVE = 56;
    /// Variable: what the place of an emulated drive holds when emulation ends; 8 bits.
    VAR_REPLACED = 57;
    /// Variable: offset, from the variables, of the map's byte for the emulated drive; 0 without one; 16 bits.
    VAR_EMULATED = 58;
    /// Variable: offset of the record of the CD that was booted; 0 without one; 16 bits.
    VAR_BOOT_DISC = 60;
    /// Variable: what each hard disk number means, DISK_MAP_LEN bytes: a number of the BIOS, or a MAP value.
    VAR_DISK_MAP = 62;
    /// Variable: the same for floppies, FLOPPY_MAP_LEN bytes.
    VAR_FLOPPY_MAP = 78;
    /// Variable: linear address of the resident part, 32 bits; what a transfer leaves alone begins here.
    VAR_RESIDENT = 88;
    /// Variable: one past its last byte, 32 bits.
    VAR_RESIDENT_END = 92;
    /// Bytes of variables.
    VARIABLES_LEN = 96;
    /// Variable of CDs, from ENGINE_LEN_CORE on: first sector of the boot catalogue, in sectors of 2048 bytes; 32 bits.
    DISC_CATALOGUE = 0;
    /// Variable of CDs: El Torito's specification packet, SPECIFICATION_LEN bytes.
    DISC_SPECIFICATION = 4;
    /// Bytes of variables of CDs.
    CD_VARIABLES_LEN = 24;
    /// Bytes in El Torito's specification packet.
    SPECIFICATION_LEN = 19;
    /// Hard disk numbers that are mapped, from 80h on.
    DISK_MAP_LEN = 16;
    /// Floppy numbers that are mapped, from 00h on.
    FLOPPY_MAP_LEN = 8;
    /// Map: the RAM drive whose record number is added.
    MAP_RAM = 0xF0;
    /// Map: there is no such drive.
    MAP_NONE = 0xFF;
    /// Record: linear address of the drive's first byte, 32 bits.
    RECORD_DISK = 0;
    /// Record: sectors of 512 bytes, 32 bits.
    RECORD_SECTORS = 4;
    /// Record: sectors per track, 32 bits.
    RECORD_SECTORS_PER_TRACK = 8;
    /// Record: cylinders, 16 bits.
    RECORD_CYLINDERS = 12;
    /// Record: heads, 16 bits.
    RECORD_HEADS = 14;
    /// Record: address of the status byte in segment 0, 16 bits.
    RECORD_STATUS = 16;
    /// Record: segment of the head whose MDI describes the drive, 0 for GRUB4DOS; 16 bits.
    RECORD_HEAD = 18;
    /// Record: far pointer to the diskette parameter table.
    RECORD_DPT = 20;
    /// Record: BIOS drive number.
    RECORD_DRIVE = 24;
    /// Record: CMOS type of a floppy.
    RECORD_TYPE = 25;
    /// Record: CONFIG bits.
    RECORD_CONFIG = 26;
    /// Record: log2 of the sector length.
    RECORD_SECTOR_SHIFT = 27;
    /// Record: a CLASS value.
    RECORD_CLASS = 28;
    /// Bytes in a record.
    RECORD_LEN = 32;
    /// Class of a drive, and its bit in the engine's table of functions: floppies, from 00h on.
    CLASS_FLOPPY = 13;
    /// Class of a drive: hard disks, from 80h on.
    CLASS_DISK = 14;
    /// Class of a drive: CDs, from E0h down.
    CLASS_DISC = 15;
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
    /// Bytes of the private stack.
    RESIDENT_STACK_LEN = 512;
    /// Bytes in an answer of INT 15h E820h: 64 bits of address, 64 of length, 32 of kind.
    E820_ENTRY_LEN = 20;
    /// Bytes in an entry of the E820 table, which follows the records: 48 bits of address, 40 of length, 8 of kind.
    E820_STORED_LEN = 12;
    /// Most bytes that the resident part may take below 640 KiB.
    RESIDENT_MAX = 8192;
    /// The MEMDISK version that the MDI names: 6.04, as minor then major.
    MEMDISK_VERSION = 0x0604;
}

const _: () = assert!(
    SLOTS_LEN - SLOTS_DPT == SLOTS_DPT_LEN * crate::capsule::DRIVES_MAX as u32,
    "every drive of a set may be a floppy"
);
