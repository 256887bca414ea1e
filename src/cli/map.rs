//! `ramkey map`: what lies where.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::cli::drawing::{draw, map_file};
use crate::cli::terminal::columns;
use crate::cli::{CliError, Exit, Output, Progress};
use crate::job::{MapReport, MapRequest, map};
use crate::map::{Map, MapCapsule, MapRange, bar, strip_of_forms, strip_of_states};
use crate::units::{Bytes, SECTOR_LEN, counted, shown};

/// Most ranges that are shown; --json has all.
const ROWS_MAX: usize = 200;
/// Fewest and most columns that are made use of.
const COLUMNS_MIN: usize = 24;
const COLUMNS_MAX: usize = 200;
/// From so many columns on, a row has first and last sector.
const WIDE: usize = 60;

/// Show what lies where on a stick or in an image, to scale
///
/// Of a stick: boot code and its copies, tables, directories, images, files, what is free and what is marked as bad; of each image how
/// its pieces are stored. Of an image: partitions, file systems, what they use and what is free. Of a disc: descriptors, boot images of
/// El Torito, directories and files. In the bar, what is small has a column of its own nevertheless.
#[derive(Debug, Args)]
pub struct MapArgs {
    /// A stick, a disk image or a disc image; what is packed is unpacked
    #[arg(value_name = "PATH")]
    path: PathBuf,

    /// Also draw it as an SVG, into a file that is new or a map already
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// Read the images on a stick, and show which pieces are right and which are bad
    #[arg(long)]
    verify: bool,

    /// Compare an image with the one on the stick that has most in common with it, and show which pieces `reflash` would change
    #[arg(long, value_name = "IMAGE")]
    against: Option<PathBuf>,
}

impl MapArgs {
    /// Shows the map.
    ///
    /// # Errors
    ///
    /// [`CliError::Job`] if it cannot be read, [`CliError::NoDrawing`] or [`CliError::NotDrawn`] for the file of the drawing.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let svg = self.svg.as_deref().map(|svg| map_file(svg, &self.path)).transpose()?;
        let request = MapRequest { path: self.path, proof: self.verify, against: self.against };
        let report = map(&request, &Progress::new())?;
        if let Some(file) = &svg {
            draw(file, &report.map, &report.path)?;
        }
        output.show(&report, |out| show(out, &report, columns().clamp(COLUMNS_MIN, COLUMNS_MAX)))?;
        Ok(Exit::Done)
    }
}

fn show(out: &mut dyn Write, report: &MapReport, columns: usize) -> io::Result<()> {
    let MapReport { path, map, against } = report;
    writeln!(out, "map       {path}")?;
    let size = Bytes(map.sectors.saturating_mul(SECTOR_LEN));
    writeln!(out, "          {}", map.medium.words())?;
    writeln!(out, "          {size}, {}", counted(map.sectors, "sector"))?;
    show_bar(out, map, columns)?;
    show_rows(out, &map.ranges, columns)?;
    for capsule in &map.capsules {
        show_capsule(out, capsule, against.as_deref(), columns)?;
    }
    if map.free_from > 0 {
        let from = counted(map.free_from, "sector");
        writeln!(
            out,
            "note      shorter than {from}, what is free\n          is shown with the files around it"
        )?;
    }
    if map.partial {
        writeln!(out, "note      not all of it can be told")?;
    }
    Ok(())
}

/// The bar, as wide as the terminal.
fn show_bar(out: &mut dyn Write, map: &Map, columns: usize) -> io::Result<()> {
    let cells = bar(&map.ranges, columns);
    let signs: String = cells.iter().flat_map(|cell| std::iter::repeat_n(cell.sign, cell.columns)).collect();
    writeln!(out)?;
    writeln!(out, "{signs}")?;
    writeln!(out, "to scale, small parts a column each")?;
    writeln!(out)
}

fn show_rows(out: &mut dyn Write, ranges: &[MapRange], columns: usize) -> io::Result<()> {
    match columns {
        WIDE.. => writeln!(out, "  {:>21} {:>10}  what", "sectors", "length")?,
        _ => writeln!(out, "  {:>10} {:>10}  what", "from", "length")?,
    }
    for range in ranges.iter().take(ROWS_MAX) {
        let length = Bytes(range.sectors.saturating_mul(SECTOR_LEN)).to_string();
        let place = match columns {
            WIDE.. => format!("{:>21} {length:>10}", format!("{}..{}", range.lba, range.end())),
            _ => format!("{:>10} {length:>10}", range.lba),
        };
        let row = format!("{} {place}  ", range.sign());
        let room = columns.saturating_sub(row.chars().count());
        writeln!(out, "{row}{}", cut(&range.name, room))?;
    }
    match ranges.len().saturating_sub(ROWS_MAX) {
        0 => Ok(()),
        more => writeln!(out, "{more} more; --json has them all"),
    }
}

/// A name in so many columns. The end of a path counts more than its start.
fn cut(name: &str, room: usize) -> String {
    let name = shown(name);
    let len = name.chars().count();
    match room {
        0..2 => String::new(),
        _ if len <= room => name.into_owned(),
        _ if name.contains('/') => {
            format!("\u{2026}{}", name.chars().skip(len + 1 - room).collect::<String>())
        }
        _ => format!("{}\u{2026}", name.chars().take(room - 1).collect::<String>()),
    }
}

fn show_capsule(
    out: &mut dyn Write,
    capsule: &MapCapsule,
    against: Option<&str>,
    columns: usize,
) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "image {:<3} {}", capsule.image, capsule.file)?;
    writeln!(out, "          \"{}\"", capsule.title)?;
    for words in capsule.form_words().split_inclusive([':', ',']) {
        writeln!(out, "          {}", words.trim())?;
    }
    writeln!(out, "R raw, p packed, . zeros")?;
    writeln!(out, "{}", strip_of_forms(capsule, columns))?;
    let Some(words) = capsule.state_words() else { return Ok(()) };
    match against.filter(|_| capsule.against) {
        Some(against) => writeln!(out, "compared  with {against}:")?,
        None => writeln!(out, "compared  with its own hashes:")?,
    }
    for words in words.split_inclusive(',') {
        writeln!(out, "          {}", words.trim())?;
    }
    writeln!(out, "= same, x changed, . zeros, ! bad")?;
    writeln!(out, "{}", strip_of_states(capsule, columns))
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_path_without_room_keeps_its_end_and_words_their_start() {
        assert_eq!(cut("RAMKEY/DOS.RKI", 14), "RAMKEY/DOS.RKI");
        assert_eq!(cut("RAMKEY/DOS.RKI", 8), "\u{2026}DOS.RKI");
        assert_eq!(cut("root directory", 8), "root di\u{2026}");
        assert_eq!(cut("RAMKEY", 1), "");
    }
}
