//! Several faults, sectors that cannot be read, and files of the user's own.

use std::fs;
use std::io;

use ramkey::image::Source;
use ramkey::plan::{FatBits, FsChoice, LayoutKind, Slot};
use ramkey::repair::{Donor, repair};
use ramkey::verify::{FaultKind, Strictness};
use ramkey_format::memory::{BOOT_LBA, PARTITION_LBA};

use crate::frames::foreign::{announce, foreign};
use crate::frames::sticks::{Image, MIB, Stick, noise};
use crate::frames::verdicts::{OnDisk, judge, stick, told, volume_offset};
use ramkey::layout::Role;

/// A stick of which some sectors cannot be read.
struct Bad {
    stick: Image,
    lbas: Vec<u64>,
}

impl Source for Bad {
    fn len(&self) -> u64 {
        self.stick.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset + buffer.len() as u64;
        if self.lbas.iter().any(|lba| lba * 512 < end && (lba + 1) * 512 > offset) {
            return Err(io::Error::other("a bad sector"));
        }
        self.stick.read_at(offset, buffer)
    }
}

fn universal() -> Stick {
    stick(LayoutKind::Universal { slot: Slot::First }, FsChoice::Is(FatBits::Fat16), 17 * MIB)
}

fn donors(stick: &Stick) -> Vec<Donor<'_>> {
    stick.images.iter().map(|source| Donor { source, free: &[] }).collect()
}

/// First sector of each extent of this role.
fn lbas(stick: &Stick, role: Role) -> Vec<u64> {
    stick.layout.extents.iter().filter(|extent| extent.role == role).map(|extent| extent.lba).collect()
}

/// All of it is as it was written.
fn is_whole(stick: &dyn Source, case: &str) {
    let verdict = judge(stick, Strictness::EveryByte);
    assert!(verdict.sound && verdict.changes.is_empty(), "{case}: {}", told(&verdict));
}

#[test]
fn two_faults_of_any_two_kinds_are_put_right() {
    let stick = universal();
    let bytes = stick.bytes();
    let table = lbas(&stick, Role::FatTable)[0];
    let second = (table + lbas(&stick, Role::Directory)[0]) / 2;
    let places = [
        ("sector 0", 200),
        ("boot header", u64::from(BOOT_LBA) * 512 + 33),
        ("loader", (u64::from(BOOT_LBA) + 40) * 512),
        ("copy of the boot area", u64::from(PARTITION_LBA + BOOT_LBA) * 512 + 32),
        ("stamps", 700 * 512 + 430),
        ("manifest", lbas(&stick, Role::Manifest)[0] * 512 + 140),
        ("boot sector", u64::from(PARTITION_LBA) * 512 + 14),
        ("first table", table * 512 + 9),
        ("second table", second * 512 + 3),
        ("directory", lbas(&stick, Role::Directory)[0] * 512 + 32 + 26),
        ("header", lbas(&stick, Role::Capsule { image: 0 })[0] * 512 + 150),
        ("table of chunks", (lbas(&stick, Role::Capsule { image: 0 })[0] + 1) * 512 + 20),
        ("chunk", (lbas(&stick, Role::Capsule { image: 0 })[0] + 5) * 512 + 20),
        ("other chunk", (lbas(&stick, Role::Capsule { image: 1 })[0] + 2) * 512 + 20),
    ];
    for (number, (one, first)) in places.into_iter().enumerate() {
        for (two, second) in places.into_iter().skip(number + 1).step_by(3) {
            let mut broken = Image(bytes.clone());
            broken.0[first as usize] ^= 0x10;
            broken.0[second as usize] ^= 0x04;
            let made = repair(&broken, &donors(&stick));
            is_whole(&made.stick, &format!("{one} and {two}: {:?}", made.mended));
        }
    }
}

#[test]
fn sectors_that_cannot_be_read_are_made_again() {
    let stick = universal();
    let bytes = stick.bytes();
    let first = |role| lbas(&stick, role)[0];
    let table = first(Role::FatTable);
    let second = (table + first(Role::Directory)) / 2;
    let capsule = first(Role::Capsule { image: 0 });
    let cases: [(&str, Vec<u64>); 10] = [
        ("sector 0", vec![0]),
        ("both boot headers", vec![u64::from(BOOT_LBA), u64::from(PARTITION_LBA + BOOT_LBA)]),
        ("boot code", vec![u64::from(BOOT_LBA) + 3, u64::from(BOOT_LBA) + 77]),
        ("stamps", vec![60, 61, 700]),
        ("boot sector", vec![PARTITION_LBA.into()]),
        ("a table", vec![table]),
        ("both tables", vec![table, second]),
        ("directories", vec![first(Role::Directory), first(Role::Directory) + 9]),
        ("a table of chunks", vec![capsule + 1]),
        ("chunks", vec![capsule + 9, capsule + 10, capsule + 800]),
    ];
    for (case, lbas) in cases {
        let bad = Bad { stick: Image(bytes.clone()), lbas: lbas.clone() };
        assert!(!judge(&bad, Strictness::Boot).sound, "{case}");
        let made = repair(&bad, &donors(&stick));
        is_whole(&made.stick, &format!("{case} {lbas:?}: {:?}", made.mended));
    }
}

#[test]
fn of_another_version_the_boot_area_is_put_right_from_its_copy_and_the_rest_stays() {
    let stick = universal();
    let mut bytes = stick.bytes();
    foreign(&mut bytes);
    is_whole(&Image(bytes.clone()), "as another version wrote it");
    for lba in [BOOT_LBA, BOOT_LBA + 30, PARTITION_LBA + BOOT_LBA + 30] {
        let mut broken = Image(bytes.clone());
        broken.0[lba as usize * 512 + 50] ^= 1;
        is_whole(&repair(&broken, &[]).stick, &format!("LBA {lba}"));
    }
    let mut broken = Image(bytes);
    broken.0[100] ^= 1;
    let made = repair(&broken, &[]);
    assert!(made.stick.is_empty(), "{:?}", made.mended);
}

fn own_bytes() -> Vec<u8> {
    noise(3000).iter().map(|byte| byte ^ 0x5A).cycle().take(300_000).collect()
}

/// A stick with files of the user's own, and its bytes.
fn with_own_files() -> (OnDisk, Vec<u8>) {
    let kind = LayoutKind::Universal { slot: Slot::First };
    let disk = OnDisk::new(kind, FsChoice::Is(FatBits::Fat16), 17 * MIB);
    let own = disk.scratch("own.bin", &own_bytes());
    disk.mtools("mmd", &["::OWN"]);
    disk.mtools("mcopy", &[&own, "::OWN/A long name.bin"]);
    disk.mtools("mcopy", &[&own, "::RAMKEY/NOTE.BIN"]);
    let bytes = fs::read(&disk.path).unwrap();
    (disk, bytes)
}

/// Byte on the stick at which `name` stands in a directory.
fn slot_of(bytes: &[u8], name: &[u8; 11]) -> usize {
    bytes.windows(11).position(|bytes| bytes == name).expect("it is there")
}

#[test]
fn tables_and_entries_of_a_stick_with_own_files_are_put_right_where_only_one_way_makes_sense() {
    let stick = universal();
    let (_disk, bytes) = with_own_files();
    let table = lbas(&stick, Role::FatTable)[0] as usize * 512;
    let own = slot_of(&bytes, b"NOTE    BIN");
    let cluster = usize::from(u16::from_le_bytes([bytes[own + 26], bytes[own + 27]]));
    let sectors = u16::from_le_bytes([bytes[1048576 + 22], bytes[1048576 + 23]]) as usize;
    let image = slot_of(&bytes, b"DOS     RKC");
    let cases = [
        ("an image's chain, first table", table + 2 * 12),
        ("an own chain, first table", table + 2 * cluster + 4),
        ("an own chain, second table", table + sectors * 512 + 2 * cluster + 4),
        ("the media byte", table),
        ("an image's cluster", image + 26),
        ("an image's length", image + 29),
        ("an image's extension", image + 9),
        ("the folder's cluster", slot_of(&bytes, b"RAMKEY     ") + 26),
    ];
    for (case, at) in cases {
        let mut broken = Image(bytes.clone());
        broken.0[at] ^= 0x08;
        let before = judge(&broken, Strictness::Boot);
        if before.sound {
            panic!("{case}: nothing is wrong");
        }
        let made = repair(&broken, &[]);
        let mut after = vec![0; bytes.len()];
        made.stick.read_at(0, &mut after).unwrap();
        assert!(after == bytes, "{case}: {:?}; was {}", made.mended, told(&before));
    }
}

#[test]
fn a_fault_in_a_file_of_the_users_own_is_not_ours() {
    let (_disk, bytes) = with_own_files();
    let own = slot_of(&bytes, b"NOTE    BIN");
    let wanted = own_bytes();
    let data = bytes.windows(64).position(|part| part == &wanted[..64]).expect("its bytes");
    let mut broken = Image(bytes.clone());
    broken.0[data + 5] ^= 1;
    assert!(judge(&broken, Strictness::Boot).sound);
    assert!(repair(&broken, &[]).stick.is_empty());
    // Nobody knows where its bytes are, if its entry says something else.
    let mut broken = Image(bytes);
    broken.0[own + 26] ^= 0x40;
    let before = judge(&broken, Strictness::Boot);
    assert!(!before.sound);
    let made = repair(&broken, &[]);
    assert!(made.stick.is_empty(), "{:?}", made.mended);
}

#[test]
fn a_chunk_is_put_right_from_its_own_image_and_from_no_other() {
    let stick = stick(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    let lba = lbas(&stick, Role::Capsule { image: 0 })[0];
    let mut broken = Image(stick.bytes());
    broken.0[(lba + 100) as usize * 512] ^= 1;
    let other = Image(noise(2 << 20).into_iter().map(|byte| byte ^ 1).collect());
    for donors in [vec![], vec![Donor { source: &other, free: &[] }]] {
        let made = repair(&broken, &donors);
        assert!(made.stick.is_empty(), "{:?}", made.mended);
        let faults = judge(&made.stick, Strictness::Boot).faults;
        assert!(faults.len() == 1 && faults[0].kind == FaultKind::Capsule);
    }
    // A newer version of it, in which that piece is the same.
    let mut newer = stick.images[0].clone();
    newer.0[700_000] ^= 1;
    let made = repair(&broken, &[Donor { source: &newer, free: &[] }]);
    is_whole(&made.stick, "from a newer one");
    assert_eq!(volume_offset(LayoutKind::Hdd), MIB);
}

#[test]
fn a_stick_that_was_written_around_a_bad_cluster_gets_its_counts_back() {
    let made = stick(LayoutKind::Hdd, FsChoice::Is(FatBits::Fat32), 48 * MIB);
    let volume = volume_offset(LayoutKind::Hdd) as usize;
    let mut bytes = made.bytes();
    let number = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (reserved, table) =
        (number(&bytes, volume + 14) as usize & 0xFFFF, number(&bytes, volume + 36) as usize);
    let cluster = 60_000;
    for table in [0, table] {
        let at = volume + (reserved + table) * 512 + 4 * cluster;
        assert_eq!(number(&bytes, at), 0, "it is free");
        bytes[at..at + 4].copy_from_slice(&0x0FFF_FFF7_u32.to_le_bytes());
    }
    for summary in [1, 7].map(|sector| volume + sector * 512 + 488) {
        let free = number(&bytes, summary) - 1;
        bytes[summary..summary + 4].copy_from_slice(&free.to_le_bytes());
    }
    announce(&mut bytes);
    let whole = Image(bytes);
    is_whole(&whole, "written so");
    for at in [40, 512 + 1, 6 * 512 + 40, 7 * 512 + 2] {
        let mut broken = Image(whole.0.clone());
        broken.0[volume + at] ^= 4;
        let repair = repair(&broken, &[]);
        is_whole(&repair.stick, &format!("byte {at}"));
    }
    // The boot code is this version's, and stays.
    assert!(ramkey::repair::update(&whole).unwrap().code.is_none());
}
