//! Halts, and the report that somebody asked for, on a screen that is played: nothing of them moves off it.

mod common;

use common::adapter::{Adapter, line, page, text};
use common::numbers::{ODD, USUAL};
use ramkey_format::errors::{self, BOOT_ERRORS};
use ramkey_loader_core::canvas::{COLUMNS_NARROW, ROWS, VideoData, teletype};
use ramkey_loader_core::report::{Numbers, is_shown};
use ramkey_loader_core::report_block::{Block, Details};
use ramkey_loader_core::screen::{Language, Sentence, Text, say};

/// A machine each of whose numbers takes room in the block.
const LONG: Numbers = Numbers { edd_hidden: 63, asked: USUAL.asked, ..ODD };

fn sentence<const PLACES: usize>(language: Language, sentence: &Sentence<'_, PLACES>) -> (Text, Details) {
    (line(language, sentence), Details::of(sentence.as_message()))
}

/// The longest that the loader says below each code, and what is in the block of it.
fn details(language: Language, code: u8) -> Option<(Text, Details)> {
    let status = say::read_failed(0xFE, u32::MAX);
    Some(match code {
        errors::NO_PROTECTED_MODE_MEMORY | errors::NO_MEMORY_MAP | errors::TOO_LITTLE_MEMORY => return None,
        errors::NO_FILE_SYSTEM | errors::NO_FOLDER | errors::NO_CAPSULE => return None,
        errors::NO_LOW_MEMORY => sentence(language, &say::boot_image_at(0x7C00, 0xF_FC00)),
        errors::LOADER_CHECKSUM => sentence(language, &say::boot_header_damaged()),
        errors::NO_COMPANION => sentence(language, &say::file(b"WINDOWSX")),
        errors::MEMORY_WRONG => sentence(language, &say::no_memory_at(0xFFF0_0000)),
        errors::INTERNAL => {
            sentence(language, &say::internal(b"bootsectors/loader-core/src/iso9660.rs", 65_535))
        }
        errors::BAD_CAPSULE | errors::NEWER_CAPSULE => {
            let what = say::header_hash_wrong();
            sentence(language, &say::in_file(b"WINDOWSX", what.as_message()))
        }
        errors::BAD_FILE_SYSTEM => {
            let what = say::cluster(0x0FFF_FFF7);
            sentence(language, &say::in_file(b"WINDOWSX", what.as_message()))
        }
        errors::CHUNK_WRONG => {
            let what = say::lba(u32::MAX);
            sentence(language, &say::in_bytes(0xFFE0_0000, 0xFFF0_0000, what.as_message()))
        }
        errors::READ_FAILED | errors::OUT_OF_REACH => {
            sentence(language, &say::in_bytes(0xFFE0_0000, 0xFFF0_0000, status.as_message()))
        }
        other => panic!("E{other:02X}: which details does it have?"),
    })
}

/// What explains that an image does not fit, before the code.
fn explained(language: Language, is_narrow: bool) -> Vec<Text> {
    let others = if is_narrow { 1 } else { 4 };
    let mut said = vec![
        line(language, &say::machine_has((63 << 20) + 943_719, 61 << 20)),
        line(language, &say::needs(b"Windows XP with all its drivers", 900 << 20)),
    ];
    said.extend(vec![line(language, &say::would_fit(b"FreeDOS 1.3 for old machines", 32 << 20)); others]);
    said
}

/// A halt, or without a code the report that somebody asked for, line by line as the loader says it where so many rows are left.
struct Said {
    lines: Vec<Text>,
    /// Those of the block.
    block: Vec<String>,
}

fn say_all(
    language: Language,
    code: u8,
    numbers: Numbers,
    is_narrow: bool,
    rows_left: &mut dyn FnMut(&[Text]) -> usize,
) -> Said {
    let mut lines = Vec::new();
    let mut told = Details::default();
    if code != 0 {
        if code == errors::TOO_LITTLE_MEMORY {
            lines.extend(explained(language, is_narrow));
            lines.push(Text::new());
        }
        lines.push(line(language, &say::stopped(code, code)));
        if let Some((text, details)) = details(language, code) {
            lines.push(text);
            told = details;
        }
    }
    let symbols = Block { code, build: 0x2A5, details: told, numbers }.encode();
    if is_shown(is_narrow, rows_left(&lines), &symbols) {
        numbers.show(language, &mut |line| lines.push(*Text::new().bytes(line)));
    }
    lines.extend([Text::new(), line(language, &say::explained())]);
    let mut block = Vec::new();
    symbols.show(&mut |line| block.push(*Text::new().bytes(line)));
    lines.extend(&block);
    lines.push(line(language, &say::qr_offered()));
    lines.push(line(language, &if code == 0 { say::report_keys() } else { say::nothing_booted() }));
    Said { lines, block: block.iter().map(|line| text(line.as_bytes())).collect() }
}

/// Every code and the report, in every language, of both machines, on both kinds of screen.
fn each_halt(mut test: impl FnMut(Language, u8, Numbers, bool, &str)) {
    // Stage 2 shows what the processor says: the loader is not there any more.
    let codes = BOOT_ERRORS.iter().map(|error| error.code).filter(|&code| code != errors::CPU_EXCEPTION);
    for code in codes.chain([0]) {
        for &(language, _) in Language::ALL {
            for (numbers, machine) in [(USUAL, "usual"), (LONG, "odd")] {
                for is_narrow in [false, true] {
                    let width = if is_narrow { "narrow" } else { "wide" };
                    let case = format!("E{code:02X}, {language:?}, {machine}, {width}");
                    test(language, code, numbers, is_narrow, &case);
                }
            }
        }
    }
}

#[test]
fn the_page_has_room_for_every_halt_and_the_report_and_no_row_of_a_block_is_broken() {
    each_halt(|language, code, numbers, is_narrow, case| {
        let columns = if is_narrow { 40 } else { 80 };
        let (mut page, mut screen) = (page(columns), Adapter::new(columns));
        page.log().push(&line(language, &say::trying_heads()), true);
        let why = line(language, &say::why_not());
        match code {
            0 => page.report(&mut screen),
            _ => page.halt(&mut screen, why.as_bytes()),
        }
        let mut pushed = 0;
        let said = say_all(language, code, numbers, is_narrow, &mut |lines| {
            lines.iter().for_each(|line| page.log().push(line, true));
            pushed = lines.len();
            page.rows_left()
        });
        said.lines.iter().skip(pushed).for_each(|line| page.log().push(line, true));
        if code == 0 {
            // Whoever changes how the medium is read sees that it was done.
            page.log().push(&line(language, &say::single_sectors()), true);
        }
        page.show_log(&mut screen);
        for line in &said.lines {
            screen.must_show(line, case);
        }
        for row in &said.block {
            assert!((0..ROWS).any(|at| screen.row(at).trim_end() == row), "{case}: {row:?} is broken");
        }
        assert_eq!(screen.words().contains(&text(why.as_bytes())), code != 0, "{case}");
        let over = text(line(language, &say::trying_heads()).as_bytes());
        assert!(!screen.words().contains(&over), "{case}: that is over");
        let told = say::report_told(numbers.told_cylinders, numbers.told_heads, numbers.told_sectors);
        let has_numbers = said.lines.contains(&line(language, &told));
        assert!(!has_numbers || !is_narrow, "{case}");
        let is_long = numbers == LONG && code == errors::TOO_LITTLE_MEMORY;
        assert!(has_numbers || is_narrow || is_long, "{case}: the report is in the block alone");
    });
}

/// A screen on which nothing can be put in its place.
struct Teletype {
    columns: usize,
    rows: Vec<Vec<u8>>,
}

impl Teletype {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let row = self.rows.last_mut().expect("a row");
            match byte {
                b'\r' => {}
                b'\n' => self.rows.push(Vec::new()),
                _ => row.push(byte),
            }
            // The cursor is never behind the last column.
            if self.rows.last().is_some_and(|row| row.len() == self.columns) {
                self.rows.push(Vec::new());
            }
        }
    }

    /// What is on the screen still.
    fn shown(&self) -> Vec<String> {
        let shown = &self.rows[self.rows.len().saturating_sub(ROWS)..];
        shown.iter().map(|row| text(row)).collect()
    }
}

#[test]
fn a_teletype_has_room_for_every_halt_and_the_report_from_the_code_on() {
    each_halt(|language, code, numbers, is_narrow, case| {
        let columns = if is_narrow { COLUMNS_NARROW } else { 80 };
        let mut screen = Teletype { columns, rows: vec![Vec::new()] };
        let said = say_all(language, code, numbers, is_narrow, &mut |_| ROWS);
        // A fault of the loader begins with a new screen, and the title.
        let title = line(language, &say::title(b"0.1.0"));
        for said in [title, Text::new()].iter().chain(&said.lines) {
            for (row, end) in teletype(said.as_bytes(), is_narrow) {
                screen.write(row);
                screen.write(end);
            }
        }
        let shown = screen.shown();
        // No row of it is broken, and none has an empty one below it.
        assert!(
            shown.windows(said.block.len()).any(|rows| rows == said.block),
            "{case}: no {:#?}\n{shown:#?}",
            said.block
        );
        let heading = if code == 0 { "ramkey 0.1.0".into() } else { format!("ramkey E{code:02X}: ") };
        assert!(shown.iter().any(|row| row.starts_with(&heading)), "{case}: no {heading}\n{shown:#?}");
        assert!(code != errors::INTERNAL || shown[0].starts_with("ramkey 0.1.0"), "{case}: it moved");
    });
}

#[test]
fn a_screen_is_narrow_by_its_columns_alone() {
    for (mode, columns, last_row, expected) in [
        (0, 40, 24, true),
        (1, 40, 0, true),
        (0x13, 40, 11, true),
        (3, 80, 24, false),
        (3, 0, 24, false),
        (3, 132, 24, false),
    ] {
        assert_eq!(VideoData { mode, columns, last_row }.is_narrow(), expected, "{mode:02X} {columns}");
    }
}
