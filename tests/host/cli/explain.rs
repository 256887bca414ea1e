//! `ramkey explain` knows every line that the loader prints, because these are the loader's own.

use std::process::Command;

use ramkey::explain::REPORT;
use ramkey_format::boot::BootInfo;
use ramkey_format::errors::BOOT_ERRORS;
use ramkey_loader_core::a20;
use ramkey_loader_core::drive::{Method, Trace};
use ramkey_loader_core::memory_calls::Source;
use ramkey_loader_core::report::{Facts, LINES, Memory};
use ramkey_loader_core::report_block::{Block, Details};
use ramkey_loader_core::screen::{Language, say};
use zerocopy::FromZeros;

/// The lines of a report.
fn report(read: Option<u64>, source: Source, a20: a20::Method) -> Vec<String> {
    let trace = Trace {
        asked: Some(5),
        read,
        status: 4,
        abandoned: 0,
        heads: 255,
        heads_proven: false,
        method: Method::Edd,
        sectors: 127,
    };
    let memory = Memory { ram: 64 << 20, base_kib: 638, source };
    let facts = Facts { info: BootInfo::new_zeroed(), trace: Some(trace), memory: Some(memory), a20 };
    let mut lines = Vec::new();
    facts.show(Language::English, &mut |line| lines.push(String::from_utf8(line.to_vec()).unwrap()));
    lines
}

fn explained(words: &[&str]) -> serde_json::Value {
    let mut ramkey = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    let output = ramkey.args(["explain", "--json", "--"]).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What the screen shows of each line that is explained.
fn lines_of(value: &serde_json::Value) -> Vec<String> {
    let lines = value["report"].as_array().unwrap();
    lines.iter().map(|line| line["screen"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_line_of_the_report_is_explained_by_itself_and_all_of_them_together() {
    for (read, source, a20) in [
        (None, Source::E820, a20::Method::None),
        (Some(4), Source::H88, a20::Method::Bios),
        (Some(4), Source::E801, a20::Method::KeyboardController),
        (Some(4), Source::E820Broken, a20::Method::Port92),
    ] {
        let mut lines = report(read, source, a20);
        let keys = Language::English.line(&say::report_keys());
        lines.push(String::from_utf8(keys.as_bytes().to_vec()).unwrap());
        let expected: Vec<String> = REPORT.iter().map(|line| line.shows.to_owned()).collect();
        assert_eq!(lines.len(), expected.len());
        for (line, expected) in lines.iter().zip(&expected) {
            for line in [line.clone(), line.to_uppercase(), format!("it says {line} there")] {
                assert_eq!(lines_of(&explained(&[&line])), [expected.as_str()], "{line}");
                let words: Vec<&str> = line.split(' ').collect();
                assert_eq!(lines_of(&explained(&words)), [expected.as_str()], "{line}");
            }
        }
        assert_eq!(lines_of(&explained(&[&lines.join("\n")])), expected);
    }
}

#[test]
fn every_screen_of_a_stopped_boot_is_explained_by_its_code() {
    let below = report(None, Source::E820, a20::Method::None).join("\n");
    for error in BOOT_ERRORS {
        let first = format!("ramkey E{:02X}: {}", error.code, error.text);
        let screen = format!(
            "{first}\n{below}\nAt another computer, this says what happened and what to try:\n\
             Nothing was booted. Ctrl-Alt-Del starts again."
        );
        for text in [screen.as_str(), &first, &first.to_uppercase(), error.text] {
            let explanation = explained(&[text]);
            assert_eq!(explanation["code"], format!("E{:02X}", error.code), "{text}");
            assert!(explanation["status"].is_null(), "{text}");
        }
    }
}

#[test]
fn each_line_of_the_report_is_explained_in_order() {
    let lines = report(None, Source::E820, a20::Method::None);
    assert_eq!((lines.len(), REPORT.len()), (LINES, LINES + 1));
    for (line, explained) in lines.iter().zip(REPORT) {
        let word = explained.shows.split(' ').next().unwrap();
        assert!(line.starts_with(word), "{line} is explained by {}", explained.shows);
    }
    assert_eq!(REPORT[LINES].shows.as_bytes(), Language::English.line(&say::report_keys()).as_bytes());
}

/// A read that failed at LBA 1234567 with status 04h, on a machine with nothing odd.
const BLOCK: &str = "ACA8W02N801M9DD1S0JHH8008G30G4SZ1";

/// What is said of a block that is none.
fn refused(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ramkey")).arg("explain").args(words).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_block_is_explained_however_it_is_typed() {
    let expected = explained(&[BLOCK]);
    assert_eq!(expected["code"], "E31");
    assert_eq!(expected["details"], "image bytes 0x000C0000..0x00100000, status 04h, LBA 1234567");
    assert_eq!(expected["status"]["status"], 4);
    assert_eq!(expected["numbers"]["lba_asked"], 1_234_567);
    assert_eq!(expected["numbers"]["ram"], 64 << 20);
    let groups = ["ACA8W", "02N80", "1M9DD", "1S0JH", "H8008", "G30G4", "SZ1"];
    let dashes = groups.join("-");
    for words in [
        &groups[..],
        &[&dashes],
        &[&dashes.to_lowercase()],
        &[&dashes.replace('1', "l").replace('0', "o")],
        &["ramkey explain ACA8W 02N80 1M9DD 1S0JH\n               H8008 G30G4 SZ1"],
        &["the screen says", "`ramkey explain", &dashes, "`."],
    ] {
        assert_eq!(explained(words), expected, "{words:?}");
    }
}

#[test]
fn a_screen_with_a_block_is_explained_by_the_block() {
    let below = report(None, Source::E820, a20::Method::None).join("\n");
    let screen = format!(
        "ramkey E46: the boot medium returns wrong data\n{below}\n\nAt another computer, this says what happened and what \
         to try:\n  ramkey explain ACA8W 02N80 1M9DD 1S0JH\n                 H8008 G30G4 SZ1\nQ shows it as a QR code; any \
         key comes back here.\nNothing was booted. Ctrl-Alt-Del starts again."
    );
    assert_eq!(explained(&[&screen]), explained(&[BLOCK]));
}

#[test]
fn a_mistyped_block_names_its_row_and_what_is_probably_meant() {
    let right = "ACA8W-02N80-1M9DD-1S0JH-H8008-G30G4-SZ1";
    let meant = format!("it is `ramkey explain {right}`");
    for (typed, what, group) in [
        ("ACA8W-02N80-1M9DD-150JH-H8008-G30G4-SZ1", "row 1 of the block was mistyped", "group 4 is 1S0JH"),
        (
            "ACA8W-02N80-1M9DD-1S0JH-H8008-G3OG4-5Z1",
            "row 2 of the block was mistyped: H8008 G3OG4 5Z1",
            "group 7 is SZ1",
        ),
        ("ACA8W-02N80-1M9DD-1S0JH-H8008-G3G04-SZ1", "row 2", "group 6 is G30G4"),
        ("ACA8W-02N8-1M9DD-1S0JH-H8008-G30G4-SZ1", "row 1", "group 2 is 02N80"),
        ("ACA8W-02N80-1MM9DD-1S0JH-H8008-G30G4-SZ1", "row 1", "group 3 is 1M9DD"),
        ("ACA8U-02N80-1M9DD-1S0JH-H8008-G30G4-SZ1", "no block has the letter U", "group 1 is ACA8W"),
    ] {
        let said = refused(&[typed]);
        assert!(said.contains(what) && said.contains(group) && said.contains(&meant), "{typed}: {said}");
        let words: Vec<&str> = typed.split('-').collect();
        assert_eq!(refused(&words), said);
    }
    // Too much is wrong to know what was meant.
    let said = refused(&["ACA8W", "02N8", "1M9", "1S0JH", "H8008", "G30G4", "SZ1"]);
    assert!(said.contains("row 1") && said.contains("group 2, 02N8, should have 5 characters"), "{said}");
    let said = refused(&["ACA8W02N801M9DD1S0JHH80084G30GZS1"]);
    assert!(said.contains("row 2") && said.contains("compare row 2 with the screen"), "{said}");
}

#[test]
fn a_row_that_was_typed_alone_is_right_and_the_other_is_asked_for() {
    let said = refused(&["ACA8W", "02N80", "1M9DD", "1S0JH"]);
    assert!(
        said.contains("the row was typed right") && said.contains("the next line of the screen"),
        "{said}"
    );
    let said = refused(&["H8008", "G30G4", "SZ1"]);
    assert!(
        said.contains("fits as the second row") && said.contains("the line of the screen above"),
        "{said}"
    );
    // A row with a mistake is told as before.
    let said = refused(&["H8008", "G30G4", "SZ2"]);
    assert!(said.contains("row 1 of the block was mistyped"), "{said}");
}

#[test]
fn numbers_and_a_code_with_numbers_behind_it_are_no_block() {
    for words in ["E41 12345 67890", "E45 12345678 12345678", "1024 2048 4096", "r80 12345 67890"] {
        assert_eq!(ramkey::explain::find_block(words), None, "{words}");
    }
    assert!(ramkey::explain::find_block("1024A 2048 4096").is_some());
}

#[test]
fn a_block_of_a_newer_ramkey_and_a_code_of_one_are_told_as_that() {
    let said = refused(&["B0000-00014-06040-400DC-N5X"]);
    assert!(said.contains("begins with B: it is one of a newer ramkey"), "{said}");
    let block = Block { code: 0x7F, ..Block::decode(BLOCK).unwrap() };
    let typed: String = block.encode().characters().map(char::from).collect();
    assert!(refused(&[&typed]).contains("the code E7F, which this ramkey does not know"));
}

#[test]
fn a_report_that_was_asked_for_is_no_error_and_this_ramkey_knows_its_own_boot_code() {
    let ours = ramkey::boot::loader_sum().unwrap().0;
    let failed = Block::decode(BLOCK).unwrap();
    let asked_for = Block { code: 0, build: Block::build_of(ours), details: Details::default(), ..failed };
    let typed: String = asked_for.encode().characters().map(char::from).collect();
    let told = explained(&[&typed]);
    assert!(told["code"].is_null() && told["likely_causes"].as_array().unwrap().is_empty(), "{told}");
    assert_eq!(told["is_of_this_ramkey"], true);
    let other = Block { build: asked_for.build ^ 1, ..asked_for };
    let typed: String = other.encode().characters().map(char::from).collect();
    assert_eq!(explained(&[&typed])["is_of_this_ramkey"], false);
}
