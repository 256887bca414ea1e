//! Which volumes of an image are trimmed: partitions of any table, and what speaks against some of them.

use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::frames::free_space::{Workshop, space};
use crate::frames::limits::in_time;
use crate::frames::sticks::{Image, printed, tool};
use ramkey::contents::{FreeQuestion, FreeSpace, Kept, KeptPlace, Kind, KindChoice, Why, free_space, probe};
use ramkey::image::open;

/// Sectors of a volume, and of a disk.
const SECTORS: usize = 20_000;
const DISK_SECTORS: usize = 120_000;

/// A FAT16 with a file on it.
fn volume() -> Vec<u8> {
    let workshop = Workshop::new(SECTORS * 512);
    workshop.run("dosfstools", "mkfs.fat", &["-F", "16", "-s", "2", workshop.path()]);
    std::fs::write(workshop.beside("file"), [7; 3000]).unwrap();
    workshop.run("mtools", "mcopy", &["-i", workshop.path(), &workshop.beside("file"), "::A.TXT"]);
    workshop.bytes()
}

/// A disk with a table that `sfdisk` makes of this script, and the volume at these sectors.
fn disk(script: &str, volume: &[u8], places: &[usize]) -> Vec<u8> {
    let workshop = Workshop::new(DISK_SECTORS * 512);
    let mut bytes = workshop.bytes();
    bytes[..512].fill(0);
    std::fs::write(&workshop.image, bytes).unwrap();
    let told = workshop.beside("script");
    std::fs::write(&told, script).unwrap();
    let command = format!("sfdisk -q --force {} < {told}", workshop.path());
    let output = tool("fdisk", "sh", &["-c", &format!("PATH=$PATH:/usr/sbin:/sbin {command}")]);
    assert!(output.status.success(), "{}", printed(&output));
    let mut bytes = workshop.bytes();
    for lba in places {
        bytes[lba * 512..][..volume.len()].copy_from_slice(volume);
    }
    bytes
}

fn kept(number: usize, why: Why) -> Kept {
    Kept { place: KeptPlace::Partition(number), why }
}

/// What is free if nothing but the volumes at these sectors is trimmed.
fn expected(volume: &[u8], places: &[usize]) -> Vec<std::ops::Range<u64>> {
    let own = space(volume, false).ranges;
    assert!(!own.is_empty());
    let moved = |lba: &usize| {
        let start = *lba as u64 * 512;
        own.iter().map(move |range| range.start + start..range.end + start).collect::<Vec<_>>()
    };
    places.iter().flat_map(moved).collect()
}

fn as_disk(bytes: &[u8]) -> FreeSpace {
    let image = Image(bytes.to_vec());
    let facts = probe(Path::new("d.img"), &image, KindChoice::Is(Kind::HardDisk), None).unwrap();
    free_space(&image, &facts, FreeQuestion::default())
}

#[test]
fn partitions_of_every_table_are_trimmed_and_nothing_between_them() {
    let volume = volume();
    let script = "label: dos\nstart=63, size=20000, type=6\nstart=20063, size=90000, type=f\n\
                  start=20126, size=20000, type=6\nstart=50000, size=20000, type=b\n";
    let places = [63, 20_126, 50_000];
    let bytes = disk(script, &volume, &places);
    let space = space(&bytes, false);
    assert_eq!((space.ranges, space.kept), (expected(&volume, &places), vec![]));
    let script = "label: gpt\nstart=2048, size=20000\nstart=30000, size=20000\n";
    let places = [2048, 30_000];
    let mut bytes = disk(script, &volume, &places);
    let free = as_disk(&bytes);
    assert_eq!((free.ranges, free.kept), (expected(&volume, &places), vec![]));
    // The header of the first table and that of its copy.
    bytes[512 + 16] ^= 1;
    let copy = bytes.len() - 512 + 16;
    assert_eq!(as_disk(&bytes).kept, [], "the copy is sound");
    bytes[copy] ^= 1;
    let free = as_disk(&bytes);
    assert_eq!(
        (free.ranges, free.kept),
        (vec![], vec![Kept { place: KeptPlace::Image, why: Why::GuidTable }])
    );
}

#[test]
fn types_that_hold_no_file_system_are_kept() {
    let volume = volume();
    let places = [63, 20_063, 40_063, 60_063];
    let script = "label: dos\nstart=63, size=20000, type=a0\nstart=20063, size=20000, type=84\n\
                  start=40063, size=20000, type=8e\nstart=60063, size=20000, type=1e\n";
    let space = space(&disk(script, &volume, &places), false);
    assert_eq!(space.ranges, expected(&volume, &places[3..]));
    let types = [(1, 0xA0), (2, 0x84), (3, 0x8E)];
    assert_eq!(space.kept, types.map(|(number, type_byte)| kept(number, Why::PartitionType(type_byte))));
}

#[test]
fn partitions_that_overlap_or_end_too_late_are_kept() {
    let volume = volume();
    let script = "label: dos\nstart=63, size=20000, type=6\nstart=30000, size=20000, type=6\n\
                  start=60000, size=20000, type=6\nstart=90000, size=20000, type=6\n";
    let places = [63, 30_000, 60_000, 90_000];
    let whole = disk(script, &volume, &places);
    let field = |slot: usize, at: usize| 0x1BE + slot * 16 + at;
    let after = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        as_disk(&bytes)
    };
    assert_eq!(after(&|_| ()).kept, []);
    // The second begins a sector before the end of the first.
    let free = after(&|bytes| {
        bytes[field(1, 8)..][..4].copy_from_slice(&20_062u32.to_le_bytes());
    });
    assert_eq!(free.ranges, expected(&volume, &places[2..]));
    assert_eq!(free.kept, [kept(1, Why::Overlap), kept(2, Why::Overlap)]);
    let free = after(&|bytes| {
        bytes[field(2, 12)..][..4].copy_from_slice(&19_999u32.to_le_bytes());
    });
    assert_eq!(free.kept, [kept(3, Why::BeyondPartition)]);
    let free = after(&|bytes| bytes.truncate(100_000 * 512));
    assert_eq!(free.kept, [kept(4, Why::BeyondImage)]);
    let free = after(&|bytes| bytes[60_000 * 512..][..1024].fill(0xD1));
    assert_eq!(free.kept, [kept(3, Why::Unknown)]);
}

#[test]
fn a_system_that_sleeps_on_one_partition_keeps_all() {
    let volume = volume();
    let script = "label: dos\nstart=63, size=20000, type=6\nstart=30000, size=20000, type=82\n";
    let whole = disk(script, &volume, &[63]);
    assert_eq!(as_disk(&whole).kept, [kept(2, Why::Unknown)]);
    let tux_on_ice = b"\xED\xC3\x02\xE9\x98\x56\xE5\x0C\0";
    for mark in [b"S1SUSPEND", b"S2SUSPEND", b"ULSUSPEND", b"LINHIB000", tux_on_ice] {
        for page in [4096, 16_384, 65_536] {
            let mut bytes = whole.clone();
            bytes[30_000 * 512 + page - 10..][..9].copy_from_slice(mark);
            let free = as_disk(&bytes);
            assert_eq!(free.ranges, []);
            assert_eq!(free.kept, [kept(1, Why::SleepsBeside), kept(2, Why::Sleeps)]);
        }
    }
}

#[test]
fn a_table_that_names_the_volume_it_is_in_is_no_other() {
    for options in [&["-f", "1440"][..], &["-F", "-c", "1", "-h", "16", "-s", "63", "-T", "80000"]] {
        let workshop = Workshop::new(0);
        let arguments = [&["-C", "-i", workshop.path()][..], options, &["::"]].concat();
        std::fs::remove_file(&workshop.image).unwrap();
        workshop.run("mtools", "mformat", &arguments);
        std::fs::write(workshop.beside("file"), [7; 3000]).unwrap();
        workshop.run("mtools", "mcopy", &["-i", workshop.path(), &workshop.beside("file"), "::A.TXT"]);
        let bytes = workshop.bytes();
        assert_eq!(bytes[0x1BE], 0x80, "mformat writes a table");
        let free = space(&bytes, false);
        assert!(free.kept.is_empty() && !free.is_empty(), "{options:?}: {:?}", free.kept);
    }
}

#[test]
fn a_volume_and_a_table_in_one_sector_contradict_each_other() {
    let mut bytes = volume();
    bytes[0x1BE..0x1CE].copy_from_slice(&[0x80, 1, 1, 0, 6, 1, 1, 1, 63, 0, 0, 0, 0, 1, 0, 0]);
    let free = as_disk(&bytes);
    let whole = |why| vec![Kept { place: KeptPlace::Image, why }];
    assert_eq!((free.ranges, free.kept), (vec![], whole(Why::TableAndVolume)));
    let mut bytes = volume();
    bytes[1024 + 56..][..2].copy_from_slice(&[0x53, 0xEF]);
    assert_eq!(as_disk(&bytes).kept, whole(Why::Ambiguous));
    let mut bytes = volume();
    bytes[..6].copy_from_slice(b"LUKS\xBA\xBE");
    assert_eq!(as_disk(&bytes).kept, whole(Why::Ambiguous));
    assert_eq!(as_disk(&vec![0xD1; 8 << 20]).kept, whole(Why::Unknown));
}

#[test]
fn a_disc_has_no_free_space() {
    let disc = Image(crate::frames::discs::by_hand(24, 0, &[crate::frames::discs::entry(0x88, 0, 0, 4, 20)]));
    let facts = probe(Path::new("d.iso"), &disc, KindChoice::Auto, None).unwrap();
    let free = free_space(&disc, &facts, FreeQuestion { swap: true });
    assert_eq!(free.ranges, []);
    assert_eq!(free.kept, [Kept { place: KeptPlace::Image, why: Why::Disc }]);
}

#[test]
fn free_space_in_too_many_pieces_is_kept_and_the_largest_answer_is_short() {
    let workshop = Workshop::new(0);
    let file = std::fs::File::options().write(true).open(&workshop.image).unwrap();
    file.set_len(320 << 20).unwrap();
    workshop.run("dosfstools", "mkfs.fat", &["-F", "32", "-s", "1", "-f", "1", workshop.path()]);
    std::fs::write(workshop.beside("file"), [7; 3000]).unwrap();
    workshop.run("mtools", "mcopy", &["-i", workshop.path(), &workshop.beside("file"), "::A.TXT"]);
    let free = |pieces: usize| {
        // Every second cluster behind the file is a chain of its own.
        let entries = [[0xFF, 0xFF, 0xFF, 0x0F], [0; 4]].concat().repeat(pieces);
        file.write_all_at(&entries, 32 * 512 + 20 * 4).unwrap();
        let image = open(&workshop.image).unwrap();
        let facts = probe(&workshop.image, &*image, KindChoice::Auto, None).unwrap();
        in_time("looking for free space", || free_space(&*image, &facts, FreeQuestion::default()))
    };
    let most = free((1 << 18) - 1);
    assert_eq!((most.ranges.len(), most.kept.len()), (1 << 18, 0));
    let told = serde_json::to_string(&most).unwrap();
    assert!(told.len() < 2 << 20, "{} bytes are told to another process", told.len());
    assert_eq!(serde_json::from_str::<FreeSpace>(&told).unwrap(), most);
    let more = free(1 << 18);
    assert_eq!(more.ranges, []);
    assert_eq!(more.kept, [Kept { place: KeptPlace::Image, why: Why::TooMany }]);
}

#[test]
fn an_answer_that_cannot_be_true_is_not_believed() {
    let possible = |ranges: &[std::ops::Range<u64>], swap: u64| {
        FreeSpace { ranges: ranges.to_vec(), swap, kept: Vec::new() }.is_possible(8192)
    };
    assert!(possible(&[], 0) && possible(&[0..512, 1024..8192], 512));
    assert!(!possible(&[], 1), "swap that is not left out");
    assert!(!possible(&[0..512, 512..1024], 0), "not apart");
    assert!(!possible(&[1024..2048, 0..512], 0), "not in order");
    assert!(!possible(&[512..512, 1024..2048], 0), "empty");
    assert!(!possible(&[0..500, 1024..2048], 0), "no sectors");
    assert!(!possible(&[100..1024, 2048..4096], 0), "no sectors");
    assert!(!possible(&[0..512, 1024..8704], 0), "behind the image");
    for text in ["[1]", "[18446744073709551615,1]", "[1,36028797018963968]", "[-1,1]"] {
        let told = format!(r#"{{"ranges":{text},"swap":0,"kept":[]}}"#);
        assert!(serde_json::from_str::<FreeSpace>(&told).is_err(), "{text}");
    }
}

#[test]
fn a_windows_that_sleeps_is_seen_on_a_volume_that_is_kept_for_another_reason() {
    let plain = volume();
    let workshop = Workshop::new(SECTORS * 512);
    std::fs::write(&workshop.image, &plain).unwrap();
    std::fs::write(workshop.beside("memory"), [&b"hibr"[..], &[7; 9000]].concat()).unwrap();
    workshop.run("mtools", "mcopy", &["-i", workshop.path(), &workshop.beside("memory"), "::HIBERFIL.SYS"]);
    let mut asleep = workshop.bytes();
    // It sleeps while its volume is open.
    asleep[0x25] |= 1;
    let script = "label: dos\nstart=63, size=20000, type=6\nstart=30000, size=20000, type=6\n";
    let mut bytes = disk(script, &plain, &[30_000]);
    bytes[63 * 512..][..asleep.len()].copy_from_slice(&asleep);
    let free = as_disk(&bytes);
    assert_eq!((free.ranges, free.kept), (vec![], vec![kept(1, Why::Sleeps), kept(2, Why::SleepsBeside)]));
}

#[test]
fn where_a_system_may_sleep_unseen_nothing_is_given_up() {
    let volume = volume();
    let script = "label: dos\nstart=63, size=20000, type=6\nstart=30000, size=20000, type=83\n";
    let whole = disk(script, &volume, &[63]);
    assert_eq!(as_disk(&whole).ranges, expected(&volume, &[63]));
    let after = |at: usize, value: &[u8]| {
        let mut bytes = whole.clone();
        bytes[30_000 * 512 + at..][..value.len()].copy_from_slice(value);
        as_disk(&bytes)
    };
    for (at, value) in [(0, &b"LUKS\xBA\xBE"[..]), (512, b"LABELONE")] {
        let free = after(at, value);
        assert_eq!(free.ranges, []);
        assert_eq!(free.kept, [kept(1, Why::PerhapsSleepsBeside), kept(2, Why::Unknown)]);
    }
    // An ext with a log that is to be played.
    let mut superblock = [0; 512];
    superblock[56..58].copy_from_slice(&[0x53, 0xEF]);
    superblock[96] = 4;
    let free = after(1024, &superblock);
    assert_eq!((free.ranges, &free.kept[0]), (vec![], &kept(1, Why::PerhapsSleepsBeside)));
}

#[test]
fn what_lilo_starts_is_kept() {
    let volume = volume();
    let script = "label: dos\nstart=63, size=20000, type=6\n";
    let mut bytes = disk(script, &volume, &[63]);
    bytes[6..10].copy_from_slice(b"LILO");
    let free = as_disk(&bytes);
    assert_eq!((free.ranges, free.kept), (vec![], vec![kept(1, Why::BlockList)]));
}

#[test]
fn a_guid_of_no_file_system_is_kept() {
    let volume = volume();
    let script = "label: gpt\nstart=2048, size=20000\n\
                  start=30000, size=20000, type=AF9B60A0-1431-4F62-BC68-3311714A69AD\n";
    let places = [2048, 30_000];
    let free = as_disk(&disk(script, &volume, &places));
    assert_eq!(
        (free.ranges, free.kept),
        (expected(&volume, &places[..1]), vec![kept(2, Why::PartitionGuid)])
    );
}

#[test]
fn a_volume_in_which_another_file_system_begins_is_kept() {
    let plain = volume();
    for (at, magic) in [(32_769, &b"CD001"[..]), (32_768, b"JFS1"), (65_600, b"_BHRfS_M")] {
        let mut bytes = plain.clone();
        bytes[at..][..magic.len()].copy_from_slice(magic);
        let free = as_disk(&bytes);
        assert_eq!(free.ranges, [], "{at}");
        assert_eq!(free.kept, [Kept { place: KeptPlace::Image, why: Why::Ambiguous }], "{at}");
    }
}
