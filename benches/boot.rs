//! From power-on to the image's first instruction: ramkey beside SYSLINUX and MEMDISK, on sticks and on discs.
//!
//! Both load the same raw image from the same drive, in turns. Prints one line for each drive; the last columns are
//! ramkey's numbers divided by MEMDISK's, so less than 1 is better.
//!
//! `cargo bench --bench boot -- [--instructions] [--rounds N] [--mib N] [DRIVE...]`, where a drive is a USB controller or
//! `cd-KB`, an internal CD drive that reads KB thousand bytes in a second. With `--instructions`, time is counted in
//! instructions and not by the host's clock: it repeats on a busy machine, and takes much longer.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ramkey::emulator::{BlockStats, CdBus, Controller, Emulator, Machine, Port, Stick};

mod discs;
mod peers;

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
    instructions: f64,
    reads: BlockStats,
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
    /// Thousand bytes a second.
    Cd(u64),
}

impl Drive {
    fn named(name: &str) -> Option<Self> {
        if let Some(speed) = name.strip_prefix("cd-") {
            return speed.parse().ok().map(Self::Cd);
        }
        Controller::ALL.into_iter().find(|controller| controller.name() == name).map(Self::Usb)
    }

    fn name(self) -> String {
        match self {
            Self::Usb(controller) => controller.name().to_owned(),
            Self::Cd(speed) => format!("cd-{speed}"),
        }
    }

    /// This drive with a medium in it.
    fn holding(self, media: &Media) -> Stick {
        match self {
            Self::Usb(controller) => Stick::new(&media.stick, Port::Usb(controller)),
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

fn options() -> Options {
    let mut options = Options { instructions: false, rounds: 3, mib: 8, drives: Vec::new() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).expect("a number");
        match argument.as_str() {
            // Cargo's own.
            "--bench" => {}
            "--instructions" => options.instructions = true,
            "--rounds" => options.rounds = number() as usize,
            "--mib" => options.mib = number(),
            name => options.drives.push(Drive::named(name).expect("uhci, ohci, ehci, xhci or cd-600")),
        }
    }
    if options.drives.is_empty() {
        options.drives.extend(Controller::ALL.map(Drive::Usb));
        options.drives.extend(CDS.map(Drive::Cd));
    }
    options
}

fn main() {
    let options = options();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let image = image(folder.path(), options.mib);
    let mib = options.mib + ROOM_MIB;
    let ours = Media {
        stick: peers::ramkey_stick(folder.path(), "ramkey.img", &image, mib, &[]),
        disc: discs::ramkey_disc(folder.path(), &image),
    };
    let theirs = Media {
        stick: peers::memdisk_stick(folder.path(), "memdisk.img", &image, mib, "harddisk"),
        disc: discs::memdisk_disc(folder.path(), &image, "harddisk raw"),
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
            us.push(boot(drive.holding(&ours), options.instructions));
            them.push(boot(drive.holding(&theirs), options.instructions));
        }
        let time = |boot: &Boot| if options.instructions { boot.instructions / 1e6 } else { boot.seconds };
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

/// Boots a medium up to the image's first instruction.
fn boot(medium: Stick, instructions: bool) -> Boot {
    let mut machine = Machine::new(medium);
    machine.icount_shift = instructions.then_some(SHIFT);
    let mut emulator = Emulator::start_stopped(&machine).unwrap_or_else(|error| panic!("{error}"));
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
    Boot { seconds, instructions: virtual_ns / f64::from(1u32 << SHIFT), reads }
}

/// The image: a boot sector, and bytes that no compression would help with.
fn image(folder: &Path, mib: u64) -> PathBuf {
    let path = folder.join("image.img");
    let mut bytes = peers::assembled(folder, "boot.asm");
    let mut number: u64 = 1;
    while (bytes.len() as u64) < mib << 20 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&(number >> 11).to_le_bytes());
    }
    fs::write(&path, bytes).expect("writing the image");
    path
}
