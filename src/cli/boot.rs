//! `ramkey boot`: a stick in QEMU, disposable.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::cli::{CliError, Exit, Output};
use crate::emulator::{Controller, Emulator, EmulatorError, Machine, Port, Screen, Stick, has_display};
use crate::units::Bytes;

/// What the screen says once the image is in memory.
pub(super) const PROVEN: &str = "You may remove the stick.";
/// How long a pulled stick may take to be gone; QEMU does it at once.
const PULL_LIMIT: Duration = Duration::from_secs(30);
/// Time between two looks at the screen.
const LOOK: Duration = Duration::from_millis(200);

/// The USB controller of the emulated machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum UsbArg {
    /// USB 1.1 of Intel and VIA chip sets
    Uhci,
    /// USB 1.1 of everyone else
    Ohci,
    /// USB 2.0
    Ehci,
    /// USB 3.0, by far the fastest here
    #[default]
    Xhci,
}

impl UsbArg {
    pub(super) fn controller(self) -> Controller {
        match self {
            Self::Uhci => Controller::Uhci,
            Self::Ohci => Controller::Ohci,
            Self::Ehci => Controller::Ehci,
            Self::Xhci => Controller::Xhci,
        }
    }
}

/// Boot a stick in QEMU, disposable
///
/// Nothing is written to the stick. A window opens if there is a display; otherwise the text screen is printed
/// whenever it changes. It runs until the machine is switched off, its window is closed, or Ctrl-C.
#[derive(Debug, Args)]
pub struct BootArgs {
    /// The stick, as a file
    #[arg(value_name = "STICK")]
    stick: PathBuf,

    /// RAM of the machine
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = ram, allow_negative_numbers = true)]
    ram: u32,

    /// USB controller that the stick is plugged into
    #[arg(long, value_enum, default_value_t)]
    usb: UsbArg,

    /// Processor, by QEMU's name, for example 486 or pentium3
    #[arg(long, value_name = "CPU")]
    cpu: Option<String>,

    /// Pull the stick as soon as the screen says that it may be removed
    #[arg(long)]
    pull: bool,

    /// Open no window
    #[arg(long)]
    headless: bool,

    /// Keep a picture (PNG) of the screen: when the stick may be removed, or at the end of `--seconds`
    #[arg(long, value_name = "FILE")]
    screenshot: Option<PathBuf>,

    /// Switch the machine off after this time
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    seconds: Option<u64>,
}

/// A size in MiB, as QEMU wants it.
pub(super) fn ram(text: &str) -> Result<u32, String> {
    let Bytes(bytes) = text.parse::<Bytes>().map_err(|error| error.to_string())?;
    let mib = bytes >> 20;
    match u32::try_from(mib) {
        Ok(mib @ 1..) if u64::from(mib) << 20 == bytes => Ok(mib),
        _ => Err("it is whole MiB, for example 64M".into()),
    }
}

impl BootArgs {
    /// Boots the stick and follows it to its end.
    ///
    /// # Errors
    ///
    /// [`CliError::Read`] if there is no such stick, [`CliError::Emulator`] if QEMU is missing or fails.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let open = std::fs::File::open(&self.stick);
        open.map_err(|source| CliError::Read { path: self.stick.clone(), source })?;
        let mut machine = Machine::new(Stick::new(absolute(&self.stick)?, Port::Usb(self.usb.controller())));
        machine.ram_mib = self.ram;
        machine.cpu = self.cpu.clone();
        machine.window = !self.headless && has_display();
        let show_text = !machine.window && !output.json;
        let mut emulator = Emulator::start(&machine)?;
        let mut view = View::new(show_text);
        let mut outcome = Outcome::default();
        match self.follow(&mut emulator, &mut view, output, &mut outcome) {
            // The window was closed, or the guest switched the machine off.
            Ok(()) | Err(CliError::Emulator(EmulatorError::Ended { .. })) => {}
            Err(error) => return Err(error),
        }
        outcome.serial = emulator.serial();
        output.show(&outcome, |out| outcome.print(out))?;
        Ok(Exit::Done)
    }

    /// Looks at the screen until the machine ends or its time is over.
    fn follow(
        &self,
        emulator: &mut Emulator,
        view: &mut View,
        output: &mut Output,
        outcome: &mut Outcome,
    ) -> Result<(), CliError> {
        let until = self.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        loop {
            let screen = emulator.wait_for("the screen", PULL_LIMIT, |machine| machine.screen().map(Some))?;
            view.show(&screen, output.to)?;
            if !outcome.proven && screen.contains(PROVEN) {
                outcome.proven = true;
                self.picture(emulator)?;
                if self.pull {
                    emulator.pull(PULL_LIMIT)?;
                    outcome.pulled = true;
                    eprintln!("the stick is pulled");
                }
            }
            if until.is_some_and(|until| Instant::now() > until) {
                if !outcome.proven {
                    self.picture(emulator)?;
                }
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
    }

    fn picture(&self, emulator: &mut Emulator) -> Result<(), CliError> {
        match &self.screenshot {
            Some(path) => Ok(emulator.screenshot(&absolute(path)?)?),
            None => Ok(()),
        }
    }
}

/// What became of a boot.
#[derive(Debug, Default, serde::Serialize)]
struct Outcome {
    /// The image was in memory and proven.
    proven: bool,
    /// The stick was pulled then.
    pulled: bool,
    /// What the machine wrote to its serial port.
    serial: String,
}

impl Outcome {
    fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        match (self.proven, self.pulled) {
            (false, _) => writeln!(out, "ended: no image was loaded and proven"),
            (true, false) => writeln!(out, "ended: the image was in memory and proven"),
            (true, true) => writeln!(out, "ended: the image was in memory and proven, and the stick pulled"),
        }
    }
}

/// QEMU's own working folder is not ours.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    std::path::absolute(path).map_err(|source| CliError::Read { path: path.to_owned(), source })
}

/// The machine's text screen on standard output: redrawn in place on a terminal, else a copy for every change.
pub(super) struct View {
    wanted: bool,
    in_place: bool,
    last: Screen,
}

impl View {
    /// A view that shows nothing if it is not wanted.
    pub fn new(wanted: bool) -> Self {
        Self { wanted, in_place: io::stdout().is_terminal(), last: Screen::default() }
    }

    /// Prints the screen if it has changed.
    pub fn show(&mut self, screen: &Screen, out: &mut dyn Write) -> io::Result<()> {
        if !self.wanted || *screen == self.last || screen.is_empty() {
            return Ok(());
        }
        if self.in_place {
            write!(out, "\x1b[H\x1b[2J{screen}")?;
        } else {
            // Only what is new; the screen scrolls, so places say nothing.
            for line in screen.lines.iter().filter(|line| !line.is_empty() && !self.last.lines.contains(line))
            {
                writeln!(out, "| {line}")?;
            }
        }
        self.last = screen.clone();
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::{View, ram};
    use crate::emulator::Screen;

    #[test]
    fn ram_is_whole_mebibytes() {
        assert_eq!(ram("64M"), Ok(64));
        assert_eq!(ram("1G"), Ok(1024));
        assert!(ram("1000K").is_err());
        assert!(ram("0").is_err());
    }

    #[test]
    fn a_view_prints_only_the_lines_that_changed() {
        let screen = |lines: &[&str]| Screen { lines: lines.iter().map(|&line| line.to_owned()).collect() };
        let mut view = View { wanted: true, in_place: false, last: screen(&["a", "b"]) };
        let mut out = Vec::new();
        view.show(&screen(&["a", "c"]), &mut out).expect("a vector takes everything");
        view.show(&screen(&["c", "d"]), &mut out).expect("a vector takes everything");
        assert_eq!(out, b"| c\n| d\n");
    }
}
