//! `ramkey explain` knows every line that the loader prints, because these are the loader's own.

use std::process::Command;

use ramkey::explain::REPORT;
use ramkey_format::boot::BootInfo;
use ramkey_format::errors::BOOT_ERRORS;
use ramkey_loader_core::a20;
use ramkey_loader_core::drive::{Method, Trace};
use ramkey_loader_core::memory_calls::Source;
use ramkey_loader_core::report::{Facts, LINES, Memory};
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
            "{first}\n{below}\n`ramkey explain` and docs/errors.md explain the code and the numbers.\n\
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
