//! Boots one cell of the table and says what was seen.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ramkey::emulator::{CdBus, Controller, Emulator, EmulatorError, Machine, Port, Screen, Stick};

use super::super::harness::{MAY_REMOVE_DISC, PROVEN, Running, scratch, tool};
use super::super::sticks;
use super::cases::{Case, Form, Step};
use super::keys;
use super::packed::{Chunks, LEFT_ON_DISC, LEFT_ON_STICK};

/// How long one step from RAM may take: more than the slowest took on a busy machine.
const STEP: Duration = Duration::from_secs(120);
/// How long one step may take in the columns that only compare, where a guest may never answer. A BIOS that asks a pulled
/// stick needs 26 seconds.
const COMPARED_STEP: Duration = Duration::from_secs(60);
/// Sizes of floppies that a real drive takes; another image is filled up to the next.
const FLOPPIES: [u64; 5] = [368_640, 737_280, 1_228_800, 1_474_560, 2_949_120];
/// What MEMDISK says when it waits.
const MEMDISK_WAITS: &str = "press any key to boot";

/// From what a guest boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// From RAM, with MEMDISK's identity.
    Memdisk,
    /// From RAM, with GRUB4DOS's identity.
    Grub4dos,
    /// From RAM, with MEMDISK's identity, from a disc.
    Disc,
    /// From RAM, by SYSLINUX and the real MEMDISK.
    Reference,
    /// From an emulated drive of its kind.
    Drive,
}

impl Host {
    /// In the order of the page's columns.
    pub const ALL: [Self; 5] = [Self::Memdisk, Self::Grub4dos, Self::Disc, Self::Reference, Self::Drive];

    /// The page's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memdisk => "ramkey, `memdisk`",
            Self::Grub4dos => "ramkey, `grub4dos`",
            Self::Disc => "ramkey, disc",
            Self::Reference => "MEMDISK 6.04",
            Self::Drive => "real drive",
        }
    }
}

/// What a cell of the table says: "boots", or what was seen.
pub fn run(case: &Case, ram_mib: u32, host: Host) -> String {
    let folder = scratch();
    let image = (case.make)(folder.path());
    go(case, host, &image, &machine(case, ram_mib, host, &image, folder.path()))
}

/// Boots a machine, which starts the guest in the way of `host`, and says what was seen.
fn go(case: &Case, host: Host, image: &Path, machine: &Machine) -> String {
    let mut machine = Running::start(machine);
    let limit = match host {
        Host::Memdisk | Host::Grub4dos | Host::Disc => STEP,
        Host::Reference | Host::Drive => COMPARED_STEP,
    };
    let started = start(machine.emulator(), host);
    if let Err(error) =
        started.and_then(|()| case.steps.iter().try_for_each(|step| take(machine.emulator(), step, limit)))
    {
        return seen(&error, &mut machine);
    }
    found(&machine.emulator().serial(), image).to_owned()
}

/// Linux says on COM1 whether it found its disk again, and the sum of all its bytes; others say nothing there.
fn found(serial: &str, image: &Path) -> &'static str {
    if !serial.contains("MEMDISKFIND") {
        return "boots";
    }
    if !serial.contains("MEMDISKFIND rc=0") {
        return "boots; `memdiskfind` finds no disk";
    }
    let sum = tool("md5sum", &[image]);
    let sum = sum.split_whitespace().next().expect("a sum");
    if serial.contains(&format!("SUM {sum}")) {
        "boots; `memdiskfind` finds the disk"
    } else {
        println!("{serial}");
        "no: other bytes"
    }
}

fn machine(case: &Case, ram_mib: u32, host: Host, image: &Path, folder: &Path) -> Machine {
    let usb = |path: PathBuf| Stick::new(path, Port::Usb(Controller::Xhci));
    let stick = match host {
        Host::Memdisk => {
            let stick = sticks::ramkey(folder, &[image], &["--kind", case.form.kind()]);
            usb(packed(case, stick, LEFT_ON_STICK))
        }
        Host::Grub4dos => {
            let options = ["--kind", case.form.kind(), "--identity", "grub4dos"];
            usb(packed(case, sticks::ramkey(folder, &[image], &options), LEFT_ON_STICK))
        }
        Host::Disc => {
            let options = ["--kind", case.form.kind(), "--media", "12cm"];
            let disc = packed(case, sticks::ramkey_disc(folder, &[image], &options), LEFT_ON_DISC);
            Stick::new(disc, Port::Cd(CdBus::Ide))
        }
        Host::Reference => {
            usb(sticks::memdisk(folder, image, &format!("{} {} pause", case.form.memdisk(), case.memdisk)))
        }
        Host::Drive => drive(case.form, image, folder),
    };
    let mut machine = Machine::new(stick);
    machine.ram_mib = ram_mib;
    machine
}

/// A medium whose image must be packed where that makes it load sooner, and without what its file system calls free.
fn packed(case: &Case, medium: PathBuf, left: usize) -> PathBuf {
    let chunks = Chunks::of(&medium);
    chunks.are_packed_where_it_pays(left);
    assert_eq!(chunks.are_trimmed, case.has_free_space, "{}, {}", case.guest, case.form_text);
    medium
}

/// A stick with the bytes of the image as they are boots the guest too: what [`run`] says of it.
pub fn run_raw(case: &Case, ram_mib: u32) -> String {
    let folder = scratch();
    let image = (case.make)(folder.path());
    let options = ["--kind", case.form.kind(), "--compress", "none", "--no-trim"];
    let stick = sticks::ramkey(folder.path(), &[&image], &options);
    let chunks = Chunks::of(&stick);
    assert!(chunks.packed == 0 && chunks.raw > 0 && !chunks.are_trimmed, "{chunks:?}");
    let mut machine = Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)));
    machine.ram_mib = ram_mib;
    go(case, Host::Memdisk, &image, &machine)
}

/// The image in a drive of its kind, filled up to what such a drive takes.
fn drive(form: Form, image: &Path, folder: &Path) -> Stick {
    let len = fs::metadata(image).expect("the image").len();
    let whole = match form {
        Form::Floppy => FLOPPIES.into_iter().find(|&size| size >= len).expect("a floppy's size"),
        Form::Disk => len.next_multiple_of(16 * 63 * 512),
        Form::Cd | Form::CdFloppy | Form::CdDisk => len.next_multiple_of(2048),
    };
    let copy = folder.join("drive.img");
    fs::copy(image, &copy).expect("copying the image");
    let copied = fs::File::options().write(true).open(&copy).expect("the copy");
    copied.set_len(whole).expect("filling the image up");
    let port = match form {
        Form::Floppy => Port::Floppy,
        Form::Disk => Port::Ide,
        Form::Cd | Form::CdFloppy | Form::CdDisk => Port::Cd(CdBus::Ide),
    };
    Stick::new(copy, port)
}

/// Until the image is in memory and the stick gone.
fn start(machine: &mut Emulator, host: Host) -> Result<(), EmulatorError> {
    match host {
        Host::Drive => return Ok(()),
        Host::Memdisk | Host::Grub4dos | Host::Disc => {
            machine.wait_for("the proof of the image", STEP, |machine| {
                let text = machine.serial() + &machine.console();
                let is_proven = text.contains(PROVEN) || text.contains(MAY_REMOVE_DISC);
                Ok((is_proven || stopped(&machine.screen()?).is_some()).then_some(()))
            })?
        }
        Host::Reference => on_screen(machine, MEMDISK_WAITS, COMPARED_STEP)?,
    }
    if stopped(&machine.screen()?).is_some() {
        return Err(EmulatorError::Deadline { what: "an image that fits".into(), limit: STEP });
    }
    match host {
        Host::Disc => {
            // A key that is pressed before the loader asks for one is lost.
            machine.wait_for("the wait for a key", STEP, |machine| {
                Ok(machine.screen()?.contains("Press a key to start.").then_some(()))
            })?;
            machine.eject()?;
        }
        _ => machine.pull(STEP)?,
    }
    machine.press(&["ret"])
}

fn take(machine: &mut Emulator, step: &Step, limit: Duration) -> Result<(), EmulatorError> {
    match *step {
        Step::See(text) => on_screen(machine, text, limit),
        Step::Serial(text) => machine.wait_for(&format!("{text:?} on COM1"), limit, |machine| {
            Ok(machine.serial().contains(text).then_some(()))
        }),
        Step::Key(key) => keys::press(machine, key),
        Step::Enter(prompt, command) => {
            on_screen(machine, prompt, limit)?;
            for (index, letter) in command.char_indices() {
                keys::press(machine, &keys::of(letter))?;
                on_screen(machine, &format!("{prompt}{}", &command[..=index]), limit)?;
            }
            keys::press(machine, "ret")
        }
    }
}

fn on_screen(machine: &mut Emulator, text: &str, limit: Duration) -> Result<(), EmulatorError> {
    machine.wait_for(&format!("{text:?} on the screen"), limit, |machine| {
        Ok(machine.screen()?.contains(text).then_some(()))
    })
}

/// The line with which the boot chain stopped.
fn stopped(screen: &Screen) -> Option<String> {
    screen.lines.iter().find(|line| line.starts_with("ramkey E")).cloned()
}

/// What a user would tell: the machine went off, or the last line on the screen.
fn seen(error: &EmulatorError, machine: &mut Running) -> String {
    let screen = machine.emulator().screen().ok();
    if std::env::var_os("RAMKEY_MATRIX").is_some() {
        println!("{error}\n{}", machine.evidence());
    }
    let Some(screen) = screen else {
        return "no: the machine resets".to_owned();
    };
    let last =
        || screen.lines.iter().rev().find(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned());
    let failed = || screen.lines.iter().find(|line| line.contains("failed:")).cloned();
    let line =
        stopped(&screen).or_else(failed).or_else(last).unwrap_or_else(|| "nothing on the screen".to_owned());
    let plain = |letter: char| if letter == '|' || !letter.is_ascii() { ' ' } else { letter };
    let words: Vec<String> =
        line.chars().map(plain).collect::<String>().split_whitespace().map(str::to_owned).collect();
    let words = words.join(" ");
    let letters = words.chars().filter(char::is_ascii_alphanumeric).count();
    if letters * 2 < words.len() { "no: an unreadable screen".to_owned() } else { format!("no: {words}") }
}
