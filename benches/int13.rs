//! INT 13h from a RAM disk: ramkey beside MEMDISK in each of its modes.
//!
//! Counts instructions and not time (QEMU `-icount`), so it repeats on a busy machine. Prints for each way to read the
//! instructions of one call, and ramkey's divided by those of MEMDISK's fastest mode; less than 1 is better. An
//! instruction that repeats (`rep movsd`) counts once for each repetition.
//!
//! `cargo bench --bench int13 -- [CPU...]`; a processor as QEMU names it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ramkey::emulator::{Controller, Emulator, Machine, Port, Stick};

mod peers;

/// Length of each stick.
const STICK_MIB: u64 = 32;
/// A run that takes longer is no result.
const LIMIT: Duration = Duration::from_secs(600);
/// Nanoseconds of virtual time for each instruction, as a power of two.
const SHIFT: u8 = 2;
/// Nanoseconds of one tick of the PIT.
const TICK_NS: f64 = 1e9 / 1_193_182.0;
/// MEMDISK's modes; `safeint` is its default.
const MODES: [&str; 4] = ["safeint", "int", "raw", "bigraw"];

/// One way to read, and the instructions of a call.
struct Way {
    edd: bool,
    sectors: u32,
    instructions: f64,
}

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let cpus = if asked.is_empty() { ["486", "pentium2"].map(str::to_owned).to_vec() } else { asked };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let image = image(folder.path());
    let ours = |name: &str, copy: &str| {
        peers::ramkey_stick(folder.path(), name, &image, STICK_MIB, &["--copy", copy])
    };
    let mut sticks = vec![("ramkey", ours("auto.img", "auto")), ("ramkey int15", ours("int15.img", "int15"))];
    for mode in MODES {
        let (name, options) = (format!("memdisk-{mode}.img"), format!("harddisk {mode}"));
        sticks.push((mode, peers::memdisk_stick(folder.path(), &name, &image, STICK_MIB, &options)));
    }
    for cpu in &cpus {
        println!("\n{cpu}: instructions of one call");
        print!("{:>14}", "");
        for (name, _) in &sticks {
            print!(" {name:>12}");
        }
        println!(" {:>7}", "ratio");
        let runs: Vec<Vec<Way>> = sticks.iter().map(|(_, stick)| run(stick, cpu)).collect();
        for (place, way) in runs[0].iter().enumerate() {
            print!("{:>4} {:>3} sectors", if way.edd { "EDD" } else { "CHS" }, way.sectors);
            for ways in &runs {
                print!(" {:>12.0}", ways[place].instructions);
            }
            let fastest = runs[2..].iter().map(|ways| ways[place].instructions).fold(f64::MAX, f64::min);
            println!(" {:>7.2}", way.instructions / fastest);
        }
    }
}

fn run(stick: &Path, cpu: &str) -> Vec<Way> {
    let mut machine = Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)));
    machine.cpu = Some(cpu.to_owned());
    machine.icount_shift = Some(SHIFT);
    let emulator = Emulator::start(&machine).unwrap_or_else(|error| panic!("{error}"));
    let started = Instant::now();
    while !emulator.console().contains("DONE") {
        assert!(started.elapsed() < LIMIT, "no end: {}", emulator.console());
        assert!(!emulator.console().contains("FAILED"), "a read failed");
        std::thread::sleep(Duration::from_millis(50));
    }
    let console = emulator.console();
    let lines = console.lines().filter_map(|line| line.strip_prefix("INT13 "));
    lines
        .map(|line| {
            let numbers: Vec<u32> =
                line.split(' ').map(|number| u32::from_str_radix(number, 16).expect("hex")).collect();
            let [way, calls, ticks] = numbers[..] else { panic!("three numbers: {line}") };
            let instructions = f64::from(ticks) * TICK_NS / f64::from(1_u32 << SHIFT) / f64::from(calls);
            Way { edd: way & 0x80 != 0, sectors: way & 0x7F, instructions }
        })
        .collect()
}

/// The image: the measuring boot sector, and bytes behind it.
fn image(folder: &Path) -> PathBuf {
    let path = folder.join("image.img");
    let mut bytes = peers::assembled(folder, "int13.asm");
    bytes.resize(8 << 20, 0x5A);
    fs::write(&path, bytes).expect("writing the image");
    path
}
