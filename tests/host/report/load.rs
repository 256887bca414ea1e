//! The times that are told for loading are those that were measured, as `docs/performance.md` has them, within 15 %.

use std::fs;
use std::path::Path;

use ramkey::report::{LoadSpeed, Loading};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
/// What of all that is read is no image: boot code, directories and tables.
const BOOT_READ: u64 = 254 * KIB;
/// Instructions a second of QEMU on the machine where the tables of throttled drives were made.
const EMULATED: u64 = 2_000_000_000;
/// By how much a time may be another.
const TOLERANCE: f64 = 0.15;

/// The cells behind the first of the row that begins with `label`, in the section with `heading`.
fn row(heading: &str, label: &str) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once(&format!("\n## {heading}")).expect(heading);
    let section = section.split("\n## ").next().unwrap();
    let line = section.lines().find(|line| line.starts_with(&format!("| {label} |"))).expect(label);
    line.trim_matches('|').split(" | ").skip(1).map(|cell| cell.trim().to_owned()).collect()
}

/// The seconds of a cell as in `14.8 s`.
fn seconds(cell: &str) -> f64 {
    cell.trim_end_matches(" s").parse().unwrap()
}

/// The three images of the bench as they are loaded: packed hard, packed a little, and not packed.
fn first_image() -> [Loading; 3] {
    let read = row("Boot of a packed image", "KiB read from it");
    let read: Vec<u64> =
        read.iter().take(3).map(|kib| kib.parse::<u64>().unwrap() * KIB - BOOT_READ).collect();
    let plain = read[2];
    let packed = |read| Loading { read, hashed: 72 * MIB, unpacked: plain, packed: read };
    [packed(read[0]), packed(read[1]), Loading { read: plain, hashed: 72 * MIB, ..Loading::default() }]
}

fn compare(told: f64, measured: f64, what: &str) {
    let ratio = told / measured;
    assert!((1.0 - TOLERANCE..=1.0 + TOLERANCE).contains(&ratio), "{what}: {told:.1} s for {measured:.1} s");
}

#[test]
fn boots_from_throttled_drives_took_as_long_as_is_told() {
    let images = first_image();
    let drives = [
        ("first image, stick, 0.9 MB/s", 900_000),
        ("first image, stick, 5 MB/s", 5_000_000),
        ("first image, disc, 0.6 MB/s", 600_000),
        ("first image, disc, 1.5 MB/s", 1_500_000),
    ];
    let mut compared = 0;
    for (label, bytes) in drives {
        let speed = LoadSpeed { bytes, instructions: EMULATED, what: "" };
        for (loading, cell) in images.iter().zip(row("Boot of a packed image", label)) {
            compare(loading.seconds(&speed), seconds(&cell), label);
            compared += 1;
        }
    }
    let noise = Loading { read: 16 * MIB, hashed: 16 * MIB, ..Loading::default() };
    for (label, bytes) in [
        ("second, 16 MiB of it, stick, 0.9 MB/s", 900_000),
        ("second, 16 MiB of it, stick, 5 MB/s", 5_000_000),
    ] {
        let speed = LoadSpeed { bytes, instructions: EMULATED, what: "" };
        for cell in row("Boot of a packed image", label).iter().take(3) {
            compare(noise.seconds(&speed), seconds(cell), label);
            compared += 1;
        }
    }
    assert_eq!(compared, 18);
}

#[test]
fn other_images_take_as_long_as_is_told() {
    for label in ["words and noise", "noise"] {
        let row = row("Other images on old processors", label);
        let kib = |cell: &String| cell.strip_suffix(" KiB").unwrap().parse::<u64>().unwrap() * KIB;
        let [hashed, unpacked, packed, read] = [0, 1, 2, 3].map(|column| kib(&row[column]));
        let loading = Loading { read: read - BOOT_READ, hashed, unpacked, packed };
        for (cell, million) in row[4..].iter().zip([31, 125, 250]) {
            let speed = LoadSpeed { bytes: 900_000, instructions: million * 1_000_000, what: "" };
            compare(loading.seconds(&speed), seconds(cell), label);
        }
    }
}

#[test]
fn old_processors_take_as_long_as_is_told() {
    let images = first_image();
    for label in ["486, 66 MHz", "Pentium, 166 MHz", "Pentium II, 300 MHz"] {
        let row = row("Packing on old processors", label);
        let million: u64 = row[0].split(' ').next().unwrap().parse().unwrap();
        let speed = LoadSpeed { bytes: 900_000, instructions: million * 1_000_000, what: "" };
        for (loading, cell) in images.iter().zip(&row[1..]) {
            let sum = cell.split(", ").nth(1).unwrap();
            compare(loading.seconds(&speed), seconds(sum), label);
        }
    }
}
