//! The map of a stick, against its layout, and against what was done to it since.

use ramkey::image::scan;
use ramkey::map::{ChunkState, Map, MapQuestion, Medium, Use, of_layout, of_stick};
use ramkey::plan::{FatBits, FsChoice, LayoutKind};
use ramkey::stick::{Reader, read};

use crate::frames::sticks::{Image, MIB, Stick, every_layout, noise};
use crate::frames::verdicts::{IMAGE_LEN, OnDisk, stick};

fn map(bytes: &Image) -> Map {
    asked(bytes, &MapQuestion::default())
}

fn asked(bytes: &Image, question: &MapQuestion) -> Map {
    let map = of_stick(bytes, question, &|_| {});
    assert!(map.is_possible(bytes.0.len() as u64), "{:?}", map.ranges);
    map
}

/// What the map says of a sector.
fn at(map: &Map, lba: u64) -> (Use, &str) {
    let range = map.ranges.iter().find(|range| (range.lba..range.end()).contains(&lba)).unwrap();
    (range.used_for, &range.name)
}

fn fat16() -> Stick {
    stick(LayoutKind::Hdd, FsChoice::Is(FatBits::Fat16), 12 * MIB)
}

#[test]
fn the_map_of_a_fresh_stick_says_of_each_sector_what_its_layout_says() {
    for (layout, fs, len) in every_layout().into_iter().filter(|(.., len)| *len < 100 * MIB) {
        let stick = stick(layout, fs, len);
        let names: Vec<&str> =
            stick.plan.carried.capsules.iter().map(|capsule| &capsule.file_name[..]).collect();
        let planned = of_layout(&stick.layout, &names);
        let found = map(&Image(stick.bytes()));
        assert!(!found.partial && found.medium == Medium::Stick, "{layout:?}");
        let written = planned.ranges.iter().filter(|range| range.used_for != Use::Kept);
        for range in written {
            for lba in [range.lba, range.end() - 1] {
                let (used_for, name) = at(&found, lba);
                // The second slot of the manifest is clear.
                let is_slot = (range.used_for, used_for) == (Use::Cleared, Use::Manifest);
                assert!(
                    used_for == range.used_for || is_slot,
                    "{layout:?} {fs:?} {lba}: {used_for:?}, {range:?}"
                );
                if range.image.is_some() {
                    assert_eq!(name, range.name);
                }
            }
        }
        assert_eq!(found.capsules.len(), 2);
    }
}

#[test]
fn a_file_of_the_user_and_a_bad_cluster_are_where_they_were_put() {
    let disk = OnDisk::new(LayoutKind::Hdd, FsChoice::Is(FatBits::Fat16), 12 * MIB);
    let file = disk.path.with_extension("txt");
    std::fs::write(&file, vec![b'x'; 100_000]).unwrap();
    disk.mtools("mcopy", &[file.to_str().unwrap(), "::NOTES.TXT"]);
    let mut bytes = Image(std::fs::read(&disk.path).unwrap());
    let found = map(&bytes);
    let notes = found.ranges.iter().find(|range| range.name == "NOTES.TXT").expect("it is a file");
    assert_eq!(notes.used_for, Use::File);
    let start = notes.lba as usize * 512;
    assert!(bytes.0[start..start + 100_000].iter().all(|&byte| byte == b'x') && notes.sectors >= 196);
    // The last cluster becomes bad, in both tables.
    let (tables, entry, lba) = {
        let reader = Reader::new(&bytes, &|_| {});
        let volume = read(&reader).file_system.unwrap().ok().unwrap().volume;
        let last = volume.bpb.clusters + 1;
        let table = |number: u64| (volume.table_lba() + number * volume.bpb.fat_sectors) * 512;
        ([table(0), table(1)], last * 2, volume.cluster_lba(last))
    };
    for table in tables {
        let at = (table + entry) as usize;
        bytes.0[at..at + 2].copy_from_slice(&[0xF7, 0xFF]);
    }
    let found = map(&bytes);
    assert_eq!(at(&found, lba).0, Use::Bad);
    assert_eq!(at(&found, lba - 1).0, Use::Free);
}

#[test]
fn a_damaged_chunk_is_bad_and_no_other() {
    let stick = fat16();
    let mut bytes = Image(stick.bytes());
    let proof = MapQuestion { proof: true, against: None };
    let sound = asked(&bytes, &proof).capsules;
    let states = sound[0].states.expect("it was read");
    assert_eq!((states.bad, states.changed, states.same + states.zero), (0, 0, 5));
    assert_eq!(map(&bytes).capsules[0].states, None);
    // In the fourth chunk.
    let image = noise(IMAGE_LEN);
    let place = bytes.0.windows(64).position(|window| *window == image[800_000..800_064]).unwrap();
    bytes.0[place] ^= 1;
    let found = asked(&bytes, &proof).capsules;
    let bad: Vec<(u32, u32)> = found[0]
        .runs
        .iter()
        .filter(|run| run.state == Some(ChunkState::Bad))
        .map(|run| (run.first, run.count))
        .collect();
    assert_eq!(bad, [(3, 1)]);
    assert_eq!(found[1], sound[1]);
}

#[test]
fn an_image_is_compared_with_the_one_that_is_most_like_it() {
    let stick = fat16();
    let bytes = Image(stick.bytes());
    let mut new = noise(IMAGE_LEN);
    new[300_000] ^= 1;
    let values = |image: Vec<u8>| -> Vec<[u8; 32]> {
        let scan = scan(&Image(image), &mut |_| ()).unwrap();
        scan.chunks.iter().map(|chunk| chunk.chaining_value).collect()
    };
    let values = values(new);
    let found = asked(&bytes, &MapQuestion { proof: false, against: Some(&values) }).capsules;
    let states = found[0].states.expect("it was compared");
    assert!(found[0].against && !found[1].against);
    assert_eq!((states.changed, states.bad, states.same + states.zero), (1, 0, 4));
    assert_eq!(found[1].states, None);
}

#[test]
fn whatever_is_left_of_a_stick_has_a_map_that_leaves_nothing_out() {
    let stick = fat16();
    let bytes = stick.bytes();
    for (start, end) in [(0, 512), (128 * 512, 600 * 512), (2048 * 512, 2049 * 512), (2049 * 512, 5000 * 512)]
    {
        for fill in [0, 0xFF, 0x55] {
            let mut damaged = Image(bytes.clone());
            damaged.0[start..end].fill(fill);
            asked(&damaged, &MapQuestion { proof: true, against: None });
        }
    }
    let mut cut = Image(bytes);
    cut.0.truncate(5 * MIB as usize + 512);
    assert_eq!(asked(&cut, &MapQuestion::default()).sectors, 5 * 2048 + 1);
}

#[test]
fn a_map_that_leaves_a_sector_out_is_not_believed() {
    let bytes = Image(fat16().bytes());
    let (sound, len) = (map(&bytes), bytes.0.len() as u64);
    let spoilt = |spoil: &dyn Fn(&mut Map)| {
        let mut map = sound.clone();
        spoil(&mut map);
        map.is_possible(len)
    };
    assert!(spoilt(&|_| {}));
    assert!(!spoilt(&|map| map.ranges[3].lba += 1));
    assert!(!spoilt(&|map| map.ranges[3].sectors = 0));
    assert!(!spoilt(&|map| drop(map.ranges.pop())));
    assert!(!spoilt(&|map| map.ranges[2].sectors = u64::MAX));
    assert!(!spoilt(&|map| map.ranges[2].name = "x".repeat(5000)));
    assert!(!spoilt(&|map| map.sectors += 1));
    assert!(!spoilt(&|map| map.medium = Medium::Plan));
    assert!(!spoilt(&|map| map.capsules[0].runs[0].count = u32::MAX));
    assert!(!spoilt(&|map| map.capsules[0].title = "x".repeat(5000)));
    assert!(!map(&bytes).is_possible(len + 512));
}
