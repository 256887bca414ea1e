//! Boot sectors that believe the BIOS: each personality does to them what the list says, so it is known to bite.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use ramkey::emulator::{Controller, Emulator, EmulatorError, End, Machine, Port, Stick};

use super::super::harness::{Running, scratch, tool};
use super::super::personality::rom;
use super::personalities::{Believer, Personality};

/// How long a reader may take. Ends only what hangs: it needs two seconds.
const LIMIT: Duration = Duration::from_secs(30);
/// Sectors of a reader's stick.
const SECTORS: u32 = 32768;
/// What each doubleword of sector `n` is divided by to be `n`; `PATTERN` in `plain.asm`.
const PATTERN: u32 = 0x9E37_79B1;

/// The verdict of a boot sector, and what was said on port E9h.
pub struct Answer {
    pub passed: bool,
    pub console: String,
}

/// The ROM of a personality, with `more` parameters.
fn rom_of(folder: &Path, personality: &Personality, more: &[&str]) -> PathBuf {
    let set: Vec<String> = personality.set.iter().chain(more).map(|set| format!("SET_{set}")).collect();
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    rom(folder, "old_bios/old_bios.asm", &set)
}

/// The machine with this BIOS, and a stick in its fastest port.
pub fn machine(folder: &Path, personality: &Personality, stick: &Path) -> Machine {
    machine_with(folder, personality, stick, &[])
}

/// The same, its ROM with `more` parameters.
pub fn machine_with(folder: &Path, personality: &Personality, stick: &Path, more: &[&str]) -> Machine {
    let mut machine = Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)));
    machine.option_rom = Some(rom_of(folder, personality, more));
    machine.keyboard_controller = personality.keyboard_controller;
    machine
}

/// Until the machine ends, or its BIOS says that nothing boots or that it hangs.
pub fn wait(machine: &mut Emulator, limit: Duration) -> Result<Option<End>, EmulatorError> {
    machine.wait_for("a verdict", limit, |machine| {
        let end = machine.ended()?;
        let console = machine.console();
        let over = end.is_some() || ["{!}", "{H}", "{h}"].iter().any(|said| console.contains(said));
        Ok(over.then_some(end))
    })
}

/// A boot sector that believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    ByEdd,
    ByChs,
    OfCalls,
    OfMemory,
}

impl Reader {
    /// Its source, and what that is told.
    fn source(self) -> (&'static str, &'static str) {
        match self {
            Self::ByEdd => ("plain.asm", "BY_EDD"),
            Self::ByChs => ("plain.asm", "BY_CHS"),
            Self::OfCalls => ("witness.asm", "OF_CALLS"),
            Self::OfMemory => ("witness.asm", "OF_MEMORY"),
        }
    }
}

/// Boots a reader in front of numbered sectors.
pub fn boot(personality: &Personality, reader: Reader) -> Answer {
    let folder = scratch();
    let stick = numbered(folder.path(), reader);
    let mut running = Running::start(&machine(folder.path(), personality, &stick));
    let end = wait(running.emulator(), LIMIT);
    let console = running.emulator().console();
    Answer { passed: matches!(end, Ok(Some(End::Value(0x10)))), console }
}

fn numbered(folder: &Path, reader: Reader) -> PathBuf {
    static NUMBERS: OnceLock<Vec<u8>> = OnceLock::new();
    let numbers = NUMBERS.get_or_init(|| {
        let sector = |lba: u32| lba.wrapping_mul(PATTERN).to_le_bytes().repeat(128);
        (1..SECTORS).flat_map(sector).collect()
    });
    let (source, definition) = reader.source();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boot/personalities/old_bios").join(source);
    let stick = folder.join("stick.img");
    let (source, target) = (source.display().to_string(), stick.display().to_string());
    tool("nasm", &["-w+all", "-w+error", "-f", "bin", "-D", definition, "-o", &target, &source]);
    let file = OpenOptions::new().append(true).open(&stick);
    file.and_then(|mut file| file.write_all(numbers)).expect("the reader's stick");
    stick
}

/// The readers that the list has an answer for, the one that shows most first.
fn expected(personality: &Personality) -> Vec<(Reader, bool)> {
    let mut all = vec![(Reader::ByEdd, personality.edd), (Reader::ByChs, personality.chs)];
    if !personality.chs {
        all.reverse();
    }
    match personality.witness {
        Some((Believer::Calls, _)) => all.insert(0, (Reader::OfCalls, false)),
        Some((Believer::Memory, _)) => all.insert(0, (Reader::OfMemory, false)),
        None => {}
    }
    all
}

/// What the list says and what was seen of the first `most` readers, where they differ.
pub fn differences(personality: &Personality, most: usize) -> Vec<String> {
    let mut faults = Vec::new();
    let mut said = String::new();
    let readers = expected(personality);
    let all = readers.len() <= most;
    for (reader, passes) in readers.into_iter().take(most) {
        let answer = boot(personality, reader);
        let witness = matches!(reader, Reader::OfCalls | Reader::OfMemory);
        let letter = personality.witness.map(|(_, letter)| letter).filter(|_| witness);
        if answer.passed != passes || letter.is_some_and(|letter| !answer.console.ends_with(letter)) {
            faults.push(format!("{reader:?} passed: {}, {}", answer.passed, answer.console));
        }
        said += &answer.console;
    }
    for letter in personality.says.chars().filter(|letter| all && !said.contains(&format!("{{{letter}}}"))) {
        faults.push(format!("the ROM never said {letter}: {said}"));
    }
    faults.iter().map(|fault| format!("{}: {fault}", personality.name)).collect()
}
