//! The book: every command that a page shows is run, and prints what the page says. Pages that boot are run in `tests/boot`.

use std::fs;
use std::path::Path;

use crate::frames::book::files::made;
use crate::frames::book::{Page, pages};

#[test]
fn every_command_of_the_book_prints_what_its_page_shows() {
    let pages = pages().into_iter().map(|name| Page::read(&name)).filter(|page| !page.boots());
    let commands: usize = pages
        .map(|page| {
            page.run(made);
            page.count()
        })
        .sum();
    assert!(commands > 0, "no page shows a command");
}

/// No drive with a disc is at hand where tests run.
const CANNOT_BE_RUN: &str = "/dev/sr0";

#[test]
fn every_command_of_ours_that_a_page_shows_is_one_that_is_run() {
    let mut faults = Vec::new();
    for name in pages() {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&name)).unwrap();
        let mut block = None;
        for (number, line) in text.lines().enumerate() {
            let words = line.trim_start().trim_start_matches("$ ").trim_start_matches("sudo ");
            match line.trim_start().strip_prefix("```") {
                Some("") if block.is_some() => block = None,
                Some(kind) => block = Some(kind.to_owned()),
                None => {
                    let is_run = block.as_ref().is_some_and(|kind| kind == "sh" || kind == "console");
                    let is_block = block.is_some() || line.starts_with("    ");
                    if is_block && !is_run && words.starts_with("ramkey ") && !words.contains(CANNOT_BE_RUN) {
                        faults.push(format!("{name}:{}: {line}", number + 1));
                    }
                }
            }
        }
    }
    assert!(
        faults.is_empty(),
        "nobody runs these: they belong into a block of the kind sh or console\n{}",
        faults.join("\n")
    );
}
