//! The drawing of the memory before and after the hand-off, from the constants that the boot code is made with.
//!
//! `RAMKEY_BLESS=1 cargo test --test host -- format::memory_map` draws it anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ramkey::units::xml_text;
use ramkey_format::memory::{LOW_MEMORY_END, MBR_LOAD, REAL_STACK, REGIONS, SECTOR_SIZE};
use ramkey_format::resident::RESIDENT_MAX;

/// End of base memory, and the first byte behind the first megabyte.
const BASE_END: u32 = 0xA_0000;
const HIGH: u32 = 0x10_0000;
/// Ends of the interrupt vectors and of the BIOS's data.
const VECTORS_END: u32 = 0x400;
/// Size of the drawing, and where its two columns begin.
const WIDTH: u32 = 1000;
const TOP: u32 = 70;
const COLUMNS: [u32; 2] = [110, 600];
const COLUMN: u32 = 300;
/// Height of a row, and of one that stands for much.
const ROW: u32 = 26;
const TALL: u32 = 60;

/// How a row is filled: by a pattern, so that no colour is needed.
#[derive(Clone, Copy)]
enum Fill {
    Ours,
    Image,
    Bios,
    Free,
}

struct Row {
    /// First byte; `None` above 1 MiB, where the place depends on the machine.
    from: Option<u32>,
    what: String,
    fill: Fill,
    height: u32,
}

fn row(from: u32, what: impl Into<String>, fill: Fill) -> Row {
    Row { from: Some(from), what: what.into(), fill, height: ROW }
}

/// What lies above 1 MiB in both, the highest first.
fn high(is_loading: bool) -> Vec<Row> {
    let image = match is_loading {
        true => "RAM disk: the image, piece by piece",
        false => "RAM disk: reserved in the memory map",
    };
    let table = if is_loading { "table of the image's pieces" } else { "free" };
    let above = |what: &str, fill, height| Row { from: None, what: what.into(), fill, height };
    vec![
        above(image, Fill::Image, TALL),
        above(table, if is_loading { Fill::Ours } else { Fill::Free }, ROW),
        Row { from: Some(HIGH), what: "free".into(), fill: Fill::Free, height: TALL },
        row(BASE_END, "video memory and ROMs", Fill::Bios),
    ]
}

/// While the loader runs, the highest first. What no region claims is free.
fn before() -> Vec<Row> {
    let mut rows = high(true);
    rows.push(row(LOW_MEMORY_END, "free; EBDA of the BIOS at its top", Fill::Free));
    let mut end = LOW_MEMORY_END;
    for &(name, start, stop) in REGIONS.iter().rev() {
        if stop < end {
            rows.push(row(stop, "free", Fill::Free));
        }
        rows.push(row(start, name, Fill::Ours));
        end = start;
    }
    rows.push(row(VECTORS_END, "data of the BIOS", Fill::Bios));
    rows.push(row(0, "interrupt vectors", Fill::Bios));
    rows
}

/// When the first sector of the image runs.
fn after() -> Vec<Row> {
    let mut rows = high(false);
    let resident = BASE_END - RESIDENT_MAX;
    rows.push(row(resident, format!("resident part, at most {} KiB", RESIDENT_MAX >> 10), Fill::Ours));
    rows.push(Row {
        from: Some(LOW_MEMORY_END),
        what: "free, as it was".into(),
        fill: Fill::Free,
        height: TALL,
    });
    let zeros = |from| Row { from: Some(from), what: "free: zeros".into(), fill: Fill::Free, height: TALL };
    rows.push(zeros(MBR_LOAD + SECTOR_SIZE));
    rows.push(row(MBR_LOAD, "first sector of the image", Fill::Image));
    rows.push(zeros(REAL_STACK));
    rows.push(row(VECTORS_END, "data of the BIOS; 0:413h is lower", Fill::Bios));
    rows.push(row(0, "interrupt vectors; 13h and 15h are hooked", Fill::Bios));
    rows
}

fn draw(svg: &mut String, title: &str, x: u32, rows: &[Row]) -> u32 {
    let mut y = TOP;
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"{}\" font-size=\"15\">{}</text>", TOP - 14, xml_text(title));
    for Row { from, what, fill, height } in rows {
        let pattern = match fill {
            Fill::Ours => "ours",
            Fill::Image => "image",
            Fill::Bios => "bios",
            Fill::Free => "free",
        };
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{COLUMN}\" height=\"{height}\" fill=\"url(#{pattern})\" stroke=\"#000\"/>"
        );
        let middle = y + height / 2 + 4;
        let _ = writeln!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"15\" fill=\"#fff\"/>\n\
             <text x=\"{}\" y=\"{middle}\" font-size=\"11\">{}</text>",
            x + 5,
            middle - 11,
            (what.len() as u32 * 7 + 6).min(COLUMN - 10),
            x + 8,
            xml_text(what)
        );
        y += height;
        if let Some(from) = from {
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{}\" font-size=\"11\" text-anchor=\"end\">{from:05X}</text>",
                x - 6,
                y + 4
            );
        }
    }
    y
}

fn memory_map() -> String {
    let mut columns = String::new();
    let ends = [("While the loader runs", before()), ("When the image starts", after())]
        .into_iter()
        .zip(COLUMNS)
        .map(|((title, rows), x)| draw(&mut columns, title, x, &rows));
    let height = ends.max().expect("two columns") + 50;
    let words = "Memory from address 0 at the bottom upwards, not to scale: on the left while the loader runs, on the right when the \
                 first sector of the image runs. docs/memory-map.md has the same as a table.";
    let mut svg = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- GENERATED by tests/host/format/memory_map.rs. -->\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">Memory before and after the hand-off</title>\n\
         <desc id=\"desc\">{}</desc>\n<defs>\n",
        xml_text(words)
    );
    for (name, fill, lines) in [
        ("ours", "#f4c7a1", "M0 8 L8 0"),
        ("image", "#b4c7e7", "M0 0 L8 8"),
        ("bios", "#e6e6e6", "M0 4 H8"),
        ("free", "#ffffff", ""),
    ] {
        let _ = writeln!(
            svg,
            "<pattern id=\"{name}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><rect width=\"8\" height=\"8\" \
             fill=\"{fill}\"/><path d=\"{lines}\" stroke=\"#000\" stroke-width=\"0.6\" fill=\"none\"/></pattern>"
        );
    }
    let _ = write!(
        svg,
        "</defs>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n<g font-family=\"DejaVu Sans Mono, Liberation Mono, \
         Menlo, Consolas, Courier New, monospace\">\n{columns}<text x=\"{}\" y=\"{}\" font-size=\"12\">/ the boot chain   \\ the image   - the BIOS   \
         white: free; each address is the first byte of what is above it</text>\n</g>\n</svg>\n",
        COLUMNS[0],
        height - 16
    );
    svg
}

#[test]
fn the_drawing_of_the_memory_is_what_the_constants_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/memory-map.svg");
    if std::env::var_os("RAMKEY_BLESS").is_some() {
        fs::write(&path, memory_map()).expect("docs/memory-map.svg");
    }
    let found = fs::read_to_string(&path).expect("docs/memory-map.svg");
    assert!(
        found == memory_map(),
        "docs/memory-map.svg is old; run this test with RAMKEY_BLESS=1 and commit"
    );
}
