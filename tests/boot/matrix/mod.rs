//! Guests, forms, sizes of memory and identities: the table of `docs/compatibility.md`.
//!
//! With every test a part of it is booted and compared with the page. `RAMKEY_MATRIX=TEXT` boots every cell whose
//! guest or form has the text, and writes the page: `cargo xtask matrix` does that.

mod cases;
mod keys;
mod media;
mod packed;
mod page;
mod pairs;
mod run;

use std::sync::Mutex;
use std::thread;

use cases::{CASES, Case};
pub use media::{START_SECTOR, make_syslinux};
use page::Page;
use run::Host;

/// Machines of this suite at a time.
const WORKERS: usize = 2;

/// One boot.
#[derive(Clone, Copy)]
pub struct Cell {
    case: &'static Case,
    ram_mib: u32,
    host: Host,
}

/// Boots the cells, some at a time, and tells each result.
fn boot(cells: Vec<Cell>, told: impl Fn(Cell, String) + Sync) {
    let waiting = Mutex::new(cells.into_iter());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().expect("no other thread failed").next();
                    let Some(cell) = next else { return };
                    told(cell, run::run(cell.case, cell.ram_mib, cell.host));
                }
            });
        }
    });
}

/// The cells that the user named.
fn named(filter: &str) -> Vec<Cell> {
    let wanted = |text: &str| filter.split(',').all(|part| text.contains(part));
    let mut cells = Vec::new();
    for case in CASES {
        for ram_mib in case.ram {
            for host in Host::ALL {
                if wanted(&format!("{} {} {ram_mib} MB {}", case.guest, case.form_text, host.name())) {
                    cells.push(Cell { case, ram_mib, host });
                }
            }
        }
    }
    cells
}

#[test]
fn the_page_agrees_with_what_boots() {
    if let Ok(filter) = std::env::var("RAMKEY_MATRIX") {
        let page = Mutex::new(Page::read());
        boot(named(&filter), |cell, result| {
            println!(
                "{} / {} / {} MB / {}: {result}",
                cell.case.guest,
                cell.case.form_text,
                cell.ram_mib,
                cell.host.name()
            );
            let mut page = page.lock().expect("no other thread failed");
            page.set(cell, result);
            page.write();
        });
        return;
    }
    let page = Page::read();
    let faults = Mutex::new(Vec::new());
    boot(pairs::cells(), |cell, result| {
        let written = page.cell(cell).unwrap_or("nothing");
        if written.starts_with("boots") != result.starts_with("boots") {
            let text = format!(
                "{}, {}, {} MB, {}: the page says {written:?}, and this was seen: {result:?}",
                cell.case.guest,
                cell.case.form_text,
                cell.ram_mib,
                cell.host.name()
            );
            faults.lock().expect("no other thread failed").push(text);
        }
    });
    let faults = faults.into_inner().expect("no other thread failed");
    assert!(faults.is_empty(), "\n{}\n`cargo xtask matrix` writes the page anew", faults.join("\n"));
}

#[test]
fn guests_boot_from_sticks_that_are_neither_packed_nor_trimmed() {
    for cell in pairs::raw_cells() {
        let seen = run::run_raw(cell.case, cell.ram_mib);
        assert!(seen.starts_with("boots"), "{}, {}: {seen}", cell.case.guest, cell.case.form_text);
    }
}

#[test]
fn the_page_has_the_cells_of_the_list_and_no_others() {
    let page = Page::read();
    let missing: Vec<String> = named("")
        .into_iter()
        .filter(|&cell| page.cell(cell).is_none())
        .map(|cell| {
            format!("{}, {}, {} MB, {}", cell.case.guest, cell.case.form_text, cell.ram_mib, cell.host.name())
        })
        .collect();
    assert!(missing.is_empty(), "`cargo xtask matrix` has not run for these:\n{}", missing.join("\n"));
    assert_eq!(page.text(), page::on_disk(), "docs/compatibility.md is not what `cargo xtask matrix` writes");
}
