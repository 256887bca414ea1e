//! From power-on to the image's first instruction: ramkey beside SYSLINUX and MEMDISK.
//!
//! Both load the same raw image from the same controller, in turns. Prints one line for each controller; the last
//! columns are ramkey's numbers divided by MEMDISK's, so less than 1 is better.
//!
//! `cargo bench --bench boot -- [--instructions] [--rounds N] [--mib N] [CONTROLLER...]`. With `--instructions`, time
//! is counted in instructions and not by the host's clock: it repeats on a busy machine, and takes much longer.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ramkey::emulator::{BlockStats, Controller, Emulator, Machine, Port, Stick};

mod peers;

/// A boot that takes longer is no result.
const LIMIT: Duration = Duration::from_secs(1200);
/// Nanoseconds of virtual time for each instruction, as a power of two.
const SHIFT: u8 = 2;
/// MiB of a stick beside its image.
const ROOM_MIB: u64 = 24;

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
    controllers: Vec<Controller>,
}

fn options() -> Options {
    let mut options = Options { instructions: false, rounds: 3, mib: 8, controllers: Vec::new() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).expect("a number");
        match argument.as_str() {
            // Cargo's own.
            "--bench" => {}
            "--instructions" => options.instructions = true,
            "--rounds" => options.rounds = number() as usize,
            "--mib" => options.mib = number(),
            name => {
                let found = Controller::ALL.into_iter().find(|controller| controller.name() == name);
                options.controllers.push(found.expect("uhci, ohci, ehci or xhci"));
            }
        }
    }
    if options.controllers.is_empty() {
        options.controllers = Controller::ALL.to_vec();
    }
    options
}

fn main() {
    let options = options();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let image = image(folder.path(), options.mib);
    let mib = options.mib + ROOM_MIB;
    let ours = peers::ramkey_stick(folder.path(), "ramkey.img", &image, mib, &[]);
    let theirs = peers::memdisk_stick(folder.path(), "memdisk.img", &image, mib, "harddisk");
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
    for &controller in &options.controllers {
        let (mut us, mut them) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            us.push(boot(&ours, controller, options.instructions));
            them.push(boot(&theirs, controller, options.instructions));
        }
        let time = |boot: &Boot| if options.instructions { boot.instructions / 1e6 } else { boot.seconds };
        let (us, them) = (median(us, time), median(them, time));
        println!(
            "{:10} {:>10.2} {:>10.2} {:>9} {:>9} {:>6} {:>6} {:>6.2} {:>6.2}",
            controller.name(),
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

/// Boots a stick up to the image's first instruction.
fn boot(stick: &Path, controller: Controller, instructions: bool) -> Boot {
    let mut machine = Machine::new(Stick::new(stick, Port::Usb(controller)));
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
