//! One flipped bit in any place that was written is found, and the place is named.

use crate::frames::sticks::{Image, MIB, Stick};
use crate::frames::verdicts::{flipped, judge, stick, told};
use ramkey::layout::{Content, Extent, Role};
use ramkey::plan::{FatBits, FsChoice, LayoutKind, Slot};
use ramkey::verify::{Fault, FaultKind, Strictness};
use ramkey_format::memory::MANIFEST_LBA;

/// Every layout, and every file system with two of them.
const CASES: [(LayoutKind, FsChoice, u64); 10] = [
    (LayoutKind::Universal { slot: Slot::First }, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Universal { slot: Slot::Fourth }, FsChoice::Is(FatBits::Fat16), 17 * MIB),
    (LayoutKind::Universal { slot: Slot::First }, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    (LayoutKind::Hdd, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Hdd, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    (LayoutKind::Zip, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Fdd, FsChoice::Auto, 8 * MIB),
    (LayoutKind::TwoPartitions, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Gpt, FsChoice::Is(FatBits::Fat16), 12 * MIB),
    (LayoutKind::Superfloppy, FsChoice::Is(FatBits::Fat16), 12 * MIB),
];

/// Bytes of an extent at which something else may begin: its ends, and what lies at the edges of records.
fn places(stick: &Stick, extent: &Extent, thorough: bool) -> Vec<u64> {
    let len = extent.sectors * 512;
    let mut places = vec![0, 300, len / 2, len - 1];
    if !thorough {
        return places;
    }
    places.extend([11, 100, 511, len - 512]);
    match extent.role {
        // Header, its reserved bytes and hash; ranges; zeros behind them; the second slot.
        Role::Manifest => {
            places.extend([46, 80, 96, 127, 128, 200, 128 + 64 * 80, len / 2 - 4096, len - 4096]);
        }
        // Names, attributes, dates, clusters and lengths of the first entries, and free ones.
        Role::Directory => places.extend(
            (0..4).flat_map(|slot| [0, 3, 9, 11, 12, 13, 16, 20, 24, 26, 30].map(|at| slot * 32 + at)),
        ),
        Role::Capsule { image } => {
            let table = 512 + 48 * stick.images[image].0.len().div_ceil(1 << 18) as u64;
            places.extend([12, 130, 450, 490, 512, 530, table - 1, table, table + 40]);
        }
        _ => {}
    }
    places.retain(|&place| place < len);
    places.sort_unstable();
    places.dedup();
    places
}

/// What a fault in an extent of each role is, and the words that name the place.
fn expected(stick: &Stick, extent: &Extent) -> (&'static [FaultKind], &'static str) {
    let at_end = extent.lba > stick.layout.stick_sectors - 34;
    match extent.role {
        Role::Sector0 => (&[FaultKind::Sector0], "sector 0 is not as written"),
        Role::Table if at_end => {
            (&[FaultKind::Table], "the copy of the partition table at the end of the stick")
        }
        Role::Table => (&[FaultKind::Table], "the partition table is not as written"),
        Role::BootCode => (&[FaultKind::BootCode], "the boot code is not as written"),
        Role::BootCopy => (&[FaultKind::BootCopy], "the copy of the boot code"),
        Role::Stamps => (&[FaultKind::Stamps], "copies of sector 0 or the numbers of sectors"),
        Role::Manifest => (&[FaultKind::Manifest], "manifest"),
        Role::FatReserved => (&[FaultKind::FatReserved], "file system's boot sector"),
        Role::FatTable => (&[FaultKind::FatTable], "file allocation tables"),
        Role::Directory => (&[FaultKind::Directory], "director"),
        Role::Capsule { image: 0 } => (&[FaultKind::Capsule], "RAMKEY/DOS.RKC: "),
        Role::Capsule { .. } => (&[FaultKind::Capsule], "RAMKEY/TINY.RKC: "),
        Role::Cleared if at_end => (&[FaultKind::Cleared], "the last sectors of the stick"),
        Role::Cleared if extent.lba < MANIFEST_LBA.into() => {
            (&[FaultKind::Cleared], "the zeros behind the boot code")
        }
        Role::Text => (&[FaultKind::Readme], "RAMKEY/README.TXT: it is not as ramkey wrote it"),
        Role::Disc | Role::Files | Role::Copy => unreachable!("the stick is no disc"),
        Role::Cleared => (&[FaultKind::Cleared], "the zeros behind the manifest"),
    }
}

fn names(fault: &Fault, kinds: &[FaultKind], words: &str, byte: u64) -> bool {
    let place = &fault.place;
    let hit = (place.offset..place.end).contains(&byte) || fault.kind == FaultKind::Manifest;
    kinds.contains(&fault.kind) && fault.to_string().contains(words) && hit
}

#[test]
fn one_flipped_bit_anywhere_is_named_with_its_place_and_never_passes_in_silence() {
    let mut silent = Vec::new();
    for (case, (layout, fs, len)) in CASES.into_iter().enumerate() {
        let stick = stick(layout, fs, len);
        let mut bytes = Image(stick.bytes());
        for extent in &stick.layout.extents {
            let (kinds, words) = expected(&stick, extent);
            for (number, place) in (0..).zip(places(&stick, extent, case == 0)) {
                let byte = extent.lba * 512 + place;
                let case = |told: String| {
                    format!(
                        "{layout:?} {fs:?}: {:?} at LBA {}, byte {place}: {told}",
                        extent.role, extent.lba
                    )
                };
                flipped(&mut bytes, byte, (place + number) % 8, |bytes| {
                    let strict = judge(bytes, Strictness::EveryByte);
                    if !strict.faults.iter().any(|fault| names(fault, kinds, words, byte)) {
                        silent.push(case(format!("strict told {:?}", told(&strict))));
                    }
                    let plain = judge(bytes, Strictness::Boot);
                    if plain.sound && plain.changes.is_empty() {
                        silent.push(case("nothing".into()));
                    }
                });
            }
        }
    }
    assert!(silent.is_empty(), "{}\n{}", silent.len(), silent.join("\n"));
}

#[test]
fn a_bit_in_the_zeros_of_a_capsule_is_a_fault_and_the_image_is_proven_all_the_same() {
    let stick = stick(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    let mut bytes = Image(stick.bytes());
    let of_images = |extent: &&Extent| matches!(extent.role, Role::Capsule { .. });
    let head = stick.layout.extents.iter().find(of_images).unwrap();
    let tail = stick.layout.extents.iter().rfind(of_images).unwrap();
    assert!(matches!((&head.content, &tail.content), (Content::Bytes(_), Content::Image { image: 1, .. })));
    for byte in [head.lba * 512 + 512 + 5 * 48, (tail.lba + tail.sectors) * 512 - 1] {
        flipped(&mut bytes, byte, 3, |bytes| {
            for strictness in [Strictness::Boot, Strictness::EveryByte] {
                let verdict = judge(bytes, strictness);
                let [fault] = &verdict.faults[..] else { panic!("{}", told(&verdict)) };
                assert!(fault.to_string().contains("the zeros between its parts"), "{fault}");
                assert_eq!((fault.place.lba, fault.place.sectors), (byte / 512, 1));
                assert!(verdict.capsules.iter().all(|capsule| capsule.proven), "{}", told(&verdict));
            }
        });
    }
}
