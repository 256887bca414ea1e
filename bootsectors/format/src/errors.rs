//! The codes that a boot which stops shows, and what each means.
//!
//! Sector 0 shows a letter and the BIOS status; every later stage shows `E` and two hex digits. The assembler
//! include and `docs/errors.md` are generated from [`BOOT_ERRORS`].

/// One reason to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootError {
    /// Name in the sources.
    pub name: &'static str,
    /// The two hex digits, or the letter of sector 0.
    pub code: u8,
    /// What the screen says.
    pub text: &'static str,
    /// What happened and why, in full.
    pub cause: &'static str,
    /// What to try, in this order.
    pub remedy: &'static str,
}

macro_rules! boot_errors {
    ($( $name:ident = $code:literal, $text:literal, $cause:literal, $remedy:literal; )+) => {
        $( #[doc = $text] pub const $name: u8 = $code; )+

        /// Every code, in ascending order.
        pub const BOOT_ERRORS: &[BootError] = &[$( BootError {
            name: stringify!($name), code: $code, text: $text, cause: $cause, remedy: $remedy,
        } ),+];

        /// What the screen says for `code`; empty if it is none of ours. The loader uses this and not
        /// [`BOOT_ERRORS`], so that only these texts take room on the stick.
        pub const fn text(code: u8) -> &'static str {
            match code {
                $( $code => $text, )+
                _ => "",
            }
        }
    };
}

boot_errors! {
    NO_PROTECTED_MODE_MEMORY = 0x20, "the A20 line cannot be switched on",
        "Neither the BIOS, nor the keyboard controller, nor port 92h made memory above 1 MiB reachable.",
        "Set the BIOS option Gate A20 to Fast or Normal (the other one), and cold-boot.";
    NO_MEMORY_MAP = 0x21, "the BIOS tells no memory above 1 MiB",
        "INT 15h E820h, E801h and 88h all failed or gave nothing usable.",
        "Reset the BIOS settings; switch off options such as OS/2 memory or memory hole at 15 MB.";
    TOO_LITTLE_MEMORY = 0x22, "this image does not fit this machine's memory",
        "The free pieces of memory below 4 GiB are too small for the image, or for all images of the entry, and their chunk tables.",
        "Choose an image that fits (the screen names those on this stick), trim the image, or add memory.";
    NO_LOW_MEMORY = 0x23, "too little memory below 640 KiB",
        "The resident part needs 3 to 8 KiB at the top of base memory, and the loader 320 KiB below it.",
        "Switch off BIOS options and boot ROMs that take base memory, such as network boot. If a CD wants its boot image there: it cannot be booted from RAM.";
    READ_FAILED = 0x31, "reading the stick failed",
        "INT 13h failed at every transfer size, by EDD and by CHS; the BIOS status and the LBA follow.",
        "Try another port; run `ramkey verify` on the stick; replace the stick.";
    LOADER_CHECKSUM = 0x32, "the loader on the stick is damaged",
        "The loader's sectors were read without an error, but their checksum is wrong.",
        "Run `ramkey verify` on the stick and write it again.";
    NO_FILE_SYSTEM = 0x40, "there is no FAT file system on the stick",
        "The volume's boot sector is not one that the loader understands.",
        "Write the stick again; a stick that was formatted loses its images.";
    NO_FOLDER = 0x41, "the stick has no folder RAMKEY",
        "The root directory has no folder named RAMKEY.",
        "Copy a capsule (.RKC) into a folder RAMKEY, or write the stick again.";
    NO_CAPSULE = 0x42, "the folder RAMKEY holds no image",
        "No file there has the extension RKC.",
        "Copy a capsule (.RKC) into the folder RAMKEY, or write the stick again.";
    BAD_FILE_SYSTEM = 0x43, "the file system is damaged",
        "A cluster chain ends early, leaves the volume, or runs in a circle.",
        "Run a file system check on another machine, or write the stick again.";
    BAD_CAPSULE = 0x44, "the image file is damaged",
        "Its header or its chunk table does not have the hash that it should.",
        "Copy the capsule again, or write the stick again.";
    NEWER_CAPSULE = 0x45, "the image file needs a newer ramkey on the stick",
        "Its version, kind, codec or a flag is not known to this boot code.",
        "Write the stick with the ramkey that made the capsule.";
    CHUNK_WRONG = 0x46, "the stick returns wrong data",
        "A chunk had the wrong BLAKE3 value after it was copied to memory, and again at each smaller transfer size.",
        "Try another port; run `ramkey verify` on the stick; replace the stick.";
    MEMORY_WRONG = 0x47, "the memory does not hold what was copied into it",
        "The data came right from the stick, but memory above 1 MiB returned something else.",
        "Run a memory test; try an image that is smaller; check the A20 setting of the BIOS.";
    NO_COMPANION = 0x48, "an image that belongs to this one is missing",
        "The image is loaded together with others; the folder RAMKEY has no file of that name, or it holds another image.",
        "Copy the missing capsule (.RKC) into the folder RAMKEY, or write the stick again.";
    INTERNAL = 0x50, "the loader found a fault in itself",
        "A check that should never fail did; the file and line are on the screen.",
        "Photograph the screen and report it.";
    CPU_EXCEPTION = 0x51, "the processor stopped the loader",
        "A CPU exception in the loader; its number and address are on the screen.",
        "Photograph the screen and report it; run a memory test.";
}

/// The letters of sector 0, in the order in which it can show them.
pub const SECTOR0_ERRORS: &[BootError] = &[
    BootError {
        name: "SECTOR0_READ",
        code: b'R',
        text: "ramkey R and two hex digits",
        cause: "No drive could be read where this stick's boot code should be; the digits are the BIOS status of the last try.",
        remedy: "Try another USB port; plug the stick in before power-on; write the stick again.",
    },
    BootError {
        name: "SECTOR0_CHECKSUM",
        code: b'S',
        text: "ramkey S and two hex digits",
        cause: "Every drive that could be read held something else than this stick's boot code; the digits mean nothing then.",
        remedy: "Unplug other drives; run `ramkey verify` on the stick; write it again.",
    },
];
