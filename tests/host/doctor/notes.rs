//! What is a fault or a warning for `ramkey doctor` on most sticks, and a note where it does no harm.

use crate::frames::sticks::{Image, MIB, Stick, noise};
use ramkey::doctor::{Severity, diagnose};
use ramkey::plan::{FatBits, FsChoice, LayoutKind};

/// Where the volume begins, and its hidden sectors.
const V: usize = 1 << 20;
const HIDDEN: usize = V + 28;
/// What the first descriptor of a CD is known by.
const DESCRIPTOR: usize = 64 * 512 + 1;
/// Status and type of the first partition, and the second entry.
const STATUS: usize = 0x1BE;
const TYPE: usize = STATUS + 4;
const SLOT_2: usize = 0x1CE;
const EFI: u8 = 0xEF;

fn stick() -> Vec<u8> {
    let images = vec![("one.img", Image(noise(4096)))];
    Stick::new(images, LayoutKind::Hdd, FsChoice::Is(FatBits::Fat16), 12 * MIB).bytes()
}

/// How bad the finding of this name is.
fn severity(bytes: &[u8], name: &str) -> Severity {
    let diagnosis = diagnose(&Image(bytes.to_vec())).unwrap();
    let found = diagnosis.findings.iter().find(|finding| finding.kind.explanation().name == name);
    found.unwrap_or_else(|| panic!("no {name}: {:#?}", diagnosis.findings)).severity
}

#[test]
fn hidden_sectors_are_a_note_where_no_bios_starts_the_boot_sector() {
    let planted = |plant: fn(&mut [u8])| {
        let mut bytes = stick();
        bytes[HIDDEN..HIDDEN + 4].fill(0);
        plant(&mut bytes);
        severity(&bytes, "hidden-sectors")
    };
    assert_eq!(planted(|_| {}), Severity::Fault, "active");
    assert_eq!(planted(|bytes| bytes[TYPE] = EFI), Severity::Fault, "type EF, and active");
    assert_eq!(
        planted(|bytes| bytes[STATUS] = 0),
        Severity::Fault,
        "none is active: a BIOS may start this one"
    );
    let efi = |bytes: &mut [u8]| (bytes[STATUS], bytes[TYPE]) = (0, EFI);
    assert_eq!(planted(efi), Severity::Note, "type EF");
    let beside = |bytes: &mut [u8]| {
        bytes[STATUS] = 0;
        bytes[SLOT_2..SLOT_2 + 16]
            .copy_from_slice(&[0x80, 32, 1, 0, 0xDA, 63, 32, 0, 0, 4, 0, 0, 0, 4, 0, 0]);
    };
    assert_eq!(planted(beside), Severity::Note, "another is active");
}

#[test]
fn what_hybrid_images_do_on_purpose_is_a_note_unless_the_table_is_younger() {
    let mut bytes = stick();
    bytes[DESCRIPTOR..DESCRIPTOR + 5].copy_from_slice(b"CD001");
    bytes[0x15] = 0xBE;
    bytes[SLOT_2..SLOT_2 + 16].copy_from_slice(&[0, 0, 1, 0, 0xDA, 3, 4, 0, 0, 0, 0, 0, 100, 0, 0, 0]);
    let names = ["code-in-bpb", "starts-at-zero"];
    for name in names {
        assert_eq!(
            severity(&bytes, name),
            Severity::Warning,
            "{name}, and a file system that fits its place"
        );
    }
    bytes[V..V + 512].fill(0);
    for name in names {
        assert_eq!(severity(&bytes, name), Severity::Note, "{name}");
    }
    // What no tool does on purpose stays what it is.
    bytes.truncate(6 << 20);
    assert_eq!(severity(&bytes, "partition-end"), Severity::Fault);
}
