//! The list: every old BIOS, the parameters of its ROM, and what it does to readers that believe it.

use Believer::{Calls, Memory};

use super::sticks::Size;

/// What the boot sector of `witness.asm` looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Believer {
    Calls,
    Memory,
}

/// An old BIOS.
pub struct Personality {
    /// The page's name of it; unique.
    pub name: &'static str,
    /// What it does, for the page.
    pub does: &'static str,
    /// Parameters of `personalities/old_bios`, as `NAME=VALUE`.
    pub set: &'static [&'static str],
    /// Letters that the ROM says of the readers below: it was in the way.
    pub says: &'static str,
    /// Whether `plain.asm` reads its stick by EDD, and by CHS.
    pub edd: bool,
    pub chs: bool,
    /// What `witness.asm` sees, and its letter.
    pub witness: Option<(Believer, char)>,
    /// Whether the machine has a keyboard controller.
    pub keyboard_controller: bool,
    /// Images that a universal stick cannot boot by itself, why, and what its owner can do.
    pub impossible: Option<(&'static [Size], &'static str)>,
}

/// A BIOS under which only the plain readers are tried.
const fn bios(
    name: &'static str,
    does: &'static str,
    set: &'static [&'static str],
    says: &'static str,
    (edd, chs): (bool, bool),
) -> Personality {
    Personality {
        name,
        does,
        set,
        says,
        edd,
        chs,
        witness: None,
        keyboard_controller: true,
        impossible: None,
    }
}

impl Personality {
    /// The witness sees it too.
    const fn seen(self, believer: Believer, letter: char) -> Self {
        Self { witness: Some((believer, letter)), ..self }
    }

    const fn impossible(self, sizes: &'static [Size], why: &'static str) -> Self {
        Self { impossible: Some((sizes, why)), ..self }
    }

    /// Each size of image that a universal stick cannot boot by itself, and why.
    pub fn impossible_sizes(&self) -> impl Iterator<Item = (Size, &'static str)> {
        let (sizes, why) = self.impossible.unwrap_or((&[], ""));
        sizes.iter().map(move |&size| (size, why))
    }

    /// Whether it is about where sectors are: drive, hidden sectors, geometry. Then layouts may differ under it.
    pub fn is_about_places(&self) -> bool {
        let places = ["DRIVE=", "EDD=", "EDD_HIDDEN=", "CHS_HIDDEN=", "HEADS=", "PATCH_BPB="];
        self.set.is_empty() || self.set.iter().any(|set| places.iter().any(|place| set.starts_with(place)))
    }

    /// Whether it reads one sector a call.
    pub fn is_slow(&self) -> bool {
        self.set.contains(&"MAX_SECTORS=1")
    }

    const fn without_keyboard_controller(self) -> Self {
        Self { keyboard_controller: false, ..self }
    }
}

/// The plain reader by EDD, and by CHS.
const BOTH: (bool, bool) = (true, true);
const NEITHER: (bool, bool) = (false, false);
const BY_EDD: (bool, bool) = (true, false);
const BY_CHS: (bool, bool) = (false, true);

/// Why nothing is done about a call that does not come back.
const DIES: &str = "a call that hangs with interrupts off cannot be ended; hold Shift or press F8 at the start, then 1 and Enter: single \
                    sectors boot";

pub const PERSONALITIES: &[Personality] = &[
    bios("sound", "no faults", &[], "Bceg", BOTH),
    // How the boot sector is started.
    bios(
        "DL 00h",
        "the stick is drive 00h; CHS 64/32 only",
        &["DRIVE=0", "EDD=EDD_NONE", "HEADS=64", "SECTORS=32"],
        "Bck",
        BY_CHS,
    ),
    bios("DL 00h, EDD", "the stick is drive 00h, with EDD", &["DRIVE=0"], "Bce", BOTH),
    bios(
        "DL 01h",
        "the stick is drive 01h behind an empty drive 00h; CHS 64/32 only",
        &["DRIVE=1", "EDD=EDD_NONE", "HEADS=64", "SECTORS=32", "OTHER_DRIVE=0"],
        "Bck",
        BY_CHS,
    ),
    bios(
        "DL 81h",
        "the stick is drive 81h behind an internal disk",
        &["DRIVE=81h", "OTHER_DRIVE=80h", "OTHER_MEDIUM=1"],
        "Bce",
        BOTH,
    ),
    bios("DL FFh for 80h", "DL is wrong", &["BOOT_DL=0FFh"], "Bo", NEITHER),
    bios("DL 00h for 80h", "DL is wrong", &["BOOT_DL=0"], "Bo", NEITHER),
    bios("DL 01h for 80h", "DL is wrong", &["BOOT_DL=1"], "Bo", NEITHER),
    bios("DL 81h for 80h", "DL is wrong", &["BOOT_DL=81h"], "Bo", NEITHER),
    bios(
        "DL 80h for 81h",
        "DL names an internal disk",
        &["DRIVE=81h", "BOOT_DL=80h", "OTHER_DRIVE=80h", "OTHER_MEDIUM=1"],
        "Bo",
        NEITHER,
    ),
    bios(
        "DL 80h for 81h, CHS only",
        "as above, by CHS only",
        &["DRIVE=81h", "BOOT_DL=80h", "OTHER_DRIVE=80h", "OTHER_MEDIUM=1", "EDD=EDD_NONE"],
        "Bo",
        NEITHER,
    ),
    bios(
        "DL 00h for 80h, empty floppy drive",
        "DL names a drive without a medium",
        &["BOOT_DL=0", "OTHER_DRIVE=0"],
        "Bo",
        NEITHER,
    ),
    bios(
        "DL 00h for 80h, floppy",
        "DL names a drive with a floppy",
        &["BOOT_DL=0", "OTHER_DRIVE=0", "OTHER_MEDIUM=1"],
        "Bo",
        NEITHER,
    ),
    bios("07C0:0000", "starts the sector at 07C0:0000", &["BOOT_SEGMENT=7C0h"], "B", NEITHER),
    bios(
        "mess at boot",
        "a stack in the sector's end, garbage in all registers, DF set, interrupts off",
        &["MESS_AT_BOOT=1"],
        "Bce",
        NEITHER,
    ),
    bios("patched BPB", "writes into the BPB in memory", &["PATCH_BPB=1"], "Bce", NEITHER),
    // EDD.
    bios("EDD fails", "AH=41h says yes, AH=42h fails with AH=01h", &["EDD=EDD_FAILS"], "cek", BY_CHS),
    bios(
        "EDD denied",
        "AH=41h fails, AH=42h works; AH=08h fails",
        &["EDD=EDD_DENIED", "GEOMETRY=GEOMETRY_FAILS"],
        "kg",
        NEITHER,
    ),
    bios(
        "EDD unsaid",
        "AH=41h changes nothing, AH=42h works; AH=08h fails",
        &["EDD=EDD_UNSAID", "GEOMETRY=GEOMETRY_FAILS"],
        "kg",
        NEITHER,
    ),
    // Hidden sectors.
    bios(
        "hides 17",
        "drive 00h, CHS 4/17 only, the first 17 sectors are not there",
        &["DRIVE=0", "EDD=EDD_NONE", "HEADS=4", "SECTORS=17", "CHS_HIDDEN=17"],
        "!",
        NEITHER,
    ),
    bios("hides 18", "the first 18 sectors are not there", &["CHS_HIDDEN=18", "EDD_HIDDEN=18"], "!", NEITHER),
    bios("hides 32", "the first 32 sectors are not there", &["CHS_HIDDEN=32", "EDD_HIDDEN=32"], "!", NEITHER),
    bios("hides 63", "the first 63 sectors are not there", &["CHS_HIDDEN=63", "EDD_HIDDEN=63"], "!", NEITHER),
    bios(
        "hides 2048",
        "nothing before the partition is there",
        &["CHS_HIDDEN=2048", "EDD_HIDDEN=2048"],
        "!",
        NEITHER,
    ),
    bios("hides 32 by CHS", "as above, by CHS and not by EDD", &["CHS_HIDDEN=32"], "!", NEITHER),
    bios("hides 63 by EDD", "by EDD and not by CHS", &["EDD_HIDDEN=63"], "Bce", BY_CHS),
    bios(
        "USB-ZIP",
        "drive 00h, CHS 64/32 only, the first 32 sectors are not there",
        &["DRIVE=0", "EDD=EDD_NONE", "HEADS=64", "SECTORS=32", "CHS_HIDDEN=32"],
        "!",
        NEITHER,
    ),
    bios(
        "USB-FDD",
        "drive 00h, CHS 2/18 only, reads end with a track, writes into the BPB in memory",
        &["DRIVE=0", "EDD=EDD_NONE", "HEADS=2", "SECTORS=18", "TRACK_ONLY=1", "PATCH_BPB=1"],
        "Bc",
        NEITHER,
    ),
    // Geometry, by CHS only.
    bios("CHS 255/63", "CHS only", &["EDD=EDD_NONE"], "ckg", BY_CHS),
    bios("CHS 16/63", "CHS only", &["EDD=EDD_NONE", "HEADS=16"], "ckg", BY_CHS),
    bios("CHS 64/32", "CHS only", &["EDD=EDD_NONE", "HEADS=64", "SECTORS=32"], "ckg", BY_CHS),
    bios("CHS 2/18", "CHS only", &["EDD=EDD_NONE", "HEADS=2", "SECTORS=18"], "ckg", BY_CHS),
    bios("CHS 2/15", "CHS only", &["EDD=EDD_NONE", "HEADS=2", "SECTORS=15"], "ckg", BY_CHS),
    bios("CHS 2/36", "CHS only", &["EDD=EDD_NONE", "HEADS=2", "SECTORS=36"], "ckg", BY_CHS),
    bios("CHS 240/63", "CHS only", &["EDD=EDD_NONE", "HEADS=240"], "ckg", BY_CHS),
    bios("CHS 4/17", "CHS only", &["EDD=EDD_NONE", "HEADS=4", "SECTORS=17"], "ckg", BY_CHS),
    bios("CHS 21/22", "CHS only", &["EDD=EDD_NONE", "HEADS=21", "SECTORS=22"], "ckg", BY_CHS),
    bios("CHS 13/51", "CHS only", &["EDD=EDD_NONE", "HEADS=13", "SECTORS=51"], "ckg", BY_CHS),
    bios(
        "CHS 16/63, says 255/63",
        "CHS only, AH=08h lies",
        &["EDD=EDD_NONE", "HEADS=16", "GEOMETRY=GEOMETRY_LIES"],
        "cg",
        NEITHER,
    ),
    bios(
        "CHS 128/63, says 255/63",
        "CHS only, AH=08h lies",
        &["EDD=EDD_NONE", "HEADS=128", "GEOMETRY=GEOMETRY_LIES"],
        "cg",
        NEITHER,
    ),
    bios(
        "CHS 77/51, says 16/63",
        "CHS only, AH=08h lies",
        &["EDD=EDD_NONE", "HEADS=77", "SECTORS=51", "GEOMETRY=GEOMETRY_LIES", "LIE_HEADS=16"],
        "cg",
        NEITHER,
    ),
    bios(
        "CHS 64/32, says 16/63",
        "CHS only, AH=08h lies",
        &["EDD=EDD_NONE", "HEADS=64", "SECTORS=32", "GEOMETRY=GEOMETRY_LIES", "LIE_HEADS=16"],
        "cg",
        NEITHER,
    ),
    bios(
        "CHS 255/63, says 2/18",
        "CHS only, AH=08h lies",
        &["EDD=EDD_NONE", "GEOMETRY=GEOMETRY_LIES", "LIE_HEADS=2", "LIE_SECTORS=18"],
        "cg",
        NEITHER,
    ),
    bios(
        "CHS 2/18, says 64/32",
        "CHS only, AH=08h lies",
        &[
            "EDD=EDD_NONE",
            "HEADS=2",
            "SECTORS=18",
            "GEOMETRY=GEOMETRY_LIES",
            "LIE_HEADS=64",
            "LIE_SECTORS=32",
        ],
        "cg",
        NEITHER,
    ),
    bios(
        "CHS 255/63, says nothing",
        "CHS only, AH=08h fails",
        &["EDD=EDD_NONE", "GEOMETRY=GEOMETRY_FAILS"],
        "g",
        NEITHER,
    ),
    bios(
        "CHS 64/32, says nothing",
        "CHS only, AH=08h fails",
        &["EDD=EDD_NONE", "HEADS=64", "SECTORS=32", "GEOMETRY=GEOMETRY_FAILS"],
        "g",
        NEITHER,
    ),
    bios(
        "CHS 4/17, says nothing",
        "CHS only, AH=08h fails",
        &["EDD=EDD_NONE", "HEADS=4", "SECTORS=17", "GEOMETRY=GEOMETRY_FAILS"],
        "g",
        NEITHER,
    ),
    // Lengths.
    bios("1 sector", "more than 1 sector a call fails with AH=01h", &["MAX_SECTORS=1"], "cel", NEITHER),
    bios(
        "7 sectors",
        "more than 7 sectors a call fail with AH=04h",
        &["MAX_SECTORS=7", "BEYOND_STATUS=STATUS_NOT_FOUND"],
        "cel",
        NEITHER,
    ),
    bios("32 sectors", "more than 32 sectors a call fail with AH=01h", &["MAX_SECTORS=32"], "cel", NEITHER),
    bios(
        "64 sectors",
        "more than 64 sectors a call fail with AH=04h",
        &["MAX_SECTORS=64", "BEYOND_STATUS=STATUS_NOT_FOUND"],
        "cel",
        NEITHER,
    ),
    bios("127 sectors", "more than 127 sectors a call fail", &["MAX_SECTORS=127"], "cel", BY_EDD),
    bios(
        "1 sector, then hangs",
        "more than 1 sector a call hangs with interrupts on",
        &["MAX_SECTORS=1", "BEYOND=BEYOND_HANGS"],
        "ceh",
        NEITHER,
    ),
    bios(
        "32 sectors, then hangs",
        "more than 32 sectors a call hang with interrupts on",
        &["MAX_SECTORS=32", "BEYOND=BEYOND_HANGS"],
        "ceh",
        NEITHER,
    ),
    bios(
        "7 sectors, then dies",
        "more than 7 sectors a call hang with interrupts off",
        &["MAX_SECTORS=7", "BEYOND=BEYOND_DIES"],
        "ceH",
        NEITHER,
    )
    .impossible(&Size::ALL, DIES),
    bios(
        "64 sectors, then dies",
        "more than 64 sectors a call hang with interrupts off",
        &["MAX_SECTORS=64", "BEYOND=BEYOND_DIES"],
        "ceH",
        NEITHER,
    )
    .impossible(&Size::ALL, DIES),
    bios(
        "7 sectors, then lies",
        "sectors behind the 7th of a call have wrong data",
        &["MAX_SECTORS=7", "BEYOND=BEYOND_SPOILS"],
        "ces",
        NEITHER,
    ),
    bios(
        "64 sectors, then lies",
        "sectors behind the 64th of a call have wrong data",
        &["MAX_SECTORS=64", "BEYOND=BEYOND_SPOILS"],
        "ces",
        NEITHER,
    ),
    bios("wraps in 64 KiB", "a transfer stays in its 64 KiB of memory", &["WRAPS=1"], "cew", NEITHER),
    // Faults.
    bios("AH 20h with success", "reads that work say AH=20h", &["STATUS_WITH_SUCCESS=20h"], "ce", BOTH)
        .seen(Calls, 'S'),
    bios("each 4th read fails", "with AH=10h", &["ERROR_EVERY=4"], "cef", NEITHER),
    bios(
        "each 4th read fails until reset",
        "so does every call after it until AH=00h",
        &["ERROR_EVERY=4", "ERROR_STAYS=1"],
        "cef",
        NEITHER,
    ),
    bios("first 3 reads fail", "with AH=06h", &["FIRST_FAIL=3"], "cef", NEITHER),
    bios("registers destroyed", "all that are no result, and high halves", &["CLOBBER=1"], "ge", NEITHER)
        .seen(Calls, 'R'),
    bios("interrupts off, DF set", "after each call", &["IF_OFF=1", "DF_ON=1"], "ce", NEITHER)
        .seen(Calls, 'F'),
    bios("A20 off", "at the start and after each call", &["A20_OFF=1"], "ce", BOTH).seen(Calls, 'A'),
    bios("packet spoiled", "and 16 bytes behind it", &["PACKET_SPOILED=1"], "ced", BY_CHS).seen(Calls, 'P'),
    bios("last cylinder missing", "reads there fail", &["LAST_CYLINDER_MISSING=1"], "cex", NEITHER),
    bios("calls itself", "INT 13h reads by INT 13h", &["NESTED=1"], "cen", BOTH).seen(Calls, 'N'),
    bios(
        "everything at once",
        "drive 00h, CHS 64/32 only, AH=08h lies, the first 32 sectors are not there, 1 sector a call, \
         the first 3 reads and each 50th fail until reset, mess at boot and after each call, A20 off, writes into the BPB, \
         E820h unsorted",
        &[
            "DRIVE=0",
            "EDD=EDD_NONE",
            "HEADS=64",
            "SECTORS=32",
            "GEOMETRY=GEOMETRY_LIES",
            "CHS_HIDDEN=32",
            "MAX_SECTORS=1",
            "FIRST_FAIL=3",
            "ERROR_EVERY=50",
            "ERROR_STAYS=1",
            "MESS_AT_BOOT=1",
            "PATCH_BPB=1",
            "CLOBBER=1",
            "IF_OFF=1",
            "DF_ON=1",
            "A20_OFF=1",
            "E820=E820_UNSORTED",
        ],
        "!",
        NEITHER,
    ),
    // Memory.
    bios("no E820h", "", &["E820=E820_ABSENT"], "m", BOTH).seen(Memory, 'E'),
    bios("E820h unsorted", "", &["E820=E820_UNSORTED"], "m", BOTH).seen(Memory, 'O'),
    bios("E820h endless", "EBX is never 0", &["E820=E820_ENDLESS"], "m", BOTH).seen(Memory, 'O'),
    bios("E820h with empty ranges", "", &["E820=E820_EMPTY"], "m", BOTH).seen(Memory, 'Z'),
    bios("E820h with wrong sizes", "writes 24 bytes, says 20 and 48", &["E820=E820_SIZES"], "m", BOTH)
        .seen(Memory, 'C'),
    bios("E820h overlapping", "RAM twice, and a reserved range in it", &["E820=E820_OVERLAPS"], "m", BOTH)
        .seen(Memory, 'O'),
    // The witness hangs, and the ROM has the last word.
    bios("E820h hangs", "with interrupts on", &["E820=E820_HANGS"], "mh", BOTH).seen(Memory, '}'),
    bios("E801h only", "no E820h, no AH=88h", &["E820=E820_ABSENT", "AH88_ABSENT=1"], "v", BOTH)
        .seen(Memory, 'X'),
    bios("AH=88h only", "no E820h, no E801h", &["E820=E820_ABSENT", "E801_ABSENT=1"], "v", BOTH)
        .seen(Memory, 'X'),
    bios("0:413h less than E820h", "by 64 KiB", &["TAKEN_KIB=64", "E820_BASE_KIB=639"], "m", BOTH)
        .seen(Memory, 'B'),
    bios("E820h less than 0:413h", "base memory ends at 512 KiB", &["E820_BASE_KIB=512"], "m", BOTH)
        .seen(Memory, 'B'),
    bios("A20 not by the BIOS", "AX=2401h fails", &["A20_OFF=1", "A20_CALL=A20_CALL_FAILS"], "a", BOTH)
        .seen(Memory, 'A'),
    bios("A20 lie of the BIOS", "AX=2401h does nothing", &["A20_OFF=1", "A20_CALL=A20_CALL_LIES"], "a", BOTH)
        .seen(Memory, 'A'),
    // Without one this machine has no gate at all: A20 is always on.
    bios("no keyboard controller", "ports 60h and 64h read FFh", &[], "ce", BOTH)
        .seen(Memory, 'K')
        .without_keyboard_controller(),
];
