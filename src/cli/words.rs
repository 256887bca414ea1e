//! Words that several subcommands print of a stick and its images.

use std::io::{self, Write};

use crate::capsule::DriveOptions;
use crate::units::{MIB, Ram};

/// Columns of a line of text.
const COLUMNS: usize = 100;

/// Prints `text` in lines of at most [`COLUMNS`] columns, the first behind `label` and the others below its text.
pub(super) fn wrapped(out: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
    lines_of(label, text, COLUMNS).iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// `text` in lines of at most so many columns, as far as its words are not longer.
pub(super) fn lines_of(label: &str, text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut is_empty) = (label.to_owned(), true);
    for word in text.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > columns {
            lines.push(line);
            (line, is_empty) = (" ".repeat(label.len()), true);
        }
        if !is_empty {
            line.push(' ');
        }
        line += word;
        is_empty = false;
    }
    lines.push(line);
    lines
}

/// The number of a drive beside the boot drive. The first of a class means the next that is free.
pub(super) fn number_words(number: u8) -> String {
    match number {
        0x00 | 0x80 | 0xE0 => "next drive".into(),
        _ => format!("drive {number:02X}h"),
    }
}

/// What was chosen for a set of drives, if anything was.
pub(super) fn show_words(out: &mut dyn Write, options: &DriveOptions) -> io::Result<()> {
    let words = options.words();
    if words.is_empty() { Ok(()) } else { writeln!(out, "          {}", words.join("; ")) }
}

/// That a RAM disk gets a disk signature.
pub(super) fn gets_signature(signature: u32) -> String {
    format!("gets the disk signature {signature:08X} in RAM, because it has none")
}

/// What the boot menu says that an image takes, and the machine that has so much free.
pub(super) fn ram_text(needed: u64, what_for: &str) -> String {
    format!(
        "takes {} of RAM{what_for}, needs a machine with {}",
        Ram(needed.saturating_sub(MIB)),
        Ram(needed)
    )
}
