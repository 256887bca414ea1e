//! `ramkey reflash`: another image on a stick that is there, and only what differs is written.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::add::{show_changed, show_image, show_notes};
use crate::cli::args::{IntakeArgs, LookArgs};
use crate::cli::drives::BesideArgs;
use crate::cli::own_output::look;
use crate::cli::rights::{RightsArgs, needed};
use crate::cli::target_args::TargetArgs;
use crate::cli::{CliError, Exit, Output, Progress, confirm, stop, unknown};
use crate::job::{Destination, ReflashReport, ReflashRequest, StickRequest, prepare_reflash, reflash};
use crate::units::{Bytes, named};

/// Replace an image on a stick: only what differs is written
///
/// The stick is verified first. Chunks of the image that are the same stay where they are; the others go beside the old ones, and
/// then one sector decides. Whenever it is cut off, the stick boots the old image or the new one; the same command goes on. The
/// stick's identity, titles, options, other images and the user's own files stay. What stands beside the image stays too, or
/// becomes what --with and --floppy name. Where there is no room for both images it asks, and
/// writes the new one over the old one while the stick does not boot. Exit status 3 says that nothing was written.
#[derive(Debug, Args)]
pub struct ReflashArgs {
    /// The new image
    #[arg(value_name = "IMAGE")]
    image: PathBuf,

    /// The stick: a device such as /dev/sdX, or a file
    #[arg(long, value_name = "STICK")]
    to: PathBuf,

    /// Title, or file in the folder RAMKEY, of the image that is replaced; needed if there are several in the menu. One that stands
    /// beside others is replaced for all of them
    #[arg(long, value_name = "TITLE")]
    replace: Option<String>,

    #[command(flatten)]
    look: LookArgs,

    #[command(flatten)]
    beside: BesideArgs,

    #[command(flatten)]
    intake: IntakeArgs,

    #[command(flatten)]
    rights: RightsArgs,

    #[command(flatten)]
    target: TargetArgs,
}

impl ReflashArgs {
    /// Replaces the image.
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
        let done = self.reflash(output, Destination { system: &system, target: &target });
        done.map_err(|error| needed(error, &system))
    }

    fn reflash(self, output: &mut Output, destination: Destination) -> Result<Exit, CliError> {
        let Destination { system, target } = destination;
        let image = self.look.put_into(StickRequest {
            // What stands beside others is replaced so, too.
            folder_boots: false,
            companions: self.beside.companions(),
            ..StickRequest::new(vec![self.image])
        });
        let image = self.intake.put_into_change(image)?;
        let request = ReflashRequest { image, replaces: self.replace };
        let progress = Progress::of_writing();
        let prepared = prepare_reflash(request, destination, &progress)?;
        if !self.target.yes {
            unknown::ask(prepared.images())?;
        }
        self.target.confirm_unmounting(system, target)?;
        let consent = || self.target.yes || confirm::may_write_over(&self.to);
        let report = reflash(&prepared, destination, &*stop::wish()?, &progress, &consent)?;
        drop(progress);
        let shown = output.show(&report, |out| show(out, &self.to, &report));
        shown.map_err(|source| CliError::Unreported { path: self.to.clone(), source })?;
        Ok(Exit::Done)
    }
}

fn show(out: &mut dyn Write, to: &Path, report: &ReflashReport) -> io::Result<()> {
    show_image(out, &report.image)?;
    writeln!(out, "was       {}", report.was)?;
    report.beside.iter().try_for_each(|image| show_image(out, image))?;
    for file in &report.gone {
        writeln!(out, "gone      {file}, beside which no other stands")?;
    }
    for warning in &report.warnings {
        writeln!(out, "warning   {warning}")?;
    }
    show_notes(out, &report.notes)?;
    let to = named(to);
    if report.same {
        return writeln!(out, "done      {to} has this image already; nothing was written");
    }
    let (kept, chunks) = (report.kept, report.chunks);
    let skipped = report.effort.skipped;
    let packed = if skipped > 0 { ", packed as they were" } else { "" };
    writeln!(out, "kept      {kept} of {chunks} pieces, {}{packed}", Bytes(skipped))?;
    show_changed(out, &report.effort)?;
    match report.warnings.len() {
        0 => writeln!(out, "done      {to} boots the new image from RAM"),
        _ => writeln!(out, "done      {to} has the new image, proven; whether it boots: see the warnings"),
    }
}
