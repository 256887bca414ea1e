//! What a change of a stick in its place needs beside its state: the next manifest, and the next first sector of a capsule.

use std::path::Path;

use crate::frames::sticks::{Image, MIB, noise};
use crate::frames::verdicts::stick;
use ramkey::capsule::{Contents, DriveOptions, Edition, Role, Stored, TablePlace, encode, encode_header};
use ramkey::contents::{KindChoice, probe};
use ramkey::image::scan;
use ramkey::layout::{LayoutError, ManifestFacts, manifest_slot};
use ramkey::plan::{FatBits, FsChoice, LayoutKind};
use ramkey::stick::{Reader, read};
use ramkey_format::capsule::CapsuleHeader;
use ramkey_format::manifest::{ManifestHeader, RANGES_MAX};
use ramkey_format::memory::{MANIFEST_2_LBA, MANIFEST_LBA, MANIFEST_SECTORS_MAX};
use zerocopy::IntoBytes;

fn slot(lba: u32) -> std::ops::Range<usize> {
    lba as usize * 512..(lba + MANIFEST_SECTORS_MAX) as usize * 512
}

#[test]
fn the_next_manifest_is_made_of_the_one_that_counts_and_counts_in_the_other_slot() {
    let mut bytes = stick(LayoutKind::Hdd, FsChoice::Is(FatBits::Fat16), 12 * MIB).bytes();
    let (header, ranges) = ManifestHeader::parse(&bytes[slot(MANIFEST_LBA)]).expect("a manifest");
    let (facts, ranges) = (ManifestFacts::from(header), ranges.to_vec());
    assert!(manifest_slot(&facts, &ranges, 1).unwrap() == bytes[slot(MANIFEST_LBA)]);

    bytes[slot(MANIFEST_2_LBA)].copy_from_slice(&manifest_slot(&facts, &ranges, 2).unwrap());
    let image = Image(bytes);
    let reader = Reader::new(&image, &|_| {});
    let state = read(&reader);
    let counts = state.manifest().expect("a manifest that counts");
    assert_eq!((counts.generation(), counts.ranges.len(), counts.rest_lba), (2, ranges.len(), None));

    let many = vec![ranges[0]; RANGES_MAX + 1];
    let error = manifest_slot(&facts, &many, 2).unwrap_err();
    assert!(matches!(error, LayoutError::TooManyRanges { .. }), "{error}");
}

#[test]
fn a_capsule_can_have_its_table_anywhere_and_say_how_often_it_was_changed() {
    let image = Image(noise(5 * MIB as usize));
    let facts = probe(Path::new("a.img"), &image, KindChoice::Auto, None).unwrap();
    let scan = scan(&image, &mut |_| {}).unwrap();
    let contents = Contents {
        facts: &facts,
        title: "A",
        drive: 0x80,
        role: Role::Boot,
        options: DriveOptions::of(0),
        companions: Default::default(),
        disk_signature: 0,
        made_of: None,
    };
    let capsule = encode(&contents, &scan, &scan.parts(), TablePlace::First).unwrap();
    let Stored::Own(head) = &capsule.pieces[0].stored else { panic!("the head is not of the image") };
    let written = CapsuleHeader::parse(head).expect("a header");
    let table = &head[512..][..written.table_len.get() as usize];
    let same = encode_header(&contents, &scan, capsule.file_len, table, Edition::default());
    assert_eq!(same.as_bytes(), &head[..512]);

    let edition = Edition { table_offset: capsule.file_len, changes: 3 };
    let room = (table.len() as u64).next_multiple_of(512);
    let next = encode_header(&contents, &scan, capsule.file_len + room, table, edition);
    let next = CapsuleHeader::parse(next.as_bytes()).expect("a header");
    assert_eq!((next.table_offset.get(), next.changes.get()), (capsule.file_len, 3));
    assert_eq!((next.table_blake3, next.image_blake3), (written.table_blake3, written.image_blake3));
}

#[test]
fn a_capsule_with_its_table_behind_the_chunks_has_the_same_chunks_in_their_order() {
    let image = Image([noise(3 * MIB as usize), vec![0; 1 << 18], noise(700)].concat());
    let facts = probe(Path::new("a.img"), &image, KindChoice::Auto, None).unwrap();
    let scan = scan(&image, &mut |_| {}).unwrap();
    let contents = Contents {
        facts: &facts,
        title: "A",
        drive: facts.drive,
        role: Role::Boot,
        options: DriveOptions::of(0),
        companions: Default::default(),
        disk_signature: 0,
        made_of: None,
    };
    let [first, last] = [TablePlace::First, TablePlace::Last]
        .map(|place| encode(&contents, &scan, &scan.parts(), place).unwrap());
    assert_eq!(first.file_len, last.file_len);
    let sectors = |capsule: &ramkey::capsule::Capsule| -> u64 {
        capsule.pieces.iter().map(|piece| piece.sectors).sum()
    };
    assert_eq!(sectors(&first) * 512, first.file_len);
    assert_eq!(sectors(&last) * 512, last.file_len);
    let Some(Stored::Own(table)) = last.pieces.last().map(|piece| &piece.stored) else { panic!("a table") };
    let Stored::Own(head) = &last.pieces[0].stored else { panic!("a header") };
    let header = CapsuleHeader::parse(head).expect("a header");
    assert_eq!(header.table_offset.get() + table.len() as u64, last.file_len);
    let block = &table[..header.table_len.get() as usize];
    assert_eq!(*blake3::hash(block).as_bytes(), header.table_blake3);
    let table = ramkey::capsule::table(header, block).expect("a table");
    assert_eq!(table.entries[0].stored(), 512..512 + (1 << 18));
    let images = |capsule: &ramkey::capsule::Capsule| -> Vec<Stored> {
        let of_image = |piece: &&ramkey::capsule::Piece| matches!(piece.stored, Stored::Image { .. });
        capsule.pieces.iter().filter(of_image).map(|piece| piece.stored.clone()).collect()
    };
    assert_eq!(images(&first), images(&last));
}
