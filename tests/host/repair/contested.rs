//! What two files claim, what nobody claims, and what a user did to directories that are damaged, too.

use std::fs;

use ramkey::image::Source;
use ramkey::layout::Role;
use ramkey::plan::{FatBits, FsChoice, LayoutKind};
use ramkey::repair::{Donor, repair};
use ramkey::verify::Strictness;

use crate::frames::foreign::announce;
use crate::frames::sticks::{Image, MIB, Stick, noise};
use crate::frames::verdicts::{OnDisk, judge, stick, told};

/// File systems, lengths, and a cluster that nothing lies in.
const CASES: [(FatBits, u64, usize); 3] =
    [(FatBits::Fat12, 8 * MIB, 1200), (FatBits::Fat16, 17 * MIB, 3000), (FatBits::Fat32, 48 * MIB, 20_001)];

/// First byte of the extent with this role.
fn start(stick: &Stick, role: Role) -> usize {
    stick.layout.extents.iter().find(|extent| extent.role == role).unwrap().lba as usize * 512
}

/// Both tables of a stick, as bytes.
fn tables(stick: &Stick) -> [usize; 2] {
    let first = start(stick, Role::FatTable);
    let extents = stick.layout.extents.iter().filter(|extent| extent.role == Role::FatTable);
    let sectors: u64 = extents.map(|extent| extent.sectors).sum();
    [first, first + sectors as usize * 256]
}

/// Lets the entry of a cluster in a table that begins at byte `table` be `value`.
fn put(bytes: &mut [u8], bits: FatBits, table: usize, cluster: usize, value: u32) {
    let (bits, at) = (usize::from(bits.bits()), table * 8 + cluster * usize::from(bits.bits()));
    for nibble in 0..bits / 4 {
        let at = at + nibble * 4;
        let half = (value >> (nibble * 4) & 0xF) as u8;
        bytes[at / 8] = bytes[at / 8] & !(0xF << (at % 8)) | half << (at % 8);
    }
}

fn after(made: &dyn Source) -> Vec<u8> {
    let mut bytes = vec![0; made.len() as usize];
    made.read_at(0, &mut bytes).unwrap();
    bytes
}

#[test]
fn clusters_that_are_marked_as_bad_stay_so_where_both_tables_are_damaged() {
    for (bits, len, free) in CASES {
        let stick = stick(LayoutKind::Hdd, FsChoice::Is(bits), len);
        let tables = tables(&stick);
        let mut bytes = stick.bytes();
        for table in tables {
            [free, free + 1].iter().for_each(|&cluster| put(&mut bytes, bits, table, cluster, 0x0FFF_FFF7));
        }
        let verdict = judge(&Image(bytes.clone()), Strictness::Boot);
        assert!(verdict.sound, "{bits:?}: {}", told(&verdict));
        let mut written = bytes.clone();
        announce(&mut written);
        for (case, whole) in [("since", &bytes), ("written", &written)] {
            let mut broken = whole.clone();
            // In the chain of an image.
            put(&mut broken, bits, tables[0], 12, 0);
            put(&mut broken, bits, tables[1], 14, 0);
            let broken = Image(broken);
            let verdict = judge(&broken, Strictness::Boot);
            assert!(!verdict.sound, "{bits:?} {case}");
            let made = repair(&broken, &[]);
            let wanted = if case == "written" { whole } else { &broken.0 };
            assert!(after(&made.stick) == *wanted, "{bits:?} {case}: {:?}", made.mended);
        }
    }
}

#[test]
fn an_image_whose_clusters_a_file_of_the_users_claims_is_left_alone() {
    let stick = stick(LayoutKind::Hdd, FsChoice::Is(FatBits::Fat16), 17 * MIB);
    let disk = OnDisk::new(LayoutKind::Hdd, FsChoice::Is(FatBits::Fat16), 17 * MIB);
    let own = disk.scratch("own.bin", &noise(40_000));
    disk.mtools("mcopy", &[&own, "::OWN.BIN"]);
    let mut bytes = fs::read(&disk.path).unwrap();
    let slot = |bytes: &[u8], name: &[u8; 11]| bytes.windows(11).position(|part| part == name).unwrap();
    let (own, image) = (slot(&bytes, b"OWN     BIN"), slot(&bytes, b"DOS     RKC"));
    let cluster = u16::from_le_bytes([bytes[image + 26], bytes[image + 27]]) + 300;
    bytes[own + 26..own + 28].copy_from_slice(&cluster.to_le_bytes());
    let capsule = start(&stick, Role::Capsule { image: 0 });
    bytes[capsule + 700_000] ^= 1;
    let donors: Vec<Donor> = stick.images.iter().map(|source| Donor { source, free: &[] }).collect();
    let verdict = judge(&Image(bytes.clone()), Strictness::Boot);
    assert!(told(&verdict).contains("one that is taken already"), "{}", told(&verdict));
    let stick = Image(bytes.clone());
    let made = repair(&stick, &donors);
    assert!(made.stick.is_empty(), "{:?}", made.mended);
}

#[test]
fn names_that_a_user_gave_and_empty_files_stay_where_an_entry_of_the_directory_is_put_right() {
    let disk = OnDisk::new(LayoutKind::Hdd, FsChoice::Is(FatBits::Fat16), 17 * MIB);
    let empty = disk.scratch("empty.txt", b"");
    disk.mtools("mcopy", &[&empty, "::RAMKEY/EMPTY.TXT"]);
    disk.mtools("mren", &["::RAMKEY/TINY.RKC", "MINE.RKC"]);
    let bytes = fs::read(&disk.path).unwrap();
    let verdict = judge(&Image(bytes.clone()), Strictness::Boot);
    assert!(verdict.sound, "{}", told(&verdict));
    let image = bytes.windows(11).position(|part| part == b"DOS     RKC").unwrap();
    for at in [image + 29, image + 26] {
        let mut broken = Image(bytes.clone());
        broken.0[at] ^= 8;
        assert!(!judge(&broken, Strictness::Boot).sound);
        let made = repair(&broken, &[]);
        assert!(after(&made.stick) == bytes, "{at}: {:?}", made.mended);
    }
}
