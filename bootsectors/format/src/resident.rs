//! The resident part: what the loader fills in, and where.
//!
//! The first 120 bytes from the mBFT on are MEMDISK's layout, which drivers read; the variables behind it are
//! ours. Offsets of the patch area count from the mBFT. Specified in `docs/boot-protocol.md`.

constants! {
    /// Resident header: offset of the INT 13h entry, 16 bits.
    RESIDENT_INT13 = 0;
    /// Resident header: offset of the INT 15h entry, 16 bits.
    RESIDENT_INT15 = 2;
    /// Resident header: offset of the MDI, 16 bits.
    RESIDENT_MDI = 4;
    /// Resident header: bytes in the resident image, 16 bits.
    RESIDENT_SIZE = 6;
    /// Resident header: offset of an IRET, 16 bits.
    RESIDENT_IRET = 8;
    /// Resident header: the safe hook begins here; the INT 13h entry.
    RESIDENT_SAFE_HOOK = 10;
    /// Safe hook: previous INT 13h vector.
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
    /// Patch area: BIOS drive number of the RAM disk.
    MBFT_DRIVE = 92;
    /// Patch area: CMOS type of a floppy.
    MBFT_DRIVE_TYPE = 93;
    /// Patch area: drives of the RAM disk's class that are shown.
    MBFT_DRIVE_COUNT = 94;
    /// Patch area: CONFIG_READ_ONLY and the like.
    MBFT_CONFIG = 95;
    /// Patch area: offset of the top of the private stack, 16 bits.
    MBFT_STACK = 96;
    /// Patch area: address of the status byte in segment 0, 16 bits.
    MBFT_STATUS = 98;
    /// Patch area: diskette parameter table.
    MBFT_DPT = 100;
    /// Patch area: previous INT 1Eh vector.
    MBFT_OLD_INT1E = 116;
    /// Our variables begin here.
    MBFT_VARIABLES = 160;
    /// Variable: BIOS drive number of the hidden stick, FFh when there is none; 8 bits.
    VAR_STICK_DRIVE = 160;
    /// Variable: hard disks that the BIOS has, with the stick; 8 bits.
    VAR_DISKS_REAL = 161;
    /// Variable: hard disks that are shown; 8 bits.
    VAR_DISKS_SHOWN = 162;
    /// Variable: floppy drives that the BIOS has, with the stick; 8 bits.
    VAR_FLOPPIES_REAL = 163;
    /// Variable: floppy drives that are shown; 8 bits.
    VAR_FLOPPIES_SHOWN = 164;
    /// Variable: entries in the E820 table; 8 bits.
    VAR_E820_COUNT = 165;
    /// Variable: offset of the hand-off routine; 16 bits.
    VAR_HAND_OFF = 166;
    /// Variable: how A20 is switched: 0 not known yet, 1 INT 15h, 2 keyboard controller, 3 port 92h; 8 bits.
    VAR_A20_METHOD = 168;
    /// Variable: linear address of the resident segment; 32 bits.
    VAR_LINEAR = 172;
    /// Variable: base of the resident GDT, as an offset in the file and linear when installed; 32 bits.
    VAR_GDT_BASE = 178;
    /// Variable: the resident segment; 16 bits.
    VAR_SEGMENT = 182;
    /// Bytes of the private stack.
    RESIDENT_STACK_LEN = 512;
    /// Bytes in an entry of the E820 table, which follows the resident image.
    E820_ENTRY_LEN = 20;
    /// Most bytes that the resident part may take below 640 KiB.
    RESIDENT_MAX = 4096;
    /// Bit of the configuration: writes are refused.
    CONFIG_READ_ONLY = 1;
    /// The MEMDISK version that the MDI names: 6.04, as minor then major.
    MEMDISK_VERSION = 0x0604;
}
