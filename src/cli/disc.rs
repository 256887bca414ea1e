//! `ramkey disc`: from images to a disc image that boots as a stick, too.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::args::ImagesArgs;
use crate::cli::label::LabelFile;
use crate::cli::own_output::look;
use crate::cli::plan::show_plan;
use crate::cli::show::show_stick;
use crate::cli::{CliError, Exit, Output, Progress, confirm, stop, unknown};
use crate::device::System;
use crate::job::{self, Destination, DiscOptions, Images, StickRequest, prepare};
use crate::plan::{DiscBoot, DiscMedium};
use crate::report::{Report, StickReport};
use crate::units::{Bytes, named};

/// How a BIOS boots the disc.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum BootArg {
    /// Without emulation; a BIOS that looks at further entries finds a floppy and a hard disk
    #[default]
    Auto,
    /// Without emulation, and no further entry
    NoEmulation,
    /// As a floppy: for BIOSes before 1998
    Floppy,
    /// As a hard disk: for BIOSes that boot no other way
    HardDisk,
}

impl From<BootArg> for DiscBoot {
    fn from(arg: BootArg) -> Self {
        match arg {
            BootArg::Auto => Self::Auto,
            BootArg::NoEmulation => Self::NoEmulation,
            BootArg::Floppy => Self::Floppy,
            BootArg::HardDisk => Self::HardDisk,
        }
    }
}

/// What a disc has beside a stick.
#[derive(Clone, Debug, Args)]
pub struct DiscOptionsArgs {
    /// The medium that the disc must fit: 8cm (21 minutes, 94500 blocks), 8cm-24 (108000), 8cm-18 (81000), card (25600), 12cm
    /// (74 minutes, 333000), or a number of blocks of 2048 bytes
    #[arg(long, value_name = "MEDIUM", value_parser = medium, default_value = "8cm")]
    pub media: DiscMedium,

    /// How a BIOS boots it
    #[arg(long, value_enum, default_value_t)]
    pub boot: BootArg,

    /// Every disc boots from a stick, too, when it is written to one; this says so in a script
    #[arg(long)]
    pub hybrid: bool,

    /// Put the files of this folder onto the disc, too
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}

fn medium(text: &str) -> Result<DiscMedium, String> {
    DiscMedium::named(text).ok_or_else(|| {
        let names: Vec<&str> = DiscMedium::ALL.iter().filter_map(|medium| medium.name).collect();
        format!("it is {} or a number of blocks from 1000 to 4000000", names.join(", "))
    })
}

impl DiscOptionsArgs {
    /// The first option that is not as usual.
    pub fn first_given(&self) -> Option<&'static str> {
        let given = [
            (self.media != DiscMedium::default(), "--media"),
            (self.boot != BootArg::default(), "--boot"),
            (self.hybrid, "--hybrid"),
            (self.dir.is_some(), "--dir"),
        ];
        given.into_iter().find_map(|(is_given, name)| is_given.then_some(name))
    }

    /// The request for a disc, from that for a stick with the same images.
    pub fn of(&self, request: StickRequest) -> StickRequest {
        let disc = DiscOptions { boot: self.boot.into(), medium: self.media, folder: self.dir.clone() };
        StickRequest { disc: Some(disc), ..request.universal() }
    }
}

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
        let system = System::default();
        let target = look(&system, &self.to)?;
        self.images.check()?;
        let label =
            self.label_svg.as_deref().map(|path| LabelFile::look(&system, path, &self.to)).transpose()?;
        let request = self.disc.of(self.images.request());
        let destination = Destination { system: &system, target: &target };
        let prepared = prepare(&request, Images::open(&request)?, Some(destination), &Progress::new())?;
        if self.dry_run {
            show_plan(output, &prepared)?;
            return Ok(Exit::Done);
        }
        if !self.yes {
            unknown::ask(&prepared.images)?;
            confirm::ask(&system, &target)?;
        }
        let report = job::write(&prepared, destination, &*stop::wish()?, &Progress::new())?;
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
    let to = named(to);
    match doubts {
        0 => writeln!(out, "done      {to} boots from RAM; burn it as an image, slowly: docs/mini-cd.md"),
        1 => writeln!(out, "done      {to} is written and proven; whether it boots: see the warning"),
        _ => writeln!(out, "done      {to} is written and proven; whether it boots: see the warnings"),
    }
}
