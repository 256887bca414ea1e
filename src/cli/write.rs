//! `ramkey write`: from images to a proven stick.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::args::StickArgs;
use crate::cli::manner::Manner;
use crate::cli::own_output::look;
use crate::cli::phram::put_beside;
use crate::cli::plan::show_plan;
use crate::cli::receipts::Receipts;
use crate::cli::rights::RightsArgs;
use crate::cli::several::Several;
use crate::cli::show::{show_done, show_effort, show_level, show_stick, show_written};
use crate::cli::single::Single;
use crate::cli::target_args::TargetArgs;
use crate::cli::terminal::{note, step};
use crate::cli::{CliError, Exit, Output, Progress, copy, rights, serials, stop, unknown};
use crate::device::{OpenError, System, TargetPath};
use crate::image::ImageError;
use crate::job::{self, JobError, Lengths, Opener, Prepared, StickRequest};
use crate::report::{Report, StickReport};
use crate::units::Bytes;

/// Write images to a stick and prove every byte
///
/// Sector 0 and the boot headers are cleared first and written last, after everything else was read back and compared:
/// a stick that was interrupted does not boot. A disc image that `ramkey disc` made is copied as it is, and boots from the stick,
/// too; with `--kind cd` it is booted from RAM as other CDs are.
#[derive(Debug, Args)]
#[command(mut_arg("images", |images| images.required(false).required_unless_present("folders")))]
pub struct WriteArgs {
    #[command(flatten)]
    stick: StickArgs,

    /// Make an image of this folder, which starts the DOS in it, and boot it behind the other images; it is the same as to name the
    /// folder in the place of an image. docs/folders.md
    #[arg(long = "dir", value_name = "FOLDER")]
    folders: Vec<PathBuf>,

    /// The stick: a device such as /dev/sdX, or a file; once for each of several, which are written at the same time
    #[arg(long, value_name = "TARGET", required_unless_present = "all_matching")]
    to: Vec<PathBuf>,

    /// Write every stick that is plugged in and whose serial number is in this file: one on a line, # begins a comment
    #[arg(long, value_name = "SERIALS.txt")]
    all_matching: Option<PathBuf>,

    /// Make all sticks as long as the shortest of them, so that they hold the same bytes
    #[arg(long)]
    same_size: bool,

    /// Put a receipt of each stick into this folder, in JSON, by serial number or by the name of the device or file
    #[arg(long, value_name = "FOLDER", conflicts_with = "dry_run")]
    receipt: Option<PathBuf>,

    /// Also write an addition to the initramfs of a Linux in the first image, beside that image: live.phram.cpio for live.iso
    #[arg(long)]
    linux_phram: bool,

    /// Put this driver into the Windows of the first image on the way: what is written is a copy, which is in the folder for
    /// temporary files meanwhile. A file such as firadisk.sys, a folder, or the image of a floppy; docs/windows-xp.md
    #[arg(long, value_name = "FILE|FOLDER|FLOPPY")]
    driver: Option<PathBuf>,

    /// Go on with this very write where it was interrupted, with the same images and options: what is on the stick already is not
    /// written again. Refused if it is not this write; nothing is asked
    #[arg(long, conflicts_with = "dry_run")]
    resume: bool,

    /// Show every range that would be written, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Do not look first whether a stick that is no stick of ramkey has what it claims
    #[arg(long)]
    no_probe: bool,

    #[command(flatten)]
    rights: RightsArgs,

    #[command(flatten)]
    target: TargetArgs,
}

impl WriteArgs {
    /// Writes the stick or the sticks, or shows what would be written.
    ///
    /// An interrupt or a request to terminate stops it after the piece in work; a second one ends the program at once.
    ///
    /// # Errors
    ///
    /// See [`CliError`]; its exit status says what became of the stick.
    pub fn run(mut self, output: &mut Output) -> Result<Exit, CliError> {
        for folder in &self.folders {
            if !folder.is_dir() {
                let path = folder.clone();
                return Err(JobError::Image(ImageError::NotAFolder { path }.into()).into());
            }
        }
        self.stick.images.images.append(&mut self.folders);
        let mut system = self.target.system();
        system.allowed.believed = self.no_probe;
        let targets = self.targets(&system)?;
        self.stick.check()?;
        let system = self.rights.system(system, &targets)?;
        let written = self.write_to(output, &system, &targets);
        written.map_err(|error| rights::needed(error, &system))
    }

    fn write_to(
        self,
        output: &mut Output,
        system: &System,
        targets: &[TargetPath],
    ) -> Result<Exit, CliError> {
        match (targets, &self.all_matching) {
            ([target], None) => {
                let (system, target) = (system.clone(), target.clone());
                self.write_one(output, &Single { request: self.request(), system, target })
            }
            _ => {
                let several = Several {
                    stick: &self.stick,
                    driver: self.driver.as_deref(),
                    target: &self.target,
                    receipt: self.receipt.as_deref(),
                    is_dry: self.dry_run,
                    linux_phram: self.linux_phram,
                    manner: self.manner(),
                    lengths: if self.same_size { Lengths::Shortest } else { Lengths::Own },
                };
                several.write(output, system, targets)
            }
        }
    }

    /// All that are to be written, at least one.
    fn targets(&self, system: &System) -> Result<Vec<TargetPath>, CliError> {
        let mut targets = self.to.iter().map(|to| look(system, to)).collect::<Result<Vec<_>, _>>()?;
        if let Some(path) = &self.all_matching {
            let found = serials::find(system, path)?;
            for serial in &found.absent {
                note(format_args!("note: no stick with serial number {serial} is plugged in"));
            }
            if found.targets.is_empty() {
                return Err(CliError::NoneMatching { path: path.clone() });
            }
            for target in found.targets {
                let now = look(system, target.path())?;
                match (&target, &now) {
                    (TargetPath::Block(was), TargetPath::Block(now)) if now.is_same_device(was) => {}
                    _ => {
                        let path = target.path().to_owned();
                        return Err(JobError::Target(OpenError::Changed { path }).into());
                    }
                }
                targets.push(now);
            }
        }
        Ok(targets)
    }

    fn request(&self) -> StickRequest {
        StickRequest { driver: self.driver.clone(), ..self.stick.request() }
    }

    /// What is asked for, of one target alone.
    ///
    /// # Errors
    ///
    /// [`CliError::Usage`], or why there can be no such target.
    pub(super) fn single(&self) -> Result<Single, CliError> {
        self.stick.check()?;
        let system = self.target.system();
        let [to] = &self.to[..] else {
            return Err(CliError::Usage { what: "one target is needed".into() });
        };
        let target = look(&system, to)?;
        let system = self.rights.system(system, std::slice::from_ref(&target))?;
        Ok(Single { request: self.request(), system, target })
    }

    fn write_one(&self, output: &mut Output, single: &Single) -> Result<Exit, CliError> {
        let Single { request, system, target } = single;
        let destination = single.destination();
        let progress = if self.dry_run { Progress::new() } else { Progress::of_writing() };
        let opener = Opener::new(&progress);
        if let Some(image) = copy::find(&self.stick, self.unfit_for_copies(), &opener)? {
            return match self.dry_run {
                true => copy::plan(output, image, request.size, Some(destination)),
                false => copy::write(output, image, request.size, destination, (self.manner(), &self.target)),
            };
        }
        let prepared = single.prepare(&opener, &progress)?;
        if self.dry_run {
            show_plan(output, &prepared)?;
            return Ok(Exit::Done);
        }
        step(format_args!("{}", decided(&prepared)));
        let targets = std::slice::from_ref(target);
        let receipts = self.receipt.as_ref().map(|folder| Receipts::look(folder, targets)).transpose()?;
        if self.manner() == Manner::Ask {
            unknown::ask(&prepared.images)?;
        }
        match self.manner() {
            Manner::Resume => self.target.confirm_unmounting(system, target)?,
            Manner::Ask | Manner::Erase => self.target.confirm_erasing(system, target)?,
        }
        if self.linux_phram {
            put_beside(request)?;
        }
        let stop = stop::wish()?;
        let result = match self.manner() {
            Manner::Resume => job::resume(&prepared, destination, &stop, &progress),
            Manner::Ask | Manner::Erase => job::write(&prepared, destination, &stop, &progress),
        };
        drop(progress);
        let receipt = receipts.map(|receipts| receipts.write(0, &job::receipt(&prepared, target, &result)));
        let report = match (result, &receipt) {
            (Ok(report), _) => report,
            (Err(error), lost) => {
                if let Some(Err(lost)) = lost {
                    Output::tell("receipt", lost);
                }
                return Err(error.into());
            }
        };
        let shown = output.show(&report, |out| show_report(out, target.path(), &report));
        shown.map_err(|source| CliError::Unreported { path: target.path().to_owned(), source })?;
        receipt.unwrap_or(Ok(()))?;
        Ok(Exit::Done)
    }

    /// An option that means nothing to the copy of a disc image, if one was given.
    fn unfit_for_copies(&self) -> Option<&'static str> {
        let given = [
            ("--driver", self.driver.is_some()),
            ("--linux-phram", self.linux_phram),
            ("--receipt", self.receipt.is_some()),
            ("--same-size", self.same_size),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
    }

    fn manner(&self) -> Manner {
        match (self.resume, self.target.yes) {
            (true, _) => Manner::Resume,
            (false, true) => Manner::Erase,
            (false, false) => Manner::Ask,
        }
    }
}

/// What was decided for a stick.
fn decided(prepared: &Prepared) -> String {
    let StickReport { layout, file_system, label, bytes, ranges, stick_id, .. } = job::outline(prepared);
    let ranges = ranges.len();
    format!("layout {layout}, {file_system} \"{label}\", id {stick_id}: {} in {ranges} ranges", Bytes(bytes))
}

/// What was written.
pub(super) fn show_report(out: &mut dyn Write, to: &Path, report: &Report) -> io::Result<()> {
    show_stick(out, &report.stick)?;
    show_effort(out, &report.effort)?;
    let StickReport { bytes, ranges, doubts, .. } = &report.stick;
    show_written(out, *bytes, ranges.len(), report.resumed.as_ref())?;
    show_level(out, Some(&report.effort))?;
    show_done(out, to, *doubts, "boots from RAM")
}
