//! The boot image of a disc: complete in itself, and what xorriso makes of it is what we made.

use std::fs;
use std::path::Path;
use std::process::Command;

use ramkey::boot::{BootVolume, Language, Patch, StartOptions, boot_area, disc_image};
use ramkey_format::boot::{
    BootHeader, DISC_CODE, DISC_REST, DiscStart, HEADER_IS_DISC, HEADER_SERIAL, VOLUME_ISO9660,
};
use ramkey_format::checksum::checksum;
use ramkey_format::memory::{SECTOR_SIZE, STAGE2_SECTORS};
use zerocopy::FromBytes;

const BLOCK: usize = 2048;

fn patch(options: [u8; 8]) -> Patch {
    Patch {
        options,
        volume: BootVolume::Fat { lba: 2048 },
        is_disc: false,
        start: StartOptions { start_timeout: 7, menu_timeout: 9, language: Language::English, serial: true },
    }
}

fn image(file_block: u32) -> Vec<u8> {
    disc_image(&patch(*b"OPTIONS."), file_block).expect("the committed files are sound")
}

fn start(image: &[u8]) -> &DiscStart {
    DiscStart::ref_from_prefix(image).expect("a block").0
}

#[test]
fn each_part_proves_the_next_and_nothing_else_follows() {
    let image = image(660);
    assert!(image.len().is_multiple_of(BLOCK), "{}", image.len());
    let start = start(&image);
    assert_eq!(checksum(&image[DISC_REST as usize..BLOCK]), start.rest_checksum.get());
    let area = &image[BLOCK..];
    let stage2_len = (STAGE2_SECTORS * SECTOR_SIZE) as usize;
    assert_eq!(checksum(&area[..stage2_len]), start.boot_checksum.get());
    let header = BootHeader::parse(area).expect("a boot header");
    let end = stage2_len + usize::from(header.loader_sectors.get()) * SECTOR_SIZE as usize;
    assert_eq!(checksum(&area[stage2_len..end]), header.loader_checksum.get());
    assert!(
        area.len() - end < BLOCK && area[end..].iter().all(|&byte| byte == 0),
        "zeros fill the last block"
    );
}

#[test]
fn the_header_names_iso_9660_whatever_the_stick_beside_it_has() {
    let image = image(660);
    let header = BootHeader::parse(&image[BLOCK..]).expect("a boot header");
    assert_eq!(u32::from(header.volume_kind), VOLUME_ISO9660);
    assert_eq!((header.volume_lba.get(), header.flags.get()), (0, HEADER_IS_DISC | HEADER_SERIAL));
    assert_eq!(header.boot_lba.get(), 661 * 4, "the block behind the first");
    assert_eq!((header.options, header.start_timeout, header.menu_timeout), (*b"OPTIONS.", 7, 9));
    let stick = boot_area(&patch(*b"OPTIONS.")).expect("the committed files are sound");
    let code = (STAGE2_SECTORS * SECTOR_SIZE) as usize;
    assert_eq!(image[BLOCK + 512..BLOCK + code], stick[512..code], "stage 2 is that of a stick");
}

#[test]
fn what_a_drive_is_known_by_differs_from_disc_to_disc_and_not_by_the_place() {
    let known_by = |image: &[u8]| image[DISC_CODE as usize..DISC_REST as usize].to_vec();
    let (one, other) = (image(660), disc_image(&patch(*b"ANOTHER."), 660).expect("sound"));
    assert_ne!(known_by(&one), known_by(&other));
    assert_eq!(start(&one).code, start(&other).code);
    // Whoever puts the image elsewhere fills in the table alone.
    assert_eq!(start(&one).code, start(&image(22)).code);
}

#[test]
fn a_place_that_no_disc_has_is_refused() {
    for block in [u32::MAX, u32::MAX / 4] {
        let refused = disc_image(&patch([0; 8]), block);
        assert!(refused.is_err_and(|what| what.contains("behind what a disc can have")), "{block}");
    }
}

/// A disc that xorriso makes of these options and a folder with the image.
fn xorriso(folder: &Path, image: &[u8], options: &[&str]) -> Vec<u8> {
    let (tree, disc) = (folder.join("tree"), folder.join("disc.iso"));
    fs::create_dir_all(&tree).expect("a folder");
    fs::write(tree.join("ramkey.bin"), image).expect("the image");
    let mut command = Command::new("xorriso");
    command.args(["-as", "mkisofs", "-quiet", "-o"]).arg(&disc);
    command.args(["-b", "ramkey.bin", "-no-emul-boot", "-boot-load-size", "4"]).args(options).arg(&tree);
    let output = command.output().expect("xorriso; `cargo xtask tools` installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read(&disc).expect("the disc")
}

/// The image on a disc, found by its boot catalogue.
fn image_on(disc: &[u8], len: usize) -> (u32, Vec<u8>) {
    let word = |at: usize| u32::from_le_bytes(disc[at..at + 4].try_into().expect("four bytes"));
    let catalogue = word(17 * BLOCK + 0x47) as usize * BLOCK;
    let block = word(catalogue + 32 + 8);
    let at = block as usize * BLOCK;
    (block, disc[at..at + len].to_vec())
}

#[test]
fn xorriso_fills_in_the_boot_information_table_as_we_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let given = image(0);
    let disc = xorriso(folder.path(), &given, &["-boot-info-table"]);
    let (block, found) = image_on(&disc, given.len());
    assert_ne!(block, 0);
    assert!(found != given, "it filled in nothing");
    // Only the header's own LBA, which nobody reads, and what covers it are those of the place that was told.
    let ours = image(block);
    let table = 8..DISC_CODE as usize;
    let (theirs, mine) = (start(&found), start(&ours));
    assert_eq!(theirs.descriptor_block, mine.descriptor_block);
    assert_eq!(theirs.file_block, mine.file_block);
    assert_eq!(theirs.file_len, mine.file_len);
    assert_eq!(theirs.reserved, mine.reserved);
    assert_eq!(found[table.end..], given[table.end..], "nothing else changed");

    // With our table in place, xorriso's is the same, byte for byte.
    let again = xorriso(folder.path(), &ours, &["-boot-info-table"]);
    let (same, found) = image_on(&again, ours.len());
    assert_eq!(same, block);
    assert!(found == ours, "another table");
}
