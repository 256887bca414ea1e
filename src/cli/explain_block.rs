//! `ramkey explain` with the block that a halt shows.

use std::io::{self, Write};

use ramkey_format::errors::{BOOT_ERRORS, BootError};
use ramkey_loader_core::a20;
use ramkey_loader_core::memory_calls::Source;
use ramkey_loader_core::report::Numbers;
use ramkey_loader_core::report_block::{Block, What};
use ramkey_loader_core::screen::Heads;
use serde::Serialize;

use crate::boot;
use crate::cli::bios_status::{self, BiosStatus};
use crate::cli::words::wrapped;
use crate::cli::{CliError, Exit, Output};
use crate::explain::{self, Mistyped};

/// Everything that a block says.
#[derive(Serialize)]
struct Told {
    /// `E31`; null if nothing was wrong.
    code: Option<String>,
    name: Option<&'static str>,
    screen: Option<&'static str>,
    what_happened: &'static str,
    details: Option<String>,
    build: String,
    is_of_this_ramkey: bool,
    odd: Vec<String>,
    likely_causes: Vec<&'static str>,
    what_to_try: Vec<&'static str>,
    status: Option<BiosStatus>,
    report: Vec<Line>,
    numbers: Fields,
}

/// A line of the report, as an English screen shows it.
#[derive(Serialize)]
struct Line {
    screen: String,
    meaning: &'static str,
}

/// The numbers of the report.
#[derive(Serialize)]
struct Fields {
    drive: u8,
    drive_passed: u8,
    method: &'static str,
    is_disc: bool,
    edd_works: bool,
    edd_hidden: u32,
    edd_version: u8,
    edd_claims: u8,
    chs_works: bool,
    chs_hidden: u32,
    heads: u16,
    sectors: u16,
    geometry: &'static str,
    told_cylinders: u16,
    told_heads: u16,
    told_sectors: u16,
    transfer: u16,
    calls_hung: u16,
    boot_lba: u32,
    lba_asked: Option<u32>,
    lba_read: Option<u32>,
    last_status: u8,
    ram: Option<u64>,
    base_kib: Option<u16>,
    memory_source: Option<&'static str>,
    a20: &'static str,
}

/// What nobody has to do anything about.
const ASKED_FOR: &str = "Nothing was wrong: somebody held Shift, or pressed F8, at the start, and the loader showed what it had found.";

/// Prints what `block` says.
///
/// # Errors
///
/// [`CliError::NoCode`] if it was mistyped, or is of a newer ramkey.
pub(super) fn run(block: &Result<Block, Mistyped>, output: &mut Output) -> Result<Exit, CliError> {
    let refused = |what: String, help: String| CliError::NoCode { what, help };
    let block = block.as_ref().map_err(|Mistyped { what, help }| refused(what.clone(), help.clone()))?;
    let error = BOOT_ERRORS.iter().find(|error| error.code == block.code);
    if error.is_none() && block.code != 0 {
        return Err(refused(
            format!("the block has the code E{:02X}, which this ramkey does not know", block.code),
            "explain it with the ramkey that wrote the stick, or with a newer one".into(),
        ));
    }
    let told = Told::new(block, error);
    output.show(&told, |out| show(out, &told))?;
    Ok(Exit::Done)
}

impl Told {
    fn new(block: &Block, error: Option<&'static BootError>) -> Self {
        let explanation = error.map(explain::explanation);
        let reading = explain::read(block, explanation);
        let status = match block.details.what {
            What::ReadFailed { status, .. } => Some(status),
            _ => None,
        };
        let ours = boot::loader_sum().map(|(checksum, _)| Block::build_of(checksum));
        Self {
            code: error.map(|error| format!("E{:02X}", error.code)),
            name: error.map(|error| error.name),
            screen: error.map(|error| error.text),
            what_happened: explanation.map_or(ASKED_FOR, |explanation| explanation.happened),
            details: reading.details,
            build: format!("{:03X}", block.build),
            is_of_this_ramkey: ours == Some(block.build),
            odd: reading.odd,
            likely_causes: reading.causes,
            what_to_try: reading.steps,
            status: status.and_then(bios_status::find).copied(),
            report: reading.report.into_iter().map(|(screen, meaning)| Line { screen, meaning }).collect(),
            numbers: Fields::of(&block.numbers),
        }
    }
}

impl Fields {
    fn of(numbers: &Numbers) -> Self {
        Self {
            drive: numbers.drive,
            drive_passed: numbers.passed,
            method: numbers.method.name(),
            is_disc: numbers.is_disc,
            edd_works: numbers.edd_works,
            edd_hidden: numbers.edd_hidden,
            edd_version: numbers.edd_version,
            edd_claims: numbers.edd_claims,
            chs_works: numbers.chs_works,
            chs_hidden: numbers.chs_hidden,
            heads: numbers.heads,
            sectors: numbers.sectors,
            geometry: match numbers.whence {
                Heads::Measured => "measured",
                Heads::Proven => "heads_proven",
                Heads::Told => "heads_not_measured",
                Heads::Unknown => "not_measured",
            },
            told_cylinders: numbers.told_cylinders,
            told_heads: numbers.told_heads,
            told_sectors: numbers.told_sectors,
            transfer: numbers.transfer,
            calls_hung: numbers.hung,
            boot_lba: numbers.boot_lba,
            lba_asked: numbers.asked,
            lba_read: numbers.read,
            last_status: numbers.status,
            ram: numbers.memory.map(|memory| memory.ram),
            base_kib: numbers.memory.map(|memory| memory.base_kib),
            memory_source: numbers.memory.map(|memory| match memory.source {
                Source::E820 => "e820",
                Source::E820Broken => "e820_broken",
                Source::E801 => "e801",
                Source::H88 => "88h",
            }),
            a20: match numbers.a20 {
                a20::Method::None => "on_already",
                a20::Method::Bios => "bios",
                a20::Method::KeyboardController => "keyboard_controller",
                a20::Method::Port92 => "port_92h",
            },
        }
    }
}

fn show(out: &mut dyn Write, told: &Told) -> io::Result<()> {
    match (&told.code, told.screen) {
        (Some(code), Some(screen)) => writeln!(out, "{code}  {screen}")?,
        _ => writeln!(out, "The report, without an error")?,
    }
    wrapped(out, "happened  ", told.what_happened)?;
    if let Some(details) = &told.details {
        wrapped(out, "where     ", details)?;
    }
    let whose =
        if told.is_of_this_ramkey { "that of this ramkey" } else { "that of another ramkey than this one" };
    wrapped(out, "boot code ", &format!("{}, {whose}", told.build))?;
    numbered(out, "odd", &told.odd)?;
    numbered(out, "likely", &told.likely_causes)?;
    numbered(out, "try", &told.what_to_try)?;
    if let Some(BiosStatus { status, text, on_a_stick }) = &told.status {
        wrapped(out, "status    ", &format!("{status:02X}h: {text}"))?;
        wrapped(out, "          ", on_a_stick)?;
    }
    writeln!(out)?;
    for Line { screen, meaning } in &told.report {
        writeln!(out, "{screen}")?;
        wrapped(out, "    ", meaning)?;
    }
    Ok(())
}

/// A list whose first line has `label`.
pub(super) fn numbered(out: &mut dyn Write, label: &str, list: &[impl AsRef<str>]) -> io::Result<()> {
    for (number, item) in (1..).zip(list) {
        let label = if number == 1 { label } else { "" };
        wrapped(out, &format!("{label:<10}{number}. "), item.as_ref())?;
    }
    Ok(())
}
