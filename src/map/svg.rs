//! A map as a drawing: one file without scripts, the same bytes each time. Every part has a pattern and a sign, so that no colour is needed,
//! and what is drawn is also told in words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::bar::{Cell, bar, strip_of_forms, strip_of_states};
use super::capsule::MapCapsule;
use super::range::{MapRange, Use};
use super::whole::{Map, Medium};
use crate::units::{Bytes, Hundredths, MONOSPACE, SECTOR_LEN, counted, shown, xml_text};

/// How every map begins, and nothing else.
pub const SVG_HEAD: &str =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- A map that ramkey drew of a stick or an image. -->\n";

/// Width of a bar, and of what is around it.
const BAR: u64 = 1000;
const MARGIN: u64 = 20;
/// Height of a bar, of a strip of chunks, and of a line of text.
const BAR_HEIGHT: u64 = 44;
const STRIP_HEIGHT: u64 = 16;
const LINE: u64 = 18;
/// Columns of the bar with room for small parts, and of a strip.
const COLUMNS: usize = 200;
const COLUMN: u64 = BAR / COLUMNS as u64;
/// Most ranges that are listed.
const ROWS_MAX: usize = 300;
/// Most letters of a name in the list.
const NAME_MAX: usize = 70;

/// Fill and lines of a pattern of 8 by 8.
type Pattern = (&'static str, &'static str);

const BOOT: Pattern = ("#f4c7a1", "M0 8 L8 0");
const TABLES: Pattern = ("#f7e3a0", "M0 4 H8");
const FAT: Pattern = ("#c5e0b4", "M4 0 V8");
const DIRECTORIES: Pattern = ("#b7d7d8", "M0 4 H8 M4 0 V8");
const IMAGES: Pattern = ("#b4c7e7", "M0 0 L8 8");
const FILES: Pattern = ("#d9d2e9", "M2 2 h1 M6 6 h1");
const DISCS: Pattern = ("#ead1dc", "M0 0 L8 8 M0 8 L8 0");
const EMPTY: Pattern = ("#ffffff", "");
const NOTHING: Pattern = ("#e6e6e6", "");
const FAULT: Pattern = ("#404040", "");
const OTHER: Pattern = ("#ffffff", "M0 2 H8 M0 6 H8");

fn pattern(used_for: Use) -> Pattern {
    match used_for {
        Use::Sector0 | Use::BootCode | Use::BootCopy | Use::Stamps | Use::BootImage => BOOT,
        Use::Table | Use::Manifest => TABLES,
        Use::FatReserved | Use::FatTable => FAT,
        Use::Directory => DIRECTORIES,
        Use::Capsule | Use::Copy => IMAGES,
        Use::Readme | Use::File | Use::Volume => FILES,
        Use::Disc => DISCS,
        Use::Free | Use::Kept => EMPTY,
        Use::Cleared | Use::Unused => NOTHING,
        Use::Bad => FAULT,
        Use::Unknown => OTHER,
    }
}

/// The pattern of a sign of a strip.
fn pattern_of_chunk(sign: char) -> Pattern {
    match sign {
        'R' | 'x' => DISCS,
        'p' | '=' => IMAGES,
        '!' => FAULT,
        '.' => EMPTY,
        _ => OTHER,
    }
}

/// Every pattern that there is, and its name.
const PATTERNS: [(&str, Pattern); 11] = [
    ("boot", BOOT),
    ("tables", TABLES),
    ("fat", FAT),
    ("directories", DIRECTORIES),
    ("images", IMAGES),
    ("files", FILES),
    ("discs", DISCS),
    ("empty", EMPTY),
    ("nothing", NOTHING),
    ("fault", FAULT),
    ("other", OTHER),
];

fn name_of(pattern: Pattern) -> &'static str {
    PATTERNS.into_iter().find(|(_, other)| *other == pattern).map_or("other", |(name, _)| name)
}

/// A drawing that grows downwards.
struct Drawing {
    body: String,
    y: u64,
}

impl Map {
    /// The drawing, as a file; `name` is what the map is of.
    pub fn svg(&self, name: &str) -> String {
        let mut drawing = Drawing { body: String::new(), y: MARGIN };
        let size = Bytes(self.sectors.saturating_mul(SECTOR_LEN));
        let title =
            format!("{}: {}, {size}, {}", shown(name), self.medium.words(), counted(self.sectors, "sector"));
        drawing.text(MARGIN, &title, 16);
        drawing.text(MARGIN, "To scale:", 12);
        drawing.exact(self);
        drawing.text(MARGIN, "With room for small parts; each has at least half a percent of the width:", 12);
        drawing.widened(&bar(&self.ranges, COLUMNS), &self.ranges);
        for capsule in &self.capsules {
            drawing.capsule(capsule);
        }
        drawing.list(self);
        let (width, height) = (BAR + 2 * MARGIN, drawing.y + MARGIN);
        let mut svg = format!(
            "{SVG_HEAD}<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"title desc\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n<defs>\n",
            xml_text(&title),
            xml_text(&self.description()),
        );
        for (name, (fill, lines)) in PATTERNS {
            let _ = writeln!(
                svg,
                "<pattern id=\"{name}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">\
                 <rect width=\"8\" height=\"8\" fill=\"{fill}\"/><path d=\"{lines}\" stroke=\"#000\" \
                 stroke-width=\"0.8\" fill=\"none\"/></pattern>"
            );
        }
        let _ = write!(
            svg,
            "</defs>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n<g font-family=\"{MONOSPACE}\" \
             fill=\"#000\">\n{}</g>\n</svg>\n",
            drawing.body
        );
        svg
    }

    /// How much there is of what, in words.
    pub fn description(&self) -> String {
        let mut sums: BTreeMap<(Use, Option<usize>), (u64, &str)> = BTreeMap::new();
        for range in &self.ranges {
            let sum = sums.entry((range.used_for, range.image)).or_insert((0, &range.name));
            sum.0 += range.sectors;
        }
        let part = |((used_for, image), (sectors, name)): ((Use, Option<usize>), (u64, &str))| {
            let size = Bytes(sectors.saturating_mul(SECTOR_LEN));
            match image {
                Some(number) => format!("image {number} ({}) {size}", shown(name)),
                None => format!("{} {size}", used_for.words()),
            }
        };
        let parts: Vec<String> = sums.into_iter().map(part).collect();
        let beside = match self.medium {
            Medium::Plan => " Nothing is written yet, or this is what was written.",
            _ => "",
        };
        format!("From its first sector to its last: {}.{beside}", parts.join(", "))
    }
}

impl Drawing {
    /// A line of text, below what is there.
    fn text(&mut self, x: u64, text: &str, size: u64) {
        self.y += LINE;
        let _ = writeln!(
            self.body,
            "<text x=\"{x}\" y=\"{}\" font-size=\"{size}\" xml:space=\"preserve\">{}</text>",
            self.y,
            xml_text(&shown(text))
        );
        self.y += 4;
    }

    /// A part of a bar: hundredths of its width, and what it is.
    fn part(&mut self, (x, width, height): (u64, u64, u64), pattern: Pattern, told: &str) {
        let (x, width) = (hundredths(MARGIN * 100 + x), hundredths(width));
        let _ = writeln!(
            self.body,
            "<rect x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{height}\" fill=\"url(#{})\" stroke=\"#000\" \
             stroke-width=\"0.3\"><title>{}</title></rect>",
            self.y,
            name_of(pattern),
            xml_text(&shown(told))
        );
    }

    /// The bar to scale. What is narrower than a hundredth is not seen.
    fn exact(&mut self, map: &Map) {
        let at = |lba: u64| (u128::from(lba) * u128::from(BAR * 100) / u128::from(map.sectors.max(1))) as u64;
        for range in &map.ranges {
            let (start, end) = (at(range.lba), at(range.end()));
            if end > start {
                self.part((start, end - start, BAR_HEIGHT), pattern(range.used_for), &range_words(range));
            }
        }
        self.y += BAR_HEIGHT;
    }

    fn widened(&mut self, cells: &[Cell], ranges: &[MapRange]) {
        let mut column = 0;
        for cell in cells {
            let (x, width) = (column * COLUMN * 100, cell.columns as u64 * COLUMN * 100);
            let range = longest(cell, ranges);
            let told = range.map_or_else(String::new, range_words);
            let pattern = range.map_or(OTHER, |range| pattern(range.used_for));
            self.part((x, width, BAR_HEIGHT), pattern, &told);
            column += cell.columns as u64;
        }
        self.y += BAR_HEIGHT + 12;
        let mut column = 0;
        for cell in cells {
            let middle = hundredths((MARGIN + column * COLUMN) * 100 + cell.columns as u64 * COLUMN * 50);
            let _ = writeln!(
                self.body,
                "<text x=\"{middle}\" y=\"{}\" font-size=\"8\" text-anchor=\"middle\">{}</text>",
                self.y,
                xml_text(&cell.sign.to_string())
            );
            column += cell.columns as u64;
        }
        self.y += 4;
    }

    /// The chunks of an image.
    fn capsule(&mut self, capsule: &MapCapsule) {
        let title = format!("Image {}: {}, {}", capsule.image, capsule.file, capsule.title);
        self.text(MARGIN, &title, 14);
        self.text(MARGIN, &format!("R raw, p packed, . zeros: {}", capsule.form_words()), 12);
        self.strip(&strip_of_forms(capsule, COLUMNS));
        if let Some(words) = capsule.state_words() {
            self.text(MARGIN, &format!("= same, x changed, . zeros, ! bad: {words}"), 12);
            self.strip(&strip_of_states(capsule, COLUMNS));
        }
    }

    fn strip(&mut self, signs: &str) {
        let count = signs.chars().count() as u64;
        for (number, sign) in (0..).zip(signs.chars()) {
            let at = |number: u64| number * BAR * 100 / count;
            let part = (at(number), at(number + 1) - at(number), STRIP_HEIGHT);
            self.part(part, pattern_of_chunk(sign), &sign.to_string());
        }
        self.y += STRIP_HEIGHT;
    }

    /// Every range in words.
    fn list(&mut self, map: &Map) {
        self.text(MARGIN, "Sign, sectors, length, what:", 14);
        for range in map.ranges.iter().take(ROWS_MAX) {
            self.y += 4;
            self.part((0, 2000, LINE - 4), pattern(range.used_for), "");
            self.y -= 4;
            self.text(MARGIN + 28, &row(range), 12);
        }
        if let more @ 1.. = map.ranges.len().saturating_sub(ROWS_MAX) {
            self.text(MARGIN, &format!("and {more} more"), 12);
        }
    }
}

/// The longest of the ranges in a cell.
fn longest<'r>(cell: &Cell, ranges: &'r [MapRange]) -> Option<&'r MapRange> {
    let within = |range: &&MapRange| range.lba >= cell.lba && range.lba < cell.lba + cell.sectors;
    let shown = ranges.iter().filter(within).filter(|range| range.sign() == cell.sign);
    shown.max_by_key(|range| (range.sectors, u64::MAX - range.lba))
}

/// A range on one line.
fn range_words(range: &MapRange) -> String {
    row(range).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same in columns.
fn row(range: &MapRange) -> String {
    let name: String = range.name.chars().take(NAME_MAX).collect();
    let more = if range.name.chars().nth(NAME_MAX).is_some() { "\u{2026}" } else { "" };
    let (size, sectors) = (
        Bytes(range.sectors.saturating_mul(SECTOR_LEN)).to_string(),
        format!("{}..{}", range.lba, range.end()),
    );
    format!("{} {sectors:>21} {size:>11}  {name}{more}", range.sign())
}

/// A place on the drawing, which is far narrower than the largest number.
fn hundredths(number: u64) -> Hundredths {
    Hundredths(number.cast_signed())
}
