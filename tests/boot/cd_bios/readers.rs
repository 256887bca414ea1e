//! A loader that believes the BIOS: each personality does to it what the list says, so it is known to bite.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ramkey::emulator::{CdBus, Emulator, EmulatorError, End, Machine, Port, Stick};

use super::super::discs::{BOOT, Media, disc};
use super::super::harness::{Running, file, scratch, tool};
use super::super::personality::rom;
use super::personalities::Personality;

/// How long a reader may take. Ends only what hangs: it needs two seconds.
const LIMIT: Duration = Duration::from_secs(15);
/// Sectors of the hard disk that a reader's disc emulates: 4 cylinders.
const DISK_SECTORS: u32 = 4 * 16 * 63;
/// Blocks of a reader's disc, whatever it emulates.
const BLOCKS: u32 = 2000;

/// What a disc is booted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    NoEmulation,
    Floppy,
    LargeFloppy,
    Disk,
}

/// What a reader believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// DL, and the geometry of what is emulated.
    Number,
    /// AH=4Bh.
    Call,
}

impl Form {
    fn media(self) -> Media {
        match self {
            Self::NoEmulation => Media::NoEmulation,
            Self::Floppy => Media::Floppy144,
            Self::LargeFloppy => Media::Floppy288,
            Self::Disk => Media::HardDisk,
        }
    }

    /// Sectors that are loaded, and what the reader's source is told.
    fn parameters(self) -> (u16, Vec<String>) {
        let emulated = |sectors: u32| vec!["EMULATED".to_owned(), format!("SECTORS={sectors}")];
        match self {
            Self::NoEmulation => (4, Vec::new()),
            Self::Floppy => (1, emulated(2880)),
            Self::LargeFloppy => (1, emulated(5760)),
            Self::Disk => {
                let mut all = emulated(DISK_SECTORS);
                all.extend(["HEADS=16", "TRACK=63", "CYLINDERS=4"].map(str::to_owned));
                (1, all)
            }
        }
    }
}

/// The verdict of a reader, and what was said on port E9h.
struct Answer {
    passed: bool,
    console: String,
}

/// The machine with this BIOS, and a disc in its CD drive.
pub fn machine(folder: &Path, personality: &Personality, disc: &Path) -> Machine {
    machine_with(folder, personality, disc, &[])
}

/// The same, its ROM with `more` parameters.
pub fn machine_with(folder: &Path, personality: &Personality, disc: &Path, more: &[&str]) -> Machine {
    let set: Vec<String> = personality.set.iter().chain(more).map(|set| format!("SET_{set}")).collect();
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    let mut machine = Machine::new(Stick::new(disc, Port::Cd(CdBus::Ide)));
    machine.option_rom = Some(rom(folder, "cd_bios/cd_bios.asm", &set));
    machine
}

/// Until the machine ends, or its BIOS says that nothing boots or that it hangs.
fn wait(machine: &mut Emulator) -> Result<Option<End>, EmulatorError> {
    machine.wait_for("a verdict", LIMIT, |machine| {
        let end = machine.ended()?;
        let console = machine.console();
        let over = end.is_some() || ["{!}", "{H}", "{h}"].iter().any(|said| console.contains(said));
        Ok(over.then_some(end))
    })
}

/// Boots a reader from the front of a numbered disc.
fn boot(personality: &Personality, reader: Reader) -> Answer {
    let folder = scratch();
    let disc = numbered(folder.path(), personality.form, reader);
    let mut running = Running::start(&machine(folder.path(), personality, &disc));
    let mut end = wait(running.emulator());
    if let Err(EmulatorError::Ended { .. }) = end {
        // It ended between two looks.
        end = running.emulator().ended();
    }
    let console = running.emulator().console();
    Answer { passed: matches!(end, Ok(Some(End::Value(0x10)))), console }
}

fn numbered(folder: &Path, form: Form, reader: Reader) -> PathBuf {
    let (load_sectors, mut definitions) = form.parameters();
    definitions.extend([format!("BOOT={BOOT}"), format!("BLOCKS={BLOCKS}"), "DISC_DRIVE=0xE0".into()]);
    if reader == Reader::Call {
        definitions.push("BY_CALL".into());
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boot/personalities/cd_bios/plain.asm");
    let target = folder.join("plain.bin");
    let mut arguments: Vec<String> = ["-w+all", "-w+error", "-f", "bin"].map(str::to_owned).to_vec();
    arguments.extend(definitions.iter().map(|definition| format!("-D{definition}")));
    arguments.extend(["-o".into(), target.display().to_string(), source.display().to_string()]);
    tool("nasm", &arguments);
    let code = std::fs::read(&target).expect("the assembled reader");
    file(folder, "numbered.iso", &disc(BLOCKS, form.media(), 0, load_sectors, &code))
}

/// What the list says and what was seen of the first `most` readers, where they differ. The one that shows most is first.
pub fn differences(personality: &Personality, most: usize) -> Vec<String> {
    let (number, call) = personality.plain;
    let mut readers = [(Reader::Number, number), (Reader::Call, call)];
    if number && !call {
        readers.reverse();
    }
    let mut faults = Vec::new();
    let mut said = String::new();
    for (reader, passes) in readers.into_iter().take(most) {
        let answer = boot(personality, reader);
        if answer.passed != passes {
            faults.push(format!("{reader:?} passed: {}, {}", answer.passed, answer.console));
        }
        said += &answer.console;
    }
    let all = most >= readers.len();
    for letter in personality.says.chars().filter(|letter| all && !said.contains(&format!("{{{letter}}}"))) {
        faults.push(format!("the ROM never said {letter}: {said}"));
    }
    faults.iter().map(|fault| format!("{}: {fault}", personality.name)).collect()
}
