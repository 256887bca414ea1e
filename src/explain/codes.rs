//! What each code means: the words of `ramkey explain` and of `docs/errors.md`.

use super::Explanation;

/// Declares the explanations, in the order of the codes in `format`.
macro_rules! explanations {
    ($( $name:ident = $happened:literal, $causes:expr, $steps:expr; )+) => {
        /// Every code that a boot can show, those of sector 0 first.
        pub const EXPLANATIONS: &[Explanation] = &[$( Explanation {
            name: stringify!($name), happened: $happened, causes: &$causes, steps: &$steps,
        } ),+];
    };
}

pub(super) const OTHER_PORT: &str =
    "Plug the stick into another USB port, best at the back and without a hub, and do so before power-on.";
pub(super) const USB_MODE: &str = "In the BIOS setup, switch on USB legacy support, and try each USB mode that it has for sticks: \
    USB-HDD, USB-ZIP, USB-FDD.";
pub(super) const OTHER_LAYOUT: &str = "Write the stick for one mode only: `ramkey write` with `--layout hdd` for USB-HDD, `zip` for \
    USB-ZIP, `fdd` for USB-FDD; then `two-partitions`, `gpt` and `superfloppy` for a BIOS that wants just that.";
pub(super) const SINGLE_SECTORS: &str = "Hold Shift, or press F8, at the start: the report comes, and there 1 reads single sectors, \
    C reads by CHS only, E by EDD only.";
pub(super) const VERIFY: &str =
    "Run `ramkey verify` on the stick at another machine; if it finds a difference, write the stick again.";
pub(super) const REPLACE: &str = "Try another stick, best of another make and smaller than 1 GB.";
pub(super) const DISC: &str = "A disc: wipe it from the middle outwards, burn it anew at the slowest speed, prove it with `ramkey verify /dev/sr0`; if it emulates, make it with another --boot (docs/mini-cd.md).";
pub(super) const WRITE_AGAIN: &str = "Write the stick again with `ramkey write`.";
pub(super) const COPY_AGAIN: &str =
    "Copy the capsule (.RKC) into the folder RAMKEY again, or write the stick again with `ramkey write`.";
pub(super) const REPORT_IT: &str = "Photograph the screen, and report it.";
pub(super) const MEMORY_TEST: &str = "Run a memory test for a night.";

// Causes that the numbers of a report speak for.
pub(super) const LOST: &str = "The BIOS lost the stick: a bad contact, a hub, or a port that it drives badly. The status is 80h, 20h or AAh.";
pub(super) const FEWER_SECTORS: &str = "The BIOS shows fewer sectors than the stick has, or counts them by another geometry: the LBA is a high one.";
pub(super) const HANGS: &str =
    "The BIOS hangs in long transfers: the status is FEh, or the report counts calls that hung.";
pub(super) const WORN_OUT: &str =
    "The stick is worn out: the status is 04h, 0Ah or 10h, and the LBA is the same each time.";
pub(super) const BAD_DISC: &str = "The disc is dirty, scratched, or was burnt too fast for this drive; or the BIOS shows no more of it than the floppy or the hard disk that it emulates. The block is a quarter of the LBA.";
pub(super) const SHOWN_AS_FLOPPY: &str = "The BIOS shows the stick as a floppy or ZIP disk, with few heads and sectors: with 2 and 18 it reaches 18 MiB, with 64 and 32 it reaches 1 GiB.";
pub(super) const TELLS_LESS: &str =
    "The BIOS tells less than there is: in the report's memory line, 88h never tells more than 64 MB.";
pub(super) const TAKES_BASE: &str =
    "Boot ROMs or BIOS options take base memory: network boot, RAID, power management.";
pub(super) const OTHER_SECTORS: &str =
    "The BIOS reads other sectors than it is asked for behind some LBA: 8.4 GB, 137 GB, or cylinder 1024.";
pub(super) const START_COLD: &str = "Start again, cold.";

explanations! {
    SECTOR0_READ = "No drive could be read where this stick's boot code should be; the digits are the BIOS status of the last try.",
        [
            "The BIOS loaded the first sector and then lost the stick.",
            "The BIOS takes the stick for a floppy or a ZIP disk, and shows only a part of it.",
            "The stick is worn out.",
        ],
        [OTHER_PORT, USB_MODE, OTHER_LAYOUT, VERIFY, REPLACE];
    SECTOR0_CHECKSUM = "Every drive that could be read held something else than this stick's boot code; the digits mean nothing then.",
        [
            "Another program wrote into the first megabyte of the stick.",
            "The BIOS gives the stick no drive number, or hides the sectors in which the boot code lies.",
            "The sector was copied to another disk without the rest.",
        ],
        ["Unplug other drives.", VERIFY, USB_MODE, OTHER_LAYOUT];
    NO_PROTECTED_MODE_MEMORY = "Neither the BIOS, nor the keyboard controller, nor port 92h made memory above 1 MiB reachable.",
        [
            "The BIOS option Gate A20 does not fit this board.",
            "The machine has no memory above 1 MiB: a 386 or older, or one with a bad module.",
            "The keyboard controller is missing or broken.",
        ],
        [
            "Set the BIOS option Gate A20 to Fast or Normal (the other one), and switch the machine off and on.",
            "Reset the BIOS settings.",
            "Look at the memory that the BIOS counts at power-on: it must be more than 1 MB.",
        ];
    NO_MEMORY_MAP = "INT 15h E820h, E801h and 88h all failed or gave nothing usable.",
        [
            "A BIOS option hides memory: OS/2 memory, or memory hole at 15 MB.",
            "The machine has 1 MB or less.",
        ],
        [
            "Switch off BIOS options such as OS/2 memory, memory hole at 15 MB, or ISA memory gap.",
            "Reset the BIOS settings.",
            "Look at the memory that the BIOS counts at power-on.",
        ];
    TOO_LITTLE_MEMORY = "The free pieces of memory below 4 GiB are too small for the image, or for all images of the entry, and their chunk tables.",
        [
            "The machine has less memory than the image needs; the lines above the code tell both.",
            TELLS_LESS,
            "Memory is cut in pieces by a BIOS option, such as memory hole at 15 MB.",
        ],
        [
            "Choose an image that fits: the screen names those on this stick.",
            "Trim the image.",
            "Switch off BIOS options such as OS/2 memory or memory hole at 15 MB.",
            "Add memory.",
        ];
    NO_LOW_MEMORY = "The resident part needs 3 to 8 KiB at the top of base memory, and the loader 384 KiB below it.",
        [
            TAKES_BASE,
            "A boot sector virus, or another boot manager, keeps memory for itself.",
            "The image is a CD that wants its boot image there.",
        ],
        [
            "Switch off boot ROMs that are not needed, such as network boot, in the BIOS setup.",
            "Look at the base memory in the report's last line: about 630 KB or more is usual.",
            "If a CD wants its boot image there, it cannot be booted from RAM.",
        ];
    READ_FAILED = "INT 13h failed at every transfer size, by EDD and by CHS; the BIOS status and the LBA follow.",
        [
            LOST,
            FEWER_SECTORS,
            HANGS,
            WORN_OUT,
            BAD_DISC,
        ],
        [
            OTHER_PORT,
            START_COLD,
            SINGLE_SECTORS,
            USB_MODE,
            OTHER_LAYOUT,
            VERIFY,
            REPLACE,
            DISC,
        ];
    LOADER_CHECKSUM = "The loader's sectors were read without an error, but their checksum is wrong, in single sectors too.",
        [
            "The BIOS returns wrong data without an error.",
            "Another program wrote into the first megabyte of the stick.",
            "The stick loses data.",
        ],
        [VERIFY, OTHER_PORT, USB_MODE, OTHER_LAYOUT, REPLACE];
    OUT_OF_REACH = "The BIOS reads by cylinders, heads and sectors only, EDD does not work, and the sector lies behind cylinder 1023; the LBA follows.",
        [
            SHOWN_AS_FLOPPY,
            "The image is long, or lies behind other files on the stick.",
        ],
        [
            USB_MODE,
            "Write the stick with this image alone, or as the first, and trim the image: the report tells heads and sectors, and 1024 times both is what can be read.",
            "Plug the stick into another USB port, or use a machine with a later BIOS.",
        ];
    NO_FILE_SYSTEM = "The volume's boot sector is not one that the loader understands.",
        [
            "The stick was formatted or partitioned after ramkey wrote it.",
            "The BIOS reads other sectors than it is asked for: the report says heads not measured, or AH=08h and the measured \
             geometry differ.",
        ],
        [
            "Write the stick again with `ramkey write`; a stick that was formatted has lost its images.",
            SINGLE_SECTORS,
            OTHER_LAYOUT,
        ];
    NO_FOLDER = "The root directory has no folder named RAMKEY.",
        [
            "The folder was deleted, renamed or moved.",
            "The stick was formatted after ramkey wrote it.",
            "The BIOS reads other sectors than it is asked for.",
        ],
        ["Look at the stick on another machine; make the folder RAMKEY, and copy a capsule (.RKC) into it.", WRITE_AGAIN,
            OTHER_LAYOUT];
    NO_CAPSULE = "No file there has the extension RKC.",
        [
            "The capsules were deleted or renamed.",
            "An image was copied as it is: only capsules (.RKC) are booted.",
            "The BIOS reads other sectors than it is asked for.",
        ],
        ["Look at the stick on another machine, and copy a capsule (.RKC) into the folder RAMKEY.", WRITE_AGAIN];
    BAD_FILE_SYSTEM = "A cluster chain ends early, leaves the volume, or runs in a circle.",
        [
            "The stick was pulled while something was written to it.",
            "The BIOS returns wrong data without an error.",
            "The stick loses data.",
        ],
        ["Run `fsck.fat` or `chkdsk` on the stick at another machine.", VERIFY, OTHER_PORT, SINGLE_SECTORS, REPLACE];
    BAD_CAPSULE = "Its header or its chunk table does not have the hash that it should.",
        [
            "The capsule was copied in part, or changed.",
            "The stick was pulled while it was copied.",
            "The BIOS returns wrong data without an error.",
        ],
        [COPY_AGAIN, VERIFY, SINGLE_SECTORS, OTHER_PORT];
    NEWER_CAPSULE = "Its version, kind, codec or a flag is not known to this boot code.",
        ["The capsule was made by a newer ramkey than wrote the stick."],
        ["Write the stick with the ramkey that made the capsule."];
    CHUNK_WRONG = "A chunk had the wrong BLAKE3 value after it was copied to memory, and again at each smaller transfer size.",
        [
            "The stick loses data, or its capacity is a lie.",
            OTHER_SECTORS,
            "The USB cable, hub or port spoils data.",
        ],
        [VERIFY, OTHER_PORT, SINGLE_SECTORS, REPLACE, OTHER_LAYOUT];
    MEMORY_WRONG = "The data came right from the stick, but memory above 1 MiB returned something else.",
        [
            "A memory module is bad, or runs too fast.",
            "The BIOS tells of memory that is not there.",
            "A20 does not stay on.",
        ],
        [
            MEMORY_TEST,
            "Load the BIOS's safe settings: slower memory.",
            "Switch off BIOS options such as memory hole at 15 MB, and set Gate A20 to the other value.",
            "Try an image that is smaller.",
        ];
    NO_COMPANION = "The image is loaded together with others; the folder RAMKEY has no file of that name, or it holds another image.",
        [
            "The other capsule was deleted or renamed.",
            "It was replaced by another image of the same name.",
        ],
        ["Copy the missing capsule (.RKC), which the screen names, into the folder RAMKEY.", WRITE_AGAIN];
    INTERNAL = "A check that should never fail did; the file and line are on the screen.",
        [
            "A mistake in ramkey.",
            "A memory module is bad: the loader was changed while it ran.",
        ],
        [REPORT_IT, SINGLE_SECTORS, MEMORY_TEST];
    CPU_EXCEPTION = "A CPU exception in the loader; its number and address are on the screen.",
        [
            "A mistake in ramkey.",
            "A memory module is bad.",
            "The BIOS wrote into memory that is not its own.",
        ],
        [REPORT_IT, "Start again, cold, without other USB devices.", MEMORY_TEST];
}
