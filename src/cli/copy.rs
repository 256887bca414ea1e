//! A disc image of ours among what is to be written: it is copied as it is, if nothing else was asked for.

use std::io::{self, Write};
use std::path::Path;

use crate::cli::args::{FsArg, KindArg, LayoutArg, StickArgs};
use crate::cli::manner::Manner;
use crate::cli::show::{show_done, show_effort, show_level, show_origin, show_ranges, show_written};
use crate::cli::target_args::TargetArgs;
use crate::cli::verify::show_stick;
use crate::cli::{CliError, Exit, Output, Progress, stop};
use crate::job::{self, CopyReport, Destination, DiscImage, Opener, prepare_copy};
use crate::units::{Bytes, SECTOR_LEN, named, shell_word};

/// The disc image that is to be copied, or `None` if the images are those of other disks, or are to be taken for such. `unfit` is
/// a further option that was given and means nothing to a copy.
///
/// # Errors
///
/// [`CliError::CommandLine`] if it is not alone, or there is an option that would change what is on it.
pub(super) fn find(
    args: &StickArgs,
    unfit: Option<&'static str>,
    opener: &Opener<'_>,
) -> Result<Option<DiscImage>, CliError> {
    let images = &args.images;
    if images.look.kind != KindArg::Auto {
        return Ok(None);
    }
    let found =
        images.images.iter().find_map(|path| DiscImage::find_by(path, opener).map(|image| (path, image)));
    let Some((path, image)) = found else { return Ok(None) };
    let anew = "make the disc anew with it: `ramkey disc IMAGE... --to FILE.iso`";
    let (what, tip) = if images.images.len() > 1 {
        ("other images were named".to_owned(), "name it alone, or name the images that it was made from")
    } else if let Some(option) = of_disc(args) {
        (format!("{option} was given"), anew)
    } else if let Some(option) = of_stick(args).or(unfit) {
        let tip = "leave the option out, or name the images that the disc was made from";
        (format!("{option} was given"), tip)
    } else {
        return Ok(Some(image.expecting(images.intake.origin.expectations())));
    };
    let what = format!("{} is a disc image of ramkey, which is copied as it is, and {what}", named(path));
    let from_ram = format!("--kind cd boots {} from RAM, as a CD of others", shell_word(path));
    Err(CliError::CommandLine { what, tips: vec![tip.into(), from_ram] })
}

/// The first option that would change what is on the disc.
fn of_disc(args: &StickArgs) -> Option<&'static str> {
    let (images, drives) = (&args.images, &args.images.drives);
    let given = [
        ("--label", images.label.is_some()),
        ("--id", images.id.is_some()),
        ("--title", !images.titles.is_empty()),
        ("--source", !images.intake.source.sources.is_empty()),
        ("--chs", images.look.chs.is_some()),
        ("--timeout", images.timeout.is_some()),
        ("--menu-timeout", images.menu_timeout.is_some()),
        ("--lang", images.language.is_some()),
        ("--serial", images.serial),
        ("--with", !drives.beside.with.is_empty()),
        ("--floppy", !drives.beside.floppies.is_empty()),
        ("--identity", drives.identity.is_some()),
        ("--first-disk", drives.first_disk.is_some()),
        ("--keep-stick", drives.keep_stick),
        ("--read-only", drives.read_only),
        ("--fake-write", drives.fake_write),
        ("--copy", drives.copy.is_some()),
    ];
    let mut given = given.into_iter().chain(images.intake.pack.given());
    given.find(|(_, is_given)| *is_given).map(|(option, _)| option)
}

/// The first option that would divide the stick in another way.
fn of_stick(args: &StickArgs) -> Option<&'static str> {
    let given =
        [("--layout", args.layout != LayoutArg::Auto), ("--zip", args.zip), ("--fs", args.fs != FsArg::Auto)];
    given.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
}

/// Copies the disc image and shows what became of it.
///
/// # Errors
///
/// As those of `write`.
pub(super) fn write(
    output: &mut Output,
    image: DiscImage,
    size: Option<u64>,
    destination: Destination,
    (manner, args): (Manner, &TargetArgs),
) -> Result<Exit, CliError> {
    let progress = Progress::of_writing();
    let prepared = prepare_copy(image, size, Some(destination), &progress)?;
    match manner {
        Manner::Resume => args.confirm_unmounting(destination.system, destination.target)?,
        Manner::Ask | Manner::Erase => args.confirm_erasing(destination.system, destination.target)?,
    }
    let stop = stop::wish()?;
    let report = match manner {
        Manner::Resume => job::resume_copy(&prepared, destination, &stop, &progress)?,
        Manner::Ask | Manner::Erase => job::copy(&prepared, destination, &stop, &progress)?,
    };
    drop(progress);
    let to = destination.target.path();
    let shown = output.show(&report, |out| show_report(out, to, &report));
    shown.map_err(|source| CliError::Unreported { path: to.to_owned(), source })?;
    Ok(Exit::Done)
}

/// Shows what would be written.
///
/// # Errors
///
/// What `write` would refuse.
pub(super) fn plan(
    output: &mut Output,
    image: DiscImage,
    size: Option<u64>,
    destination: Option<Destination>,
) -> Result<Exit, CliError> {
    let report = prepare_copy(image, size, destination, &Progress::new())?.plan();
    output.show(&report, |out| {
        show_copy(out, &report)?;
        show_ranges(out, &report.ranges, report.bytes)
    })?;
    Ok(Exit::Done)
}

/// The copy, what is on it, and the stick.
fn show_copy(out: &mut dyn Write, report: &CopyReport) -> io::Result<()> {
    let CopyReport { what, path, len, blake3, sectors, .. } = report;
    writeln!(out, "copy      {blake3}  {path}")?;
    writeln!(out, "          {what}, {}", Bytes(*len))?;
    show_origin(out, &report.origin)?;
    for warning in &report.warnings {
        writeln!(out, "warning   {warning}")?;
    }
    show_stick(out, &report.disc)?;
    writeln!(out, "stick     {}", Bytes(sectors * SECTOR_LEN))
}

fn show_report(out: &mut dyn Write, to: &Path, report: &CopyReport) -> io::Result<()> {
    show_copy(out, report)?;
    if let Some(effort) = &report.effort {
        show_effort(out, effort)?;
    }
    let CopyReport { bytes, ranges, warnings, .. } = report;
    show_written(out, *bytes, ranges.len(), report.resumed.as_ref())?;
    show_level(out, report.effort.as_ref())?;
    show_done(out, to, warnings.len(), "boots from RAM, as the disc does")
}
