//! `ramkey write`: from images to a proven stick.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Args;

use crate::cli::args::StickArgs;
use crate::cli::phram;
use crate::cli::plan::show_plan;
use crate::cli::prepare::{Prepared, name_file, prepare};
use crate::cli::render::{gets_signature, number_words, show_words};
use crate::cli::terminal::{leading_to, note};
use crate::cli::{CliError, Exit, Output, Progress, Streams, confirm, stop, unknown};
use crate::device::{BlockTarget, FileTarget, System, TargetPath};
use crate::image::{Scan, Source};
use crate::layout::Layout;
use crate::pipeline::{self, Committed, Failure, Input, Job, PipelineError, StickState, Target, Verdict};
use crate::plan::Plan;
use crate::report::{ImageReport, Report, StickReport};
use crate::units::{Bytes, MIB, Ram, SECTOR_LEN, named};

/// Write images to a stick and prove every byte
///
/// Sector 0 and the boot headers are cleared first and written last, after everything else was read back and compared:
/// a stick that was interrupted does not boot.
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

    /// Do not ask before a device, or a file with contents of its own, is erased, or bytes are written of which nothing is known
    #[arg(long)]
    yes: bool,
}

impl WriteArgs {
    /// Writes the stick, or shows what would be written.
    ///
    /// # Errors
    ///
    /// See [`CliError`]; its exit status says what became of the stick.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let system = System::default();
        let target = look(&system, &self.to)?;
        self.stick.check()?;
        let images = self.stick.open()?;
        target.admit(&system, &self.stick.paths())?;
        let len = target.stick_len(self.stick.size.map(|Bytes(len)| len)).map_err(CliError::Target)?;
        let prepared = prepare(&self.stick, images, len).map_err(|error| name_file(&target, error))?;
        if self.dry_run {
            show_plan(output, &prepared)?;
            return Ok(Exit::Done);
        }
        if !self.yes {
            unknown::ask(&prepared.images, self.stick.images.len())?;
            confirm::ask(&system, &target)?;
        }
        if self.linux_phram {
            let path = phram::beside(&self.stick.paths()[0]);
            phram::put(&path, &[])?;
            note(format_args!(
                "note: {} goes into the image, as a second initrd: docs/linux.md",
                named(&path)
            ));
        }
        let destination = Destination { system: &system, target: &target, images: &self.stick.paths() };
        let report = put(&prepared, &destination)?;
        let shown = output.show(&report, |out| show_report(out, &self.to, &report));
        shown.map_err(|source| CliError::Unreported { path: self.to.clone(), source })?;
        Ok(Exit::Done)
    }
}

/// Where a stick is written to.
pub struct Destination<'a> {
    /// The machine.
    pub system: &'a System,
    /// The target, looked at and admitted.
    pub target: &'a TargetPath,
    /// Paths of the images, which must not lie on the target.
    pub images: &'a [PathBuf],
}

/// Opens the target and writes, proves and commits the stick, with progress on standard error.
fn put(prepared: &Prepared, destination: &Destination) -> Result<Report, CliError> {
    let sources: Vec<&dyn Source> = prepared.images.sources.iter().map(|source| &**source).collect();
    let Prepared { plan, layout, scans, .. } = prepared;
    let mut report = make_stick(plan, layout, scans, &sources, destination)?;
    report.stick = prepared.finish(report.stick);
    Ok(report)
}

/// Writes, proves and commits a stick that is laid out, with progress on standard error.
///
/// An interrupt or a request to terminate stops it after the piece in work; a second one ends the program at once.
/// A file that was made for it is removed again if nothing was written to it, or if its disk is full.
///
/// # Errors
///
/// [`CliError::Target`], [`CliError::Pipeline`], [`CliError::NoRoom`] or [`CliError::Differs`].
pub fn make_stick(
    plan: &Plan,
    layout: &Layout,
    scans: &[Scan],
    sources: &[&dyn Source],
    destination: &Destination,
) -> Result<Report, CliError> {
    let Destination { system, target, images } = *destination;
    let stop = stop::wish()?;
    let chunks: Vec<Vec<[u8; 32]>> =
        scans.iter().map(|scan| scan.chunks.iter().map(|chunk| chunk.chaining_value).collect()).collect();
    let names: Vec<String> =
        plan.capsules.iter().map(|capsule| named(&capsule.facts.path).into_owned()).collect();
    let inputs: Vec<Input> = sources
        .iter()
        .zip(&chunks)
        .zip(&names)
        .map(|((source, chunks), name)| Input {
            name,
            source: *source,
            chunk_shift: crate::image::CHUNK_SHIFT,
            chunks,
        })
        .collect();
    let committed = match target {
        TargetPath::Block(facts) => {
            let device = BlockTarget::open(system, facts, images).map_err(CliError::Target)?;
            let committed = run(layout, &device, &inputs, &stop)?;
            if let Err(error) = device.reread_partitions() {
                note(format_args!(
                    "note: the system does not see the new partition yet ({error}); plug the stick in again"
                ));
            }
            committed
        }
        TargetPath::File { .. } | TargetPath::New { .. } => {
            let needed = layout.written_sectors() * SECTOR_LEN;
            let file = FileTarget::open(target, plan.stick_sectors * SECTOR_LEN).map_err(CliError::Target)?;
            run(layout, &file, &inputs, &stop).map_err(|error| give_up(target, error, needed))?
        }
    };
    Ok(Report::new(plan, scans, &committed))
}

/// Looks at what is to be written, and refuses it if the words of this command would go there too.
///
/// # Errors
///
/// [`CliError::Target`] or [`CliError::OwnOutput`].
pub(super) fn look(system: &System, path: &Path) -> Result<TargetPath, CliError> {
    let target = TargetPath::look(system, path).map_err(CliError::Target)?;
    match leading_to(system, &target) {
        Streams { output: false, error: false } => Ok(target),
        streams => Err(CliError::OwnOutput { path: path.to_owned(), streams }),
    }
}

/// After a failure: takes away again a file that was made for the stick and holds nothing of it, or for which the disk
/// has no room. `needed` is what the stick takes, in bytes.
fn give_up(target: &TargetPath, error: CliError, needed: u64) -> CliError {
    let CliError::Pipeline(failure) = error else { return error };
    let Failure { stick, cause } = failure;
    let full = match &cause {
        PipelineError::Write { source, .. } | PipelineError::Flush(source) => matches!(
            source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        ),
        _ => false,
    };
    let undone =
        (full || stick == StickState::Untouched) && undo(target).is_some_and(|result| result.is_ok());
    let stick = if undone { StickState::Untouched } else { stick };
    let path = target.path().to_owned();
    match cause {
        PipelineError::Write { source, .. } | PipelineError::Flush(source) if full => {
            CliError::NoRoom { path, needed, stick, source }
        }
        cause => Failure { stick, cause }.into(),
    }
}

/// Makes a file that was new again what it was: nothing, or empty. `None` for one that held something.
fn undo(target: &TargetPath) -> Option<io::Result<()>> {
    match target {
        TargetPath::New { path } => Some(fs::remove_file(path)),
        TargetPath::File { path, len: 0, .. } => {
            Some(File::options().write(true).open(path).and_then(|file| file.set_len(0)))
        }
        _ => None,
    }
}

fn run(
    layout: &Layout,
    target: &dyn Target,
    inputs: &[Input],
    stop: &AtomicBool,
) -> Result<Committed, CliError> {
    let progress = Progress::new();
    let observe = |event| progress.show(event);
    let job = Job { target, inputs, stop, observe: &observe };
    let result = write_and_prove(layout.clone(), job);
    progress.end();
    result
}

fn write_and_prove(layout: Layout, job: Job) -> Result<Committed, CliError> {
    match pipeline::verify(pipeline::write(layout, job)?)? {
        Verdict::Identical(proven) => Ok(pipeline::commit(proven)?),
        Verdict::Differs { stick, differences } => Err(CliError::Differs { stick, differences }),
    }
}

fn show_report(out: &mut dyn Write, to: &Path, report: &Report) -> io::Result<()> {
    show_stick(out, &report.stick)?;
    for repair in &report.repairs {
        let end = repair.lba + repair.sectors;
        writeln!(
            out,
            "repaired  sectors {}..{end} after {} tries; the stick wears out",
            repair.lba, repair.tries
        )?;
    }
    let StickReport { bytes, ranges, doubts, .. } = &report.stick;
    writeln!(out, "written   {} in {} ranges, all read back and identical", Bytes(*bytes), ranges.len())?;
    let to = named(to);
    match doubts {
        0 => writeln!(out, "done      {to} boots from RAM"),
        1 => writeln!(out, "done      {to} is written and proven; whether it boots: see the warning"),
        _ => writeln!(out, "done      {to} is written and proven; whether it boots: see the warnings"),
    }
}

/// What the boot menu says that an image takes, and the machine that has so much free.
pub(super) fn ram_text(needed: u64, what_for: &str) -> String {
    format!(
        "takes {} of RAM{what_for}, needs a machine with {}",
        Ram(needed.saturating_sub(MIB)),
        Ram(needed)
    )
}

/// The stick and its images, a line each.
pub(super) fn show_stick(out: &mut dyn Write, stick: &StickReport) -> io::Result<()> {
    let together = if stick.companions.is_empty() { "" } else { " for all its drives" };
    for image in &stick.images {
        writeln!(out, "image     {}  {}", image.blake3, image.path)?;
        writeln!(
            out,
            "          \"{}\" in RAMKEY/{}: {}, {}, {}{}",
            image.title,
            image.file,
            image.words,
            Bytes(image.len),
            ram_text(image.ram_needed, together),
            image.options.writes_words()
        )?;
        show_words(out, &image.options)?;
        show_notes(out, image)?;
    }
    for image in &stick.companions {
        writeln!(out, "with      {}  {}", image.blake3, image.path)?;
        writeln!(
            out,
            "          {} in RAMKEY/{}: {}, {}{}",
            number_words(image.drive),
            image.file,
            image.words,
            Bytes(image.len),
            image.options.writes_words()
        )?;
        show_notes(out, image)?;
    }
    writeln!(
        out,
        "stick     {}{}, {}, {} \"{}\", id {}",
        Bytes(stick.sectors * SECTOR_LEN),
        if stick.size_chosen { " (chosen; --size sets another)" } else { "" },
        stick.layout,
        stick.file_system,
        stick.label,
        stick.stick_id
    )?;
    writeln!(out, "          for {}", stick.machines)?;
    for warning in &stick.warnings {
        writeln!(out, "warning   {warning}")?;
    }
    Ok(())
}

/// What the user should know of one image.
fn show_notes(out: &mut dyn Write, image: &ImageReport) -> io::Result<()> {
    if let Some(header) = &image.header {
        writeln!(out, "          {}", header.words())?;
    }
    if let Some(signature) = image.disk_signature {
        writeln!(out, "          {}", gets_signature(signature))?;
    }
    for warning in &image.warnings {
        writeln!(out, "warning   {warning}")?;
    }
    for note in &image.notes {
        writeln!(out, "note      {note}")?;
    }
    for hint in &image.hints {
        writeln!(out, "hint      {hint}")?;
    }
    Ok(())
}
