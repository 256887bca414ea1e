//! `docs/format.md` and the records in `bootsectors/format` cannot part.

use ramkey::plan::{BLOCK_LEN, DiscBoot, DiscMedium, LayoutKind, POST_GAP_BLOCKS, Slot};
use ramkey_format::boot::{BootHeader, STAGE1_LEN};
use ramkey_format::capsule::{COMPANIONS_MAX, CapsuleHeader, DRIVES_MAX, Disc, flags};
use ramkey_format::manifest::{ManifestHeader, RANGES_MAX, RangeEntry};
use ramkey_format::memory::{
    BOOT_AREA_END_LBA, BOOT_LBA, BOOT_SECTORS_MAX, CODE_COPIES, CYLINDERS_TRIED, MANIFEST_2_LBA,
    MANIFEST_LBA, PARTITION_LBA, STAGE1_END, STAGE1_FIRST, STAGE1_STEP, STAGE2_SECTORS, STAMPED_SECTORS,
};
use ramkey_format::record::Record;

const PAGE: &str = include_str!("../../../docs/format.md");

#[test]
fn each_field_that_counts_sectors_says_which() {
    let (_, rest) = PAGE.split_once("| record | fields | bytes in a sector |\n|---|---|---|\n").unwrap();
    let rows: Vec<&str> = rest.lines().take_while(|line| line.starts_with('|')).collect();
    let unit = |name: &str| -> Vec<&str> {
        let told = rows.iter().filter(|row| row.contains(&format!("`{name}`")));
        told.map(|row| row.trim_end_matches(" |").rsplit(' ').next().unwrap()).collect()
    };
    let records: [&Record; 5] = [
        &BootHeader::RECORD,
        &ManifestHeader::RECORD,
        &RangeEntry::RECORD,
        &CapsuleHeader::RECORD,
        &Disc::RECORD,
    ];
    let mut seen = 0;
    for field in records.iter().flat_map(|record| record.fields) {
        if field.name.contains("lba") || field.name.contains("sector") {
            let long = ["load_lba", "catalogue_lba"].contains(&field.name);
            let units = unit(field.name);
            assert!(!units.is_empty(), "{} is not in the table", field.name);
            assert!(units.iter().all(|unit| *unit == if long { "2048" } else { "512" }), "{}", field.name);
            seen += 1;
        }
    }
    assert_eq!(seen, 17, "fields that count sectors");
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
    let copy = PARTITION_LBA + BOOT_LBA;
    let copy_end = PARTITION_LBA + MANIFEST_LBA;
    let end = PARTITION_LBA + STAMPED_SECTORS;
    let stage1: Vec<String> =
        (STAGE1_FIRST..STAGE1_END).step_by(STAGE1_STEP as usize).map(|lba| lba.to_string()).collect();
    let lines = [
        format!("| 1..{BOOT_LBA} |"),
        format!("| {BOOT_LBA}..{MANIFEST_LBA} |"),
        format!("| {MANIFEST_LBA}..{MANIFEST_2_LBA} |"),
        format!("| {MANIFEST_2_LBA}..{BOOT_AREA_END_LBA} |"),
        format!("| {BOOT_AREA_END_LBA}..{PARTITION_LBA} |"),
        format!("| {PARTITION_LBA} | boot sector"),
        format!("| {}..{copy} |", PARTITION_LBA + 1),
        format!("| {copy}..{copy_end} |"),
        format!("| {copy_end}..{end} |"),
        format!("| {end}.. |"),
        format!("a copy of sector 0 at {copy_end}, zeros up to {} |", copy_end + 8),
        format!("and its copy in sector {copy_end}."),
        format!("begin at {}, and those of", PARTITION_LBA + BOOT_AREA_END_LBA),
        format!("  `superfloppy` at {BOOT_AREA_END_LBA}:"),
        format!("with 2, 4, 8 and {CYLINDERS_TRIED}"),
        format!("| {} | stage 1;", stage1.join(", ")),
        format!("| the others of 1..{CODE_COPIES} |"),
        format!("checksum of stage 1, its first {STAGE1_LEN} bytes |"),
        format!("first LBA of the boot area: {BOOT_LBA} |"),
        format!("checksum of the first {STAGE2_SECTORS} sectors"),
        format!("at most {RANGES_MAX}."),
        format!("with `stage2_sectors` at most {BOOT_SECTORS_MAX}"),
    ];
    for line in lines {
        assert!(PAGE.contains(&line), "docs/format.md lacks: {line}");
    }
}

#[test]
fn every_layout_has_its_row_and_its_number() {
    let (_, rest) = PAGE.split_once("| `layout` | 1 ").unwrap();
    let numbers = rest.lines().next().unwrap();
    for kind in LayoutKind::ALL {
        assert!(PAGE.contains(&format!("\n| `{}` | ", kind.name())), "{}", kind.name());
        let number = format!("{} `{}`", kind.code(), kind.name());
        assert!(format!("1 {numbers}").contains(&number), "{number}");
        assert_eq!(LayoutKind::from_code(kind.code()), Some(kind));
    }
}

#[test]
fn the_page_on_layouts_says_of_each_what_plan_says() {
    let page = include_str!("../../../docs/layouts.md");
    for kind in LayoutKind::ALL {
        let option = match kind {
            LayoutKind::Universal { slot: Slot::Fourth } => "`universal`, `--zip`".to_owned(),
            _ => format!("`{}`", kind.name()),
        };
        let row = format!("| {option} | {} |", kind.machines());
        assert!(page.contains(&row), "docs/layouts.md lacks: {row}");
    }
}

#[test]
fn the_pages_on_discs_have_every_medium_and_every_boot_mode() {
    let page = include_str!("../../../docs/mini-cd.md");
    for medium in DiscMedium::ALL {
        let DiscMedium { name: Some(name), blocks } = medium else { panic!("a usual medium has a name") };
        let (row, numbers) = (format!("| `{name}`"), format!(" | {blocks} | {} | ", blocks * BLOCK_LEN));
        let rows: Vec<&str> = page.lines().filter(|line| line.contains(&row)).collect();
        assert!(!rows.is_empty() && rows.iter().all(|line| line.contains(&numbers)), "{name}: {rows:?}");
    }
    for boot in [DiscBoot::Auto, DiscBoot::NoEmulation, DiscBoot::Floppy, DiscBoot::HardDisk] {
        assert!(page.contains(&format!("\n| `{}` | ", boot.name())), "{}", boot.name());
        assert!(PAGE.contains(&format!("`{}`", boot.name())), "{}", boot.name());
    }
    assert!(page.contains(&format!("- {POST_GAP_BLOCKS} blocks of zeros")));
    let sectors = POST_GAP_BLOCKS * BLOCK_LEN / 512;
    assert!(PAGE.contains(&format!("| the last {sectors} | the last {POST_GAP_BLOCKS} | zeros")));
}
