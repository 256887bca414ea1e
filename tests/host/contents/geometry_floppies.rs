//! Which geometry a floppy gets: what its boot sector and its size say, and when that is a guess.

use std::path::Path;

use crate::frames::disks::{BY_CHS, Volume};
use crate::frames::sticks::Image;
use ramkey::contents::{ImageFacts, Kind, KindChoice, Warning, probe};

fn facts_as(choice: KindChoice, chs: Option<&str>, bytes: Vec<u8>) -> ImageFacts {
    let chs = chs.map(|text| text.parse().unwrap());
    probe(Path::new("guest.img"), &Image(bytes), choice, chs).unwrap()
}

fn facts(bytes: Vec<u8>) -> ImageFacts {
    facts_as(KindChoice::Auto, None, bytes)
}

/// What is said about geometries that disagree, or that is a guess.
fn said(facts: &ImageFacts) -> Vec<String> {
    let is_said =
        |warning: &&Warning| matches!(warning, Warning::Geometries(_) | Warning::UnusualFloppy { .. });
    facts.warnings.iter().filter(is_said).map(ToString::to_string).collect()
}

/// Geometry, CMOS type of the drive, and what is said, of a floppy without a file system.
fn floppy(sectors: usize) -> (String, u8, Vec<String>) {
    let facts = facts_as(KindChoice::Is(Kind::Floppy), None, vec![1; sectors * 512]);
    (facts.geometry.to_string(), facts.drive_type, said(&facts))
}

#[test]
fn a_floppy_of_whole_tracks_has_the_geometry_of_exactly_its_size() {
    // KB, geometry, CMOS type.
    let table = [
        (160, "40/1/8", 1),
        (180, "40/1/9", 1),
        (200, "40/1/10", 1),
        (320, "40/2/8", 1),
        (360, "40/2/9", 1),
        (369, "41/2/9", 1),
        (378, "42/2/9", 1),
        (400, "40/2/10", 1),
        (410, "41/2/10", 1),
        (420, "42/2/10", 1),
        (640, "80/2/8", 3),
        (720, "80/2/9", 3),
        (729, "81/2/9", 3),
        (800, "80/2/10", 3),
        (820, "82/2/10", 3),
        (830, "83/2/10", 3),
        (880, "80/2/11", 3),
        (1200, "80/2/15", 2),
        (1230, "82/2/15", 2),
        (1440, "80/2/18", 4),
        (1458, "81/2/18", 4),
        (1476, "82/2/18", 4),
        (1494, "83/2/18", 4),
        (1512, "84/2/18", 4),
        (1520, "80/2/19", 4),
        (1600, "80/2/20", 4),
        (1640, "82/2/20", 4),
        (1660, "83/2/20", 4),
        (1680, "80/2/21", 4),
        (1701, "81/2/21", 4),
        (1722, "82/2/21", 4),
        (1743, "83/2/21", 4),
        (1760, "80/2/22", 4),
        (1764, "84/2/21", 4),
        (1840, "80/2/23", 4),
        (1920, "80/2/24", 6),
        (2880, "80/2/36", 6),
        (3120, "80/2/39", 6),
        (3200, "80/2/40", 6),
        (3360, "80/2/42", 6),
        (3840, "80/2/48", 6),
    ];
    for (kib, geometry, drive_type) in table {
        assert_eq!(floppy(kib * 2), (geometry.into(), drive_type, vec![]), "{kib} KB");
    }
    // 85 and 86 cylinders, as MEMDISK takes them.
    for (sectors, geometry) in [
        (3060, "85/2/18"),
        (3096, "86/2/18"),
        (1530, "85/2/9"),
        (3570, "85/2/21"),
        (6192, "86/2/36"),
        (3440, "86/2/20"),
    ] {
        let (found, _, said) = floppy(sectors);
        assert_eq!((&*found, said), (geometry, vec![]), "{sectors} sectors");
    }
    // 364.5 KB is 81 tracks of one side, and no whole number of two.
    assert_eq!(floppy(729), ("81/1/9".into(), 3, vec![]));
}

#[test]
fn every_floppy_of_two_sides_is_made_whole_and_none_has_more_cylinders_than_it_was_made_with() {
    for cylinders in 80..=84 {
        for track in 8..=48 {
            let sectors = cylinders * 2 * track;
            let found = facts_as(KindChoice::Is(Kind::Floppy), None, vec![1; sectors as usize * 512]);
            assert_eq!((found.geometry.sectors(), found.disk_sectors), (u64::from(sectors), sectors));
            assert!((80..=cylinders).contains(&found.geometry.cylinders), "{cylinders}/{track}");
            assert_eq!(said(&found), [""; 0]);
        }
    }
}

#[test]
fn a_floppy_of_a_size_that_is_not_known_is_said_to_be_a_guess() {
    let guess = |sectors| floppy(sectors).2.len();
    // The last are 77 cylinders of 8 inches, and 79 of 18 sectors.
    for sectors in [321, 700, 2399, 2401, 2432, 2879, 2881, 3021, 5761, 8111, 1232, 2002, 2844] {
        assert_eq!(guess(sectors), 1, "{sectors} sectors");
    }
    assert_eq!(floppy(2844).0, "80/2/18");
    assert_eq!(
        floppy(2401).2,
        [
            "its size is that of no usual floppy; it is read as one of 80/2/18, and if that is wrong it reads wrong \
          sectors: say the right one with --chs C/H/S"
        ]
    );
    // There is nothing behind a boot sector and what it loads that could be read wrongly.
    for sectors in [1, 2, 7, 80, 300, 319] {
        assert_eq!(floppy(sectors), ("80/2/18".into(), 4, vec![]), "{sectors} sectors");
    }
    // Who says a geometry is not warned, and neither is who has a file system, or a CD.
    let asked = facts_as(KindChoice::Is(Kind::Floppy), Some("81/2/18"), vec![1; 2881 * 512]);
    assert_eq!(said(&asked), [""; 0]);
    let volume = Volume { heads: 2, track: 18, hidden: 0, sectors: 2880, code: BY_CHS };
    assert_eq!(said(&facts(volume.image(2881))), [""; 0]);
    // As a hard disk it has no tracks of a floppy.
    let disk = facts_as(KindChoice::Is(Kind::HardDisk), None, vec![1; 2881 * 512]);
    assert_eq!(said(&disk), [""; 0]);
}

#[test]
fn the_boot_sector_of_a_floppy_counts_more_than_its_size() {
    // Heads, sectors per track, sectors of the file system, sectors that are there, geometry.
    let table = [
        (1, 9, 720, 720, "80/1/9"),
        (1, 18, 1440, 1440, "80/1/18"),
        (2, 18, 2952, 2952, "82/2/18"),
        (2, 21, 3486, 3486, "83/2/21"),
        (2, 36, 2880, 2880, "40/2/36"),
        (2, 48, 7680, 7680, "80/2/48"),
        (2, 40, 2880, 2880, "36/2/40"),
        (2, 63, 2520, 2520, "20/2/63"),
        (4, 18, 1440, 1440, "20/4/18"),
        (4, 18, 2880, 2880, "40/4/18"),
        (8, 17, 2720, 2720, "20/8/17"),
    ];
    for (heads, track, sectors, present, geometry) in table {
        let volume = Volume { heads, track, hidden: 0, sectors, code: BY_CHS };
        let found = facts(volume.floppy(present));
        assert_eq!((found.kind, &*found.geometry.to_string()), (Kind::Floppy, geometry));
        assert_eq!(said(&found), [""; 0], "{geometry}");
    }
    // A longer file of the same tracks is no contradiction.
    let volume = Volume { heads: 2, track: 36, hidden: 0, sectors: 2880, code: BY_CHS };
    assert_eq!(said(&facts(volume.floppy(5760))), [""; 0]);
    // It was sold in another format than its boot sector says: both are said.
    let volume = Volume { heads: 2, track: 18, hidden: 0, sectors: 2880, code: BY_CHS };
    assert_eq!(
        said(&facts(volume.floppy(5760))),
        [
            "its geometry is told in different ways: its size says --chs 80/2/36, which is taken; its boot sector says \
          --chs 160/2/18"
        ]
    );
}

#[test]
fn a_floppy_that_was_asked_for_believes_the_boot_sector_of_a_larger_image() {
    let table = [
        (2, 48, 0, 15_360, "160/2/48"),
        (2, 63, 0, 10_080, "80/2/63"),
        (16, 63, 0, 64_512, "64/16/63"),
        (64, 32, 0, 65_536, "32/64/32"),
        // A partition counts by the geometry of its disk.
        (16, 32, 32, 16_352, "32/16/32"),
    ];
    for (heads, track, hidden, sectors, geometry) in table {
        let volume = Volume { heads, track, hidden, sectors, code: BY_CHS };
        let found = facts_as(KindChoice::Is(Kind::Floppy), None, volume.image(sectors));
        assert_eq!(found.geometry.to_string(), geometry);
        assert_eq!(said(&found), [""; 0]);
    }
    // More cylinders than a floppy can have: its size alone counts, or it is refused.
    let thin = Volume { heads: 1, track: 8, hidden: 0, sectors: 8192, code: BY_CHS };
    let found = facts_as(KindChoice::Is(Kind::Floppy), None, thin.image(8192));
    assert_eq!(found.geometry.to_string(), "114/2/36");
    assert_eq!(said(&found).len(), 1);
}
