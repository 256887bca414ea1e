//! Every way in which a file system can be unsound, each named with its file.

use crate::frames::sticks::{Image, MIB, Stick, noise};
use ramkey::layout::Role;
use ramkey::plan::{FatBits, FsChoice, LayoutKind};
use ramkey::verify::{FaultKind, Strictness, verify};

/// A stick with a FAT16, whose entries are easy to change.
struct Fat16 {
    bytes: Vec<u8>,
    tables: [usize; 2],
    folder: usize,
}

impl Fat16 {
    fn new() -> Self {
        let images = vec![("dos.img", Image(noise(100_000))), ("tiny.img", Image(noise(1000)))];
        let stick = Stick::new(images, LayoutKind::Hdd, FsChoice::Is(FatBits::Fat16), 12 * MIB);
        let bytes = stick.bytes();
        let at = |role: Role| {
            stick.layout.extents.iter().find(|extent| extent.role == role).unwrap().lba as usize * 512
        };
        let word = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        let table = at(Role::FatTable);
        let tables = [table, table + word(at(Role::FatReserved) + 22) * 512];
        // The root directory has 32 sectors; the folder is the first cluster behind it.
        let folder = at(Role::Directory) + 32 * 512;
        Self { bytes, tables, folder }
    }

    fn entry(&self, cluster: u16) -> u16 {
        let at = self.tables[0] + usize::from(cluster) * 2;
        u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    fn set(&mut self, cluster: u16, value: u16) {
        for table in self.tables {
            let at = table + usize::from(cluster) * 2;
            self.bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
        }
    }

    /// First cluster of the file in slot `slot` of the folder; 2 is the first image, 3 the second.
    fn first(&self, slot: usize) -> u16 {
        let at = self.folder + slot * 32 + 26;
        u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    fn expect(self, kind: FaultKind, file: Option<&str>, message: &str) {
        let verdict = verify(&Image(self.bytes), Strictness::Boot, &|_| {});
        let told: Vec<String> = verdict.faults.iter().map(ToString::to_string).collect();
        let found = verdict.faults.iter().any(|fault| {
            fault.kind == kind && fault.place.file.as_deref() == file && fault.message.contains(message)
        });
        assert!(found, "{message:?} is not among {told:#?}");
    }
}

const DOS: Option<&str> = Some("RAMKEY/DOS.RKC");
const TINY: Option<&str> = Some("RAMKEY/TINY.RKC");

#[test]
fn the_stick_is_sound_before_it_is_damaged() {
    let verdict = verify(&Image(Fat16::new().bytes), Strictness::EveryByte, &|_| {});
    assert!(verdict.sound, "{:?}", verdict.faults);
}

#[test]
fn a_chain_that_loops_or_crosses_another_is_found() {
    let mut fat = Fat16::new();
    let (dos, tiny) = (fat.first(2), fat.first(3));
    fat.set(dos + 1, dos);
    fat.expect(FaultKind::File, DOS, "runs into one that is taken already");
    let mut fat = Fat16::new();
    fat.set(tiny, dos);
    fat.expect(FaultKind::File, TINY, "runs into one that is taken already");
}

#[test]
fn a_chain_that_ends_too_soon_or_nowhere_is_found() {
    let cases = [
        (0, "ends in a free cluster"),
        (0xFFF7, "ends in a bad cluster"),
        (0xFFEF, "leaves the file system"),
        (1, "leaves the file system"),
        (0xFFFF, "its chain has"),
    ];
    for (value, message) in cases {
        let mut fat = Fat16::new();
        let second = fat.first(2) + 1;
        assert_eq!(fat.entry(second), second + 1, "the file goes on here");
        fat.set(second, value);
        fat.expect(FaultKind::File, DOS, message);
    }
}

#[test]
fn a_chain_that_is_longer_than_its_file_is_found() {
    let mut fat = Fat16::new();
    let tiny = fat.first(3);
    let free = 4000;
    assert_eq!((fat.entry(free), fat.entry(tiny) >= 0xFFF8), (0, true));
    fat.set(tiny, free);
    fat.set(free, 0xFFFF);
    fat.expect(FaultKind::File, TINY, "its chain has");
}

#[test]
fn clusters_that_belong_to_no_file_are_counted() {
    let mut fat = Fat16::new();
    fat.set(4000, 4001);
    fat.set(4001, 0xFFFF);
    fat.expect(FaultKind::FatTable, None, "2 clusters are taken and belong to no file");
}

#[test]
fn two_tables_that_differ_are_found_wherever_they_do() {
    for cluster in [0usize, 2, 100, 4000] {
        for table in 0..2 {
            let mut fat = Fat16::new();
            let at = fat.tables[table] + cluster * 2;
            fat.bytes[at] ^= 4;
            fat.expect(FaultKind::FatTable, None, "the two file allocation tables differ");
        }
    }
}

#[test]
fn a_bad_cluster_that_nobody_uses_is_no_fault() {
    let mut fat = Fat16::new();
    fat.set(4000, 0xFFF7);
    assert!(verify(&Image(fat.bytes), Strictness::Boot, &|_| {}).sound);
}

#[test]
fn a_volume_that_was_not_unmounted_is_named_and_is_no_fault() {
    let mut fat = Fat16::new();
    fat.set(1, fat.entry(1) & 0x7FFF);
    let verdict = verify(&Image(fat.bytes), Strictness::Boot, &|_| {});
    assert!(verdict.sound);
    assert_eq!(verdict.changes[0].to_string(), "the stick was pulled while it was mounted");
}

#[test]
fn a_length_that_is_not_that_of_the_image_is_found() {
    let at = |fat: &Fat16| fat.folder + 3 * 32 + 28;
    let mut fat = Fat16::new();
    let offset = at(&fat);
    // 2048 bytes become 1792.
    fat.bytes[offset + 1] ^= 0x0F;
    fat.expect(FaultKind::Capsule, TINY, "it was cut: it has 1792 bytes, and its header says 2048");
    let mut fat = Fat16::new();
    fat.bytes[offset + 2] ^= 1;
    fat.expect(FaultKind::File, TINY, "its chain has");
}

#[test]
fn a_folder_that_does_not_name_itself_is_found() {
    for (slot, byte) in [(0, 0), (0, 26), (1, 0), (1, 26), (0, 11)] {
        let mut fat = Fat16::new();
        let at = fat.folder + slot * 32 + byte;
        fat.bytes[at] ^= 0x10;
        fat.expect(FaultKind::Directory, Some("RAMKEY"), "its entries for itself and its parent are wrong");
    }
}

#[test]
fn a_boot_sector_that_describes_no_file_system_is_found() {
    for (at, value) in [(11, 1), (13, 3), (14, 0), (16, 9), (22, 0), (17, 0), (510, 0)] {
        let mut fat = Fat16::new();
        fat.bytes[MIB as usize + at] = value;
        fat.bytes[MIB as usize + at + 1] = 0;
        fat.expect(FaultKind::FatReserved, None, "");
    }
}
