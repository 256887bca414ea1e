//! What a change of a stick in its place needs beside its state: the next manifest, and the next first sector of a capsule.

use std::path::Path;

use crate::frames::sticks::{Image, MIB, noise};
use crate::frames::verdicts::stick;
use ramkey::capsule::{Contents, DriveOptions, Edition, Role, Stored, encode, encode_header};
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
    };
    let capsule = encode(&contents, &scan, &ramkey::image::AsItIs::parts(&scan)).unwrap();
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
