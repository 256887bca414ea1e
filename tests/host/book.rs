//! The book: every command that a page shows is run, and prints what the page says. Those that boot are run in `tests/boot`.

use crate::frames::book::{Page, pages};
use crate::frames::drivers::X86;
use crate::frames::windows_image::System;
use crate::windows::desk::{bare, driver};

/// A file that a page wants.
fn made(name: &str) -> Option<Vec<u8>> {
    Some(match name {
        "dos.img" | "rescue.img" => ramkey::emulator::demo_image(),
        "xp.img" => bare(System::Fat16).disk(),
        "firadisk.sys" => driver("FiraDisk", X86),
        "SERIALS.txt" => b"# bought in May\n".to_vec(),
        _ => return None,
    })
}

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
