//! Old BIOSes, played by an option ROM with parameters: the table of `docs/old-bios.md`.
//!
//! With every test a part of it is booted and compared with the page. `RAMKEY_MATRIX=WORD,WORD` boots every cell whose
//! BIOS, image and layout have all the words, and writes the page: `cargo xtask matrix old-bios` does that. The word
//! `missing` stands for the cells that the page does not have.

mod detection;
pub mod keys;
mod machines;
mod page;
mod pairs;
mod personalities;
mod readers;
mod run;
mod sticks;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use page::Page;
use personalities::{PERSONALITIES, Personality};
use readers::Reader;
use sticks::{Size, Sticks, Writer};

/// Machines of this suite at a time.
const WORKERS: usize = 2;

/// One boot.
#[derive(Clone, Copy)]
pub struct Cell {
    personality: &'static Personality,
    writer: Writer,
    size: Size,
}

impl Cell {
    /// Whether the table has it: all but SYSLINUX with the long image.
    fn is_tried(self) -> bool {
        self.writer != Writer::Syslinux || self.size == Size::Small
    }

    fn name(self) -> String {
        format!("{} / {} / {}", self.personality.name, self.size.name(), self.writer.name())
    }
}

/// The word for cells that the page does not have.
const MISSING: &str = "missing";

/// The cells that the user named.
fn named(filter: &str) -> Vec<Cell> {
    let page = Page::read();
    let is_meant =
        |cell: Cell, word: &str| cell.name().contains(word) || word == MISSING && page.cell(cell).is_none();
    let mut cells = Vec::new();
    for personality in PERSONALITIES {
        for size in Size::ALL {
            for writer in Writer::all() {
                let cell = Cell { personality, writer, size };
                if cell.is_tried() && filter.split(',').all(|word| is_meant(cell, word)) {
                    cells.push(cell);
                }
            }
        }
    }
    cells
}

/// Does something with each, some at a time.
pub fn each<T: Copy + Send>(all: Vec<T>, work: impl Fn(T) + Sync) {
    let waiting = Mutex::new(all.into_iter());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().expect("no other thread failed").next();
                    let Some(next) = next else { return };
                    work(next);
                }
            });
        }
    });
}

#[test]
fn every_personality_bites_the_readers_that_believe_it() {
    // With every test the reader that shows most; all of them, and that they pass where they should, on demand.
    let filter = std::env::var("RAMKEY_READERS").ok();
    let most = if filter.is_some() { 3 } else { 1 };
    let wanted = filter.unwrap_or_default();
    let all: Vec<&Personality> = PERSONALITIES.iter().filter(|one| one.name.contains(&wanted)).collect();
    let faults = Mutex::new(Vec::new());
    each(all, |personality| {
        let found = readers::differences(personality, most);
        faults.lock().expect("no other thread failed").extend(found);
    });
    let faults = faults.into_inner().expect("no other thread failed");
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn a_sound_bios_keeps_what_specifications_promise() {
    for reader in [Reader::ByEdd, Reader::ByChs, Reader::OfCalls, Reader::OfMemory] {
        let answer = readers::boot(&PERSONALITIES[0], reader);
        assert!(answer.passed, "{reader:?}: {}", answer.console);
    }
}

#[test]
fn no_two_personalities_have_one_name() {
    let names: BTreeSet<&str> = PERSONALITIES.iter().map(|one| one.name).collect();
    assert_eq!(names.len(), PERSONALITIES.len());
}

#[test]
fn the_page_agrees_with_what_boots() {
    let sticks = Sticks::new();
    let page = Mutex::new(Page::read());
    if let Ok(filter) = std::env::var("RAMKEY_MATRIX") {
        each(named(&filter), |cell| {
            let result = run::run(&sticks, cell);
            println!("{}: {result}", cell.name());
            let mut page = page.lock().expect("no other thread failed");
            page.set(cell, result);
            page.write();
        });
        return;
    }
    let faults = Mutex::new(Vec::new());
    each(pairs::cells(), |cell| {
        let result = run::run(&sticks, cell);
        let page = page.lock().expect("no other thread failed");
        let written = page.cell(cell).unwrap_or("nothing");
        if written.starts_with("boots") != result.starts_with("boots") {
            let text = format!("{}: the page says {written:?}, and this was seen: {result:?}", cell.name());
            faults.lock().expect("no other thread failed").push(text);
        }
    });
    let faults = faults.into_inner().expect("no other thread failed");
    assert!(faults.is_empty(), "\n{}\n`cargo xtask matrix old-bios` writes the page anew", faults.join("\n"));
}

#[test]
fn the_page_has_the_cells_of_the_list_and_no_others() {
    let page = Page::read();
    let missing: Vec<String> =
        named("").into_iter().filter(|&cell| page.cell(cell).is_none()).map(Cell::name).collect();
    assert!(
        missing.is_empty(),
        "`cargo xtask matrix old-bios` has not run for these:\n{}",
        missing.join("\n")
    );
    assert_eq!(
        page.text(),
        page::on_disk(),
        "docs/old-bios.md is not what `cargo xtask matrix old-bios` writes"
    );
}

#[test]
fn a_universal_stick_boots_wherever_a_boot_is_possible() {
    let page = Page::read();
    let universal = |cell: &Cell| cell.writer.name().starts_with("universal");
    let wrong: Vec<String> = named("")
        .into_iter()
        .filter(universal)
        .filter(|cell| cell.personality.impossible_sizes().all(|(size, _)| size != cell.size))
        .filter(|&cell| page.cell(cell) != Some("boots"))
        .map(Cell::name)
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
