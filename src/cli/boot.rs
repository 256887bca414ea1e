//! `ramkey boot`: a stick or a disc in QEMU, disposable.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use ramkey_format::markers::{MAY_REMOVE, MAY_REMOVE_DISC};

use crate::cli::own_output::look;
use crate::cli::settings::machine;
use crate::cli::terminal::note;
use crate::cli::view::View;
use crate::cli::{CliError, Exit, Output, stop};
use crate::contents::iso;
use crate::emulator::{CdBus, Controller, Emulator, EmulatorError, Machine, Port, Stick, has_display};
use crate::image::Source;
use crate::job::{JobError, open};
use crate::stick::is_stick;
use crate::units::Bytes;

/// How long a pulled stick may take to be gone; QEMU does it at once.
pub(super) const PULL_LIMIT: Duration = Duration::from_secs(30);
/// Time between two looks at the screen.
const LOOK: Duration = Duration::from_millis(100);
/// Most RAM of a machine: what QEMU's PC can address.
const RAM_MIB_MAX: u32 = 1 << 20;

/// What the screen says when the medium may go, whichever it is.
const REMOVE: [&str; 2] = [MAY_REMOVE, MAY_REMOVE_DISC];

/// How a PNG begins.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

impl ValueEnum for Controller {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(match self {
            Self::Uhci => "USB 1.1 of Intel and VIA chip sets",
            Self::Ohci => "USB 1.1 of everyone else",
            Self::Ehci => "USB 2.0",
            Self::Xhci => "USB 3.0, by far the fastest here",
        }))
    }
}

/// What a CD drive is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Drive {
    /// An internal drive
    Ide,
    /// A drive with a USB plug, in the port that --usb names
    Usb,
}

/// Boot a stick or a disc in QEMU, disposable
///
/// Nothing is written to the file. A window opens if there is a display; otherwise the text screen is printed, to a
/// terminal as it is, elsewhere each line once when it is whole. It runs until the machine is switched off, its window
/// is closed, or Ctrl-C. Exit status 0 says that the image was in memory and proven, 1 that this was not seen.
#[derive(Debug, Args)]
pub struct BootArgs {
    /// The stick, or with --cd the disc, as a file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// RAM of the machine, in powers of 1024 with or without a B, as it is always counted
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = ram, allow_negative_numbers = true)]
    ram: u32,

    /// Boot the file as a disc in a CD drive; --usb means nothing to an internal one
    #[arg(long, value_enum, value_name = "DRIVE")]
    cd: Option<Drive>,

    /// USB controller that the stick or the CD drive is plugged into; xhci if not given
    #[arg(long, value_enum)]
    usb: Option<Controller>,

    /// Processor, by QEMU's name, for example 486 or pentium3
    #[arg(long, value_name = "CPU")]
    cpu: Option<String>,

    /// Pull the stick, or the USB plug of the CD drive, as soon as the screen says that it may be removed
    #[arg(long)]
    pull: bool,

    /// Eject the disc as soon as the screen says that it may be removed; the drive stays
    #[arg(long, requires = "cd", conflicts_with = "pull")]
    eject: bool,

    /// Open no window
    #[arg(long)]
    headless: bool,

    /// Keep a picture (PNG) of the screen: when the medium may be removed, or at the end of `--seconds`; an old picture is
    /// replaced, and no other file
    #[arg(long, value_name = "FILE")]
    screenshot: Option<PathBuf>,

    /// Switch the machine off after this time
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    seconds: Option<u64>,

    /// Switch the machine off once the screen says that the image is in memory and proven
    #[arg(long)]
    until_proven: bool,
}

/// A size in MiB, as QEMU wants it.
pub(super) fn ram(text: &str) -> Result<u32, String> {
    // Memory has always been counted in powers of 1024, whatever stands behind the number.
    let binary = text
        .strip_suffix(['B', 'b'])
        .filter(|text| text.ends_with(|c: char| "kmgt".contains(c.to_ascii_lowercase())));
    let Bytes(bytes) = binary.unwrap_or(text).parse::<Bytes>().map_err(|error| error.to_string())?;
    let mib = bytes >> 20;
    match u32::try_from(mib) {
        Ok(mib @ 1..=RAM_MIB_MAX) if u64::from(mib) << 20 == bytes => Ok(mib),
        _ => Err("it is whole MiB, 1M to 1T, for example 64M".into()),
    }
}

impl BootArgs {
    /// Boots the stick or disc and follows it to its end.
    ///
    /// # Errors
    ///
    /// [`CliError::Usage`] if there is no USB port that --usb or --pull could mean, [`CliError::Job`] if there is no such
    /// file, [`CliError::NotBooted`] if it is neither stick nor disc, [`CliError::Create`] if there can be no picture,
    /// [`CliError::Emulator`] if QEMU is missing or fails. That nothing was proven is no error but an answer.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let port = self.port()?;
        let file = open(&self.file)?;
        let boots = is_stick(&file) || self.cd.is_some() && is_disc(&file);
        if !boots {
            return Err(CliError::NotBooted { path: self.file });
        }
        if let Some(path) = &self.screenshot {
            if path.is_file() {
                look(&machine(), path)?;
            }
            try_to_make(path)?;
        }
        let stop = stop::wish()?;
        let mut machine = Machine::new(Stick::new(absolute(&self.file)?, port));
        machine.ram_mib = self.ram;
        machine.cpu = self.cpu.clone();
        machine.window = !self.headless && has_display();
        let mut view = View::new(!machine.window && !output.json);
        let mut emulator = Emulator::start(&machine)?;
        let mut outcome = Outcome::default();
        match self.follow(&mut emulator, &mut view, output, &mut outcome, &stop) {
            // The window was closed, or the guest switched the machine off.
            Ok(()) | Err(CliError::Emulator(EmulatorError::Ended { .. })) => {}
            Err(error) => return Err(error),
        }
        view.finish(&mut output.to)?;
        outcome.serial = emulator.serial();
        let said = emulator.said();
        outcome.proven |= REMOVE.iter().any(|text| said.contains(text));
        outcome.screen = view.last().lines.iter().filter(|line| !line.is_empty()).cloned().collect();
        output.show(&outcome, |out| outcome.print(out))?;
        Ok(if outcome.proven { Exit::Done } else { Exit::Failed })
    }

    /// Where the medium is.
    fn port(&self) -> Result<Port, CliError> {
        let usb = self.usb.unwrap_or(Controller::Xhci);
        let without = match self.cd {
            None => return Ok(Port::Usb(usb)),
            Some(Drive::Usb) => return Ok(Port::Cd(CdBus::Usb(usb))),
            Some(Drive::Ide) if self.usb.is_some() => "--usb",
            Some(Drive::Ide) if self.pull => "--pull",
            Some(Drive::Ide) => return Ok(Port::Cd(CdBus::Ide)),
        };
        let what =
            format!("{without} needs a USB port, and the drive of --cd ide is in none: --cd usb has one");
        Err(CliError::Usage { what })
    }

    /// Looks at the screen until the machine ends, its time is over, or the user stops it.
    fn follow(
        &self,
        emulator: &mut Emulator,
        view: &mut View,
        output: &mut Output,
        outcome: &mut Outcome,
        stop: &AtomicBool,
    ) -> Result<(), CliError> {
        let until = self.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        loop {
            let screen = emulator.wait_for("the screen", PULL_LIMIT, |machine| machine.screen().map(Some))?;
            view.show(&screen, &emulator.console(), &mut output.to)?;
            let said = emulator.said();
            let may_go = REMOVE.iter().any(|text| screen.contains(text) || said.contains(text));
            if may_go && !outcome.proven {
                outcome.proven = true;
                self.picture(emulator)?;
                self.take_away(emulator, view, output, outcome)?;
            }
            if outcome.proven && self.until_proven {
                return Ok(view.catch_up(&mut output.to)?);
            }
            if stop.load(Ordering::Relaxed) || until.is_some_and(|until| Instant::now() > until) {
                if !outcome.proven {
                    self.picture(emulator)?;
                }
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Pulls or ejects the medium, if that was asked for.
    fn take_away(
        &self,
        emulator: &mut Emulator,
        view: &mut View,
        output: &mut Output,
        outcome: &mut Outcome,
    ) -> Result<(), CliError> {
        let done = if self.pull {
            emulator.pull(PULL_LIMIT)?;
            outcome.pulled = true;
            if self.cd.is_some() { "the CD drive is pulled" } else { "the stick is pulled" }
        } else if self.eject {
            emulator.eject()?;
            outcome.ejected = true;
            "the disc is ejected"
        } else {
            return Ok(());
        };
        view.catch_up(&mut output.to)?;
        note(format_args!("{done}"));
        Ok(())
    }

    fn picture(&self, emulator: &mut Emulator) -> Result<(), CliError> {
        match &self.screenshot {
            Some(path) => Ok(emulator.screenshot(&absolute(path)?)?),
            None => Ok(()),
        }
    }
}

/// What became of a boot.
#[derive(Debug, Default, serde::Serialize, schemars::JsonSchema)]
pub(super) struct Outcome {
    /// The image was in memory and proven.
    proven: bool,
    /// The stick, or the USB plug of the CD drive, was pulled then.
    pulled: bool,
    /// The disc was ejected then.
    ejected: bool,
    /// The lines that were on the screen last.
    screen: Vec<String>,
    /// What the machine wrote to its serial port.
    serial: String,
}

impl Outcome {
    fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        if !self.proven {
            writeln!(out, "ended: no image was seen in memory and proven")?;
            return match self.screen.last() {
                Some(line) => writeln!(out, "  seen last: {line}"),
                None => writeln!(out, "  seen last: an empty text screen"),
            };
        }
        let then = match (self.pulled, self.ejected) {
            (true, _) => ", and the stick pulled",
            (false, true) => ", and the disc ejected",
            (false, false) => "",
        };
        writeln!(out, "ended: the image was in memory and proven{then}")
    }
}

/// Whether it is a disc that a BIOS may boot.
fn is_disc(file: &dyn Source) -> bool {
    matches!(iso::read(file), Ok(Some(disc)) if disc.boot.is_some())
}

/// Finds out, before a long boot, whether a picture can be written; leaves everything as it was.
fn try_to_make(path: &Path) -> Result<(), CliError> {
    let failed = |source| CliError::Create { path: path.to_owned(), source };
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(_) => std::fs::remove_file(path).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
            let mut head = Vec::new();
            if file.metadata().map_err(failed)?.is_file() {
                file.take(PNG.len() as u64).read_to_end(&mut head).map_err(failed)?;
                if head.is_empty() || head == PNG {
                    return Ok(());
                }
            }
            Err(CliError::NoPicture { path: path.to_owned() })
        }
        Err(error) => Err(failed(error)),
    }
}

/// QEMU's own working folder is not ours.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    let read = |source| JobError::Read { path: path.to_owned(), source };
    Ok(std::path::absolute(path).map_err(read)?)
}

#[cfg(test)]
mod tests {
    use super::ram;

    #[test]
    fn ram_is_whole_mebibytes() {
        assert_eq!(ram("64M"), Ok(64));
        assert_eq!(ram("1G"), Ok(1024));
        assert!(ram("1000K").is_err());
        assert_eq!(ram("1T"), Ok(1 << 20));
        assert_eq!(ram("64MB"), Ok(64));
        assert_eq!(ram("64MiB"), Ok(64));
        assert_eq!(ram("1.5gb"), Ok(1536));
        for absurd in ["0", "-1", "512K", "2T", "99999999T"] {
            assert!(ram(absurd).is_err(), "{absurd}");
        }
    }
}
