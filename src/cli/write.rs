//! `ramkey write`: from images to a proven stick.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::args::StickArgs;
use crate::cli::own_output::look;
use crate::cli::plan::show_plan;
use crate::cli::show::{show_done, show_repair, show_stick};
use crate::cli::target_args::TargetArgs;
use crate::cli::terminal::note;
use crate::cli::{CliError, Exit, Output, Progress, copy, stop, unknown};
use crate::job::{self, Destination, Images, prepare};
use crate::report::{Report, StickReport};
use crate::units::{Bytes, named};

/// Write images to a stick and prove every byte
///
/// Sector 0 and the boot headers are cleared first and written last, after everything else was read back and compared:
/// a stick that was interrupted does not boot. A disc image that `ramkey disc` made is copied as it is, and boots from the stick,
/// too; with `--kind cd` it is booted from RAM as other CDs are.
#[derive(Debug, Args)]
pub struct WriteArgs {
    #[command(flatten)]
    stick: StickArgs,

    /// The stick: a device such as /dev/sdX, or a file
    #[arg(long, value_name = "TARGET")]
    to: PathBuf,

    /// Also write an addition to the initramfs of a Linux in the first image, beside that image: live.phram.cpio for live.iso
    #[arg(long)]
    linux_phram: bool,

    /// Show every range that would be written, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Do not look first whether a stick that is no stick of ramkey has what it claims
    #[arg(long)]
    no_probe: bool,

    #[command(flatten)]
    target: TargetArgs,
}

impl WriteArgs {
    /// Writes the stick, or shows what would be written.
    ///
    /// An interrupt or a request to terminate stops it after the piece in work; a second one ends the program at once.
    ///
    /// # Errors
    ///
    /// See [`CliError`]; its exit status says what became of the stick.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let mut system = self.target.system();
        system.allowed.believed = self.no_probe;
        let target = look(&system, &self.to)?;
        self.stick.check()?;
        let request = self.stick.request();
        let destination = Destination { system: &system, target: &target };
        if let Some(image) = copy::find(&self.stick, self.linux_phram.then_some("--linux-phram"))? {
            return match self.dry_run {
                true => copy::plan(output, image, request.size, Some(destination)),
                false => copy::write(output, image, request.size, destination, &self.target),
            };
        }
        let images = Images::open(&request)?;
        let prepared = prepare(&request, images, Some(destination), &Progress::new())?;
        if self.dry_run {
            show_plan(output, &prepared)?;
            return Ok(Exit::Done);
        }
        if !self.target.yes {
            unknown::ask(&prepared.images)?;
        }
        self.target.confirm_erasing(&system, &target)?;
        if self.linux_phram {
            let path = job::beside(&request.images[0]);
            job::put_addition(&path)?;
            note(format_args!(
                "note: {} goes into the image, as a second initrd: docs/linux.md",
                named(&path)
            ));
        }
        let report = job::write(&prepared, destination, &*stop::wish()?, &Progress::new())?;
        let shown = output.show(&report, |out| show_report(out, &self.to, &report));
        shown.map_err(|source| CliError::Unreported { path: self.to.clone(), source })?;
        Ok(Exit::Done)
    }
}

fn show_report(out: &mut dyn Write, to: &Path, report: &Report) -> io::Result<()> {
    show_stick(out, &report.stick)?;
    for repair in &report.repairs {
        show_repair(out, repair)?;
    }
    let StickReport { bytes, ranges, doubts, .. } = &report.stick;
    writeln!(out, "written   {} in {} ranges, all read back and identical", Bytes(*bytes), ranges.len())?;
    show_done(out, to, *doubts, "boots from RAM")
}
