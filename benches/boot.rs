//! From power-on to the image's first instruction: ramkey beside SYSLINUX and MEMDISK, on sticks and on discs.
//!
//! Both load the same raw image from the same drive, in turns. Prints one line for each drive; the last columns are
//! ramkey's numbers divided by MEMDISK's, so less than 1 is better.
//!
//! `cargo bench --bench boot -- [--instructions] [--rounds N] [--mib N] [DRIVE...]`, where a drive is a USB controller,
//! `usb-KB`, a stick of which KB thousand bytes are read in a second, or `cd-KB`, an internal CD drive that reads as many.
//! With `--instructions`, time is counted in instructions and not by the host's clock: it repeats on a busy machine, and
//! takes much longer. `--slow` and `--processors` measure what packing brings; `slow.rs` has their options.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ramkey::emulator::{BlockStats, CdBus, Controller, Emulator, Machine, Port, Stick};

mod discs;
mod images;
mod peers;
mod slow;

/// A boot that takes longer is no result.
const LIMIT: Duration = Duration::from_secs(1200);
/// Nanoseconds of virtual time for each instruction, as a power of two.
const SHIFT: u8 = 2;
/// MiB of a stick beside its image.
const ROOM_MIB: u64 = 24;
/// CD drives of four times and of ten times the first speed, in thousand bytes a second.
const CDS: [u64; 2] = [600, 1500];

/// What one boot took.
#[derive(Clone, Copy, Default)]
struct Boot {
    seconds: f64,
    /// By the machine's own clock; counts instructions if those are counted.
    virtual_seconds: f64,
    reads: BlockStats,
}

impl Boot {
    /// Instructions of a machine that [`SHIFT`] counts.
    fn instructions(&self) -> f64 {
        self.virtual_seconds * 1e9 / f64::from(1u32 << SHIFT)
    }
}

struct Options {
    instructions: bool,
    rounds: usize,
    mib: u64,
    drives: Vec<Drive>,
}

/// What a machine boots from.
#[derive(Clone, Copy)]
enum Drive {
    Usb(Controller),
    /// A stick, and thousand bytes a second.
    Stick(u64),
    /// Thousand bytes a second.
    Cd(u64),
}

impl Drive {
    fn named(name: &str) -> Option<Self> {
        if let Some(speed) = name.strip_prefix("cd-") {
            return speed.parse().ok().map(Self::Cd);
        }
        if let Some(speed) = name.strip_prefix("usb-") {
            return speed.parse().ok().map(Self::Stick);
        }
        Controller::ALL.into_iter().find(|controller| controller.name() == name).map(Self::Usb)
    }

    fn name(self) -> String {
        match self {
            Self::Usb(controller) => controller.name().to_owned(),
            Self::Stick(speed) => format!("usb-{speed}"),
            Self::Cd(speed) => format!("cd-{speed}"),
        }
    }

    /// This drive with a medium in it.
    fn holding(self, media: &Media) -> Stick {
        match self {
            Self::Usb(controller) => Stick::new(&media.stick, Port::Usb(controller)),
            Self::Stick(speed) => {
                // The controller that costs least, so that the limit is the stick's.
                let stick = Stick::new(&media.stick, Port::Usb(Controller::Xhci));
                Stick { bytes_per_second: Some(speed * 1000), ..stick }
            }
            Self::Cd(speed) => {
                let disc = Stick::new(&media.disc, Port::Cd(CdBus::Ide));
                Stick { bytes_per_second: Some(speed * 1000), ..disc }
            }
        }
    }
}

/// The same image on a stick and on a disc.
struct Media {
    stick: PathBuf,
    disc: PathBuf,
}

fn options(arguments: &[String]) -> Options {
    let mut options = Options { instructions: false, rounds: 3, mib: 8, drives: Vec::new() };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).expect("a number");
        match argument.as_str() {
            "--instructions" => options.instructions = true,
            "--rounds" => options.rounds = number() as usize,
            "--mib" => options.mib = number(),
            name => {
                options.drives.push(Drive::named(name).expect("uhci, ohci, ehci, xhci, usb-900 or cd-600"))
            }
        }
    }
    if options.drives.is_empty() {
        options.drives.extend(Controller::ALL.map(Drive::Usb));
        options.drives.extend(CDS.map(Drive::Cd));
    }
    options
}

fn main() {
    // What is left out is Cargo's own.
    let arguments = std::env::args().skip(1);
    let arguments: Vec<String> =
        arguments.filter(|argument| !matches!(argument.as_str(), "--bench" | "--")).collect();
    if arguments.iter().any(|argument| slow::MODES.contains(&argument.as_str())) {
        return slow::run(&arguments);
    }
    let options = options(&arguments);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let image = images::random(folder.path(), options.mib);
    let mib = options.mib + ROOM_MIB;
    let ours = Media {
        stick: peers::ramkey_stick(folder.path(), "ramkey.img", &image, mib, &[]),
        disc: discs::ramkey_disc(folder.path(), "ramkey.iso", &image, &[]),
    };
    let theirs = Media {
        stick: peers::memdisk_stick(folder.path(), "memdisk.img", &image, mib, "harddisk"),
        disc: discs::memdisk_disc(folder.path(), "memdisk.iso", &image, "harddisk raw"),
    };
    println!(
        "image of {} MiB, median of {} boots each; {}",
        options.mib,
        options.rounds,
        if options.instructions { "instructions in millions" } else { "seconds of the host's clock" }
    );
    println!(
        "{:10} {:>10} {:>10} {:>9} {:>9} {:>6} {:>6} {:>6} {:>6}",
        "", "ramkey", "MEMDISK", "KiB", "KiB", "reads", "reads", "time", "reads"
    );
    for &drive in &options.drives {
        let (mut us, mut them) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            us.push(boot(&machine(drive.holding(&ours), options.instructions)));
            them.push(boot(&machine(drive.holding(&theirs), options.instructions)));
        }
        let time = |boot: &Boot| if options.instructions { boot.instructions() / 1e6 } else { boot.seconds };
        let (us, them) = (median(us, time), median(them, time));
        println!(
            "{:10} {:>10.2} {:>10.2} {:>9} {:>9} {:>6} {:>6} {:>6.2} {:>6.2}",
            drive.name(),
            time(&us),
            time(&them),
            us.reads.bytes >> 10,
            them.reads.bytes >> 10,
            us.reads.operations,
            them.reads.operations,
            time(&us) / time(&them),
            us.reads.operations as f64 / them.reads.operations as f64,
        );
    }
}

fn median(mut boots: Vec<Boot>, time: impl Fn(&Boot) -> f64) -> Boot {
    boots.sort_by(|a, b| time(a).total_cmp(&time(b)));
    boots[boots.len() / 2]
}

/// A machine that boots from the medium.
fn machine(medium: Stick, instructions: bool) -> Machine {
    let mut machine = Machine::new(medium);
    machine.icount_shift = instructions.then_some(SHIFT);
    machine
}

/// Boots a machine up to the image's first instruction.
fn boot(machine: &Machine) -> Boot {
    let mut emulator = Emulator::start_stopped(machine).unwrap_or_else(|error| panic!("{error}"));
    emulator.resume().expect("QEMU runs");
    let started = Instant::now();
    while !emulator.console().contains("BENCH ") {
        assert!(started.elapsed() < LIMIT, "no boot: {}", emulator.serial());
        std::thread::sleep(Duration::from_millis(2));
    }
    let seconds = started.elapsed().as_secs_f64();
    let reads = emulator.stick_reads().expect("QEMU's statistics");
    // The line may still be on its way.
    std::thread::sleep(Duration::from_millis(50));
    let console = emulator.console();
    let counter = console.lines().find_map(|line| line.strip_prefix("BENCH ")).expect("the line");
    let virtual_ns = u64::from_str_radix(counter, 16).expect("a number in hex") as f64;
    Boot { seconds, virtual_seconds: virtual_ns / 1e9, reads }
}
