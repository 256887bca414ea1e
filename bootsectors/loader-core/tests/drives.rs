//! The numbers of drives: what a system finds when it counts up.

use ramkey_format::resident::{MAP_NONE, MAP_RAM};
use ramkey_loader_core::drives::{Class, Machine, Numbers, Wanted, number};

const NONE: u8 = MAP_NONE as u8;

fn ram(drive: u8) -> u8 {
    MAP_RAM as u8 | drive
}

fn next(class: Class) -> Wanted {
    Wanted { class, number: None }
}

fn exactly(class: Class, number: u8) -> Wanted {
    Wanted { class, number: Some(number) }
}

/// A laptop with a hard disk as 80h, a floppy, and the stick as 81h.
const LAPTOP: Machine =
    Machine { disks: 2, floppies: 1, stick: 0x81, keep_stick: false, internal_first: false, discs: 0 };

fn disks(numbers: &Numbers) -> &[u8] {
    &numbers.disk_map[..usize::from(numbers.disks_shown)]
}

fn floppies(numbers: &Numbers) -> &[u8] {
    &numbers.floppy_map[..usize::from(numbers.floppies_shown)]
}

#[test]
fn a_hard_disk_in_ram_is_80h_and_the_stick_is_gone() {
    let numbers = number(&LAPTOP, &[next(Class::HardDisk)]);
    assert_eq!(numbers.drives[0], 0x80);
    assert_eq!(disks(&numbers), [ram(0), 0x80]);
    assert_eq!(floppies(&numbers), [0]);
}

#[test]
fn a_stick_that_booted_as_80h_leaves_its_place() {
    let machine = Machine { stick: 0x80, ..LAPTOP };
    assert_eq!(disks(&number(&machine, &[next(Class::HardDisk)])), [ram(0), 0x81]);
    assert_eq!(disks(&number(&machine, &[next(Class::Floppy)])), [0x81]);
}

#[test]
fn a_stick_that_no_count_holds_is_hidden_all_the_same() {
    let machine = Machine { disks: 0, stick: 0x80, ..LAPTOP };
    let numbers = number(&machine, &[next(Class::Floppy)]);
    assert_eq!(numbers.disks_shown, 0);
    assert_eq!(numbers.disk_map[0], NONE, "80h is the stick: nobody may ask it");
    assert_eq!(numbers.disk_map[1], 0x81, "the BIOS answers for what it has not");
}

#[test]
fn a_stick_as_a_floppy_leaves_the_floppies() {
    let machine = Machine { disks: 1, floppies: 1, stick: 0x00, ..LAPTOP };
    let numbers = number(&machine, &[next(Class::HardDisk)]);
    assert_eq!((disks(&numbers), numbers.floppies_shown), (&[ram(0), 0x80][..], 0));
    assert_eq!(numbers.floppy_map[0], NONE);
}

#[test]
fn the_stick_can_be_kept() {
    let machine = Machine { keep_stick: true, ..LAPTOP };
    assert_eq!(disks(&number(&machine, &[next(Class::HardDisk)])), [ram(0), 0x80, 0x81]);
}

#[test]
fn internal_disks_first_leaves_80h_to_a_setup() {
    let machine = Machine { internal_first: true, ..LAPTOP };
    let numbers = number(&machine, &[next(Class::Cd), next(Class::Floppy), next(Class::HardDisk)]);
    assert_eq!(numbers.drives[..3], [0xE0, 0x00, 0x81]);
    assert_eq!(disks(&numbers), [0x80, ram(2)]);
    assert_eq!(floppies(&numbers), [ram(1), 0], "a floppy in RAM is always the first");
}

#[test]
fn several_drives_of_a_class_follow_each_other() {
    let numbers = number(
        &LAPTOP,
        &[next(Class::HardDisk), next(Class::HardDisk), next(Class::Floppy), next(Class::HardDisk)],
    );
    assert_eq!(numbers.drives[..4], [0x80, 0x81, 0x00, 0x82]);
    assert_eq!(disks(&numbers), [ram(0), ram(1), ram(3), 0x80]);
}

#[test]
fn a_number_of_its_own_is_kept_and_the_others_go_around_it() {
    let numbers = number(
        &LAPTOP,
        &[next(Class::HardDisk), exactly(Class::HardDisk, 0x81), exactly(Class::HardDisk, 0x84)],
    );
    assert_eq!(numbers.drives[..3], [0x80, 0x81, 0x84]);
    assert_eq!(disks(&numbers), [ram(0), ram(1), 0x80, NONE, ram(2)]);
}

#[test]
fn a_number_that_is_wanted_twice_goes_to_the_first() {
    let numbers = number(&LAPTOP, &[exactly(Class::HardDisk, 0x81), exactly(Class::HardDisk, 0x81)]);
    assert_eq!(numbers.drives[..2], [0x81, 0x80]);
}

#[test]
fn cds_count_down_around_those_of_the_bios() {
    let machine = Machine { discs: 0b101, ..LAPTOP };
    let numbers = number(&machine, &[next(Class::Cd), next(Class::Cd)]);
    assert_eq!(numbers.drives[..2], [0xDF, 0xDD]);
    let machine = Machine { discs: 0xFFFF, ..LAPTOP };
    assert_eq!(number(&machine, &[next(Class::Cd)]).drives[0], 0xD1, "there is an end");
}

#[test]
fn drives_that_the_bios_has_not_are_not_asked_of_it() {
    let machine = Machine { disks: 0, floppies: 0, stick: 0x80, ..LAPTOP };
    let numbers = number(&machine, &[next(Class::HardDisk)]);
    assert_eq!(numbers.floppy_map[..5], [NONE, NONE, NONE, NONE, 4]);
    assert_eq!(disks(&numbers), [ram(0)]);
}

#[test]
fn more_drives_than_numbers_lose_the_last_of_the_bios() {
    let machine = Machine { disks: 40, floppies: 4, stick: 0x80, ..LAPTOP };
    let wanted = [next(Class::HardDisk); 8];
    let numbers = number(&machine, &wanted);
    assert_eq!(numbers.disks_shown, 16);
    assert_eq!(numbers.disk_map[7..10], [ram(7), 0x81, 0x82]);
    let numbers = number(&machine, &[next(Class::Floppy); 8]);
    assert_eq!(floppies(&numbers), [ram(0), ram(1), ram(2), ram(3), ram(4), ram(5), ram(6), ram(7)]);
}

/// Every machine and every set: each RAM drive has just one number of its class, each drive of the BIOS at most one.
#[test]
fn every_map_is_consistent() {
    let classes = [Class::Floppy, Class::HardDisk, Class::Cd];
    let mut cases = 0;
    for disks in 0..5 {
        for floppies in 0..3 {
            for stick in [0x00, 0x01, 0x80, 0x81, 0x83, 0xFF] {
                for options in 0..4 {
                    for set in 0..27_usize {
                        let machine = Machine {
                            disks,
                            floppies,
                            stick,
                            keep_stick: options & 1 != 0,
                            internal_first: options & 2 != 0,
                            discs: 1,
                        };
                        let wanted = [set % 3, set / 3 % 3, set / 9].map(|class| next(classes[class]));
                        check(&machine, &wanted);
                        cases += 1;
                    }
                }
            }
        }
    }
    assert_eq!(cases, 5 * 3 * 6 * 4 * 27);
}

fn check(machine: &Machine, wanted: &[Wanted]) {
    let numbers = number(machine, wanted);
    let context = format!("{machine:?} {wanted:?} {numbers:?}");
    for (index, drive) in wanted.iter().enumerate() {
        let (map, first) = match drive.class {
            Class::Floppy => (&numbers.floppy_map[..], 0),
            Class::HardDisk => (&numbers.disk_map[..], 0x80),
            Class::Cd => continue,
        };
        let places: Vec<usize> = (0..map.len()).filter(|&place| map[place] == ram(index as u8)).collect();
        assert_eq!(places.len(), 1, "{context}");
        assert_eq!(usize::from(numbers.drives[index]), first + places[0], "{context}");
    }
    for (map, first) in [(&numbers.floppy_map[..], 0), (&numbers.disk_map[..], 0x80)] {
        let mut real: Vec<u8> = map.iter().copied().filter(|&number| number < MAP_RAM as u8).collect();
        assert!(real.iter().all(|&number| number & 0x80 == first), "{context}");
        assert!(machine.keep_stick || !real.contains(&machine.stick), "the stick is seen: {context}");
        real.sort_unstable();
        let before = real.len();
        real.dedup();
        assert_eq!(real.len(), before, "one drive with two numbers: {context}");
    }
}
