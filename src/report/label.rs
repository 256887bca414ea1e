//! The label of a disc: a drawing in millimetres, to be printed and cut out. The same disc has the same label, byte for byte.
//!
//! Every letter counts as wider than in any font that is named, and a text goes only where the ring that can be printed on has
//! room for it at its height. Lengths are hundredths of a millimetre from the middle of the hole, in whole numbers, so that no
//! machine rounds them in its own way.

use std::fmt::Write as _;

use ramkey_format::markers::{MAY_REMOVE_DISC, PROVEN};

use super::stick::{DiscReport, ImageReport, StickReport};
use crate::units::{Hundredths, MONOSPACE, Ram, shown, xml_text};

/// How every label begins, and nothing else.
pub const LABEL_HEAD: &str =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- A label that ramkey drew for a disc. -->\n";

/// Radius of the hole, which is 15 mm wide (ECMA-130).
const HOLE: i32 = 750;
/// From here on a disc can be printed on.
const PRINT_FROM: i32 = 1150;
/// What stays free at both edges of the ring that can be printed on.
const MARGIN: i32 = 50;
/// Width of a letter, and where its highest and lowest points are, in hundredths of its size.
const LETTER_WIDTH: i32 = 62;
const ABOVE: i32 = 95;
const BELOW: i32 = 25;
/// What a hash is cut into, in digits: as much as the target machine's screen shows, and half of all.
const HASH_START: usize = 16;
const HASH_HALF: usize = 32;
/// Between two images.
const GAP: i32 = 60;
/// How far a row is moved until there is room for it.
const STEP: i32 = 10;

/// What a label is cut to: a circle, of which a card lacks what lies above and below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelShape {
    /// Radius.
    radius: i32,
    /// From the middle to the upper and lower edge.
    half_height: i32,
    /// Where printing ends: radius, and upper and lower edge.
    print_to: i32,
    print_half_height: i32,
    /// Size of its letters, in hundredths.
    scale: i32,
}

impl LabelShape {
    /// A disc of 8 cm.
    pub const MINI: Self =
        Self { radius: 4000, half_height: 4000, print_to: 3900, print_half_height: 3900, scale: 100 };
    /// A card: 8 cm wide. Cards are 58 to 68 mm high; what is printed fits the lowest of them.
    pub const CARD: Self = Self { half_height: 3000, print_half_height: 2850, ..Self::MINI };
    /// A disc of 12 cm.
    pub const LARGE: Self =
        Self { radius: 6000, half_height: 6000, print_to: 5900, print_half_height: 5900, scale: 130 };

    /// That of the medium that the disc was made for. A number of blocks is a card, a mini-CD or a large disc by its room: a
    /// mini-CD has at most 24 minutes, rare ones 34.
    fn of(disc: &DiscReport) -> Self {
        match (disc.medium, disc.capacity) {
            (Some("card"), _) => Self::CARD,
            (Some("12cm"), _) | (None, 153_001..) => Self::LARGE,
            _ => Self::MINI,
        }
    }

    /// Half of the room for a row between two heights; none where the hole is.
    fn half_room(&self, top: i32, bottom: i32) -> i32 {
        let farthest = top.abs().max(bottom.abs());
        let is_beside_hole = top < PRINT_FROM + MARGIN && bottom > -PRINT_FROM - MARGIN;
        let radius = self.print_to - MARGIN;
        if is_beside_hole || farthest > radius.min(self.print_half_height - MARGIN) {
            return 0;
        }
        (radius * radius - farthest * farthest).isqrt()
    }

    /// Heights between which rows can be.
    fn heights(&self) -> (i32, i32) {
        let end = self.print_half_height - MARGIN;
        (-end, end)
    }

    /// The path along which it is cut.
    fn path(&self) -> String {
        let Self { radius, half_height, .. } = *self;
        let x = (radius * radius - half_height * half_height).isqrt();
        let (x, left, y, top, r) = (mm(x), mm(-x), mm(half_height), mm(-half_height), mm(radius));
        format!("M {left} {top} H {x} A {r} {r} 0 0 1 {x} {y} H {left} A {r} {r} 0 0 1 {left} {top} Z")
    }
}

/// Hundredths of a millimetre, shown as millimetres.
fn mm(length: i32) -> Hundredths {
    Hundredths(length.into())
}

/// One image on a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelEntry {
    /// Title in the boot menu.
    pub title: String,
    /// BLAKE3, 64 hexadecimal digits.
    pub blake3: String,
    /// Memory that a machine needs, in bytes; `None` where it stands beside another image.
    pub ram_needed: Option<u64>,
}

/// What is on a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// What it is cut to.
    pub shape: LabelShape,
    /// The images, those of the boot menu first.
    pub entries: Vec<LabelEntry>,
    /// Whether the disc must stay in the drive.
    pub keeps_disc: bool,
}

/// A line of a label. Its title is cut where there is no room for all of it, but not below `least` letters.
struct Row {
    title: String,
    least: usize,
    rest: Vec<(String, bool)>,
    size: i32,
}

/// A row, and the lowest point of its letters.
struct Placed {
    row: Row,
    bottom: i32,
}

impl Row {
    /// A row of parts, each of which is bold or is not.
    fn of<const N: usize>(size: i32, parts: [(&str, bool); N]) -> Self {
        let rest = parts.map(|(text, is_bold)| (text.to_owned(), is_bold)).to_vec();
        Self { title: String::new(), least: 0, rest, size }
    }

    /// A row that begins with a title.
    fn titled(size: i32, title: &str, least: usize, rest: &str) -> Self {
        Self { title: title.to_owned(), least, ..Self::of(size, [(rest, false)]) }
    }

    fn height(&self) -> i32 {
        self.size * (ABOVE + BELOW) / 100
    }

    /// Letters behind the title.
    fn rest_len(&self) -> usize {
        self.rest.iter().map(|(text, _)| text.chars().count()).sum()
    }

    /// Letters for which there is room between two heights.
    fn columns(&self, shape: &LabelShape, bottom: i32) -> usize {
        let half = shape.half_room(bottom - self.height(), bottom);
        usize::try_from(2 * half * 100 / (self.size * LETTER_WIDTH)).unwrap_or(0)
    }

    /// Whether it has room there, with as much of its title as must be.
    fn fits(&self, shape: &LabelShape, bottom: i32) -> bool {
        self.title.chars().count().min(self.least) + self.rest_len() <= self.columns(shape, bottom)
    }
}

impl Label {
    /// The label of a disc; `None` of a stick.
    pub fn of(stick: &StickReport) -> Option<Self> {
        let shape = LabelShape::of(stick.disc.as_ref()?);
        let entry = |image: &ImageReport, ram_needed| LabelEntry {
            title: match image.title.trim() {
                "" => image.file.clone(),
                title => title.to_owned(),
            },
            blake3: image.blake3.clone(),
            ram_needed,
        };
        let images = stick.images.iter().map(|image| entry(image, Some(image.ram_needed)));
        let entries = images.chain(stick.companions.iter().map(|image| entry(image, None))).collect();
        let keeps_disc = stick.images.iter().any(|image| image.options.keep_stick);
        Some(Self { shape, entries, keeps_disc })
    }

    /// The drawing, as a file.
    pub fn svg(&self) -> String {
        let LabelShape { radius, half_height, .. } = self.shape;
        let (left, top) = (mm(-radius), mm(-half_height));
        let (width, height) = (mm(2 * radius), mm(2 * half_height));
        let mut svg = format!(
            "{LABEL_HEAD}<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}mm\" height=\"{height}mm\" \
             viewBox=\"{left} {top} {width} {height}\">\n<g fill=\"#fff\" stroke=\"#808080\" stroke-width=\"0.1\">\n\
             <path d=\"{}\"/>\n<circle cx=\"0\" cy=\"0\" r=\"{}\"/>\n</g>\n\
             <g font-family=\"{MONOSPACE}\" text-anchor=\"middle\">\n",
            self.shape.path(),
            mm(HOLE),
        );
        for placed in self.rows() {
            push_row(&mut svg, &self.shape, &placed);
        }
        svg += "</g>\n</svg>\n";
        svg
    }

    /// All rows: the steps at the bottom, the images in what is left.
    fn rows(&self) -> Vec<Placed> {
        let mut rows = self.steps();
        let (top, bottom) = self.shape.heights();
        let end = rows.iter().map(|placed| placed.bottom - placed.row.height()).min().unwrap_or(bottom);
        rows.extend(self.images(top, end));
        rows
    }

    /// What to do, and what made the disc, from the bottom up.
    fn steps(&self) -> Vec<Placed> {
        let menu = self.entries.iter().filter(|entry| entry.ram_needed.is_some()).count() > 1;
        let boot = match menu {
            false => "1. Boot with the disc in the drive.",
            true => "1. Boot with the disc in; choose an image.",
        };
        let (seen, then) = match self.keeps_disc {
            false => (MAY_REMOVE_DISC, "3. Take it out and press a key."),
            true => (PROVEN, "3. Leave it in and press a key."),
        };
        let size = 250 * self.shape.scale / 100;
        let made_by = concat!("ramkey ", env!("CARGO_PKG_VERSION"));
        let wait = format!("2. Wait for \"{seen}\"");
        let (_, end) = self.shape.heights();
        let made_by = Row::of(size * 4 / 5, [(made_by, false)]);
        let steps = [boot, &wait, then].map(|text| Row::of(size, [(text, false)]));
        let mut bottom = self.lowest(std::slice::from_ref(&made_by), end);
        let mut placed = vec![Placed { row: made_by, bottom }];
        bottom = self.lowest(&steps, bottom - placed[0].row.height());
        for row in steps.into_iter().rev() {
            let next = bottom - row.height();
            placed.push(Placed { row, bottom });
            bottom = next;
        }
        placed
    }

    /// The lowest end of rows below each other for which there is room, not below `end`.
    fn lowest(&self, rows: &[Row], end: i32) -> i32 {
        let fits = |end: i32| {
            let mut bottom = end;
            rows.iter().rev().all(|row| {
                let fits = row.fits(&self.shape, bottom);
                bottom -= row.height();
                fits
            })
        };
        (0..=end / STEP).map(|steps| end - steps * STEP).find(|&end| fits(end)).unwrap_or(end)
    }

    /// The images between two heights: with all of their hashes, if there is room; else a row each, and at last how many more.
    fn images(&self, top: i32, end: i32) -> Vec<Placed> {
        let all = self.entries.len();
        let usual = self.shape.scale;
        let whole = |scale| match &self.entries[..] {
            [only] => vec![alone(only, scale)],
            entries => entries.iter().map(|entry| with_hash(entry, scale)).collect(),
        };
        let short = |count: usize| -> Vec<Vec<Row>> {
            let rows = self.entries[..count].iter().map(|entry| vec![in_a_row(entry, usual)]);
            let more = format!("and {} more", all - count);
            let more = (count < all).then(|| vec![Row::of(210 * usual / 100, [(&more, false)])]);
            rows.chain(more).collect()
        };
        let tries = [usual, usual * 85 / 100].into_iter().map(whole);
        let tries = tries.chain((0..=all).rev().map(short));
        tries.into_iter().find_map(|blocks| self.place(blocks, top, end)).unwrap_or_default()
    }

    /// Puts blocks below each other, none across the hole; `None` if there is no room for all.
    fn place(&self, blocks: Vec<Vec<Row>>, mut top: i32, end: i32) -> Option<Vec<Placed>> {
        let mut placed = Vec::new();
        for block in blocks {
            let height: i32 = block.iter().map(Row::height).sum();
            let fits = |top: i32| {
                let mut bottom = top;
                block.iter().all(|row| {
                    bottom += row.height();
                    row.fits(&self.shape, bottom)
                })
            };
            while top + height <= end && !fits(top) {
                top += STEP;
            }
            if top + height > end {
                return None;
            }
            let gap = if block.len() > 1 { GAP } else { 0 };
            for row in block {
                top += row.height();
                placed.push(Placed { row, bottom: top });
            }
            top += gap;
        }
        // What lies above the hole only is moved to the middle of its half, where there is more room in every row.
        let spare = -PRINT_FROM - MARGIN - top;
        placed.iter_mut().for_each(|placed| placed.bottom += spare.max(0) / 2);
        Some(placed)
    }
}

/// The only image of a disc: large, with its hash as the screen shows it and as `b3sum` prints it.
fn alone(entry: &LabelEntry, scale: i32) -> Vec<Row> {
    let title = legible(&entry.title);
    let size = if title.chars().count() <= 14 { 460 } else { 340 };
    let ram = entry.ram_needed.map_or(String::new(), |ram| format!("needs a machine with {}", Ram(ram)));
    let (start, _) = entry.blake3.split_at(HASH_START.min(entry.blake3.len()));
    let mut rows = vec![
        Row::titled(size * scale / 100, &title, 20, ""),
        Row::of(260 * scale / 100, [(&ram, false)]),
        Row::of(280 * scale / 100, [("BLAKE3 ", false), (start, true)]),
    ];
    rows.extend(hash_rows(entry, 200 * scale / 100));
    rows
}

/// One of several images, with all of its hash.
fn with_hash(entry: &LabelEntry, scale: i32) -> Vec<Row> {
    let words = entry.ram_needed.map_or(", beside it".into(), |ram| format!(", needs {}", Ram(ram)));
    let mut rows = vec![Row::titled(260 * scale / 100, &legible(&entry.title), 16, &words)];
    rows.extend(hash_rows(entry, 200 * scale / 100));
    rows
}

/// One of many images.
fn in_a_row(entry: &LabelEntry, scale: i32) -> Row {
    let (start, _) = entry.blake3.split_at(HASH_START.min(entry.blake3.len()));
    let words = entry.ram_needed.map_or("beside it".into(), |ram| format!("{} RAM", Ram(ram)));
    Row::titled(210 * scale / 100, &legible(&entry.title), 8, &format!(" {start} {words}"))
}

/// The whole hash in two rows; what the screen shows is bold.
fn hash_rows(entry: &LabelEntry, size: i32) -> [Row; 2] {
    let (first, second) = entry.blake3.split_at(HASH_HALF.min(entry.blake3.len()));
    let (start, rest) = first.split_at(HASH_START.min(first.len()));
    [Row::of(size, [(start, true), (rest, false)]), Row::of(size, [(second, false)])]
}

/// A text on one line, with single spaces.
fn legible(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    shown(&words.join(" ")).into_owned()
}

/// A title in `columns` letters: cut behind a word, unless that takes more than a third of it.
fn shortened(title: &str, columns: usize) -> String {
    if title.chars().count() <= columns {
        return title.to_owned();
    }
    let room = columns.saturating_sub(1);
    let kept: String = title.chars().take(room).collect();
    let behind_word = kept.rfind(' ').filter(|&end| kept[..end].chars().count() * 3 >= room * 2);
    format!("{}\u{2026}", kept[..behind_word.unwrap_or(kept.len())].trim_end())
}

fn push_row(svg: &mut String, shape: &LabelShape, placed: &Placed) {
    let Placed { row, bottom } = placed;
    let title = shortened(&row.title, row.columns(shape, *bottom).saturating_sub(row.rest_len()));
    let letters = title.chars().count() + row.rest_len();
    if letters == 0 {
        return;
    }
    let parts = [(title, true)].into_iter().chain(row.rest.iter().cloned());
    // Whoever reads the length keeps to it with any font.
    let length = i32::try_from(letters).unwrap_or(0) * row.size * 60 / 100;
    let _ = write!(
        svg,
        "<text x=\"0\" y=\"{}\" font-size=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\">",
        mm(bottom - row.size * BELOW / 100),
        mm(row.size),
        mm(length),
    );
    for (text, is_bold) in parts.filter(|(text, _)| !text.is_empty()) {
        let text = xml_text(&text);
        let _ = if is_bold {
            write!(svg, "<tspan font-weight=\"bold\">{text}</tspan>")
        } else {
            write!(svg, "<tspan>{text}</tspan>")
        };
    }
    *svg += "</text>\n";
}
