//! `ramkey check`: whether a stick has what it claims and keeps what is written.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use clap::Args;

use crate::cli::own_output::look;
use crate::cli::replug::line;
use crate::cli::target_args::TargetArgs;
use crate::cli::terminal::can_ask;
use crate::cli::verify::show_stick;
use crate::cli::{CliError, Exit, Output, Progress, Terminal, stop};
use crate::device::{System, TargetPath};
use crate::job::{CheckReport, Destination, Stamped, check, check_destructive};
use crate::units::{Bytes, SECTOR_LEN, counted, named};

/// Most ranges of a kind that are shown; --json has more.
const SHOWN: usize = 20;
/// Times that a stick is looked for that was to be plugged in again.
const REPLUGS: u32 = 5;

/// Find out whether a stick has what it claims and keeps what is written
///
/// Reads every sector and names those that cannot be read, and places that are slow; a stick of ramkey is verified, too. Nothing is
/// written. With --destructive everything on the stick is lost: each sector gets a stamp of its own, then all are read back, which
/// finds a stick that claims more than it has and places that change what is written. Exit status 0 says that the stick is good, 4 that
/// it is not.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The stick: a device such as /dev/sdX, or a file
    #[arg(value_name = "STICK")]
    stick: PathBuf,

    /// Write to every sector, and read it back; everything on the stick is lost
    #[arg(long)]
    destructive: bool,

    /// Ask to plug the stick out and in again after that, and read it once more: what it keeps only while it has power is found
    #[arg(long, requires = "destructive")]
    replug: bool,

    #[command(flatten)]
    target: TargetArgs,
}

impl CheckArgs {
    /// Checks the stick and prints what was found.
    ///
    /// An interrupt or a request to terminate stops it after the piece in work, and what was found so far is printed.
    ///
    /// # Errors
    ///
    /// See [`CliError`]; a fault is no error but an answer.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let system = self.target.system();
        let report = match self.destructive {
            false => {
                self.target.check_only_reads()?;
                let target = TargetPath::look(&system, &self.stick).map_err(crate::job::JobError::Open)?;
                check(&target, &*stop::wish()?, &Progress::new())?
            }
            true => self.destroy(&system)?,
        };
        let shown = output.show(&report, |out| show(out, &report));
        match shown {
            Err(source) if self.destructive => Err(CliError::Unreported { path: self.stick, source }),
            result => result.map(|()| exit(&report)).map_err(CliError::from),
        }
    }

    fn destroy(&self, system: &System) -> Result<CheckReport, CliError> {
        let target = look(system, &self.stick)?;
        let is_device = matches!(target, TargetPath::Block(_));
        if self.replug && !(is_device && can_ask()) {
            let what = match is_device {
                true => "--replug asks, and there is no terminal to answer",
                false => "--replug is for a device, and this is a file",
            };
            return Err(CliError::Usage { what: what.into() });
        }
        self.target.confirm_erasing(system, &target)?;
        let stamped =
            check_destructive(Destination { system, target: &target }, &*stop::wish()?, &Progress::new())?;
        if !self.replug || stamped.report.ended.is_some() {
            return Ok(stamped.report);
        }
        match plugged_in_again(system, &stamped)? {
            Some(found) => Ok(stamped.read_again(&found, &*stop::wish()?, &Progress::new())?),
            None if stop::wish()?.load(Ordering::Relaxed) => {
                let ended = Some("stopped on request before it was plugged in again".into());
                Ok(CheckReport { good: false, ended, ..stamped.report })
            }
            None => Ok(stamped.report),
        }
    }
}

/// Asks for the stick to be plugged in again, and finds it; `None` if it does not come back, or the user wants to stop.
fn plugged_in_again(system: &System, stamped: &Stamped) -> Result<Option<TargetPath>, CliError> {
    let mut screen = Terminal::error();
    let newest = system.newest();
    for _ in 0..REPLUGS {
        write!(
            screen,
            "Unplug {}, wait a moment, plug it into the same port again, and press Enter: ",
            stamped.report.path
        )?;
        screen.flush()?;
        match line(&*stop::wish()?) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => break,
            Err(error) => return Err(error.into()),
        }
        let mut found = system.disks()?.into_iter().filter(|disk| stamped.is_again(disk, newest));
        match (found.next(), found.next()) {
            (Some(facts), None) => return Ok(Some(TargetPath::Block(Box::new(facts)))),
            (Some(_), Some(_)) => writeln!(screen, "There are several sticks like it: unplug the others.")?,
            (None, _) => writeln!(screen, "It is not there, or was not unplugged.")?,
        }
    }
    Ok(None)
}

fn exit(report: &CheckReport) -> Exit {
    match report {
        report if report.good => Exit::Done,
        report if report.ended.is_none() || report.has_fault() => Exit::Difference,
        report if report.written > 0 => Exit::WillNotBoot,
        _ => Exit::Refused,
    }
}

fn show(out: &mut dyn Write, report: &CheckReport) -> io::Result<()> {
    let CheckReport { path, len, .. } = report;
    writeln!(out, "stick     {path}, {} ({len} bytes)", Bytes(*len))?;
    let passes = [("written", report.written, report.write_rate), ("read   ", report.read, report.read_rate)];
    for (what, bytes, rate) in passes {
        if let Some(rate) = rate {
            writeln!(out, "{what}   {} at {}", Bytes(bytes), per_second(rate))?;
        }
    }
    for range in report.ranges.iter().take(SHOWN) {
        writeln!(out, "bad       {range}")?;
    }
    if let more @ 1.. = report.more + report.ranges.len().saturating_sub(SHOWN) as u64 {
        writeln!(out, "bad       {more} more ranges")?;
    }
    for slow in report.slow.iter().take(SHOWN) {
        let (end, rate, usual) = (slow.lba + slow.sectors, per_second(slow.rate), per_second(slow.usual));
        writeln!(out, "slow      sectors {}..{end}: {rate} where {usual} are usual", slow.lba)?;
    }
    if let Some(stick) = &report.stick {
        show_stick(out, stick)?;
    }
    let bad = counted(report.counts.bad(), "sector");
    if let Some(real) = report.real_len.filter(|real| real + SECTOR_LEN <= *len) {
        writeln!(out, "capacity  claims {} and has {} ({real} bytes)", Bytes(*len), Bytes(real))?;
    }
    if report.forgotten > 0 {
        let lost = counted(report.forgotten, "sector");
        writeln!(out, "forgotten {lost} that were right before it was unplugged")?;
    }
    match (&report.ended, report.good) {
        (Some(why), _) if report.counts.bad() == 0 => writeln!(out, "ended     {why}; no fault so far")?,
        (Some(why), _) => writeln!(out, "ended     {why}; {bad} with a fault so far")?,
        (None, true) if report.destructive => writeln!(out, "good      every sector keeps what is written")?,
        (None, true) => writeln!(out, "good      every sector can be read")?,
        (None, false) if report.counts.bad() > 0 => {
            writeln!(out, "faults    {bad}; do not trust this stick")?
        }
        (None, false) => writeln!(out, "faults    see above")?,
    }
    match report.written {
        0 => Ok(()),
        _ => writeln!(
            out,
            "note      {} holds nothing any more: `ramkey write` makes a stick of it, `ramkey restore` a plain one",
            named(path)
        ),
    }
}

/// A rate for people: MB are 1000000 bytes, as those of USB are.
fn per_second(rate: u64) -> String {
    match rate {
        0..10_000 => format!("{rate} bytes/s"),
        10_000..10_000_000 => format!("{}.{} MB/s", rate / 1_000_000, rate % 1_000_000 / 100_000),
        _ => format!("{} MB/s", rate / 1_000_000),
    }
}
