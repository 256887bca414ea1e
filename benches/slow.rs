//! What packing and trimming bring where the drive is the limit: ramkey with three ways of `--compress` beside MEMDISK with
//! the image as it is and packed by `gzip -9`, in one run.
//!
//! `cargo bench --bench boot -- --slow [--image FILE] [--at-most RAW GZIP] [--mib N] [ONLY...] [DRIVE...]` boots images from
//! throttled sticks and discs and prints seconds from power-on to the image's first instruction, ratios, and whether the
//! targets are met. The images are a disk that is filled like a Windows, one of N MiB that nothing compresses (32), and
//! FILE, whose targets at the slow drives are those of `--at-most`; a word (`windows`, `random`, `file`) keeps that image
//! alone, and a drive (`usb-900`, `cd-600`) that drive. The throttle delays the start of a read and not its end, so what a
//! loader computes for less than 0.1 s between two reads costs nothing here; `--processors` counts it.
//!
//! `--processors` prints the same for old processors. QEMU gives them a fixed number of instructions a second
//! (`-icount`), so this repeats on a busy machine. QEMU's throttle knows the host's clock alone, so the drive's share is
//! not emulated there: it is the bytes that were read, divided by the drive's speed. Both are added up, because a BIOS
//! does not read while a loader computes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Boot, Drive, Media, ROOM_MIB, boot, discs, images, machine, peers};
use ramkey::emulator::Controller;

/// The arguments that ask for what is here.
pub const MODES: [&str; 2] = ["--slow", "--processors"];
/// Sticks at USB 1.1 and at a slow USB 2.0, discs at four times and at ten times the first speed.
const DRIVES: [Drive; 4] = [Drive::Stick(SLOW), Drive::Stick(FAST), Drive::Cd(600), Drive::Cd(1500)];
/// Thousand bytes a second of USB 1.1.
const SLOW: u64 = 900;
/// Those of a stick on which nobody is to be slower than another.
const FAST: u64 = 5000;
/// RAM of every machine here: MEMDISK needs the image twice.
const RAM_MIB: u32 = 256;
/// At most this part of MEMDISK's time: with the image as it is, and with gzip.
type Targets = [f64; 2];
const WINDOWS: Targets = [0.24, 0.78];
const RANDOM: Targets = [1.02, 1.02];
const NOT_SLOWER: Targets = [1.0, 1.0];

/// One way to load an image, in the order of the columns. The first of ours is compared with both of theirs.
#[derive(Clone, Copy)]
enum Loader {
    /// The value of `--compress`.
    Ramkey(&'static str),
    Memdisk {
        gzip: bool,
    },
}

const LOADERS: [Loader; 5] = [
    Loader::Ramkey("auto"),
    Loader::Ramkey("fast"),
    Loader::Ramkey("none"),
    Loader::Memdisk { gzip: false },
    Loader::Memdisk { gzip: true },
];
const HEADINGS: &str = "ramkey `auto` | `fast` | `none` | MEMDISK | MEMDISK, `gzip -9` |";
/// Places of MEMDISK's two among them.
const THEIRS: [usize; 2] = [3, 4];

/// A processor: its name and clock, QEMU's name for it, and the exponent of nanoseconds for each instruction.
struct Processor(&'static str, u32, &'static str, u8);

/// Instructions for each clock are a model: 0.47, 0.75 and 0.83.
const PROCESSORS: [Processor; 3] = [
    Processor("486", 66, "486", 5),
    Processor("Pentium", 166, "pentium", 3),
    Processor("Pentium II", 300, "pentium2", 2),
];

/// An image, and sticks and discs that boot it.
struct Subject {
    title: String,
    len: u64,
    /// At the slow drives.
    targets: Targets,
    media: Vec<Media>,
}

impl Subject {
    fn new(folder: &Path, title: &str, image: &Path, discs: bool, targets: Targets) -> Self {
        let len = fs::metadata(image).expect("the image").len();
        let media = LOADERS.iter().map(|loader| loader.media(folder, image, discs)).collect();
        Self { title: title.to_owned(), len, targets, media }
    }

    fn targets_at(&self, drive: Drive) -> Targets {
        match drive {
            Drive::Stick(FAST) => self.targets.map(|part| part.max(NOT_SLOWER[0])),
            _ => self.targets,
        }
    }
}

impl Loader {
    /// A stick that boots the image, and a disc.
    fn media(self, folder: &Path, image: &Path, discs: bool) -> Media {
        let mib = (fs::metadata(image).expect("the image").len() >> 20) + ROOM_MIB;
        let name = image.file_stem().unwrap_or_default().display();
        let (stick, disc) = match self {
            Self::Ramkey(compress) => (format!("{name}-{compress}.img"), format!("{name}-{compress}.iso")),
            Self::Memdisk { gzip } => (format!("{name}-m{gzip}.img"), format!("{name}-m{gzip}.iso")),
        };
        let packed = if matches!(self, Self::Memdisk { gzip: true }) { gzipped(image) } else { image.into() };
        match self {
            Self::Ramkey(compress) => {
                let options = ["--compress", compress];
                let for_disc = ["--compress", compress, "--media", "12cm"];
                let make = || discs::ramkey_disc(folder, &disc, &packed, &for_disc);
                Media {
                    stick: peers::ramkey_stick(folder, &stick, &packed, mib, &options),
                    disc: if discs { make() } else { PathBuf::new() },
                }
            }
            Self::Memdisk { .. } => {
                let make = || discs::memdisk_disc(folder, &disc, &packed, "harddisk raw");
                Media {
                    stick: peers::memdisk_stick(folder, &stick, &packed, mib, "harddisk"),
                    disc: if discs { make() } else { PathBuf::new() },
                }
            }
        }
    }
}

fn gzipped(image: &Path) -> PathBuf {
    peers::tool(Command::new("gzip").args(["-9", "-n", "-k", "-f"]).arg(image));
    image.with_extension("img.gz")
}

struct Options {
    image: Option<PathBuf>,
    given: Targets,
    mib: u64,
    only: Vec<String>,
    drives: Vec<Drive>,
    /// Whether anything is booted from a disc.
    discs: bool,
}

fn options(arguments: &[String]) -> Options {
    let mut options = Options {
        image: None,
        given: NOT_SLOWER,
        mib: 32,
        only: Vec::new(),
        drives: Vec::new(),
        discs: false,
    };
    let is_slow = arguments.iter().any(|argument| argument == MODES[0]);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut next = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
        match argument.as_str() {
            mode if MODES.contains(&mode) => {}
            "--image" => options.image = Some(next().into()),
            "--at-most" => options.given = [0; 2].map(|_| next().parse().expect("a ratio")),
            "--mib" => options.mib = next().parse().expect("a number of MiB"),
            "windows" | "random" | "file" => options.only.push(argument.clone()),
            name => options.drives.push(Drive::named(name).unwrap_or_else(|| panic!("no drive is {name}"))),
        }
    }
    if options.drives.is_empty() {
        options.drives.extend(DRIVES);
    }
    options.discs = is_slow && options.drives.iter().any(|drive| matches!(drive, Drive::Cd(_)));
    options
}

/// Measures what the arguments ask for.
pub fn run(arguments: &[String]) {
    let options = options(arguments);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let asks = |mode: &str| arguments.iter().any(|argument| argument == mode);
    let subjects = subjects(&options, folder.path());
    if asks(MODES[0]) {
        let empty = Subject::new(folder.path(), "", &images::empty(folder.path()), false, RANDOM);
        let (mut met, mut all) = (0, 0);
        for subject in &subjects {
            let results = drives(subject, &options.drives);
            met += results.iter().filter(|&&result| result).count();
            all += results.len();
            instructions(subject, &empty);
        }
        println!("\n{met} of {all} targets are met");
    }
    if asks(MODES[1]) {
        subjects.iter().for_each(processors);
    }
}

fn subjects(options: &Options, folder: &Path) -> Vec<Subject> {
    let wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|only| only == name);
    let subject =
        |title: &str, image: &Path, targets| Subject::new(folder, title, image, options.discs, targets);
    let mut subjects = Vec::new();
    if wanted("windows") {
        let (image, files) = images::windows_like(folder);
        let title = format!("A disk of 72 MiB that is filled like a Windows ({files})");
        subjects.push(subject(&title, &image, WINDOWS));
    }
    if wanted("random") {
        let title = format!("{} MiB that nothing compresses", options.mib);
        subjects.push(subject(&title, &images::random(folder, options.mib), RANDOM));
    }
    if let Some(image) = options.image.as_ref().filter(|_| wanted("file")) {
        let title = image.file_name().unwrap_or_default().display().to_string();
        subjects.push(subject(&title, &images::given(folder, image), options.given));
    }
    subjects
}

/// Boots from every drive and prints a line each; whether each target is met.
fn drives(subject: &Subject, drives: &[Drive]) -> Vec<bool> {
    println!("\n{}, seconds from power-on to its first instruction:\n", subject.title);
    println!("| drive | {HEADINGS} `auto` : MEMDISK | `auto` : `gzip -9` |");
    println!("|---|---|---|---|---|---|---|---|");
    let (mut results, mut read) = (Vec::new(), String::new());
    for &drive in drives {
        let boots = subject.boots(|media| boot(&roomy(drive, media, false)));
        print!("| {} |", described(drive));
        for boot in &boots {
            print!(" {:.1} |", boot.seconds);
        }
        for (place, target) in THEIRS.into_iter().zip(subject.targets_at(drive)) {
            let ratio = boots[0].seconds / boots[place].seconds;
            let is_met = ratio <= target;
            print!(" {ratio:.3} (at most {target}: {}) |", if is_met { "met" } else { "**missed**" });
            results.push(is_met);
        }
        println!();
        let bytes: String = boots.iter().map(|boot| format!(" {} |", boot.reads.bytes >> 10)).collect();
        read = format!("| KiB read, {} |{bytes} | |", described(drive));
    }
    println!("{read}");
    results
}

/// Prints how many instructions each byte of the image costs, beside those that booting costs without an image.
fn instructions(subject: &Subject, empty: &Subject) {
    let counted = |subject: &Subject| {
        let drive = Drive::Usb(Controller::Xhci);
        subject.boots(|media| boot(&roomy(drive, media, true)))
    };
    let base = counted(empty);
    print!("| instructions for each byte |");
    for (boot, base) in counted(subject).iter().zip(&base) {
        print!(" {:.1} |", (boot.instructions() - base.instructions()) / subject.len as f64);
    }
    println!(" | |");
}

/// Boots on each processor and prints a line each.
fn processors(subject: &Subject) {
    println!("\n{}, seconds of the processor and with a stick of 0.9 MB/s:\n", subject.title);
    println!("| processor | instructions a second | {HEADINGS}");
    println!("|---|---|---|---|---|---|---|");
    for Processor(name, mhz, cpu, shift) in PROCESSORS {
        let boots = subject.boots(|media| {
            let mut machine = roomy(Drive::Usb(Controller::Xhci), media, true);
            (machine.cpu, machine.icount_shift) = (Some(cpu.to_owned()), Some(shift));
            boot(&machine)
        });
        print!("| {name}, {mhz} MHz | {:.0} million |", 1000.0 / f64::from(1u32 << shift));
        for boot in boots {
            let read = boot.reads.bytes as f64 / (SLOW * 1000) as f64;
            print!(" {:.1}, {:.1} |", boot.virtual_seconds, boot.virtual_seconds + read);
        }
        println!();
    }
}

impl Subject {
    /// One boot of each loader.
    fn boots(&self, boot: impl Fn(&Media) -> Boot) -> Vec<Boot> {
        self.media.iter().map(boot).collect()
    }
}

fn roomy(drive: Drive, media: &Media, instructions: bool) -> ramkey::emulator::Machine {
    let mut machine = machine(drive.holding(media), instructions);
    machine.ram_mib = RAM_MIB;
    machine
}

fn described(drive: Drive) -> String {
    match drive {
        Drive::Usb(controller) => controller.name().to_owned(),
        Drive::Stick(speed) => format!("stick, {} MB/s", speed as f64 / 1000.0),
        Drive::Cd(speed) => format!("disc, {} MB/s", speed as f64 / 1000.0),
    }
}
