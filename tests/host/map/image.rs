//! The map of images and discs, against the tools that made them.

use std::path::Path;

use ramkey::contents::{FreeQuestion, Kind, KindChoice, Question, look};
use ramkey::map::{Map, Medium, Use, of_image};

use crate::frames::discs::{Tree, partitioned};
use crate::frames::sticks::{Image, printed, tool};

fn map(bytes: Vec<u8>, kind: KindChoice) -> Map {
    let question = Question { kind, free: Some(FreeQuestion::default()), areas: true, ..Question::default() };
    let looked = look(Path::new("disk.img"), &Image(bytes), &question).unwrap();
    of_image(&looked)
}

fn ranges(map: &Map) -> Vec<(u64, u64, Use)> {
    let mut end = 0;
    for range in &map.ranges {
        assert_eq!(range.lba, end, "nothing is left out");
        end = range.end();
    }
    assert_eq!(end, map.sectors);
    map.ranges.iter().map(|range| (range.lba, range.sectors, range.used_for)).collect()
}

#[test]
fn of_a_floppy_tables_files_and_free_space_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("floppy.img");
    let name = image.to_str().unwrap();
    let run = |program: &str, words: &[&str]| {
        let output = tool("mtools", program, words);
        assert!(output.status.success(), "{program}: {}", printed(&output));
    };
    run("mformat", &["-C", "-i", name, "-f", "1440", "::"]);
    let file = folder.path().join("file");
    std::fs::write(&file, vec![1; 100 * 512]).unwrap();
    run("mcopy", &["-i", name, file.to_str().unwrap(), "::FILE"]);
    let map = map(std::fs::read(&image).unwrap(), KindChoice::Auto);
    assert_eq!((map.medium, map.partial), (Medium::Image, false));
    let expected = [
        (0, 1, Use::FatReserved),
        (1, 9, Use::FatTable),
        (10, 9, Use::FatTable),
        (19, 14, Use::Directory),
        (33, 100, Use::Volume),
        (133, 2747, Use::Free),
    ];
    assert_eq!(ranges(&map), expected);
    assert_eq!(map.ranges[4].name, "FAT12");
}

#[test]
fn of_a_hard_disk_each_partition_has_its_place() {
    let map = map(partitioned(), KindChoice::Is(Kind::HardDisk));
    assert_eq!(ranges(&map), [(0, 1, Use::Table), (1, 62, Use::Unused), (63, 8001, Use::Volume)]);
    assert_eq!(map.ranges[2].name, "partition 1: no file system that is known");
}

#[test]
fn of_a_disc_descriptors_boot_images_directories_and_files_are_where_xorriso_put_them() {
    let tree = Tree::new(&["readme.txt", "folder/deep file.txt"]);
    tree.add("boot.img", &[0x90; 2048]);
    tree.add("big.bin", &vec![7; 50_000]);
    let disc = tree.xorriso(&[
        "-J",
        "-R",
        "-b",
        "boot.img",
        "-no-emul-boot",
        "-boot-load-size",
        "4",
        "-c",
        "boot.cat",
    ]);
    let bytes = std::fs::read(&disc).unwrap();
    let map = map(bytes.clone(), KindChoice::Auto);
    ranges(&map);
    assert_eq!((map.medium, map.partial), (Medium::Cd, false));
    let named =
        |name: &str| map.ranges.iter().find(|range| range.name == name).unwrap_or_else(|| panic!("{name}"));
    let big = named("big.bin");
    let start = big.lba as usize * 512;
    assert!(bytes[start..start + 50_000].iter().all(|&byte| byte == 7));
    assert_eq!((big.used_for, big.sectors), (Use::File, 50_000_u64.div_ceil(2048) * 4));
    assert_eq!(named("folder/deep file.txt").used_for, Use::File);
    assert_eq!(named("folder").used_for, Use::Directory);
    assert_eq!((named("primary volume descriptor").lba, named("boot record of El Torito").lba), (64, 68));
    assert_eq!(named("boot catalogue of El Torito").used_for, Use::Disc);
    // The file is told before the entry that boots it.
    assert_eq!(named("boot.img").used_for, Use::File);
}
