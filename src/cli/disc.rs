//! `ramkey disc`: from images to a disc image that boots as a stick, too.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::args::ImagesArgs;
use crate::cli::disc_options::DiscOptionsArgs;
use crate::cli::label::LabelFile;
use crate::cli::own_output::look;
use crate::cli::plan::show_plan;
use crate::cli::settings::machine;
use crate::cli::show::{show_done, show_stick};
use crate::cli::{CliError, Exit, Output, Progress, confirm, stop, unknown};
use crate::job::{self, Destination, Images, Opener, prepare};
use crate::report::{Report, StickReport};
use crate::units::{Bytes, named};

/// Write images to a disc image and prove every byte
///
/// The disc boots from RAM as a stick does: by El Torito from a CD, and from a stick that the file is copied to. It is as
/// long as it must be. The same images and options give the same bytes.
#[derive(Debug, Args)]
pub struct DiscArgs {
    #[command(flatten)]
    images: ImagesArgs,

    #[command(flatten)]
    disc: DiscOptionsArgs,

    /// The disc image, a file such as mini.iso
    #[arg(long, value_name = "FILE")]
    to: PathBuf,

    /// Draw a label for the disc (SVG), with titles, hashes and what to do, when the disc is finished; an old label is replaced,
    /// and no other file
    #[arg(long, value_name = "FILE")]
    label_svg: Option<PathBuf>,

    /// Show every range that would be written, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Do not ask before a file with contents of its own is overwritten, or bytes are written of which nothing is known
    #[arg(long)]
    yes: bool,
}

impl DiscArgs {
    /// Writes the disc image, or shows what would be written.
    ///
    /// # Errors
    ///
    /// As those of `write`, a disc that is larger than its medium, and a label that would overwrite something else.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let system = machine();
        let target = look(&system, &self.to)?;
        self.images.check()?;
        let label =
            self.label_svg.as_deref().map(|path| LabelFile::look(&system, path, &self.to)).transpose()?;
        let request = self.disc.of(self.images.request());
        let destination = Destination { system: &system, target: &target };
        let progress = if self.dry_run { Progress::new() } else { Progress::of_writing() };
        let images = Images::open_by(&request, &Opener::new(&progress))?;
        let prepared = prepare(&request, images, Some(destination), &progress)?;
        if self.dry_run {
            show_plan(output, &prepared)?;
            return Ok(Exit::Done);
        }
        if !self.yes {
            unknown::ask(&prepared.images)?;
            confirm::ask(&system, &target, &[])?;
        }
        let report = job::write(&prepared, destination, &*stop::wish()?, &progress)?;
        drop(progress);
        if let Some(file) = &label {
            file.write(&report.stick, &self.to)?;
        }
        let shown =
            output.show(&report, |out| show_report(out, &self.to, self.label_svg.as_deref(), &report));
        shown.map_err(|source| CliError::Unreported { path: self.to.clone(), source })?;
        Ok(Exit::Done)
    }
}

fn show_report(out: &mut dyn Write, to: &Path, label: Option<&Path>, report: &Report) -> io::Result<()> {
    show_stick(out, &report.stick)?;
    let StickReport { bytes, ranges, doubts, .. } = &report.stick;
    writeln!(out, "written   {} in {} ranges, all read back and identical", Bytes(*bytes), ranges.len())?;
    if let Some(label) = label {
        writeln!(out, "label     {}", named(label))?;
    }
    show_done(out, to, *doubts, "boots from RAM; burn it as an image, slowly: docs/mini-cd.md")
}
