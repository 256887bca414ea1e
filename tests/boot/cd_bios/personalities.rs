//! The list: every BIOS of CDs, the parameters of its ROM, and what it does to readers that believe it.

use super::discs::Writer;
use super::readers::Form;

/// A BIOS that boots CDs.
pub struct Personality {
    /// The page's name of it; unique.
    pub name: &'static str,
    /// What it does, for the page.
    pub does: &'static str,
    /// Parameters of `personalities/cd_bios`, as `NAME=VALUE`.
    pub set: &'static [&'static str],
    /// Letters that the ROM says of the readers below: it was in the way.
    pub says: &'static str,
    /// What the plain readers are started as.
    pub form: Form,
    /// Whether `plain.asm` reads what DL names, and what AH=4Bh tells or leaves behind.
    pub plain: (bool, bool),
    /// Discs of ramkey that cannot boot by themselves, why, and what their owner can do.
    pub impossible: &'static [(Writer, &'static str)],
}

/// A BIOS under which a disc boots.
const fn bios(
    name: &'static str,
    does: &'static str,
    set: &'static [&'static str],
    says: &'static str,
    plain: (bool, bool),
) -> Personality {
    Personality { name, does, set, says, form: Form::NoEmulation, plain, impossible: &[] }
}

impl Personality {
    /// It boots what a disc emulates.
    const fn of(self, form: Form) -> Self {
        Self { form, ..self }
    }

    const fn impossible(self, impossible: &'static [(Writer, &'static str)]) -> Self {
        Self { impossible, ..self }
    }

    /// Why a disc of ramkey cannot boot under it, if it cannot.
    pub fn why_not(&self, writer: Writer) -> Option<&'static str> {
        self.impossible.iter().find(|(impossible, _)| *impossible == writer).map(|(_, why)| *why)
    }
}

const AS_ITSELF: Writer = Writer::Ramkey(0);
const LARGE: Writer = Writer::Ramkey(1);
const AS_FLOPPY: Writer = Writer::Ramkey(2);
const AS_DISK: Writer = Writer::Ramkey(3);

/// Without AH=42h.
const NO_EDD: &str =
    "no call reads a block; `ramkey disc --boot floppy` and `--boot hard-disk` make discs that boot";
const NO_BLOCKS: &[(Writer, &str)] = &[(AS_ITSELF, NO_EDD), (LARGE, NO_EDD)];
/// Nothing is done about a call that does not come back.
const DIES: &str = "a call that hangs with interrupts off cannot be ended; hold Shift at the start, then 1 and Enter: single blocks boot";
const DEAD: &[(Writer, &str)] = &[(AS_ITSELF, DIES), (LARGE, DIES)];
const SPINS: &str = "sector 0 has no room for a clock and tries a few times; Ctrl+Alt+Del boots again from a disc that spins by then";
const SPINS_UP: &[(Writer, &str)] = &[(AS_FLOPPY, SPINS), (AS_DISK, SPINS)];
/// The emulated floppy is all that is there.
const BEHIND_FLOPPY: &[(Writer, &str)] = &[(
    LARGE,
    "the image lies behind the floppy's end, and nothing else shows the disc; `ramkey disc --boot hard-disk` makes one of which a BIOS \
     shows all, if it emulates hard disks",
)];

const BOTH: (bool, bool) = (true, true);
const NEITHER: (bool, bool) = (false, false);
/// Only by the number in DL; or only from what is emulated.
const BY_DL: (bool, bool) = (true, false);
/// Only by the number that AX=4B01h tells.
const BY_CALL: (bool, bool) = (false, true);

pub const PERSONALITIES: &[Personality] = &[
    bios("sound", "no faults", &[], "Beq", BOTH),
    // How the loader is started.
    bios("07C0:0000", "starts the loader at 07C0:0000", &["START_SEGMENT=1"], "Be", BOTH),
    bios("1000h", "loads to 1000:0000 what emulates nothing", &["LOAD_SEGMENT=1000h"], "B", NEITHER),
    bios("2000h", "loads to 2000:0000 what emulates nothing", &["LOAD_SEGMENT=2000h"], "B", NEITHER),
    bios("1 sector", "loads 512 bytes, whatever the catalogue says", &["LOAD_SECTORS=1"], "B", NEITHER),
    bios("64 sectors", "loads 32 KiB, whatever the catalogue says", &["LOAD_SECTORS=64"], "Be", BOTH),
    bios(
        "mess at boot",
        "a stack behind the loader, garbage in all registers, DF set, interrupts off",
        &["MESS_AT_BOOT=1"],
        "B",
        NEITHER,
    ),
    // Numbers.
    bios("DL 00h", "the disc is drive 00h", &["DRIVE=0"], "Beq", BOTH),
    bios("DL 80h", "the disc is drive 80h", &["DRIVE=80h"], "Beq", BOTH),
    bios(
        "DL 81h",
        "the disc is drive 81h behind an internal disk",
        &["DRIVE=81h", "OTHER_DRIVE=80h"],
        "Beq",
        BOTH,
    ),
    bios("DL 9Fh", "the disc is drive 9Fh", &["DRIVE=9Fh"], "Beq", BOTH),
    bios("DL EFh", "the disc is drive EFh", &["DRIVE=0EFh"], "Beq", BOTH),
    bios("DL 00h for E0h", "DL is wrong", &["BOOT_DL=0"], "Beo", BY_CALL),
    bios("DL 80h for E0h", "DL names an internal disk", &["BOOT_DL=80h", "OTHER_DRIVE=80h"], "Beo", BY_CALL),
    bios(
        "DL 00h for EFh, unsaid",
        "DL is wrong, AX=4B01h fails",
        &["DRIVE=0EFh", "BOOT_DL=0", "PACKET=ANSWER_FAILS"],
        "Boq",
        NEITHER,
    ),
    bios(
        "DL 80h for 9Fh, unsaid",
        "DL names an internal disk, AX=4B01h fails",
        &["DRIVE=9Fh", "BOOT_DL=80h", "OTHER_DRIVE=80h", "PACKET=ANSWER_FAILS"],
        "Boq",
        NEITHER,
    ),
    bios(
        "DL 80h for E0h, a lie",
        "DL names an internal disk, and so does AX=4B01h, whatever DL says",
        &["BOOT_DL=80h", "OTHER_DRIVE=80h", "PACKET=ANSWER_LIES", "PACKET_DRIVE=80h", "PACKET_ANY=1"],
        "Boq",
        NEITHER,
    ),
    bios(
        "DL FFh for E0h",
        "DL is wrong; AX=4B01h fails",
        &["BOOT_DL=0FFh", "PACKET=ANSWER_FAILS"],
        "Boq",
        NEITHER,
    ),
    bios(
        "FFh hangs",
        "DL 00h for 9Fh, AX=4B01h fails, a call with DL FFh hangs for good",
        &["DRIVE=9Fh", "BOOT_DL=0", "PACKET=ANSWER_FAILS", "FF_HANGS=1"],
        "Boq",
        NEITHER,
    ),
    // El Torito's calls.
    bios("4B01h fails", "AX=4B01h fails", &["PACKET=ANSWER_FAILS"], "Beq", BY_DL),
    bios("4B01h lies", "AX=4B01h says drive 00h", &["PACKET=ANSWER_LIES"], "Beqo", BY_DL),
    bios(
        "4B01h writes 32 bytes",
        "13 bytes behind the packet are spoiled",
        &["PACKET_BEHIND=13"],
        "Bqd",
        BY_DL,
    ),
    bios("4B01h with 7Fh hangs", "AX=4B01h with DL=7Fh hangs for good", &["PACKET_7F_HANGS=1"], "BqH", BY_DL),
    bios(
        "4B01h with DS 0 hangs",
        "DL is 00h for E0h; AX=4B01h hangs for good if DS is below 40h",
        &["PACKET_LOW_HANGS=1", "PACKET_ANY=1", "BOOT_DL=0"],
        "BqH",
        NEITHER,
    ),
    // Blocks.
    bios("EDD denied", "AH=41h fails, AH=42h works", &["EDD=EDD_DENIED"], "Be", BOTH),
    bios("no EDD", "nothing reads a block", &["EDD=EDD_NONE"], "Bu", NEITHER).impossible(NO_BLOCKS),
    bios("EDD fails", "AH=41h says yes, AH=42h fails with AH=01h", &["EDD=EDD_FAILS"], "Be", NEITHER).impossible(NO_BLOCKS),
    bios("16 blocks", "more than 16 blocks a call fail", &["MAX_BLOCKS=16"], "Bl", NEITHER),
    bios("1 block", "more than 1 block a call fails", &["MAX_BLOCKS=1"], "Bl", NEITHER),
    bios(
        "16 blocks, then hangs",
        "more than 16 blocks a call hang with interrupts on",
        &["MAX_BLOCKS=16", "BEYOND=BEYOND_HANGS"],
        "Bh",
        NEITHER,
    ),
    bios(
        "16 blocks, then dies",
        "more than 16 blocks a call hang with interrupts off",
        &["MAX_BLOCKS=16", "BEYOND=BEYOND_DIES"],
        "BH",
        NEITHER,
    )
    .impossible(DEAD),
    bios(
        "16 blocks, then lies",
        "blocks behind the 16th of a call have wrong data",
        &["MAX_BLOCKS=16", "BEYOND=BEYOND_SPOILS"],
        "Bs",
        NEITHER,
    ),
    bios(
        "1 block, then lies",
        "blocks behind the first of a call have wrong data",
        &["MAX_BLOCKS=1", "BEYOND=BEYOND_SPOILS"],
        "Bs",
        NEITHER,
    ),
    bios(
        "512-byte sectors",
        "AH=42h counts sectors of 512 bytes, from drive E0h",
        &["SECTOR_UNITS=1"],
        "Be",
        NEITHER,
    ),
    bios("wraps in 64 KiB", "a transfer stays in its 64 KiB of memory", &["WRAPS=1"], "Bw", NEITHER),
    bios(
        "last block twice",
        "a run to the disc's end has its last block but one twice",
        &["REPEATS_LAST=1"],
        "Bi",
        NEITHER,
    ),
    bios("end missing", "the last 2 blocks cannot be read", &["END_MISSING=2"], "Bf", NEITHER),
    bios("packet spoiled", "and 16 bytes behind it, by AH=42h", &["PACKET_SPOILED=1"], "Bd", NEITHER),
    // Faults.
    bios("spins up", "reads fail with AH=AAh for 6 seconds", &["SPIN_TICKS=109"], "Br", NEITHER).impossible(SPINS_UP),
    bios("spins up slowly", "reads fail with AH=AAh for 15 seconds", &["SPIN_TICKS=273"], "Br", NEITHER).impossible(SPINS_UP),
    bios("unit attention", "the first read fails with AH=06h", &["FIRST_FAIL=1"], "Bf", NEITHER),
    bios("first 5 reads fail", "with AH=06h", &["FIRST_FAIL=5"], "Bf", NEITHER),
    bios("each 4th read fails", "with AH=10h", &["ERROR_EVERY=4"], "Bf", NEITHER),
    bios(
        "each 3rd read fails until reset",
        "so does every call after it until AH=00h",
        &["ERROR_EVERY=3", "ERROR_STAYS=1"],
        "Bf",
        NEITHER,
    ),
    bios("registers destroyed", "all that are no result, and high halves", &["CLOBBER=1"], "B", NEITHER),
    bios("interrupts off, DF set", "after each call", &["IF_OFF=1", "DF_ON=1"], "B", NEITHER),
    bios(
        "everything at once",
        "DL 80h for 9Fh, an internal disk, 1 sector loaded to 1000:0000, AX=4B01h fails, 1 block a call, 6 seconds to spin up, \
         each 20th read fails until reset, mess at boot and after each call",
        &[
            "DRIVE=9Fh",
            "BOOT_DL=80h",
            "OTHER_DRIVE=80h",
            "LOAD_SECTORS=1",
            "LOAD_SEGMENT=1000h",
            "PACKET=ANSWER_FAILS",
            "MAX_BLOCKS=1",
            "SPIN_TICKS=109",
            "ERROR_EVERY=20",
            "ERROR_STAYS=1",
            "MESS_AT_BOOT=1",
            "CLOBBER=1",
            "IF_OFF=1",
            "DF_ON=1",
        ],
        "B",
        NEITHER,
    ).impossible(SPINS_UP),
    // What a disc emulates.
    bios("floppy", "boots the entry of a floppy", &["ENTRY=ENTRY_FLOPPY"], "Ecgte", BOTH).of(Form::Floppy),
    bios("large floppy", "boots the entry of a floppy; that of the plain loader has 2.88 MB", &["ENTRY=ENTRY_FLOPPY"], "Ecgte", BOTH)
        .of(Form::LargeFloppy),
    bios(
        "floppy for good",
        "boots the entry of a floppy; AX=4B00h fails, and there is no EDD",
        &["ENTRY=ENTRY_FLOPPY", "END_EMULATION=ANSWER_FAILS", "EDD=EDD_NONE"],
        "Ecgt",
        BY_DL,
    )
    .of(Form::Floppy).impossible(BEHIND_FLOPPY),
    bios(
        "floppy, not ended",
        "boots the entry of a floppy; AX=4B00h succeeds and does nothing; the disc is no drive meanwhile",
        &["ENTRY=ENTRY_FLOPPY", "END_EMULATION=ANSWER_LIES", "CD_WHILE_EMULATED=0"],
        "Ecgto",
        BY_DL,
    )
    .of(Form::Floppy).impossible(BEHIND_FLOPPY),
    bios(
        "floppy before the disc",
        "boots the entry of a floppy; the disc is no drive before AX=4B00h, then EFh",
        &["ENTRY=ENTRY_FLOPPY", "CD_WHILE_EMULATED=0", "DRIVE=0EFh"],
        "Ecgto",
        BY_DL,
    )
    .of(Form::Floppy),
    bios(
        "floppy by track",
        "boots the entry of a floppy; reads end with a track",
        &["ENTRY=ENTRY_FLOPPY", "TRACK_ONLY=1"],
        "Ecgx",
        NEITHER,
    )
    .of(Form::Floppy),
    bios(
        "floppy, DL FFh",
        "boots the entry of a floppy; DL is wrong",
        &["ENTRY=ENTRY_FLOPPY", "BOOT_DL=0FFh"],
        "Eo",
        NEITHER,
    )
    .of(Form::Floppy),
    bios(
        "floppy, registers destroyed",
        "boots the entry of a floppy; after each call all that are no result, DF set, interrupts off",
        &["ENTRY=ENTRY_FLOPPY", "CLOBBER=1", "DF_ON=1", "IF_OFF=1"],
        "Eg",
        NEITHER,
    )
    .of(Form::Floppy),
    bios(
        "floppy, first 3 reads fail",
        "boots the entry of a floppy; with AH=06h",
        &["ENTRY=ENTRY_FLOPPY", "FIRST_FAIL=3"],
        "Egf",
        NEITHER,
    )
    .of(Form::Floppy),
    bios("hard disk", "boots the entry of a hard disk", &["ENTRY=ENTRY_DISK"], "Ecgte", BOTH).of(Form::Disk),
    bios(
        "hard disk for good",
        "boots the entry of a hard disk; AX=4B00h fails, and there is no EDD",
        &["ENTRY=ENTRY_DISK", "END_EMULATION=ANSWER_FAILS", "EDD=EDD_NONE"],
        "Ecgt",
        BY_DL,
    )
    .of(Form::Disk),
    bios(
        "hard disk 16/63",
        "boots the entry of a hard disk, as 16 heads and 63 sectors whatever its table says",
        &["ENTRY=ENTRY_DISK", "GEOMETRY=GEOMETRY_FIXED"],
        "Ecgte",
        BOTH,
    )
    .of(Form::Disk),
    bios(
        "hard disk, says 255",
        "boots the entry of a hard disk; AH=08h says 255 heads",
        &["ENTRY=ENTRY_DISK", "GEOMETRY=GEOMETRY_FIXED", "LIE_HEADS=255"],
        "Ecg",
        NEITHER,
    )
    .of(Form::Disk),
    bios(
        "hard disk, DL 00h",
        "boots the entry of a hard disk; DL is wrong",
        &["ENTRY=ENTRY_DISK", "BOOT_DL=0"],
        "Eo",
        NEITHER,
    )
    .of(Form::Disk),
    bios(
        "hard disk, wraps in 64 KiB",
        "boots the entry of a hard disk; a transfer stays in its 64 KiB of memory",
        &["ENTRY=ENTRY_DISK", "WRAPS=1"],
        "Ecgw",
        NEITHER,
    )
    .of(Form::Disk),
];
