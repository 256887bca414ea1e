//! `docs/format.md` and the records in `bootsectors/format` cannot part.

use std::mem::{offset_of, size_of};

use ramkey_format::boot::{BootHeader, SECTOR0_BOOT_CHECKSUM, SECTOR0_BOOT_LBA, SECTOR0_CODE, SECTOR0_TABLE};
use ramkey_format::capsule::{COMPANIONS_MAX, CapsuleHeader, ChunkEntry, Companion, DRIVES_MAX, Disc, flags};
use ramkey_format::manifest::{ManifestHeader, RANGES_MAX, RangeEntry};
use ramkey_format::memory::{BOOT_AREA_END_LBA, BOOT_LBA, BOOT_SECTORS_MAX, MANIFEST_LBA, STAGE2_SECTORS};

const PAGE: &str = include_str!("../docs/format.md");

/// Offset, length and name of each field of the next table with fields behind `heading`.
fn table(heading: &str) -> Vec<(usize, usize, String)> {
    let (_, rest) = PAGE.split_once(heading).unwrap_or_else(|| panic!("no \"{heading}\" in docs/format.md"));
    let rows = rest.lines().skip_while(|line| !line.starts_with("| offset | length | field |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let fields = rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        (cells[1].parse().unwrap(), cells[2].parse().unwrap(), cells[3].trim_matches('`').to_owned())
    });
    fields.collect()
}

/// Compares a table with a record: the fields in order, their offsets, and no gap up to the record's length.
macro_rules! assert_table {
    ($heading:literal, $record:ty, $($field:ident),+) => {{
        let found = table($heading);
        let expected = [$((offset_of!($record, $field), stringify!($field))),+];
        let offsets: Vec<(usize, &str)> = found.iter().map(|(offset, _, name)| (*offset, &name[..])).collect();
        assert_eq!(offsets, expected, $heading);
        let ends = expected.iter().skip(1).map(|(offset, _)| *offset).chain([size_of::<$record>()]);
        for ((offset, len, name), end) in found.iter().zip(ends) {
            assert_eq!(offset + len, end, "{}: {name}", $heading);
        }
    }};
}

#[test]
fn every_field_of_every_record_stands_where_the_page_says() {
    assert_table!(
        "### Boot header",
        BootHeader,
        magic,
        version,
        header_len,
        flags,
        stage2_sectors,
        loader_sectors,
        loader_checksum,
        boot_lba,
        volume_lba,
        stick_id,
        start_timeout,
        menu_timeout,
        reserved
    );
    assert_table!(
        "### Stick manifest",
        ManifestHeader,
        magic,
        version,
        header_len,
        flags,
        stick_sectors,
        volume_lba,
        volume_sectors,
        range_count,
        layout,
        fat_bits,
        reserved_1,
        stick_id,
        label,
        reserved_2,
        blake3
    );
    assert_table!("An entry:", RangeEntry, lba, sectors, kind, reserved, file_sector, blake3);
    assert_table!(
        "## The capsule",
        CapsuleHeader,
        magic,
        version,
        header_len,
        flags,
        file_len,
        image_len,
        image_blake3,
        table_blake3,
        disk_sectors,
        lead_sectors,
        chunk_count,
        data_offset,
        chunk_shift,
        kind,
        drive,
        drive_type,
        cylinders,
        heads,
        sectors_per_track,
        partition_type,
        reserved_1,
        title,
        companions,
        disc,
        disk_signature,
        reserved_2,
        header_blake3
    );
    assert_table!("### Companions", Companion, name, reserved, image_blake3);
    assert_table!(
        "### CD",
        Disc,
        emulation,
        reserved_1,
        load_segment,
        load_sectors,
        reserved_2,
        load_lba,
        catalogue_lba,
        emulated_sectors
    );
    assert_table!(
        "The chunk table begins",
        ChunkEntry,
        codec,
        reserved,
        stored_len,
        stored_offset,
        chaining_value
    );
}

#[test]
fn every_flag_of_a_capsule_has_its_line() {
    let (_, rest) = PAGE.split_once("| bit | what |\n|---|---|\n").unwrap();
    let rows = rest.lines().take_while(|line| line.starts_with('|'));
    let bits: Vec<u32> = rows.map(|row| row.split('|').nth(1).unwrap().trim().parse().unwrap()).collect();
    assert_eq!(bits, (0..flags::KNOWN.count_ones()).collect::<Vec<_>>());
    assert_eq!(flags::KNOWN, (1 << bits.len()) - 1);
    assert_eq!(flags::OF_COMPANIONS, 0b111, "the page says so");
    assert_eq!((COMPANIONS_MAX, DRIVES_MAX), (7, 8), "the page says so");
}

#[test]
fn the_places_on_the_stick_are_those_of_the_page() {
    let manifest_end = BOOT_AREA_END_LBA;
    let lines = [
        format!("| 1..{BOOT_LBA} |"),
        format!("| {BOOT_LBA}..{MANIFEST_LBA} |"),
        format!("| {MANIFEST_LBA}..{manifest_end} |"),
        format!("| {SECTOR0_CODE} | {} | boot code |", SECTOR0_BOOT_LBA - SECTOR0_CODE),
        format!("| {SECTOR0_BOOT_LBA} | 4 | first LBA of the boot area: {BOOT_LBA} |"),
        format!("| {SECTOR0_BOOT_CHECKSUM} | 4 | checksum of the first {STAGE2_SECTORS} sectors"),
        format!("| {SECTOR0_TABLE} | 64 | partition table"),
        format!("at most {RANGES_MAX}."),
        format!("with `stage2_sectors` at most {BOOT_SECTORS_MAX}"),
    ];
    for line in lines {
        assert!(PAGE.contains(&line), "docs/format.md lacks: {line}");
    }
}
