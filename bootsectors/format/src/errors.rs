//! The codes that a boot which stops shows.
//!
//! Sector 0 shows a letter and the BIOS status; every later stage shows `E` and two hex digits. The assembler include is
//! generated from [`BOOT_ERRORS`] and [`SECTOR0_ERRORS`]. What a code means and what to try, the host program says.

/// One reason to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootError {
    /// Name in the sources.
    pub name: &'static str,
    /// The two hex digits, or the letter of sector 0.
    pub code: u8,
    /// What the screen says.
    pub text: &'static str,
}

macro_rules! boot_errors {
    ($( $name:ident = $code:literal, $text:literal; )+) => {
        $( #[doc = $text] pub const $name: u8 = $code; )+

        /// Every code, in ascending order.
        pub const BOOT_ERRORS: &[BootError] =
            &[$( BootError { name: stringify!($name), code: $code, text: $text } ),+];

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
    NO_PROTECTED_MODE_MEMORY = 0x20, "the A20 line cannot be switched on";
    NO_MEMORY_MAP = 0x21, "the BIOS tells no memory above 1 MiB";
    TOO_LITTLE_MEMORY = 0x22, "this image does not fit this machine's memory";
    NO_LOW_MEMORY = 0x23, "too little memory below 640 KiB";
    READ_FAILED = 0x31, "reading the boot medium failed";
    LOADER_CHECKSUM = 0x32, "the loader on the boot medium is damaged";
    OUT_OF_REACH = 0x33, "this BIOS does not reach that far into the boot medium";
    NO_FILE_SYSTEM = 0x40, "the boot medium has no file system that the loader reads";
    NO_FOLDER = 0x41, "the boot medium has no folder RAMKEY";
    NO_CAPSULE = 0x42, "the folder RAMKEY holds no image";
    BAD_FILE_SYSTEM = 0x43, "the file system is damaged";
    BAD_CAPSULE = 0x44, "the image file is damaged";
    NEWER_CAPSULE = 0x45, "the image file needs a newer ramkey on the boot medium";
    CHUNK_WRONG = 0x46, "the boot medium returns wrong data";
    MEMORY_WRONG = 0x47, "the memory does not hold what was copied into it";
    NO_COMPANION = 0x48, "an image that belongs to this one is missing";
    INTERNAL = 0x50, "the loader found a fault in itself";
    CPU_EXCEPTION = 0x51, "the processor stopped the loader";
}

/// The letters of sector 0, in the order in which it can show them.
pub const SECTOR0_ERRORS: &[BootError] = &[
    BootError { name: "SECTOR0_READ", code: b'R', text: "ramkey R and two hex digits" },
    BootError { name: "SECTOR0_CHECKSUM", code: b'S', text: "ramkey S and two hex digits" },
];
