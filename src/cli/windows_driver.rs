//! `ramkey windows`: the driver of RAM disks in a Windows.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::own_output::look;
use crate::cli::settings::machine;
use crate::cli::words::wrapped;
use crate::cli::{CliError, Exit, Output, Progress, stop};
use crate::job::{Destination, WindowsChange, WindowsOutput, WindowsReport, prepare_windows};
use crate::windows::Attach;

/// Put the driver of RAM disks into the Windows of an image, or take it out
///
/// Windows reads through the BIOS until its kernel runs, and then needs a driver that finds the RAM disk. docs/windows-xp.md says
/// which there are; bring your own.
#[derive(Debug, Args)]
pub struct WindowsArgs {
    #[command(subcommand)]
    command: WindowsCommand,
}

#[derive(Debug, Subcommand)]
enum WindowsCommand {
    AddDriver(AddDriverArgs),
    RemoveDriver(RemoveDriverArgs),
}

/// Put a driver into the Windows of an image, so that it finds its RAM disk
///
/// The driver's file is copied, and the registry gets its service, its device and what else it needs, in each set of settings that
/// Windows may start with. What `ramkey inspect` calls a problem is mended on the way, and each change has its line. Without --to
/// the image is replaced, and stays beside it as IMAGE.before-driver.
#[derive(Debug, Args)]
struct AddDriverArgs {
    /// The image of a disk with Windows
    #[arg(value_name = "IMAGE")]
    image: PathBuf,

    /// The driver: a file such as firadisk.sys, a folder, or the image of a floppy that has it
    #[arg(long, value_name = "FILE|FOLDER|FLOPPY")]
    driver: PathBuf,

    /// How the driver gets its device, if not in the way that is usual for it
    #[arg(long, value_enum, value_name = "WAY")]
    attach: Option<AttachArg>,

    /// Take another driver for RAM disks out of the registry
    #[arg(long)]
    remove_other: bool,

    /// Add a driver without a signature to a Windows of 64 bits, which loads it in its test mode alone
    #[arg(long)]
    allow_unsigned: bool,

    #[command(flatten)]
    place: PlaceArgs,
}

/// Take out of the Windows of an image what `add-driver` put there
///
/// Registry, boot menu and disk signature become what they were. Without --to the image is replaced, and stays beside it as
/// IMAGE.with-driver.
#[derive(Debug, Args)]
struct RemoveDriverArgs {
    /// The image of a disk with Windows
    #[arg(value_name = "IMAGE")]
    image: PathBuf,

    /// Take a driver out, too, that somebody else installed; its file stays
    #[arg(long)]
    installed: bool,

    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Debug, Args)]
struct PlaceArgs {
    /// Make a new image, a file that is not there yet, and leave IMAGE as it is
    #[arg(long, value_name = "NEW")]
    to: Option<PathBuf>,

    /// Say what would be changed, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// How a driver gets its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum AttachArg {
    /// A device without hardware in the registry, for which Windows starts the driver
    Root,
    /// The driver makes its device when it starts
    Own,
}

impl From<AttachArg> for Attach {
    fn from(attach: AttachArg) -> Self {
        match attach {
            AttachArg::Root => Self::Root,
            AttachArg::Own => Self::Own,
        }
    }
}

impl WindowsArgs {
    /// Changes the image.
    ///
    /// # Errors
    ///
    /// [`CliError::Job`] if the Windows cannot be changed; then the image is as it was.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let (image, place, change) = match self.command {
            WindowsCommand::AddDriver(args) => {
                let AddDriverArgs { image, driver, attach, remove_other, allow_unsigned, place } = args;
                let attach = attach.map(Attach::from);
                (image, place, WindowsChange::Add { driver, attach, remove_other, allow_unsigned })
            }
            WindowsCommand::RemoveDriver(RemoveDriverArgs { image, installed, place }) => {
                (image, place, WindowsChange::Remove { installed })
            }
        };
        let system = machine();
        let target = place.to.as_ref().map(|to| look(&system, to)).transpose()?;
        let to = match &target {
            Some(target) => WindowsOutput::New(Destination { system: &system, target }),
            None => WindowsOutput::InPlace,
        };
        let prepared = prepare_windows(&image, &change, to, &Progress::new())?;
        let report = match place.dry_run {
            true => prepared.plan(),
            false => prepared.change(&*stop::wish()?, &Progress::new())?,
        };
        output.show(&report, |out| show(out, &report, place.dry_run))?;
        Ok(Exit::Done)
    }
}

fn show(out: &mut dyn Write, report: &WindowsReport, is_dry: bool) -> io::Result<()> {
    writeln!(out, "image     {}", report.path)?;
    if let Some(driver) = &report.driver {
        writeln!(out, "driver    {driver}")?;
    }
    wrapped(out, "before    ", &report.before)?;
    for change in &report.changes {
        wrapped(out, "change    ", change)?;
    }
    if let Some(after) = &report.after {
        wrapped(out, "after     ", after)?;
    }
    for warning in &report.warnings {
        writeln!(out, "warning   {warning}")?;
    }
    if let Some(blake3) = &report.blake3 {
        writeln!(out, "BLAKE3    {blake3}")?;
    }
    match (&report.to, &report.backup) {
        _ if is_dry => writeln!(out, "dry run   nothing is changed"),
        (Some(to), Some(backup)) => {
            writeln!(
                out,
                "done      {to} is changed, read back and identical; {backup} is the image as it was"
            )
        }
        (Some(to), None) => {
            writeln!(out, "done      {to} is read back and identical; {} is as it was", report.path)
        }
        (None, _) => writeln!(out, "done      there is nothing to change"),
    }
}
