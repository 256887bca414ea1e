//! How a stick is shown that is written, or would be.

use std::io::{self, Write};
use std::iter::repeat;
use std::path::Path;

use crate::cli::room::show_room;
use crate::cli::words::{gets_signature, number_words, ram_text, show_words};
use crate::pipeline::{Access, Effort, Repair, Retry, VerifyLevel};
use crate::report::{ImageReport, MachineReport, OriginReport, RangeReport, Resumed, StickReport};
use crate::units::{Bytes, SECTOR_LEN, counted, named};

/// Most files that are named because a disc leaves them out.
const LEFT_OUT_SHOWN: usize = 10;
/// Most ranges that are named because requests failed in them.
const RETRIES_SHOWN: usize = 10;

/// The stick and its images, a line each.
pub(super) fn show_stick(out: &mut dyn Write, stick: &StickReport) -> io::Result<()> {
    let together = if stick.companions.is_empty() { "" } else { " for all its drives" };
    for image in &stick.images {
        writeln!(out, "image     {}  {}", image.blake3, image.path)?;
        show_in_memory(out, image)?;
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
        writeln!(out, "          {}", image.load.stored_words())?;
        writeln!(out, "          {}", image.load.time_words())?;
        show_words(out, &image.options)?;
        show_notes(out, image)?;
    }
    for image in &stick.companions {
        writeln!(out, "with      {}  {}", image.blake3, image.path)?;
        show_in_memory(out, image)?;
        writeln!(
            out,
            "          {} in RAMKEY/{}: {}, {}{}",
            number_words(image.drive),
            image.file,
            image.words,
            Bytes(image.len),
            image.options.writes_words()
        )?;
        writeln!(out, "          {}", image.load.stored_words())?;
        show_notes(out, image)?;
    }
    let medium = if stick.disc.is_some() { "disc " } else { "stick" };
    writeln!(
        out,
        "{medium}     {}{}, {}, {} \"{}\", id {}",
        Bytes(stick.sectors * SECTOR_LEN),
        if stick.size_chosen { " (chosen; --size sets another)" } else { "" },
        stick.layout,
        stick.file_system,
        stick.label,
        stick.stick_id
    )?;
    match &stick.disc {
        Some(disc) => disc.words().iter().try_for_each(|line| writeln!(out, "          {line}"))?,
        None => writeln!(out, "          for {}", stick.machines)?,
    }
    for warning in &stick.warnings {
        writeln!(out, "warning   {warning}")?;
    }
    for note in &stick.notes {
        writeln!(out, "note      {note}")?;
    }
    let left_out = stick.disc.as_ref().map_or(&[][..], |disc| &disc.left_out);
    for note in left_out.iter().take(LEFT_OUT_SHOWN) {
        writeln!(out, "note      {note}")?;
    }
    if let more @ 1.. = left_out.len().saturating_sub(LEFT_OUT_SHOWN) {
        writeln!(out, "note      {more} more are left out; --json names them all")?;
    }
    Ok(())
}

/// Which machines an image is for, behind `label`, and what makes it smaller.
pub(super) fn show_machine(out: &mut dyn Write, label: &str, machine: &MachineReport) -> io::Result<()> {
    writeln!(out, "{label}{}", machine.words())?;
    for (line, label) in
        machine.smaller_words().iter().zip(["smaller   "].into_iter().chain(repeat("          ")))
    {
        writeln!(out, "{label}without {line}")?;
    }
    Ok(())
}

/// What only a plan says of each image: the machine that it needs, and what takes its room.
pub(super) fn show_needs(out: &mut dyn Write, stick: &StickReport) -> io::Result<()> {
    for image in &stick.images {
        if let Some(machine) = &image.machine {
            show_machine(out, &format!("machine   {}: ", image.path), machine)?;
        }
    }
    for image in stick.images.iter().chain(&stick.companions) {
        if let Some(room) = image.room.as_ref().filter(|room| !room.volumes.is_empty()) {
            writeln!(out, "room      {}", image.path)?;
            show_room(out, "          ", room)?;
        }
    }
    Ok(())
}

/// What was written, and what was there already.
pub(super) fn show_written(
    out: &mut dyn Write,
    bytes: u64,
    ranges: usize,
    resumed: Option<&Resumed>,
) -> io::Result<()> {
    match resumed {
        None => writeln!(out, "written   {} in {ranges} ranges, all read back and identical", Bytes(bytes)),
        Some(Resumed { complete: true, .. }) => {
            writeln!(
                out,
                "written   nothing: all {} in {ranges} ranges are there and identical",
                Bytes(bytes)
            )
        }
        Some(Resumed { skipped, written, .. }) => writeln!(
            out,
            "written   {}; {} were there already; all {ranges} ranges read back and identical",
            Bytes(*written),
            Bytes(*skipped)
        ),
    }
}

/// How it ended: `boots` where nothing speaks against a boot, and where to look if something does.
pub(super) fn show_done(out: &mut dyn Write, to: &Path, doubts: usize, boots: &str) -> io::Result<()> {
    let to = named(to);
    match doubts {
        0 => writeln!(out, "done      {to} {boots}"),
        1 => writeln!(out, "done      {to} is written and proven; whether it boots: see the warning"),
        _ => writeln!(out, "done      {to} is written and proven; whether it boots: see the warnings"),
    }
}

/// The hash of what will be in memory, if that is another.
fn show_in_memory(out: &mut dyn Write, image: &ImageReport) -> io::Result<()> {
    match &image.ram_blake3 {
        Some(in_memory) => writeln!(out, "in memory {in_memory}, without what is left out"),
        None => Ok(()),
    }
}

/// What was said of an image's file and is true, in one line.
pub(super) fn show_origin(out: &mut dyn Write, origin: &[OriginReport]) -> io::Result<()> {
    match OriginReport::line(origin) {
        Some(words) => writeln!(out, "origin    {words}"),
        None => Ok(()),
    }
}

/// What the user should know of one image.
fn show_notes(out: &mut dyn Write, image: &ImageReport) -> io::Result<()> {
    for unpacked in &image.unpacked {
        writeln!(out, "          {}", unpacked.words())?;
    }
    if let Some(header) = &image.header {
        writeln!(out, "          {}", header.words())?;
    }
    show_origin(out, &image.origin)?;
    if let Some(driver) = &image.driver {
        writeln!(out, "driver    {}", driver.words())?;
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

/// The ranges that would be written, a line each, and their `bytes`.
pub(super) fn show_ranges(out: &mut dyn Write, ranges: &[RangeReport], bytes: u64) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "{:>23}  {:>10}  {:<12}  why", "sectors", "bytes", "what")?;
    for range in ranges {
        let sectors = format!("{}..{}", range.lba, range.lba + range.sectors);
        let bytes = range.sectors * SECTOR_LEN;
        writeln!(out, "{sectors:>23}  {bytes:>10}  {:<12}  {}", range.role, range.why)?;
    }
    writeln!(out)?;
    writeln!(out, "{} in {} ranges; nothing was written", Bytes(bytes), ranges.len())
}

/// A range that had to be written more than once.
pub(super) fn show_repair(out: &mut dyn Write, repair: &Repair) -> io::Result<()> {
    let Repair { lba, sectors, tries } = repair;
    let end = lba + sectors;
    writeln!(out, "repaired  sectors {lba}..{end} after {tries} tries; the stick wears out")
}

/// What had to be done more than once.
pub(super) fn show_effort(out: &mut dyn Write, effort: &Effort) -> io::Result<()> {
    let Effort { repairs, retries, .. } = effort;
    for repair in repairs {
        show_repair(out, repair)?;
    }
    for Retry { access, lba, sectors, failed, error } in retries.iter().take(RETRIES_SHOWN) {
        let verb = if *access == Access::Read { "read" } else { "written" };
        let end = lba + sectors;
        let requests = counted((*failed).into(), "request");
        writeln!(out, "retried   sectors {lba}..{end} were {verb} after {requests} failed: {error}")?;
    }
    match retries.len().saturating_sub(RETRIES_SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "          and {}", counted(more as u64, "range more")),
    }
}

/// Where the bytes came from that were read back, unless that is what is usual.
pub(super) fn show_level(out: &mut dyn Write, effort: Option<&Effort>) -> io::Result<()> {
    if effort.is_some_and(|effort| effort.buffered) {
        writeln!(
            out,
            "note      the device refuses direct I/O, so everything went through this system's cache"
        )?;
    }
    match effort.map(|effort| effort.level) {
        None | Some(VerifyLevel::Direct) => Ok(()),
        Some(VerifyLevel::Cached) => {
            writeln!(out, "note      what was read back may come from this system's cache: docs/sticks.md")
        }
        Some(VerifyLevel::Reset) => writeln!(out, "          read back after the stick was reset"),
        Some(VerifyLevel::Replugged) => {
            writeln!(out, "          read back after the stick was plugged in again")
        }
    }
}
