//! What a CD answers: INT 13h, El Torito's calls, and the drives that a CD emulates.

use std::path::Path;

use ramkey::emulator::{CdBus, Controller, Machine, Port, Stick};

use super::discs::{self, BLOCK, Media};
use super::harness::{DEADLINE, Evidence, Geometry, Running, disk, file, scratch};
use super::sticks;

/// Blocks of the CD without emulation: 1 MiB.
const BLOCKS: u32 = 512;

/// Boots a CD image from a stick, which is pulled first, and gives the guest's verdict.
fn verdict(folder: &Path, disc: &[u8], options: &[&str]) -> (bool, Evidence) {
    let image = file(folder, "guest.iso", disc);
    let stick = sticks::ramkey(folder, &[&image], options);
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    running.pull_and_boot();
    running.verdict(DEADLINE)
}

fn passes(disc: &[u8], options: &[&str]) {
    let folder = scratch();
    let (passed, evidence) = verdict(folder.path(), disc, options);
    assert!(passed, "the guest failed, {options:?}\n{evidence}");
}

fn cd(more: &[&str]) -> Vec<u8> {
    discs::no_emulation("cd", BLOCKS, &[&["NUMBER=0xE0"], more].concat())
}

#[test]
fn a_real_cd_passes_the_guest() {
    let folder = scratch();
    let image = file(folder.path(), "guest.iso", &cd(&["REFERENCE"]));
    for bus in [CdBus::Ide, CdBus::Usb(Controller::Ehci), CdBus::Usb(Controller::Xhci)] {
        println!("{bus:?}");
        Running::start(&Machine::new(Stick::new(&image, Port::Cd(bus)))).must_pass();
    }
}

#[test]
fn a_cd_of_memdisk_passes_it() {
    let folder = scratch();
    let image = file(folder.path(), "guest.iso", &cd(&["REFERENCE", "MEMDISK"]));
    let stick = sticks::memdisk(folder.path(), &image, "iso");
    Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)))).must_pass();
}

#[test]
fn a_cd_with_one_wrong_byte_does_not_pass_it() {
    let folder = scratch();
    let mut image = cd(&[]);
    let last = image.len() - 3;
    image[last] ^= 4;
    let (passed, evidence) = verdict(folder.path(), &image, &[]);
    assert!(!passed, "{evidence}");
    assert!(evidence.console.contains("AH=42h: the bytes"), "{evidence}");
}

#[test]
fn a_cd_answers_every_call_under_both_identities() {
    for identity in ["memdisk", "grub4dos"] {
        passes(&cd(&[]), &["--identity", identity]);
    }
}

/// What each medium emulates, and the CMOS type of the floppy drive.
const EMULATED: [(Media, Geometry, u8); 4] = [
    (Media::Floppy12, Geometry::new(80, 2, 15), 2),
    (Media::Floppy144, Geometry::new(80, 2, 18), 4),
    (Media::Floppy288, Geometry::new(80, 2, 36), 6),
    (Media::HardDisk, Geometry::new(4, 16, 63), 0),
];

/// A guest on the disk that a CD emulates.
fn emulating(guest: &str, media: Media, geometry: Geometry, more: &[&str]) -> Vec<u8> {
    let blocks = discs::BOOT + geometry.sectors().div_ceil(BLOCK as u32 / 512) + 16;
    let own = [
        format!("MEDIA={}", media as u8),
        format!("NUMBER={}", if media == Media::HardDisk { 0x80 } else { 0 }),
        format!("BLOCKS={blocks}"),
        format!("BOOT={}", discs::BOOT),
    ];
    let definitions: Vec<&str> = own.iter().map(String::as_str).chain(more.iter().copied()).collect();
    let mut disk = disk(guest, geometry, geometry.sectors(), &definitions);
    if media == Media::HardDisk {
        let Geometry { cylinders, heads, track_sectors } = geometry;
        let last = [(heads - 1) as u8, track_sectors as u8, (cylinders - 1) as u8];
        disk[446..462]
            .copy_from_slice(&[0x80, 1, 1, 0, 6, last[0], last[1], last[2], 0, 0, 0, 0, 0, 0, 0, 0]);
        disk[454..458].copy_from_slice(&track_sectors.to_le_bytes());
        disk[458..462].copy_from_slice(&(geometry.sectors() - track_sectors).to_le_bytes());
    }
    let disc = discs::emulating(media, &disk);
    assert_eq!(disc.len(), blocks as usize * BLOCK);
    disc
}

#[test]
fn an_emulated_disk_answers_every_call_of_a_real_one() {
    for (media, geometry, drive_type) in EMULATED {
        println!("{media:?}");
        let guest = if media == Media::HardDisk { "int13_hdd" } else { "int13_floppy" };
        passes(&emulating(guest, media, geometry, &[&format!("DRIVE_TYPE={drive_type}")]), &[]);
    }
}

#[test]
fn emulation_ends_and_begins_again_and_the_cd_stays() {
    for (media, geometry, _) in EMULATED {
        for identity in ["memdisk", "grub4dos"] {
            println!("{media:?} {identity}");
            passes(&emulating("emulated", media, geometry, &[]), &["--identity", identity]);
        }
    }
}

#[test]
fn a_real_cd_that_emulates_passes_the_guest() {
    for (media, geometry, _) in EMULATED {
        println!("{media:?}");
        let folder = scratch();
        let disc = emulating("emulated", media, geometry, &["REFERENCE"]);
        let image = file(folder.path(), "guest.iso", &disc);
        Running::start(&Machine::new(Stick::new(image, Port::Cd(CdBus::Ide)))).must_pass();
    }
}

/// What a call answered: the call and its drive, AX, CF, and the bytes that it filled in.
#[derive(Clone, Debug, PartialEq)]
struct Answer {
    call: (u32, u32),
    ax: u32,
    carry: u32,
    bytes: Vec<u8>,
}

impl Answer {
    fn of(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("call ")?.split(' ');
        let function = u32::from_str_radix(words.next()?, 16).ok()?;
        let rest = words.next()?;
        let number = |at: usize| u32::from_str_radix(rest.get(at..at + 8)?, 16).ok();
        let bytes = words.map(|word| u8::from_str_radix(word, 16).expect("a byte")).collect();
        Some(Self { call: (function, number(0)?), ax: number(8)?, carry: number(16)?, bytes })
    }
}

/// What ramkey and MEMDISK answer to the calls of one disc.
fn answers(disc: &[u8]) -> Vec<(Answer, Answer)> {
    let folder = scratch();
    let image = file(folder.path(), "guest.iso", disc);
    let lines = |stick| {
        let machine = Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)));
        let (passed, evidence) = Running::start(&machine).verdict(DEADLINE);
        assert!(passed, "{evidence}");
        evidence.console.lines().filter_map(Answer::of).collect::<Vec<_>>()
    };
    let ours = lines(sticks::ramkey(folder.path(), &[&image], &["--timeout", "off"]));
    let theirs = lines(sticks::memdisk(folder.path(), &image, "iso"));
    assert_eq!((ours.len(), theirs.len()), (10, 10), "\n{ours:#?}\n{theirs:#?}");
    ours.into_iter().zip(theirs).collect()
}

#[test]
fn a_cd_answers_as_memdisk_does() {
    let disc = discs::no_emulation("disc_answers", BLOCKS, &["NUMBER=0xE0"]);
    for (ours, theirs) in answers(&disc) {
        let mut same = ours.clone();
        match ours.call.0 {
            0x4B01 => {
                same.ax = 0;
                same.bytes = packet_of_memdisk(&ours.bytes);
            }
            // A geometry that bit 1 of the second word calls not valid.
            0x4800 => {
                assert_eq!(ours.bytes[2] & 2, 0);
                same.bytes[4..16].fill(0);
            }
            _ => {}
        }
        assert_eq!(same, theirs, "{ours:x?}");
    }
}

/// The specification packet as MEMDISK would fill it in.
fn packet_of_memdisk(ours: &[u8]) -> Vec<u8> {
    let mut packet = ours.to_vec();
    // The segment as the catalogue has it, where 0 means 07C0h.
    assert_eq!(packet[12..14], [0xC0, 7]);
    packet[12..14].copy_from_slice(&[0, 0]);
    // El Torito wants what AH=08h says: the last cylinder and the last head. MEMDISK counts them.
    packet[16] = packet[16].wrapping_add(1);
    packet[18] = packet[18].wrapping_add(1);
    packet
}

#[test]
fn the_packet_of_what_a_cd_emulates_is_that_of_memdisk() {
    for (media, geometry, _) in EMULATED {
        println!("{media:?}");
        // MEMDISK takes a disk of less than 4 MiB for a floppy.
        let geometry =
            if media == Media::HardDisk { Geometry { cylinders: 10, ..geometry } } else { geometry };
        let disc = emulating("disc_answers", media, geometry, &[]);
        for (ours, theirs) in answers(&disc).into_iter().take(2) {
            assert_eq!((ours.call, ours.carry), (theirs.call, theirs.carry));
            assert_eq!(packet_of_memdisk(&ours.bytes), theirs.bytes, "{ours:x?}");
        }
    }
}

#[test]
fn a_cd_that_is_read_over_the_resident_part_harms_nothing() {
    let image = discs::no_emulation("covers", BLOCKS, &["NUMBER=0xE0"]);
    passes(&image, &[]);
    passes(&image, &["--identity", "grub4dos"]);
    passes(&image, &["--copy", "int15"]);
}
