//! Which geometry an image gets: what its table, its boot sectors and its size say, and what is said where they disagree.

use std::path::Path;

use crate::frames::discs::{by_hand, entry};
use crate::frames::disks::{
    BY_CHS, BY_EDD, DUMMY, Disk, EDD_RECORD, MANAGER, MFORMAT, OLD_RECORD, OVER_DUMMY, Volume,
};
use crate::frames::sticks::Image;
use ramkey::contents::iso::{DiscWarning, read};
use ramkey::contents::{ImageFacts, Kind, KindChoice, ProbeError, Warning, probe};
use ramkey::doctor::diagnose;
use ramkey::units::{Chs, Geometry};

type Tracks = (u16, u16);

fn facts_as(choice: KindChoice, chs: Option<&str>, bytes: Vec<u8>) -> Result<ImageFacts, ProbeError> {
    let chs = chs.map(|text| text.parse().unwrap());
    probe(Path::new("guest.img"), &Image(bytes), choice, chs)
}

fn facts(bytes: Vec<u8>) -> ImageFacts {
    facts_as(KindChoice::Auto, None, bytes).unwrap()
}

fn geometry(bytes: Vec<u8>) -> String {
    facts(bytes).geometry.to_string()
}

/// What is said about geometries that disagree, or that is a guess.
fn said(facts: &ImageFacts) -> Vec<String> {
    let is_said = |warning: &&Warning| {
        let is_of_disc = matches!(warning, Warning::Disc(DiscWarning::DiskGeometries(_)));
        is_of_disc || matches!(warning, Warning::Geometries(_) | Warning::UnusualFloppy { .. })
    };
    facts.warnings.iter().filter(is_said).map(ToString::to_string).collect()
}

/// A CD that a BIOS starts as this disk.
fn on_a_cd(disk: &Disk) -> Vec<u8> {
    let len = disk.bytes.len();
    let mut disc = by_hand(21 + len as u32 / 2048, 0, &[entry(0x88, 4, 0, 1, 20)]);
    disc[20 * 2048..20 * 2048 + len].copy_from_slice(&disk.bytes);
    disc
}

/// Heads and sectors per track that a disk on a CD gets, and that `doctor` sees.
fn elsewhere(disk: &Disk) -> (Tracks, Option<Tracks>) {
    let tracks = |geometry: Geometry| (geometry.heads, geometry.sectors_per_track);
    let disc = read(&Image(on_a_cd(disk))).unwrap().expect("a disc");
    let found = disc.boot.expect("that boots").disk.expect("a disk");
    (tracks(found.geometry), diagnose(&Image(disk.bytes())).unwrap().geometry)
}

/// What the usual programs and drives make: heads and sectors per track.
const USUAL: [Tracks; 20] = [
    (255, 63),
    (240, 63),
    (128, 63),
    (64, 63),
    (32, 63),
    (16, 63),
    (15, 63),
    (64, 32),
    (32, 32),
    (16, 32),
    (8, 32),
    (4, 32),
    (2, 32),
    (8, 17),
    (5, 17),
    (4, 17),
    (2, 17),
    (6, 26),
    (4, 26),
    (16, 17),
];

#[test]
fn a_table_is_read_with_the_geometry_it_was_made_with_wherever_its_partition_ends() {
    let unusual = [(21, 22), (151, 42), (12, 36), (9, 40), (3, 11), (1, 63), (255, 1)];
    for tracks in USUAL.into_iter().chain(unusual) {
        // From sector 2048 on, as tools of today do it; and from the second track on to the end of a cylinder.
        let cylinder = u32::from(tracks.0) * u32::from(tracks.1);
        let track = u32::from(tracks.1);
        let cylinders = (40_000 / cylinder).max(2);
        for (start, sectors) in [(2048, 38_001), (2048, 20_480), (track, cylinders * cylinder - track)] {
            let mut disk = Disk::new(start + sectors);
            disk.partition(1, 0x80, 0x06, start, sectors, tracks);
            let found = facts(disk.bytes());
            let expected = (found.geometry.heads, found.geometry.sectors_per_track);
            assert_eq!(expected, tracks, "{start}, {sectors}");
            assert_eq!(said(&found), [""; 0], "{tracks:?}");
            assert_eq!(elsewhere(&disk), (tracks, Some(tracks)), "{start}, {sectors}");
        }
    }
}

#[test]
fn an_address_behind_what_chs_reaches_or_of_no_sector_is_no_witness() {
    let saturated = [[0xFE, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF], [0, 0, 0]];
    for end in saturated {
        let mut disk = Disk::new(65_536);
        disk.partition(1, 0x80, 0x0E, 2048, 63_488, (255, 63));
        disk.bytes[0x1BE + 5..0x1BE + 8].copy_from_slice(&end);
        assert_eq!(geometry(disk.bytes()), "4/255/63", "{end:?}: 0/32/33 is left");
        disk.bytes[0x1BE + 1..0x1BE + 4].copy_from_slice(&end);
        assert_eq!(geometry(disk.bytes()), "66/16/63", "{end:?}: nothing is left");
        assert_eq!(diagnose(&Image(disk.bytes())).unwrap().geometry, None);
        assert_eq!(said(&facts(disk.bytes())), [""; 0]);
    }
    // Behind cylinder 1023 tools of DOS write the last address of their own geometry.
    let mut disk = Disk::new(16_384);
    disk.partition(1, 0x80, 0x06, 34, 4 * 17 * 1100, (4, 17));
    assert_eq!(facts(disk.bytes()).geometry.heads, 4);
    // Which heads a disk has cannot be told from its first track: the usual ones for its size.
    let mut disk = Disk::new(32_768);
    disk.partition(1, 0x80, 0x06, 63, 30_000, (16, 63));
    disk.bytes[0x1BE + 5..0x1BE + 8].copy_from_slice(&[0xFE, 0xFF, 0xFF]);
    assert_eq!(geometry(disk.bytes()), "33/16/63");
    // A BIOS takes them from the end of the partition where the disk is on a CD.
    assert_eq!(elsewhere(&disk), ((255, 63), Some((16, 63))));
}

#[test]
fn the_protective_entry_of_a_gpt_is_no_witness() {
    let mut disk = Disk::new(65_536);
    disk.partition(1, 0x00, 0xEE, 1, 65_535, (64, 32));
    assert_eq!(geometry(disk.bytes()), "65/16/63");
}

#[test]
fn a_disk_with_a_gpt_keeps_its_length_because_the_copy_is_its_last_sector() {
    for sectors in [65_536, 204_800, 2_097_152] {
        let mut disk = Disk::new(sectors);
        disk.partition(1, 0x00, 0xEE, 1, sectors - 1, (255, 63));
        assert_eq!(facts(disk.bytes()).disk_sectors, sectors, "{sectors}");
    }
    // Without a GPT the last cylinder is made whole.
    let mut disk = Disk::new(204_800);
    disk.partition(1, 0x80, 0x06, 63, 204_700, (16, 63));
    assert_eq!(facts(disk.bytes()).disk_sectors, 204 * 16 * 63);
}

#[test]
fn the_boot_sector_of_the_active_partition_is_believed_where_its_code_can_use_it() {
    let right = Volume { heads: 4, track: 32, hidden: 2048, sectors: 63_488, code: BY_CHS };
    let nowhere = Volume { hidden: 0, ..right };
    let (table, boot_sector) = ("4/255/63", "512/4/32");
    // What it says, the code in sector 0, and whom to believe.
    let cases = [
        (right, &b""[..], boot_sector),
        (right, EDD_RECORD, boot_sector),
        (right, OLD_RECORD, boot_sector),
        (nowhere, b"", boot_sector),
        (nowhere, EDD_RECORD, boot_sector),
        (Volume { code: BY_EDD, ..nowhere }, EDD_RECORD, boot_sector),
        (Volume { code: b"", ..nowhere }, EDD_RECORD, boot_sector),
        (Volume { sectors: 60_000, ..nowhere }, EDD_RECORD, boot_sector),
        // Sector 0 would not find it by another geometry, and it does not need its own.
        (Volume { code: BY_EDD, ..right }, OLD_RECORD, table),
        (Volume { code: BY_EDD, ..nowhere }, OLD_RECORD, table),
        (nowhere, OLD_RECORD, table),
        (nowhere, MANAGER, boot_sector),
        (Volume { code: DUMMY, ..right }, OLD_RECORD, table),
        (Volume { code: DUMMY, ..nowhere }, OLD_RECORD, table),
        (Volume { code: DUMMY, ..nowhere }, EDD_RECORD, table),
        (Volume { code: DUMMY, ..right }, EDD_RECORD, boot_sector),
        (Volume { code: MFORMAT, ..nowhere }, EDD_RECORD, table),
        // What a formatter wrote is left behind code that reads.
        (Volume { code: OVER_DUMMY, ..nowhere }, EDD_RECORD, boot_sector),
        // It was made for another place, or for another partition.
        (Volume { hidden: 63, ..right }, EDD_RECORD, table),
        (Volume { sectors: 63_489, ..nowhere }, EDD_RECORD, table),
        // By CHS it would not reach its own end.
        (Volume { heads: 2, track: 16, ..right }, EDD_RECORD, table),
        (Volume { heads: 1, track: 1, ..right }, EDD_RECORD, table),
    ];
    for (volume, record, expected) in cases {
        let mut disk = Disk::new(65_536);
        disk.record(record);
        disk.partition(1, 0x80, 0x06, 2048, 63_488, (255, 63));
        disk.volume(2048, &volume);
        let found = facts(disk.bytes());
        assert_eq!(found.geometry.to_string(), expected, "{volume:?}, {record:02X?}");
        let tracks = (found.geometry.heads, found.geometry.sectors_per_track);
        assert_eq!(elsewhere(&disk), (tracks, Some(tracks)), "{volume:?}");
    }
}

#[test]
fn senseless_numbers_in_a_boot_sector_are_no_witness() {
    for (heads, track) in [(0, 32), (4, 0), (0, 0), (65535, 63), (256, 63), (4, 64), (4, 65535)] {
        let mut disk = Disk::new(65_536);
        disk.partition(1, 0x80, 0x06, 2048, 63_488, (64, 32));
        disk.volume(2048, &Volume { heads, track, hidden: 2048, sectors: 63_488, code: BY_CHS });
        let found = facts(disk.bytes());
        assert_eq!(found.geometry.to_string(), "32/64/32", "{heads}/{track}");
        assert_eq!(said(&found), [""; 0]);
    }
}

#[test]
fn other_partitions_are_asked_where_table_and_active_partition_say_nothing() {
    let volume = Volume { heads: 8, track: 32, hidden: 32_768, sectors: 32_768, code: BY_CHS };
    let mut disk = Disk::new(65_536);
    disk.partition(1, 0x80, 0x83, 2048, 30_720, (255, 63));
    disk.partition(2, 0x00, 0x06, 32_768, 32_768, (255, 63));
    disk.volume(32_768, &volume);
    assert_eq!(geometry(disk.bytes()), "4/255/63", "the table has four addresses");
    for slot in [0x1BE, 0x1CE] {
        disk.bytes[slot + 1..slot + 4].copy_from_slice(&[0xFE, 0xFF, 0xFF]);
        disk.bytes[slot + 5..slot + 8].copy_from_slice(&[0xFE, 0xFF, 0xFF]);
    }
    assert_eq!(geometry(disk.bytes()), "256/8/32");
    disk.volume(32_768, &Volume { hidden: 0, ..volume });
    assert_eq!(geometry(disk.bytes()), "256/8/32");
    disk.volume(32_768, &Volume { hidden: 5, ..volume });
    assert_eq!(geometry(disk.bytes()), "66/16/63");
    // The partition of UEFI is for no BIOS.
    disk.volume(32_768, &volume);
    disk.bytes[0x1CE + 4] = 0xEF;
    assert_eq!(geometry(disk.bytes()), "66/16/63");
    // A file system of the whole disk, with a table in its boot sector too.
    let mut disk = Disk::new(65_536);
    disk.volume(0, &Volume { hidden: 0, sectors: 65_536, ..volume });
    disk.partition(1, 0x80, 0x06, 2048, 63_488, (255, 63));
    disk.bytes[0x1BE + 1..0x1BE + 4].copy_from_slice(&[0xFE, 0xFF, 0xFF]);
    disk.bytes[0x1BE + 5..0x1BE + 8].copy_from_slice(&[0xFE, 0xFF, 0xFF]);
    assert_eq!(geometry(disk.bytes()), "256/8/32");
}

#[test]
fn what_fits_most_addresses_is_taken_and_the_address_that_boot_code_reads_counts_more() {
    let mut disk = Disk::new(65_536);
    disk.partition(1, 0x80, 0x83, 63, 16_065 - 63, (255, 63));
    disk.partition(2, 0x00, 0x83, 16_065, 16_065, (255, 63));
    disk.partition(3, 0x00, 0x83, 32_768, 4096, (64, 32));
    let found = facts(disk.bytes());
    assert_eq!(found.geometry.to_string(), "4/255/63");
    assert_eq!(
        said(&found),
        ["its geometry is told in different ways: its partition table says --chs 4/255/63, which is taken; \
          the table's entry of partition 3 says --chs 32/64/32"]
    );
    // Two against two: without code that reads by them nobody is believed, with it the active entry is.
    let mut disk = Disk::new(16_384);
    disk.partition(1, 0x80, 0x83, 32, 4096, (64, 32));
    disk.partition(2, 0x00, 0x83, 8192, 4096, (16, 63));
    assert_eq!(geometry(disk.bytes()), "17/16/63");
    disk.record(EDD_RECORD);
    assert_eq!(geometry(disk.bytes()), "17/16/63");
    disk.record(OLD_RECORD);
    assert_eq!(geometry(disk.bytes()), "8/64/32");
    assert_eq!(elsewhere(&disk), ((64, 32), Some((64, 32))));
}

#[test]
fn partitions_within_an_extended_one_are_witnesses_too() {
    let tracks = (128, 63);
    let mut disk = Disk::new(200_000);
    disk.partition(1, 0x80, 0x83, 63, 1000, tracks);
    disk.partition(2, 0x00, 0x05, 8064, 160_000, tracks);
    // Nothing of sector 0 is left but what every geometry of 63 sectors fits.
    for at in [0x1BE + 5, 0x1CE + 1, 0x1CE + 5] {
        disk.bytes[at..at + 3].copy_from_slice(&[0xFE, 0xFF, 0xFF]);
    }
    assert_eq!(geometry(disk.bytes()), "199/16/63");
    disk.logical(8064, (63, 50_000), Some(60_000), 8064, tracks);
    disk.logical(68_064, (63, 50_000), None, 8064, tracks);
    assert_eq!(geometry(disk.bytes()), "24/128/63");
    // A logical drive counts its hidden sectors from the table before it, or from the start of the disk.
    for hidden in [63, 8064 + 63] {
        let volume = Volume { heads: 240, track: 63, hidden, sectors: 50_000, code: BY_CHS };
        disk.volume(8064 + 63, &volume);
        let said = said(&facts(disk.bytes()));
        assert!(said[0].ends_with("the boot sector of partition 5 says --chs 13/240/63"), "{said:?}");
    }
}

#[test]
fn a_chain_of_extended_partitions_that_bites_its_tail_ends() {
    let mut disk = Disk::new(200_000);
    disk.partition(1, 0x80, 0x0F, 2048, 190_000, (255, 63));
    disk.logical(2048, (63, 1000), Some(0), 2048, (255, 63));
    assert_eq!(geometry(disk.bytes()), "12/255/63");
}

#[test]
fn no_bytes_of_tables_and_boot_sectors_make_it_fail_or_give_a_geometry_that_is_none() {
    let mut random = blake3::Hasher::new().update(b"geometry").finalize_xof();
    let tracks = (64, 32);
    let mut disk = Disk::new(1024);
    disk.partition(1, 0x80, 0x06, 32, 300, tracks);
    disk.partition(2, 0x00, 0x05, 400, 600, tracks);
    disk.volume(32, &Volume { heads: 64, track: 32, hidden: 32, sectors: 300, code: BY_CHS });
    disk.logical(400, (32, 100), Some(200), 400, tracks);
    disk.logical(600, (32, 100), None, 400, tracks);
    for _ in 0..1500 {
        let mut bytes = [0; 5];
        random.fill(&mut bytes);
        let sector = [0, 0, 0, 32, 400, 600][usize::from(bytes[0]) % 6] * 512;
        let place =
            if sector == 32 * 512 { usize::from(bytes[1]) % 64 } else { 0x1BE + usize::from(bytes[1]) % 66 };
        let old = std::mem::replace(&mut disk.bytes[sector + place], bytes[2]);
        let found = facts_as(KindChoice::Is(Kind::HardDisk), None, disk.bytes()).unwrap();
        let Geometry { cylinders, heads, sectors_per_track } = found.geometry;
        assert!(Geometry::new(cylinders, heads, sectors_per_track).is_some(), "{}", found.geometry);
        if bytes[3] % 8 != 0 || sector == 0 && place > 0x1FD {
            disk.bytes[sector + place] = old;
        }
    }
}

#[test]
fn each_answer_that_is_said_can_be_pasted_and_gives_that_geometry_and_no_other_is_said_then() {
    let mut disk = Disk::new(65_536);
    disk.partition(1, 0x80, 0x06, 2048, 63_488, (255, 63));
    disk.volume(2048, &Volume { heads: 4, track: 32, hidden: 0, sectors: 63_488, code: BY_CHS });
    let said_once = said(&facts(disk.bytes()));
    assert_eq!(
        said_once,
        ["its geometry is told in different ways: the boot sector of partition 1 says --chs 512/4/32, \
          which is taken; its partition table says --chs 4/255/63"]
    );
    let pasted: Vec<&str> = said_once[0].split("--chs ").skip(1).collect();
    assert_eq!(pasted.len(), 2);
    for text in pasted {
        let chs = text.trim_end_matches(|c: char| !c.is_ascii_digit()).split([',', ';']).next().unwrap();
        let found = facts_as(KindChoice::Auto, Some(chs), disk.bytes()).unwrap();
        assert_eq!(found.geometry.to_string(), chs);
        assert_eq!(said(&found), [""; 0]);
    }
    // Where they agree nothing is said, whichever way they count the hidden sectors.
    for hidden in [0, 2048] {
        disk.volume(2048, &Volume { heads: 255, track: 63, hidden, sectors: 63_488, code: BY_CHS });
        assert_eq!(said(&facts(disk.bytes())), [""; 0]);
    }
}

#[test]
fn a_disk_on_a_cd_says_what_disagrees_without_an_option_that_cds_do_not_have() {
    let mut disk = Disk::new(65_536);
    disk.partition(1, 0x80, 0x06, 2048, 63_488, (255, 63));
    disk.volume(2048, &Volume { heads: 4, track: 32, hidden: 0, sectors: 63_488, code: BY_CHS });
    assert_eq!(
        said(&facts(on_a_cd(&disk))),
        [
            "the geometry of its emulated hard disk is told in different ways: the boot sector of partition 1 says \
          512/4/32, which is taken; its partition table says 4/255/63"
        ]
    );
}

#[test]
fn an_ntfs_is_a_witness_as_a_fat_is() {
    let mut disk = Disk::new(65_536);
    disk.partition(1, 0x80, 0x07, 63, 65_000, (64, 32));
    let at = 63 * 512;
    disk.bytes[at + 3..at + 11].copy_from_slice(b"NTFS    ");
    disk.bytes[at + 11..at + 14].copy_from_slice(&[0, 2, 8]);
    disk.bytes[at + 21] = 0xF8;
    disk.bytes[at + 24..at + 29].copy_from_slice(&[63, 0, 255, 0, 63]);
    disk.bytes[at + 40..at + 48].copy_from_slice(&64_999u64.to_le_bytes());
    assert_eq!(geometry(disk.bytes()), "4/255/63");
}

#[test]
fn the_addresses_of_the_disks_in_these_tests_are_those_of_their_sectors() {
    let geometry = Geometry { cylinders: 1, heads: 255, sectors_per_track: 63 };
    assert_eq!(Chs::from_lba(2048, &geometry), Chs { cylinder: 0, head: 32, sector: 33 });
    let mut disk = Disk::new(65_536);
    disk.partition(1, 0x80, 0x06, 2048, 63_488, (255, 63));
    // As sfdisk writes it.
    assert_eq!(disk.bytes[0x1BE..0x1C6], [0x80, 0x20, 0x21, 0, 6, 0x14, 0x10, 4]);
}
