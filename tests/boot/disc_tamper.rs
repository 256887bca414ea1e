//! A disc on which anything is wrong stops with a code and says where; it never boots.

use ramkey_format::capsule::{CHUNK_SHIFT, CapsuleHeader};
use ramkey_format::markers::STOPPED;
use ramkey_format::memory::{BOOT_LBA, STAGE2_SECTORS};

use super::discs::BLOCK;
use super::harness::{DEADLINE, Running};
use super::tamper::{Tampered, stops};

/// Block of the boot record, and where in it the block of the boot catalogue is.
const BOOT_RECORD: (usize, usize) = (17, 0x47);
/// Block of the primary volume descriptor, and where in it the root directory's record is.
const DESCRIPTOR: (usize, usize) = (16, 156);
/// Stage 2 and the loader, behind the first block of the boot image.
const LOADER: usize = BLOCK + STAGE2_SECTORS as usize * 512;

fn number(disc: &Tampered, at: usize) -> usize {
    disc.bytes[at..].first_chunk().map(|&bytes| u32::from_le_bytes(bytes) as usize).expect("four bytes")
}

/// First byte of the boot image that is loaded without emulation.
fn boot_image(disc: &Tampered) -> usize {
    let catalogue = number(disc, BOOT_RECORD.0 * BLOCK + BOOT_RECORD.1) * BLOCK;
    number(disc, catalogue + 32 + 8) * BLOCK
}

/// The record of a name in the directory that `record` names.
fn record(disc: &Tampered, directory: usize, name: impl Fn(&[u8]) -> bool) -> usize {
    let (start, len) = (number(disc, directory + 2) * BLOCK, number(disc, directory + 10));
    let mut at = start;
    while at < start + len && disc.bytes[at] > 0 {
        let name_len = usize::from(disc.bytes[at + 32]);
        if name(&disc.bytes[at + 33..][..name_len]) {
            return at;
        }
        at += usize::from(disc.bytes[at]);
    }
    panic!("the directory has no such record");
}

/// The records of the folder and of the only capsule.
fn records(disc: &Tampered) -> (usize, usize) {
    let folder = record(disc, DESCRIPTOR.0 * BLOCK + DESCRIPTOR.1, |name| name == b"RAMKEY");
    (folder, record(disc, folder, |name| name.ends_with(b".RKC;1")))
}

#[test]
fn the_disc_boots_as_long_as_nobody_touches_it() {
    for mode in ["auto", "floppy", "hard-disk"] {
        let disc = Tampered::disc(&["--boot", mode]);
        Running::start(&disc.machine()).wait_text("IDLE", DEADLINE);
    }
}

#[test]
fn a_wrong_bit_of_the_image_stops_with_its_sector_and_byte_range() {
    for mode in ["auto", "floppy", "hard-disk"] {
        let mut disc = Tampered::disc(&["--boot", mode]);
        let at = disc.data(0xC_8123);
        disc.flip(at, 3);
        let chunk = disc.data(3 << CHUNK_SHIFT) / 512;
        disc.stops(&["ramkey E46", "image bytes 0x000C0000..0x00100000", &format!("LBA {chunk}")]);
    }
}

#[test]
fn a_wrong_bit_of_a_capsule_header_or_its_table_is_seen() {
    let mut disc = Tampered::disc(&[]);
    let capsule = disc.capsule();
    // A bit of the title, then one of the last chunk's value.
    for (at, what) in [(250, "header hash"), (512 + 7 * 48 + 20, "table hash")] {
        disc.flip(capsule + at, 5);
        disc.stops(&["ramkey E44", what]);
        disc.flip(capsule + at, 5);
    }
}

#[test]
fn a_wrong_bit_of_the_boot_image_is_seen_by_the_stage_before_it() {
    let mut disc = Tampered::disc(&[]);
    let image = boot_image(&disc);
    // The rest of the first block, stage 2, the loader.
    for (at, code) in [(700, "ramkey S"), (BLOCK + 3 * 512 + 100, "ramkey S"), (LOADER + 9033, "E32")] {
        disc.flip(image + at, 7);
        disc.stops(&[code]);
        disc.flip(image + at, 7);
    }
}

#[test]
fn a_wrong_bit_of_what_an_emulated_drive_boots_is_seen() {
    let mut disc = Tampered::disc(&["--boot", "floppy"]);
    let stage2 = (BOOT_LBA as usize + 3) * 512 + 100;
    disc.flip(stage2, 0);
    disc.stops(&["ramkey S"]);
    disc.flip(stage2, 0);
    disc.flip((BOOT_LBA + STAGE2_SECTORS + 20) as usize * 512 + 33, 7);
    disc.stops(&["E32"]);
}

#[test]
fn a_wrong_bit_of_the_directories_is_seen() {
    let mut disc = Tampered::disc(&[]);
    let (folder, capsule) = records(&disc);
    for (at, bit, code) in [
        // The name of the standard; the folder's name; the name's end; a block and a length that are told twice.
        (DESCRIPTOR.0 * BLOCK + 3, 0, "ramkey E40"),
        (folder + 33, 1, "ramkey E41"),
        (capsule + 32 + usize::from(disc.bytes[capsule + 32]) - 2, 1, "ramkey E42"),
        (capsule + 2, 4, "ramkey E43"),
        (capsule + 10, 4, "ramkey E43"),
        (folder + 2, 0, "ramkey E43"),
    ] {
        disc.flip(at, bit);
        disc.stops(&[code]);
        disc.flip(at, bit);
    }
}

#[test]
fn a_disc_that_was_cut_is_seen() {
    let mut disc = Tampered::disc(&[]);
    let cut = disc.data(0x14_0000) / BLOCK;
    disc.bytes.truncate(cut * BLOCK);
    disc.stops(&["ramkey E31", "LBA ", STOPPED]);
}

#[test]
fn a_block_that_cannot_be_read_stops_with_its_number() {
    for mode in ["auto", "floppy", "hard-disk"] {
        let disc = Tampered::disc(&["--boot", mode]);
        let lba = disc.data(0x8_0000) / BLOCK * 4 + 76;
        let mut machine = disc.machine();
        machine.stick.bad_lba = Some(lba as u64 + 1);
        let evidence = stops(&machine, &["ramkey E31", STOPPED]);
        let said = format!("LBA {lba}");
        assert!(evidence.screen.contains(&said), "{said} is not told, {mode}\n{evidence}");
    }
}

#[test]
fn a_block_that_fails_for_a_while_is_read() {
    let disc = Tampered::disc(&[]);
    for at in [disc.data(0x8_0000), boot_image(&disc) + LOADER + 8192] {
        let mut machine = disc.machine();
        machine.stick.bad_lba = Some(at as u64 / 512);
        // So often that pauses are needed, too: 17 reads fail without one.
        machine.stick.bad_reads = Some(21);
        Running::start(&machine).wait_text("IDLE", DEADLINE);
    }
}

#[test]
fn a_block_of_the_boot_image_that_cannot_be_read_stops() {
    let disc = Tampered::disc(&[]);
    let loader = (boot_image(&disc) + LOADER) / 512;
    let mut machine = disc.machine();
    machine.stick.bad_lba = Some(loader as u64 + 40);
    stops(&machine, &["E31"]);
}

#[test]
fn any_bit_of_boot_image_or_capsule_stops_the_boot() {
    let mut disc = Tampered::disc(&[]);
    let image = boot_image(&disc);
    let loader_sectors = number(&disc, image + BLOCK + 16) >> 16;
    let capsule_len =
        CapsuleHeader::parse(&disc.bytes[disc.capsule()..]).expect("a capsule").file_len.get() as usize;
    // All but the sector that nobody proves: it is what proves.
    let places = [(image + 512, LOADER - 512 + loader_sectors * 512), (disc.capsule(), capsule_len)];
    // A linear congruential sequence: other bits than anyone chose, the same in every run.
    let mut random: u64 = 0x0D15_C0F7_3B00;
    for round in 0..4 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (start, len) = places[round % places.len()];
        let (at, bit) = (start + (random >> 20) as usize % len, (random >> 8) as u8 % 8);
        println!("bit {bit} of byte {at:#x}");
        disc.flip(at, bit);
        disc.stops(&["ramkey "]);
        disc.flip(at, bit);
    }
}
