//! Tables in the documentation equal the constants that they show.
//!
//! `RAMKEY_BLESS=1 cargo test --test host -- format::generated` writes them anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ramkey_format::boot::{BootHeader, BootInfo};
use ramkey_format::capsule::{CapsuleHeader, ChunkEntry, Companion, Disc, Origin};
use ramkey_format::hooks::{DriveSlot, Head, Mbft, SafeHook, SlotsHead};
use ramkey_format::manifest::{ManifestHeader, RangeEntry};
use ramkey_format::memory::{
    BOOT_AREA_END_LBA, BOOT_LBA, BOOT_SECTORS_MAX, LOADER_END, LOADER_LOAD, LOW_MEMORY_END, MANIFEST_2_LBA,
    MANIFEST_LBA, MANIFEST_SECTORS_MAX, PARTITION_LBA, REGIONS, SECTOR_SIZE, STAGE2_SECTORS, STAMPED_SECTORS,
};
use ramkey_format::record::Record;
use ramkey_format::resident::{
    DiscVariables, DriveRecord, EngineHeader, RESIDENT_MAX, Specification, StoredRange, Variables,
};

/// Highest address first, as memory is drawn.
fn low_memory() -> String {
    let mut text = String::from("| from | to | bytes | what |\n|---|---|---|---|\n");
    for &(name, start, end) in REGIONS.iter().rev() {
        let _ = writeln!(text, "| `{start:05X}` | `{end:05X}` | {} | {name} |", end - start);
    }
    text
}

fn limits() -> String {
    let loader = LOADER_END - LOADER_LOAD;
    format!(
        "- The boot chain uses nothing at or above `{LOW_MEMORY_END:05X}` ({} KiB) but the resident part, at most \
         {RESIDENT_MAX} bytes at the top of base memory.\n\
         - The loader has {} KiB for code, data and zeroed memory.\n\
         - Boot header, stage 2 and loader have at most {} KiB together on the stick.\n",
        LOW_MEMORY_END >> 10,
        loader >> 10,
        (BOOT_SECTORS_MAX * SECTOR_SIZE) >> 10,
    )
}

fn stick() -> String {
    let stage2 = BOOT_LBA + STAGE2_SECTORS;
    let copy = PARTITION_LBA + BOOT_LBA;
    let rows = [
        (0, 1, "sector 0"),
        (1, BOOT_LBA, "copies of sector 0 and of stage 1, stamps; header and entries of a GPT"),
        (BOOT_LBA, stage2, "boot header and stage 2"),
        (stage2, BOOT_LBA + BOOT_SECTORS_MAX, "loader, then zeros"),
        (MANIFEST_LBA, MANIFEST_2_LBA, "stick manifest, slot A, then zeros"),
        (
            MANIFEST_2_LBA,
            MANIFEST_2_LBA + MANIFEST_SECTORS_MAX,
            "stick manifest, slot B: zeros on a fresh stick",
        ),
        (BOOT_AREA_END_LBA, PARTITION_LBA, "stamps"),
        (PARTITION_LBA, copy, "boot sector of a partition; copies of sector 0 and of stage 1, stamps"),
        (copy, copy + BOOT_SECTORS_MAX, "boot header, stage 2 and loader again, then stamps"),
        (copy + BOOT_SECTORS_MAX, PARTITION_LBA + STAMPED_SECTORS, "stamps"),
    ];
    let mut text = String::from("| sectors | what |\n|---|---|\n");
    for (start, end, what) in rows {
        let _ = writeln!(text, "| {start}..{end} | {what} |");
    }
    let _ = writeln!(text, "| {}.. | nothing of the boot chain |", PARTITION_LBA + STAMPED_SECTORS);
    text
}

/// The fields of a record. A link of the sources is the name alone here.
fn record_table(record: &Record) -> String {
    let mut text = String::from("| offset | length | field | what |\n|---|---|---|---|\n");
    for field in record.fields {
        let what = field.doc.trim().replace("[`", "`").replace("`]", "`");
        let _ = writeln!(text, "| {} | {} | `{}` | {what} |", field.offset, field.len, field.name);
    }
    text
}

/// Every finding of `ramkey doctor`, a section each.
fn findings() -> String {
    let mut text = String::new();
    for kind in ramkey::doctor::KINDS {
        let _ = write!(
            text,
            "### {}\n\n{}: {}. {}\n\n- Where it hurts: {}\n- What to do: {}\n- Source: {}.\n\n",
            kind.name,
            kind.severity.name(),
            kind.title,
            kind.why,
            kind.hurts,
            kind.remedy,
            kind.source
        );
    }
    text.trim_end().to_owned() + "\n"
}

fn tables() -> Vec<(&'static str, &'static str, String)> {
    vec![
        ("docs/memory-map.md", "low memory", low_memory()),
        ("docs/memory-map.md", "limits", limits()),
        ("docs/memory-map.md", "stick", stick()),
        ("docs/format.md", "boot header", record_table(&BootHeader::RECORD)),
        ("docs/format.md", "manifest header", record_table(&ManifestHeader::RECORD)),
        ("docs/format.md", "manifest entry", record_table(&RangeEntry::RECORD)),
        ("docs/format.md", "capsule header", record_table(&CapsuleHeader::RECORD)),
        ("docs/format.md", "companion", record_table(&Companion::RECORD)),
        ("docs/format.md", "disc", record_table(&Disc::RECORD)),
        ("docs/format.md", "chunk entry", record_table(&ChunkEntry::RECORD)),
        ("docs/format.md", "origin", record_table(&Origin::RECORD)),
        ("docs/boot-protocol.md", "boot info", record_table(&BootInfo::RECORD)),
        ("docs/boot-protocol.md", "header", record_table(&Head::RECORD)),
        ("docs/boot-protocol.md", "safe hook", record_table(&SafeHook::RECORD)),
        ("docs/boot-protocol.md", "mbft", record_table(&Mbft::RECORD)),
        ("docs/boot-protocol.md", "slots", record_table(&SlotsHead::RECORD)),
        ("docs/boot-protocol.md", "slot", record_table(&DriveSlot::RECORD)),
        ("docs/boot-protocol.md", "engine", record_table(&EngineHeader::RECORD)),
        ("docs/boot-protocol.md", "variables", record_table(&Variables::RECORD)),
        ("docs/boot-protocol.md", "variables of CDs", record_table(&DiscVariables::RECORD)),
        ("docs/boot-protocol.md", "specification packet", record_table(&Specification::RECORD)),
        ("docs/boot-protocol.md", "records", record_table(&DriveRecord::RECORD)),
        ("docs/boot-protocol.md", "E820 table", record_table(&StoredRange::RECORD)),
        ("docs/doctor.md", "findings", findings()),
    ]
}

#[test]
fn the_tables_in_the_documentation_are_what_the_constants_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bless = std::env::var_os("RAMKEY_BLESS").is_some();
    for (path, name, table) in tables() {
        let text = fs::read_to_string(root.join(path)).expect(path);
        let (begin, end) = (format!("<!-- generated: {name} -->\n"), "<!-- end -->");
        let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{path} has no {begin:?}"));
        let (found, after) = rest.split_once(end).unwrap_or_else(|| panic!("{path}: {name} has no end"));
        let wanted = format!("\n{table}\n");
        if found == wanted {
            continue;
        }
        assert!(bless, "{path}: the table \"{name}\" is old; run this test with RAMKEY_BLESS=1 and commit");
        fs::write(root.join(path), format!("{before}{begin}{wanted}{end}{after}")).expect(path);
    }
}
