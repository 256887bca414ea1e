//! BIOSes of CDs, played by an option ROM with parameters: the table of `docs/cd-bios.md`.
//!
//! With every test a part of it is booted and compared with the page. `RAMKEY_MATRIX=WORD,WORD` boots every cell whose
//! BIOS and disc have all the words, and writes the page: `cargo xtask matrix cd-bios` does that. The word `missing`
//! stands for the cells that the page does not have.

mod discs;
mod page;
mod personalities;
mod readers;
mod run;

use std::collections::BTreeSet;
use std::sync::Mutex;

use discs::{BOOTS, Discs, Writer};
use page::Page;
use personalities::{PERSONALITIES, Personality};
use readers::Form;

use super::harness::{DEADLINE, Running, scratch};
use super::old_bios::each;
use super::old_bios::keys::hold_shift;

/// One boot.
#[derive(Clone, Copy)]
pub struct Cell {
    personality: &'static Personality,
    writer: Writer,
}

impl Cell {
    fn name(self) -> String {
        format!("{} / {}", self.personality.name, self.writer.name())
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
        for writer in Writer::all() {
            let cell = Cell { personality, writer };
            if filter.split(',').all(|word| is_meant(cell, word)) {
                cells.push(cell);
            }
        }
    }
    cells
}

/// The part of the table that is booted with every test: every personality once, those that emulate with the large image
/// where it boots, and what shows that the other columns differ.
fn part() -> Vec<Cell> {
    let once = |personality: &'static Personality| {
        let is_large =
            personality.form != Form::NoEmulation && personality.why_not(Writer::Ramkey(1)).is_none();
        Cell { personality, writer: Writer::Ramkey(usize::from(is_large)) }
    };
    let mut cells: Vec<Cell> = PERSONALITIES.iter().map(once).collect();
    let more = [("sound", Writer::Isolinux), ("1 sector", Writer::Isolinux)].into_iter();
    let boots = (1..BOOTS.len()).map(|boot| ("sound", Writer::Ramkey(boot)));
    let blind = (2..BOOTS.len()).map(|boot| ("no EDD", Writer::Ramkey(boot)));
    for (name, writer) in more.chain(boots).chain(blind) {
        let personality = PERSONALITIES.iter().find(|one| one.name == name).expect("it is in the list");
        cells.push(Cell { personality, writer });
    }
    cells
}

#[test]
fn every_personality_bites_the_loader_that_believes_it() {
    // With every test the reader that shows most; both, and that they pass where they should, on demand.
    let filter = std::env::var("RAMKEY_READERS").ok();
    let most = if filter.is_some() { 2 } else { 1 };
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
fn no_two_personalities_have_one_name() {
    let names: BTreeSet<&str> = PERSONALITIES.iter().map(|one| one.name).collect();
    assert_eq!(names.len(), PERSONALITIES.len());
}

#[test]
fn the_page_agrees_with_what_boots() {
    let discs = Discs::new();
    let page = Mutex::new(Page::read());
    if let Ok(filter) = std::env::var("RAMKEY_MATRIX") {
        each(named(&filter), |cell| {
            let result = run::run(&discs, cell);
            println!("{}: {result}", cell.name());
            let mut page = page.lock().expect("no other thread failed");
            page.set(cell, result);
            page.write();
        });
        return;
    }
    let faults = Mutex::new(Vec::new());
    each(part(), |cell| {
        let result = run::run(&discs, cell);
        let page = page.lock().expect("no other thread failed");
        let written = page.cell(cell).unwrap_or("nothing");
        if written.starts_with("boots") != result.starts_with("boots") {
            let text = format!("{}: the page says {written:?}, and this was seen: {result:?}", cell.name());
            faults.lock().expect("no other thread failed").push(text);
        }
    });
    let faults = faults.into_inner().expect("no other thread failed");
    assert!(faults.is_empty(), "\n{}\n`cargo xtask matrix cd-bios` writes the page anew", faults.join("\n"));
}

#[test]
fn the_page_has_the_cells_of_the_list_and_no_others() {
    let page = Page::read();
    let cells = named("");
    let missing: Vec<String> =
        cells.iter().filter(|&&cell| page.cell(cell).is_none()).map(|cell| cell.name()).collect();
    assert!(
        missing.is_empty(),
        "`cargo xtask matrix cd-bios` has not run for these:\n{}",
        missing.join("\n")
    );
    assert_eq!(
        page.text(),
        page::on_disk(),
        "docs/cd-bios.md is not what `cargo xtask matrix cd-bios` writes"
    );
}

#[test]
fn a_disc_boots_wherever_a_boot_is_possible() {
    let page = Page::read();
    let wrong: Vec<String> = named("")
        .into_iter()
        .filter(|cell| cell.writer != Writer::Isolinux)
        .filter(|cell| cell.personality.why_not(cell.writer).is_none())
        .filter(|&cell| page.cell(cell) != Some("boots"))
        .map(Cell::name)
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_bios_that_dies_of_long_reads_boots_with_shift_and_single_blocks() {
    let discs = Discs::new();
    for personality in PERSONALITIES.iter().filter(|one| one.set.contains(&"BEYOND=BEYOND_DIES")) {
        let folder = scratch();
        let disc = discs.get(Writer::Ramkey(0));
        let machine = readers::machine_with(folder.path(), personality, &disc, &["WAIT_TICKS=36"]);
        let mut running = Running::start(&machine);
        // What a key repeats before the BIOS has a keyboard is lost, so the ROM waits.
        hold_shift(&mut running);
        running.press(&["1", "ret"]);
        let (passed, evidence) = running.verdict(DEADLINE);
        assert!(passed && !evidence.console.contains("{H}"), "{}: {evidence}", personality.name);
    }
}
