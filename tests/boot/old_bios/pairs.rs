//! The part of the table that is booted with every test: every personality once, every layout with both sizes.

use std::collections::BTreeSet;

use super::Cell;
use super::personalities::PERSONALITIES;
use super::sticks::{LAYOUTS, Size, UNIVERSAL, Writer};

/// BIOSes under which SYSLINUX is booted too: one that it starts on, and two that it does not.
const COMPARED: [&str; 3] = ["sound", "DL 00h", "hides 63"];

/// The cells, with layouts and sizes in turn.
pub fn cells() -> Vec<Cell> {
    let mut cells: Vec<Cell> = PERSONALITIES
        .iter()
        .enumerate()
        .map(|(index, personality)| Cell {
            personality,
            writer: Writer::Ramkey(if personality.is_about_places() {
                index % LAYOUTS.len()
            } else {
                index % UNIVERSAL
            }),
            size: if personality.is_slow() { Size::Small } else { Size::ALL[index / LAYOUTS.len() % 2] },
        })
        .collect();
    for personality in PERSONALITIES.iter().filter(|one| COMPARED.contains(&one.name)) {
        cells.push(Cell { personality, writer: Writer::Syslinux, size: Size::Small });
    }
    cells
}

#[test]
fn the_part_has_every_personality_and_every_layout_with_both_sizes() {
    let cells = cells();
    let names: BTreeSet<&str> = cells.iter().map(|cell| cell.personality.name).collect();
    assert_eq!(names.len(), PERSONALITIES.len());
    let pairs: BTreeSet<_> = cells.iter().map(|cell| (cell.writer, cell.size)).collect();
    for (layout, (name, _)) in LAYOUTS.iter().enumerate() {
        for size in Size::ALL {
            assert!(pairs.contains(&(Writer::Ramkey(layout), size)), "{name} {}", size.name());
        }
    }
}
