//! One wrong bit in any place that was written is put right, as it was; and so are two.

use ramkey::layout::{Extent, Role};
use ramkey::plan::{FatBits, FsChoice, LayoutKind, Slot};
use ramkey::repair::{Donor, repair};
use ramkey::verify::Strictness;

use crate::frames::sticks::{Image, MIB, Stick};
use crate::frames::verdicts::{flipped, judge, stick, told};

/// Every layout, and every file system with one of them.
const CASES: [(LayoutKind, FsChoice, u64); 9] = [
    (LayoutKind::Universal { slot: Slot::First }, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Universal { slot: Slot::Fourth }, FsChoice::Is(FatBits::Fat16), 17 * MIB),
    (LayoutKind::Universal { slot: Slot::First }, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    (LayoutKind::Hdd, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Zip, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Fdd, FsChoice::Auto, 8 * MIB),
    (LayoutKind::TwoPartitions, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Gpt, FsChoice::Is(FatBits::Fat16), 12 * MIB),
    (LayoutKind::Superfloppy, FsChoice::Is(FatBits::Fat16), 12 * MIB),
];

/// Bytes of an extent at which something else may begin.
fn places(stick: &Stick, extent: &Extent, thorough: bool) -> Vec<u64> {
    let len = extent.sectors * 512;
    let mut places = vec![300, len - 1];
    if thorough {
        places.extend([0, 11, 33, 100, 511, len / 2, len - 512]);
        match extent.role {
            Role::Manifest => places.extend([40, 46, 80, 96, 127, 128, 200, len / 2 - 4096, len - 4096]),
            Role::Directory => {
                places.extend((0..4).flat_map(|slot| [0, 9, 11, 20, 26, 30].map(|at| slot * 32 + at)))
            }
            Role::Capsule { image } => {
                let table = 512 + 48 * stick.images[image].0.len().div_ceil(1 << 18) as u64;
                places.extend([12, 130, 450, 490, 512, 530, table - 1, table, table + 40]);
            }
            Role::BootCode => places.extend([32, 36, 41]),
            _ => {}
        }
    }
    places.retain(|&place| place < len);
    places.sort_unstable();
    places.dedup();
    places
}

fn donors(stick: &Stick) -> Vec<Donor<'_>> {
    stick.images.iter().map(|source| Donor { source, free: &[] }).collect()
}

#[test]
fn one_flipped_bit_anywhere_is_put_right() {
    let mut left = Vec::new();
    let mut seen = 0;
    for (number, (layout, fs, len)) in CASES.into_iter().enumerate() {
        let stick = stick(layout, fs, len);
        let mut bytes = Image(stick.bytes());
        let donors = donors(&stick);
        for extent in &stick.layout.extents {
            for (bit, place) in (0..).zip(places(&stick, extent, number == 0)) {
                let byte = extent.lba * 512 + place;
                flipped(&mut bytes, byte, (place + bit) % 8, |bytes| {
                    let before = judge(bytes, Strictness::Boot);
                    if before.sound {
                        return;
                    }
                    let made = repair(bytes, &donors);
                    seen += 1;
                    let after = judge(&made.stick, Strictness::EveryByte);
                    if !after.sound || !after.changes.is_empty() {
                        left.push(format!(
                            "{layout:?} {fs:?}: {:?} at LBA {}, byte {place}: {:?}\nbefore {}\nleft {}",
                            extent.role,
                            extent.lba,
                            made.mended,
                            told(&before),
                            told(&after)
                        ));
                    }
                });
            }
        }
    }
    assert!(left.is_empty(), "{} of {seen}\n{}", left.len(), left.join("\n"));
    assert!(seen > 150, "only {seen}");
}
