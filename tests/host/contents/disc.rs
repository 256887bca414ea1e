//! What becomes of a CD image: a drive that boots as its catalogue says, a disk, or nothing.

use crate::frames::discs;
use std::path::Path;

use crate::frames::sticks::{Image, noise};
use ramkey::contents::iso::{self, DiscWarning, NoBoot};
use ramkey::contents::{Claim, ImageFacts, Kind, KindChoice, ProbeError, Warning, probe};
use ramkey::units::Geometry;

fn facts_as(choice: KindChoice, chs: Option<Geometry>, image: Vec<u8>) -> Result<ImageFacts, ProbeError> {
    probe(Path::new("guest.img"), &Image(image), choice, chs)
}

fn facts(image: Vec<u8>) -> ImageFacts {
    facts_as(KindChoice::Auto, None, image).unwrap()
}

/// Kind, geometry, sectors of the disk, sectors of the lead.
fn told(facts: &ImageFacts) -> (Kind, String, u32, u32) {
    (facts.kind, facts.geometry.to_string(), facts.disk_sectors, facts.lead_sectors)
}

/// A CD whose one entry boots `sectors` sectors from block 24 on, with the medium `media`.
fn disc(blocks: u32, media: u8, sectors: u16) -> Vec<u8> {
    discs::by_hand(blocks, 0, &[discs::entry(0x88, media, 0, sectors, 24)])
}

#[test]
fn a_cd_is_a_drive_of_whole_blocks_that_boots_as_its_catalogue_says() {
    let table = [
        // medium, sectors to load; geometry, sectors of the disk, CMOS type
        (0, 4, "65535/255/15", 160, 0),
        (0, 400, "65535/255/15", 96 + 400, 0),
        (1, 1, "80/2/15", 96 + 2400, 2),
        (2, 1, "80/2/18", 96 + 2880, 4),
        (3, 1, "80/2/36", 96 + 5760, 6),
    ];
    for (media, load, geometry, sectors, drive_type) in table {
        let facts = facts(disc(40, media, load));
        assert_eq!(told(&facts), (Kind::Disc, geometry.into(), sectors, 0), "medium {media}");
        assert_eq!((facts.drive, facts.drive_type, facts.disk_signature), (0xE0, drive_type, None));
        let boot = facts.boot_entry().unwrap();
        assert_eq!((boot.load_lba, boot.catalogue_lba, boot.load_segment), (24, 19, 0x07C0));
    }
    let mut cut = disc(40, 0, 4);
    cut.truncate(40 * 2048 - 1000);
    assert_eq!(facts(cut).disk_sectors, 160);
}

#[test]
fn a_cd_that_also_boots_as_a_disk_is_a_cd_unless_it_is_asked_to_be_a_disk() {
    let mut image = disc(1024, 0, 4);
    image[0] = 0xFA;
    // One partition from sector 0 to 1/63/32.
    image[446..462].copy_from_slice(&[0x80, 0, 1, 0, 0x17, 63, 32, 1, 0, 0, 0, 0, 0, 16, 0, 0]);
    image[510..512].copy_from_slice(&[0x55, 0xAA]);
    let as_cd = facts(image.clone());
    assert_eq!(as_cd.kind, Kind::Disc);
    assert_eq!(
        as_cd.contents.as_deref(),
        Some("ISO 9660 \"BY_HAND\", boots with no emulation; also boots as a disk")
    );
    let as_disk = facts_as(KindChoice::Is(Kind::HardDisk), None, image.clone()).unwrap();
    assert_eq!(told(&as_disk), (Kind::HardDisk, "2/64/32".into(), 4096, 0));
    assert_eq!(as_disk.disc, None);
    assert_eq!(as_disk.warnings, []);
    let as_floppy = facts_as(KindChoice::Is(Kind::Floppy), None, image.clone()).unwrap();
    assert_eq!(as_floppy.warnings, [Warning::CdAs { kind: Kind::Floppy }]);
    // Cut before its boot image, it is a disk as its partition says; that it is cut is said.
    image[19 * 2048 + 32 + 8] = 200;
    let cut = facts(image[..100 * 2048].to_vec());
    assert_eq!(cut.kind, Kind::HardDisk);
    let missing = (4096 - 400) * 512;
    assert_eq!(cut.warnings, [Warning::Short { before: Claim::ThePartition, missing, zeros: true }]);
    // Without an entry for BIOSes it boots as a disk alone.
    image[19 * 2048 + 32] = 0;
    assert_eq!(facts(image).kind, Kind::HardDisk);
}

#[test]
fn a_cd_that_does_not_boot_says_why_and_what_is_no_cd_cannot_be_made_one() {
    let mut image = disc(40, 0, 4);
    image[19 * 2048 + 32] = 0;
    let told = facts(image.clone());
    assert_eq!((told.kind, told.disc), (Kind::Disc, Some(Err(NoBoot::NotBootable))));
    let as_disc = |chs, image| facts_as(KindChoice::Is(Kind::Disc), chs, image).unwrap_err();
    let error = as_disc(None, noise(100_000));
    assert_eq!(error.to_string(), "guest.img is no CD image: it has no volume of ISO 9660 or UDF");
    let error = as_disc(Some("1/2/3".parse().unwrap()), image.clone());
    assert_eq!(error.to_string(), "guest.img is a CD image and its geometry cannot be chosen");
    image[16 * 2048] = 9;
    let error = facts_as(KindChoice::Auto, None, image.clone()).unwrap_err();
    assert_eq!(error.to_string(), "reading guest.img as a CD image");
    assert!(error.help().contains("dd if="));
    assert_eq!(facts_as(KindChoice::Is(Kind::HardDisk), None, image).unwrap().kind, Kind::HardDisk);
}

#[test]
fn a_boot_image_where_the_disc_has_no_code_is_warned_of_with_emulation_and_without() {
    let read = |bytes: Vec<u8>| iso::read(&Image(bytes)).unwrap().unwrap().warnings;
    let made = |media, lba| discs::by_hand(1500, 0, &[discs::entry(0x88, media, 0, 1, lba)]);
    let at = |media, lba| read(made(media, lba));
    for media in 0..=3 {
        assert_eq!(at(media, 0), [DiscWarning::NoCode], "the empty first block as {media}");
        assert_eq!(at(media, 16), [DiscWarning::NoCode], "the volume descriptor as {media}");
    }
    // A boot sector with fields and no code behind them.
    let mut bytes = made(2, 21);
    bytes[21 * 2048..21 * 2048 + 3].copy_from_slice(&[0xEB, 0x3C, 0x90]);
    assert_eq!(read(bytes.clone()), [DiscWarning::NoCode]);
    bytes[21 * 2048 + 0x3E..21 * 2048 + 0x42].copy_from_slice(&[0xFA, 0x31, 0xC0, 0xF4]);
    assert_eq!(read(bytes), []);
}
