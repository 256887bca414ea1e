//! The three readers of INT 13h do what the table in `docs/boot-protocol.md` says.

use ramkey_loader_core::drive::TRIES;

const PAGE: &str = include_str!("../../../docs/boot-protocol.md");
const CALL: &str = include_str!("../../mbr/int13.asm");
const SECTOR_READ: &str = include_str!("../../mbr/sector_read.asm");
const DISK_READ: &str = include_str!("../../stage2/disk_read.asm");
const DISC_READ: &str = include_str!("../../disc/rest.asm");

/// The cells of the row that begins with `title`.
fn row(title: &str) -> Vec<&'static str> {
    let section = PAGE.split("\n## Three readers of INT 13h\n").nth(1).expect("the section is there");
    let line = section.lines().find(|line| line.starts_with(&format!("| {title} |")));
    let cells = line.unwrap_or_else(|| panic!("no row {title}")).trim_matches('|').split('|').skip(1);
    cells.map(str::trim).collect()
}

/// The number that an `equ` gives to `name`.
fn equate(source: &str, name: &str) -> String {
    let line = source.lines().find(|line| line.starts_with(name) && line.contains(" equ "));
    let value = line.unwrap_or_else(|| panic!("no {name}")).split(" equ ").nth(1).expect("a value");
    value.split(';').next().expect("a number").trim().to_owned()
}

#[test]
fn each_tries_as_often_as_the_page_says() {
    let tries = [equate(SECTOR_READ, "READ_TRIES"), equate(DISK_READ, "RUN_TRIES"), TRIES.to_string()];
    assert_eq!(row("tries of a call"), tries);
}

#[test]
fn the_call_itself_is_typed_once_in_the_assembler() {
    let call = |source: &str| source.lines().filter(|line| line.trim_start().starts_with("int ")).count();
    assert_eq!([CALL, SECTOR_READ, DISK_READ, DISC_READ].map(call), [1, 0, 0, 0]);
    assert!([SECTOR_READ, DISK_READ, DISC_READ].iter().all(|reader| reader.contains("call    bios\n")));
}
