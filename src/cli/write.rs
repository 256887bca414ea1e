//! `ramkey write`: from images to a proven stick.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::args::StickArgs;
use crate::cli::own_output::look;
use crate::cli::plan::show_plan;
use crate::cli::show::{show_done, show_effort, show_level, show_stick, show_written};
use crate::cli::target_args::TargetArgs;
use crate::cli::terminal::note;
use crate::cli::{CliError, Exit, Output, Progress, copy, stop, unknown};
use crate::job::{self, Destination, Images, prepare};
use crate::report::{Report, StickReport};
use crate::units::named;

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

    /// Go on with this very write where it was interrupted, with the same images and options: what is on the stick already is not
    /// written again. Refused if it is not this write; nothing is asked
    #[arg(long, conflicts_with = "dry_run")]
    resume: bool,

    /// Show every range that would be written, and write nothing
    #[arg(long)]
    dry_run: bool,

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
        let system = self.target.system();
        let target = look(&system, &self.to)?;
        self.stick.check()?;
        let request = self.stick.request();
        let destination = Destination { system: &system, target: &target };
        if let Some(image) = copy::find(&self.stick, self.linux_phram.then_some("--linux-phram"))? {
            return match self.dry_run {
                true => copy::plan(output, image, request.size, Some(destination)),
                false => copy::write(output, image, request.size, destination, self.manner()),
            };
        }
        let images = Images::open(&request)?;
        let prepared = prepare(&request, images, Some(destination), &Progress::new())?;
        if self.dry_run {
            show_plan(output, &prepared)?;
            return Ok(Exit::Done);
        }
        if self.manner() == Manner::Ask {
            unknown::ask(&prepared.images)?;
        }
        if !self.resume {
            self.target.confirm_erasing(&system, &target)?;
        }
        if self.linux_phram {
            let path = job::beside(&request.images[0]);
            job::put_addition(&path)?;
            note(format_args!(
                "note: {} goes into the image, as a second initrd: docs/linux.md",
                named(&path)
            ));
        }
        let stop = stop::wish()?;
        let report = match self.manner() {
            Manner::Resume => job::resume(&prepared, destination, &stop, &Progress::new())?,
            Manner::Ask | Manner::Erase => job::write(&prepared, destination, &stop, &Progress::new())?,
        };
        let shown = output.show(&report, |out| show_report(out, &self.to, &report));
        shown.map_err(|source| CliError::Unreported { path: self.to.clone(), source })?;
        Ok(Exit::Done)
    }

    fn manner(&self) -> Manner {
        match (self.resume, self.target.yes) {
            (true, _) => Manner::Resume,
            (false, true) => Manner::Erase,
            (false, false) => Manner::Ask,
        }
    }
}

/// What becomes of what a target holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// It is erased if somebody confirms that.
    Ask,
    /// It is erased.
    Erase,
    /// It is the beginning of what is written, or stays as it is.
    Resume,
}

fn show_report(out: &mut dyn Write, to: &Path, report: &Report) -> io::Result<()> {
    show_stick(out, &report.stick)?;
    show_effort(out, &report.effort)?;
    let StickReport { bytes, ranges, doubts, .. } = &report.stick;
    show_written(out, *bytes, ranges.len(), report.resumed.as_ref())?;
    show_level(out, Some(&report.effort))?;
    show_done(out, to, *doubts, "boots from RAM")
}
