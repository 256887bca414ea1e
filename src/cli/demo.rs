//! `ramkey demo`: the whole way, from an image to a system that runs after its stick was pulled, without hardware.

use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use ramkey_format::markers::{DEMO_FAIL, DEMO_PASS, DEMO_WAITS, MAY_REMOVE, STOPPED};

use crate::cli::boot::PULL_LIMIT;
use crate::cli::view::View;
use crate::cli::{CliError, Exit, Output, Progress, stop};
use crate::emulator::{Controller, Emulator, EmulatorError, Machine, Port, Stick, has_display};
use crate::job;

/// How long each step of the boot may take, with the slowest controller on a busy machine.
const LIMIT: Duration = Duration::from_secs(180);

/// Write a temporary stick with the built-in image, verify it, boot it in QEMU and pull it
///
/// The built-in image is a tiny system that reads and writes every part of its disk after the stick is gone, and says
/// whether all of it was right.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Open no window; exit status 0 only if the system reported success after the stick was gone
    #[arg(long)]
    headless: bool,

    /// USB controller that the stick is plugged into
    #[arg(long, value_enum, default_value_t = Controller::Xhci)]
    usb: Controller,
}

/// How far the demo came.
#[derive(Debug, Default, serde::Serialize, schemars::JsonSchema)]
#[schemars(rename = "DemoOutcome")]
pub(super) struct Outcome {
    /// BLAKE3 of the image.
    blake3: String,
    /// The stick was written and read back.
    written: bool,
    /// `verify` found every byte as written.
    verified: bool,
    /// The image was in memory, and proven there.
    proven: bool,
    /// The stick was gone after that.
    pulled: bool,
    /// The system reported that everything works.
    passed: bool,
}

impl DemoArgs {
    /// Runs the demo.
    ///
    /// # Errors
    ///
    /// [`CliError::Emulator`] if QEMU is missing in a headless run, or a step takes too long; whatever writing a
    /// stick can fail with.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let demo = job::demo(&*stop::wish()?, &Progress::new())?;
        let verdict = &demo.verdict;
        let images = demo.report.stick.images.iter();
        let mut outcome = Outcome {
            blake3: images.map(|image| image.blake3.as_str()).collect(),
            written: true,
            verified: verdict.sound,
            ..Outcome::default()
        };
        say(output, &format!("image     {}  the built-in image", outcome.blake3))?;
        say(output, "written   a stick of 64 MiB, in a temporary file, read back and identical")?;
        if !verdict.sound {
            for fault in &verdict.faults {
                say(output, &format!("fault     {fault}"))?;
            }
            return finish(output, &outcome, Exit::Difference);
        }
        say(output, "verified  every byte of the stick")?;

        let mut machine = Machine::new(Stick::new(demo.stick(), Port::Usb(self.usb)));
        machine.window = !self.headless && has_display();
        match Emulator::start(&machine) {
            Ok(mut emulator) => {
                self.follow(&mut emulator, machine.window, output, &mut outcome)?;
                let exit = if outcome.passed { Exit::Done } else { Exit::Failed };
                if machine.window {
                    say(output, "close the window to end")?;
                    wait_until_closed(&mut emulator)?;
                }
                finish(output, &outcome, exit)
            }
            Err(missing @ EmulatorError::Missing) if !self.headless => {
                say(output, &format!("not booted: {missing}"))?;
                if let Some(help) = missing.help() {
                    say(output, &format!("          {help}, then run `ramkey demo` again"))?;
                }
                finish(output, &outcome, Exit::Done)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Boots, pulls, presses the key that the system waits for, and reads its verdict.
    fn follow(
        &self,
        emulator: &mut Emulator,
        window: bool,
        output: &mut Output,
        outcome: &mut Outcome,
    ) -> Result<(), CliError> {
        let stop = stop::wish()?;
        let mut view = View::new(!window && !output.json);
        let reached = |emulator: &mut Emulator, view: &mut View, output: &mut Output, what: &str| {
            emulator.wait_for(&format!("`{what}`"), LIMIT, |machine| {
                let screen = machine.screen()?;
                // A closed standard output does not stop the machine; the last line of the demo reports it.
                let _ = view.show(&screen, &machine.console(), &mut output.to);
                let said = machine.said();
                let failed = [DEMO_FAIL, STOPPED].iter().any(|text| said.contains(text));
                let over = failed || stop.load(Ordering::Relaxed);
                Ok((over || said.contains(what)).then(|| said.contains(what)))
            })
        };
        outcome.proven = reached(emulator, &mut view, output, MAY_REMOVE)?;
        if outcome.proven {
            emulator.pull(PULL_LIMIT)?;
            outcome.pulled = true;
            view.catch_up(&mut output.to)?;
            say(output, "pulled    the stick is gone")?;
            if reached(emulator, &mut view, output, DEMO_WAITS)? {
                emulator.press(&["ret"])?;
                outcome.passed = reached(emulator, &mut view, output, DEMO_PASS)?;
            }
        }
        Ok(view.finish(&mut output.to)?)
    }
}

/// A line for people; JSON has it in its one object.
fn say(output: &mut Output, line: &str) -> Result<(), CliError> {
    if !output.json {
        writeln!(output.to, "{line}")?;
        output.to.flush()?;
    }
    Ok(())
}

fn finish(output: &mut Output, outcome: &Outcome, exit: Exit) -> Result<Exit, CliError> {
    output.show(outcome, |out| match outcome {
        Outcome { passed: true, .. } => {
            writeln!(out, "passed    the system ran from memory, after its stick was pulled")
        }
        Outcome { proven: true, .. } => writeln!(out, "failed    the system found a fault; see its screen"),
        Outcome { verified: true, .. } => {
            writeln!(out, "the stick is written and verified, and was not booted")
        }
        _ => writeln!(out, "failed    the stick is not as written"),
    })?;
    Ok(exit)
}

fn wait_until_closed(emulator: &mut Emulator) -> Result<(), CliError> {
    let stop = stop::wish()?;
    while emulator.ended()?.is_none() && !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}
