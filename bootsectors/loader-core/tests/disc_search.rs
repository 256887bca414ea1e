//! The search for the disc that was a floppy or a hard disk to the boot chain.

mod common;

use common::discs::{Machine, MachineDrive};
use common::{Lcg, SECTOR};
use ramkey_format::memory::{BLOCK_SHIFT, BOOT_LBA};
use ramkey_loader_core::disc::{Found, find};

/// A disc up to behind its boot header, and the header.
fn disc() -> (Vec<u8>, [u8; SECTOR]) {
    let bytes = Lcg(5).bytes((BOOT_LBA as usize + 8) * SECTOR);
    let stamp = bytes[BOOT_LBA as usize * SECTOR..][..SECTOR].try_into().unwrap();
    (bytes, stamp)
}

fn drive(number: u8, bytes: &[u8], shift: u8) -> MachineDrive {
    MachineDrive { number, bytes: bytes.to_vec(), shift, fails: None, hidden: true }
}

/// A hard disk or a stick: another one than the disc.
fn other(number: u8) -> MachineDrive {
    MachineDrive { hidden: false, ..drive(number, &Lcg(number.into()).bytes(200 * SECTOR), 0) }
}

const SHIFT: u8 = BLOCK_SHIFT as u8;

#[test]
fn the_disc_is_found_at_any_number_in_blocks_and_in_sectors() {
    let (bytes, stamp) = disc();
    for number in (0xE0..=0xFE).chain(0x81..=0x9F) {
        for shift in [SHIFT, 0] {
            let mut machine = Machine::new(vec![other(0x80), drive(number, &bytes, shift)]);
            let found = find(&mut machine, 0, &stamp);
            assert_eq!(found, Some(Found { drive: number, block_shift: shift }), "{number:X}h");
            assert_eq!((machine.pauses, &machine.ended[..]), (0, &[0][..]));
            assert!(machine.reads.len() <= 2 * 64);
        }
    }
}

#[test]
fn numbers_of_discs_come_before_those_of_hard_disks() {
    let (bytes, stamp) = disc();
    let mut machine = Machine::new(vec![drive(0x81, &bytes, 0), drive(0xFE, &bytes, SHIFT)]);
    assert_eq!(find(&mut machine, 0x80, &stamp), Some(Found { drive: 0xFE, block_shift: SHIFT }));
}

#[test]
fn the_emulation_ends_first_and_what_it_still_shows_is_not_the_disc() {
    let (bytes, stamp) = disc();
    let mut machine = Machine::new(vec![drive(0x80, &bytes, 0)]);
    assert_eq!(find(&mut machine, 0x80, &stamp), None);
    assert_eq!(machine.ended, [0x80], "once");
    assert!(machine.reads.iter().all(|&(drive, _, _)| drive != 0x80));
    let mut machine = Machine::new(vec![drive(0x80, &bytes, 0)]);
    assert!(find(&mut machine, 0, &stamp).is_some(), "it was a floppy");
}

#[test]
fn a_disc_that_is_not_ready_is_waited_for_and_it_alone_is_reset() {
    let (bytes, stamp) = disc();
    for status in [0x80, 0xAA, 0x06, 0x20] {
        let mut cd = drive(0xEF, &bytes, SHIFT);
        cd.fails = Some((status, 100 + 146));
        let mut machine = Machine::new(vec![other(0x80), other(0x81), cd]);
        assert_eq!(find(&mut machine, 0, &stamp), Some(Found { drive: 0xEF, block_shift: SHIFT }));
        assert!((16..=18).contains(&machine.pauses), "{} pauses", machine.pauses);
        assert!(machine.resets.iter().all(|&drive| drive == 0xEF));
        assert_eq!(machine.resets.len() as u32, machine.pauses);
        let asked = machine.reads.iter().filter(|(drive, _, _)| [0x80, 0x81].contains(drive)).count();
        assert_eq!(asked, 4, "hard disks that are others, in blocks and in sectors, once");
    }
}

#[test]
fn a_machine_that_does_not_show_the_disc_is_given_up_after_bounded_time() {
    let (_, stamp) = disc();
    for (slow, pretends, stopped) in
        [(0, false, false), (1, false, false), (91, false, false), (0, true, false), (5, false, true)]
    {
        let mut machine = Machine::new(vec![other(0x80)]);
        (machine.slow, machine.pretends, machine.stopped) = (slow, pretends, stopped);
        assert_eq!(find(&mut machine, 0, &stamp), None);
        let seconds = (machine.now - 100) * 10 / 182;
        assert!(seconds <= 15 + 2 * slow / 18 + 1, "{slow} ticks: {seconds} s");
        assert!(machine.reads.len() <= 30 * 128 && machine.pauses <= 30);
        if pretends {
            assert_eq!(machine.reads.len(), 2 * 63, "a drive that can be read and is another is asked once");
        }
        assert_eq!(machine.resets, [], "nothing is there to be reset");
    }
}

#[test]
fn a_drive_that_hangs_is_asked_once() {
    let (bytes, stamp) = disc();
    let hangs = MachineDrive { fails: Some((0xFE, u32::MAX)), ..other(0xE0) };
    let late = MachineDrive { fails: Some((0xAA, 120)), ..drive(0xE1, &bytes, SHIFT) };
    let mut machine = Machine::new(vec![hangs, late]);
    assert_eq!(find(&mut machine, 0, &stamp), Some(Found { drive: 0xE1, block_shift: SHIFT }));
    assert_eq!(machine.reads.iter().filter(|(drive, _, _)| *drive == 0xE0).count(), 1);
}

#[test]
fn a_header_that_differs_in_one_byte_is_that_of_another_disc() {
    let (mut bytes, stamp) = disc();
    for at in [0, 255, 511] {
        bytes[BOOT_LBA as usize * SECTOR + at] ^= 1;
        let mut machine = Machine::new(vec![drive(0xE0, &bytes, SHIFT)]);
        assert_eq!(find(&mut machine, 0, &stamp), None, "byte {at}");
        bytes[BOOT_LBA as usize * SECTOR + at] ^= 1;
    }
}
