//! `ramkey verify --repair`: what is wrong on a stick is put right.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::cli::own_output::look;
use crate::cli::target_args::TargetArgs;
use crate::cli::{CliError, Exit, Output, Progress, confirm, stop};
use crate::job::{self, Destination, RepairReport, prepare_repair};
use crate::repair::Mended;
use crate::units::Bytes;
use crate::verify::{Fault, FaultKind, StickVerdict};

/// Shows what is on a stick.
pub(super) type Shows = dyn Fn(&mut dyn Write, &StickVerdict) -> io::Result<()>;

/// Verifies the stick and repairs it, with the images that are at hand.
///
/// # Errors
///
/// As those of `reflash`; a fault that is left is no error but an answer.
pub(super) fn run(
    output: &mut Output,
    stick: PathBuf,
    images: Vec<PathBuf>,
    args: &TargetArgs,
    show_stick: &Shows,
) -> Result<Exit, CliError> {
    let system = args.system();
    let target = look(&system, &stick)?;
    let destination = Destination { system: &system, target: &target };
    let prepared = prepare_repair(images, destination, &Progress::new())?;
    if !args.yes && !prepared.mended.is_empty() {
        let lines: Vec<String> = prepared.mended.iter().map(|mended| format!("  {}", told(mended))).collect();
        confirm::change(&target, &lines, "repair")?;
    }
    if !prepared.mended.is_empty() {
        args.confirm_unmounting(&system, &target)?;
    }
    let report = job::repair(prepared, destination, &*stop::wish()?, &Progress::new())?;
    let shown = output.show(&report, |out| show(out, &report, show_stick));
    shown.map_err(|source| CliError::Unreported { path: stick, source })?;
    Ok(if report.after.sound { Exit::Done } else { Exit::Difference })
}

fn told(mended: &Mended) -> String {
    format!("{}, LBA {}..{}", mended.what, mended.lba, mended.lba + mended.sectors)
}

fn show(out: &mut dyn Write, report: &RepairReport, show_stick: &Shows) -> io::Result<()> {
    let RepairReport { repaired, written, before, after } = report;
    show_stick(out, after)?;
    for mended in repaired {
        writeln!(out, "repaired  {}", told(mended))?;
    }
    if *written > 0 {
        writeln!(out, "written   {}, all read back and identical", Bytes(*written))?;
    }
    match (after.sound, before.sound) {
        (true, true) if *written == 0 => writeln!(out, "sound     it was sound; nothing was written"),
        (true, _) => writeln!(out, "sound     all that a boot needs is right"),
        (false, _) => {
            let mut ways: Vec<&str> = after.faults.iter().map(way).collect();
            ways.dedup();
            ways.iter().try_for_each(|way| writeln!(out, "note      {way}"))?;
            writeln!(out, "faults    {} left, and nothing was done about them", after.faults.len())
        }
    }
}

/// What ends a fault that could not be repaired.
fn way(fault: &Fault) -> &'static str {
    match fault.kind {
        FaultKind::Capsule => {
            "an image is repaired from the one that it was written from: `--repair IMAGE`, if it was not that one"
        }
        FaultKind::Sector0 | FaultKind::BootCode | FaultKind::BootCopy | FaultKind::Stamps => {
            "if the stick was written by another version of ramkey, `ramkey update` writes the boot code of this one"
        }
        FaultKind::NoStick | FaultKind::NoImage => "`ramkey write` makes a stick of it",
        _ => {
            "what cannot be proven stays as it is; copy your files away, and write the stick anew with `ramkey write`"
        }
    }
}
