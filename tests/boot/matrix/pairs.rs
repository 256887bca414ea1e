//! The part of the table that is booted with every test: few cells, in which every two of form, size of memory and
//! identity meet, and every family of guests is once.

use std::collections::BTreeSet;

use super::Cell;
use super::cases::CASES;
use super::run::Host;

/// What a cell proves.
type Fact = (String, String);

fn facts(cell: Cell) -> BTreeSet<Fact> {
    let form = format!("{:?}", cell.case.form);
    let ram = format!("RAM {}", usize::from(cell.ram_mib == cell.case.ram[1]));
    let host = format!("{:?}", cell.host);
    [
        (form.clone(), ram.clone()),
        (form, host.clone()),
        (ram, host),
        (cell.case.family.to_owned(), String::new()),
    ]
    .into()
}

/// Takes the cell that proves most of what is not proven yet, until all is.
pub fn cells() -> Vec<Cell> {
    let mut all = Vec::new();
    for case in CASES.iter().filter(|case| case.quick) {
        for ram_mib in case.ram {
            for host in [Host::Memdisk, Host::Grub4dos, Host::Disc] {
                all.push(Cell { case, ram_mib, host });
            }
        }
    }
    let mut open: BTreeSet<Fact> = all.iter().flat_map(|&cell| facts(cell)).collect();
    let mut chosen = Vec::new();
    while !open.is_empty() {
        let news = |cell: &Cell| facts(*cell).intersection(&open).count();
        // The first of the best, so that the choice is the same each time.
        let best =
            all.iter().copied().reduce(|best, cell| if news(&cell) > news(&best) { cell } else { best });
        let best = best.expect("the list has cells");
        open = open.difference(&facts(best)).cloned().collect();
        chosen.push(best);
    }
    chosen
}

/// The first of the chosen cells of each form that is started from a stick: these are booted from a stick of raw chunks too.
pub fn raw_cells() -> Vec<Cell> {
    let mut forms = BTreeSet::new();
    let sticks = cells().into_iter().filter(|cell| cell.host != Host::Disc);
    sticks.filter(|cell| forms.insert(format!("{:?}", cell.case.form))).collect()
}

#[test]
fn few_cells_cover_every_pair() {
    let cells = cells();
    assert!((13..=16).contains(&cells.len()), "{} cells are booted with every test", cells.len());
}
