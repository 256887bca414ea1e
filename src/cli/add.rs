//! `ramkey add` and `ramkey remove`: images come to a stick that is there, and leave it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::args::{IntakeArgs, LookArgs};
use crate::cli::drives::DrivesArgs;
use crate::cli::own_output::look;
use crate::cli::rights::{RightsArgs, needed};
use crate::cli::show::{show_effort, show_level, show_origin};
use crate::cli::target_args::TargetArgs;
use crate::cli::{CliError, Exit, Output, Progress, stop, unknown};
use crate::job::{self, AddReport, AddedImage, Destination, RemoveReport, StickRequest, prepare_addition};
use crate::pipeline::Effort;
use crate::units::{Bytes, named};

/// Add an image to a stick: the menu gets another entry
///
/// The stick is verified first. The image goes to free clusters, then they are taken, and then one sector of the folder names it.
/// Whenever it is cut off, the stick has what it had, or the new image as well; the same command goes on. Everything else on the stick
/// stays. Exit status 3 says that nothing was written.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: PathBuf,

    /// The stick: a device such as /dev/sdX, or a file
    #[arg(long, value_name = "STICK")]
    to: PathBuf,

    /// Title in the boot menu, which no other image on the stick has; that of the file if not given, with a number if it is taken
    #[arg(long, value_name = "TITLE")]
    title: Option<String>,

    #[command(flatten)]
    look: LookArgs,

    #[command(flatten)]
    drives: DrivesArgs,

    #[command(flatten)]
    intake: IntakeArgs,

    #[command(flatten)]
    rights: RightsArgs,

    #[command(flatten)]
    target: TargetArgs,
}

impl AddArgs {
    /// Adds the image.
    ///
    /// An interrupt or a request to terminate stops it after the piece in work.
    ///
    /// # Errors
    ///
    /// See [`CliError`]; its exit status says what became of the stick.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let system = self.target.system();
        let target = look(&system, &self.to)?;
        let system = self.rights.system(system, std::slice::from_ref(&target))?;
        let done = self.add(output, Destination { system: &system, target: &target });
        done.map_err(|error| needed(error, &system))
    }

    fn add(self, output: &mut Output, destination: Destination) -> Result<Exit, CliError> {
        let request =
            StickRequest { titles: self.title.into_iter().collect(), ..StickRequest::new(vec![self.image]) };
        let request = self.intake.put_into_change(self.drives.put_into(self.look.put_into(request)))?;
        let progress = Progress::of_writing();
        let prepared = prepare_addition(request, destination, &progress)?;
        if !self.target.yes {
            unknown::ask(prepared.images())?;
        }
        self.target.confirm_unmounting(destination.system, destination.target)?;
        let report = job::add(&prepared, destination, &*stop::wish()?, &progress)?;
        drop(progress);
        let shown = output.show(&report, |out| show_added(out, &self.to, &report));
        shown.map_err(|source| CliError::Unreported { path: self.to.clone(), source })?;
        Ok(Exit::Done)
    }
}

/// Remove an image from a stick: the menu loses an entry
///
/// The stick is verified first. One sector of the folder takes the name away, and then what the image had becomes free. Whenever it is
/// cut off, the stick has the image or not; the same command goes on. What stands beside the image, and beside no other, goes with
/// it. Everything else on the stick stays. The last image of a stick cannot be removed. Exit status 3 says that nothing was written.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// Title in the boot menu, or file in the folder RAMKEY with or without its ending
    #[arg(value_name = "NAME")]
    name: String,

    /// The stick: a device such as /dev/sdX, or a file
    #[arg(long, value_name = "STICK")]
    from: PathBuf,

    #[command(flatten)]
    rights: RightsArgs,

    #[command(flatten)]
    target: TargetArgs,
}

impl RemoveArgs {
    /// Removes the image.
    ///
    /// An interrupt or a request to terminate stops it after the piece in work.
    ///
    /// # Errors
    ///
    /// See [`CliError`]; its exit status says what became of the stick.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let system = self.target.system();
        let target = look(&system, &self.from)?;
        let system = self.rights.system(system, std::slice::from_ref(&target))?;
        let done = self.remove(output, Destination { system: &system, target: &target });
        done.map_err(|error| needed(error, &system))
    }

    fn remove(self, output: &mut Output, destination: Destination) -> Result<Exit, CliError> {
        self.target.confirm_unmounting(destination.system, destination.target)?;
        let report = job::remove(&self.name, destination, &*stop::wish()?, &Progress::new())?;
        let shown = output.show(&report, |out| show_removed(out, &self.from, &report));
        shown.map_err(|source| CliError::Unreported { path: self.from.clone(), source })?;
        Ok(Exit::Done)
    }
}

fn show_added(out: &mut dyn Write, to: &Path, report: &AddReport) -> io::Result<()> {
    report.images.iter().try_for_each(|image| show_image(out, image))?;
    for warning in &report.warnings {
        writeln!(out, "warning   {warning}")?;
    }
    show_notes(out, &report.notes)?;
    show_changed(out, &report.effort)?;
    let to = named(to);
    match report.warnings.len() {
        0 => writeln!(out, "done      {to} boots it from RAM, too"),
        _ => writeln!(out, "done      {to} has the image, proven; whether it boots: see the warnings"),
    }
}

fn show_removed(out: &mut dyn Write, from: &Path, report: &RemoveReport) -> io::Result<()> {
    for image in &report.images {
        writeln!(out, "image     {}  {}", image.blake3, image.file)?;
        writeln!(out, "          \"{}\": {}", image.title, Bytes(image.len))?;
    }
    show_notes(out, &report.notes)?;
    show_changed(out, &report.effort)?;
    writeln!(out, "done      it is gone from {}; {} are free again", named(from), Bytes(report.freed))
}

/// What is to be known beside the images.
pub(super) fn show_notes(out: &mut dyn Write, notes: &[String]) -> io::Result<()> {
    notes.iter().try_for_each(|note| writeln!(out, "note      {note}"))
}

/// An image that came to the stick.
pub(super) fn show_image(out: &mut dyn Write, image: &AddedImage) -> io::Result<()> {
    writeln!(out, "image     {}  {}", image.blake3, image.path)?;
    if let Some(in_memory) = &image.ram_blake3 {
        writeln!(out, "in memory {in_memory}, without what is left out")?;
    }
    let beside = if image.companion { ", beside the other" } else { "" };
    let (title, file, words, len) = (&image.title, &image.file, &image.words, Bytes(image.len));
    writeln!(out, "          \"{title}\" in {file}: {words}, {len}{beside}")?;
    show_origin(out, &image.origin)
}

/// What was written, and what had to be written more than once.
pub(super) fn show_changed(out: &mut dyn Write, effort: &Effort) -> io::Result<()> {
    show_effort(out, effort)?;
    writeln!(out, "written   {}, all read back and identical", Bytes(effort.written))?;
    show_level(out, Some(effort))
}
