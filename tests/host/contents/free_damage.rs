//! Volumes with any bytes changed: there is always an answer in little time, and where something is given up all the same,
//! the tools of others read what they read before.

use std::fs;
use std::path::Path;

use crate::frames::free_space::{Dice, Workshop, files, space, trimmed};
use crate::frames::limits::in_time;
use crate::frames::sticks::{printed, tool};

/// What a tool says of the volume, and the files that it reads.
type Read = fn(&Workshop) -> (Vec<String>, Vec<(String, Vec<u8>)>);

/// Changes up to three bytes of these parts of the image, `times` times, and compares what `read` sees with and without
/// what is given up. Returns how often something was.
fn changed(seed: u64, whole: &[u8], parts: &[std::ops::Range<usize>], times: usize, read: Read) -> usize {
    let mut dice = Dice::new(seed);
    let mut given = 0;
    for turn in 0..times {
        let mut bytes = whole.to_vec();
        let mut changes = Vec::new();
        for _ in 0..1 + dice.below(3) {
            let part = &parts[dice.below(parts.len())];
            let at = part.start + dice.below(part.len());
            let value = [0, 0xFF, bytes[at] ^ 1 << dice.below(8), dice.below(256) as u8][dice.below(4)];
            bytes[at] = value;
            changes.push((at, value));
        }
        let free = in_time("looking for free space", || space(&bytes, dice.below(2) == 0));
        if free.is_empty() {
            assert!(!free.kept.is_empty(), "nothing is free, and nobody says why: {changes:X?}");
            continue;
        }
        given += 1;
        if free.swap == 0 && turn % 2 == 0 {
            let (before, after) = (Workshop::with(&bytes), Workshop::with(&trimmed(&bytes, &free)));
            assert_eq!(read(&after), read(&before), "{changes:X?}");
        }
    }
    given
}

/// Some files, in a folder of their own.
fn tree(workshop: &Workshop, dice: &mut Dice, count: usize, len: usize) -> String {
    let tree = workshop.beside("tree");
    fs::create_dir_all(Path::new(&tree).join("folder/below")).unwrap();
    for number in 0..count {
        let name = format!("{}File number {number}", ["", "folder/", "folder/below/"][number % 3]);
        let len = dice.below(len);
        fs::write(Path::new(&tree).join(name), dice.bytes(len)).unwrap();
    }
    tree
}

fn said(workshop: &Workshop, package: &str, program: &str, arguments: &[&str]) -> String {
    printed(&tool(package, program, arguments)).replace(&*workshop.folder.path().to_string_lossy(), "")
}

fn read_fat(workshop: &Workshop) -> (Vec<String>, Vec<(String, Vec<u8>)>) {
    let folder = workshop.beside("read");
    fs::create_dir(&folder).unwrap();
    let copied = said(workshop, "mtools", "mcopy", &["-s", "-n", "-i", workshop.path(), "::", &folder]);
    let listed = said(workshop, "mtools", "mdir", &["-/", "-a", "-i", workshop.path(), "::"]);
    let checked = said(workshop, "dosfstools", "fsck.fat", &["-n", "-v", workshop.path()]);
    (vec![copied, listed, checked], files(Path::new(&folder)))
}

#[test]
fn a_fat_with_any_bytes_changed_loses_no_file() {
    for (seed, options) in [(31, &["-F", "12", "-s", "1"][..]), (32, &["-F", "16", "-s", "1"])] {
        let workshop = Workshop::new(4 << 20);
        let len = if seed == 31 { 1_474_560 } else { 4 << 20 };
        fs::write(&workshop.image, vec![0xD1; len]).unwrap();
        workshop.run("dosfstools", "mkfs.fat", &[options, &[workshop.path()]].concat());
        let tree = tree(&workshop, &mut Dice::new(seed), 14, len / 40);
        let names = fs::read_dir(&tree).unwrap().map(|entry| entry.unwrap().path().display().to_string());
        let names: Vec<String> = names.collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        workshop.run("mtools", "mcopy", &[&["-s", "-i", workshop.path()][..], &names, &["::"]].concat());
        let bytes = workshop.bytes();
        let word = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        let (table, table_len, root) = (word(14) * 512, word(22) * 512, word(17) * 32);
        let data = table + 2 * table_len + root;
        let parts = [0..64, data - root..data - root + 600, data..data + 40_000, table..table + 300];
        let given = changed(seed, &bytes, &parts, 120, read_fat);
        assert!((10..115).contains(&given), "{options:?}: {given}");
    }
}

fn read_ntfs(workshop: &Workshop) -> (Vec<String>, Vec<(String, Vec<u8>)>) {
    let path = workshop.path();
    let listed = said(workshop, "ntfs-3g", "ntfsls", &["-s", "-l", "-R", path]);
    let about = said(workshop, "ntfs-3g", "ntfsinfo", &["-m", path]);
    let file = |number: usize| {
        let name = format!("/file {number}");
        let contents = tool("ntfs-3g", "ntfscat", &[path, &name]).stdout;
        (name, contents)
    };
    (vec![listed, about], (0..5).map(file).collect())
}

#[test]
fn an_ntfs_with_any_bytes_changed_loses_no_file() {
    let workshop = Workshop::new(8 << 20);
    let format = ["-q", "-F", "-f", "-p", "63", "-H", "16", "-S", "63", "-c", "4096", workshop.path()];
    workshop.run("ntfs-3g", "mkntfs", &format);
    let mut dice = Dice::new(41);
    for number in 0..5 {
        let file = workshop.beside("file");
        let len = dice.below(200_000);
        fs::write(&file, dice.bytes(len)).unwrap();
        let name = format!("/file {number}");
        workshop.run("ntfs-3g", "ntfscp", &["-q", workshop.path(), &file, &name]);
    }
    let bytes = workshop.bytes();
    let table = u64::from_le_bytes(bytes[48..56].try_into().unwrap()) as usize * 4096;
    let map = {
        let text = printed(&tool("ntfs-3g", "ntfscluster", &["-f", "-q", "-I", "6", workshop.path()]));
        let line = text.lines().rfind(|line| line.split_whitespace().count() == 3).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4096
    };
    let parts = [0..96, table..table + 12 * 1024, table + 64 * 1024..table + 70 * 1024, map..map + 256];
    let given = changed(42, &bytes, &parts, 150, read_ntfs);
    assert!((10..145).contains(&given), "{given}");
}

fn read_ext(workshop: &Workshop) -> (Vec<String>, Vec<(String, Vec<u8>)>) {
    let folder = workshop.beside("read");
    fs::create_dir(&folder).unwrap();
    let path = workshop.path();
    let dumped = said(workshop, "e2fsprogs", "debugfs", &["-R", &format!("rdump / {folder}"), path]);
    let checked = said(workshop, "e2fsprogs", "e2fsck", &["-f", "-n", path]);
    (vec![dumped, checked], files(Path::new(&folder)))
}

#[test]
fn an_ext_with_any_bytes_changed_in_what_is_read_loses_no_file() {
    let cases = [(51, &["-t", "ext2", "-b", "1024"][..]), (52, &["-t", "ext4", "-b", "1024", "-g", "2048"])];
    for (seed, options) in cases {
        let workshop = Workshop::new(8 << 20);
        let tree = tree(&workshop, &mut Dice::new(seed), 12, 100_000);
        workshop.run(
            "e2fsprogs",
            "mke2fs",
            &[&["-q", "-F"], options, &["-d", &tree, workshop.path()]].concat(),
        );
        let bytes = workshop.bytes();
        let map = u32::from_le_bytes(bytes[2048..2052].try_into().unwrap()) as usize * 1024;
        let given =
            changed(seed, &bytes, &[1024..1024 + 360, 2048..2048 + 128, map..map + 100], 120, read_ext);
        assert!((10..115).contains(&given), "{options:?}: {given}");
    }
}
