//! Free blocks of ext2, ext3 and ext4, against the tools of e2fsprogs.

use std::fs;
use std::path::Path;

use crate::frames::free_space::{Dice, Workshop, files, holds, is_free, space, trimmed, why};
use crate::frames::sticks::{printed, tool};
use ramkey::contents::{Closed, Structure, Why};

/// Bytes, and how `mke2fs` is told to format them.
const VOLUMES: [(usize, &[&str]); 8] = [
    (16 << 20, &["-t", "ext2", "-b", "1024"]),
    (20 << 20, &["-t", "ext3", "-b", "1024"]),
    (40 << 20, &["-t", "ext4", "-b", "4096"]),
    (40 << 20, &["-t", "ext4", "-b", "1024", "-E", "lazy_itable_init=1"]),
    (40 << 20, &["-t", "ext4", "-b", "1024", "-O", "^flex_bg,^64bit,^metadata_csum,^uninit_bg"]),
    (40 << 20, &["-t", "ext4", "-b", "1024", "-O", "meta_bg,^resize_inode,^metadata_csum"]),
    (8 << 20, &["-t", "ext2", "-b", "2048", "-r", "0", "-O", "none"]),
    (24 << 20, &["-t", "ext4", "-b", "1024", "-g", "1024", "-O", "sparse_super2,^resize_inode"]),
];

fn ext(workshop: &Workshop, program: &str, arguments: &[&str]) -> String {
    workshop.run("e2fsprogs", program, arguments)
}

/// What `debugfs` says when it is told to do this.
fn debugfs(workshop: &Workshop, request: &str) -> String {
    ext(workshop, "debugfs", &["-w", "-R", request, workshop.path()])
}

/// A volume with files, some of which are deleted: the volume, and what was in those.
fn used(seed: u64, len: usize, options: &[&str]) -> (Workshop, Vec<Vec<u8>>) {
    let mut dice = Dice::new(seed);
    let workshop = Workshop::new(len);
    let tree = workshop.beside("tree");
    fs::create_dir_all(Path::new(&tree).join("folder/below")).unwrap();
    let (mut names, mut left) = (Vec::new(), len / 2);
    for number in 0..40 {
        let size = dice.below(len / 20) + 1;
        if size > left {
            break;
        }
        left -= size;
        let name = format!("{}file{number}", ["", "folder/", "folder/below/"][dice.below(3)]);
        fs::write(Path::new(&tree).join(&name), dice.bytes(size)).unwrap();
        names.push(name);
    }
    ext(&workshop, "mke2fs", &[&["-q", "-F"], options, &["-d", &tree, workshop.path()]].concat());
    let mut gone = Vec::new();
    for (_, name) in names.iter().enumerate().filter(|(number, _)| *number == 0 || dice.below(3) == 0) {
        gone.push(fs::read(Path::new(&tree).join(name)).unwrap());
        debugfs(&workshop, &format!("kill_file {name}"));
        debugfs(&workshop, &format!("rm {name}"));
    }
    let output = tool("e2fsprogs", "e2fsck", &["-f", "-y", workshop.path()]);
    assert!(output.status.code().is_some_and(|code| code < 4), "{}", printed(&output));
    (workshop, gone)
}

/// All files, as `debugfs` reads them.
fn dumped(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let workshop = Workshop::with(bytes);
    let folder = workshop.beside("dump");
    fs::create_dir(&folder).unwrap();
    debugfs(&workshop, &format!("rdump / {folder}"));
    files(Path::new(&folder))
}

/// What `e2fsck` says of the volume.
fn checked(bytes: &[u8]) -> (Option<i32>, String) {
    let workshop = Workshop::with(bytes);
    let output = tool("e2fsprogs", "e2fsck", &["-f", "-n", workshop.path()]);
    (output.status.code(), printed(&output).replace(workshop.path(), "volume"))
}

/// What `dumpe2fs` says: bytes of a block, and blocks that are free.
fn free_blocks(workshop: &Workshop) -> (u64, Vec<u64>) {
    let text = ext(workshop, "dumpe2fs", &[workshop.path()]);
    let number = |name: &str| -> u64 {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().last().unwrap().parse().unwrap()
    };
    let mut free = Vec::new();
    let groups =
        text.split("\nGroup ").filter(|group| group.starts_with(|start: char| start.is_ascii_digit()));
    for group in groups {
        let line = group.lines().find(|line| line.trim().starts_with("Free blocks:")).unwrap();
        let runs = line.trim().trim_start_matches("Free blocks:").split(',').map(str::trim);
        for run in runs.filter(|run| !run.is_empty()) {
            let (first, last) = run.split_once('-').unwrap_or((run, run));
            free.extend(first.parse::<u64>().unwrap()..=last.parse::<u64>().unwrap());
        }
    }
    (number("Block size:"), free)
}

#[test]
fn free_blocks_are_those_that_dumpe2fs_lists_and_no_file_loses_a_byte() {
    for (seed, (len, options)) in VOLUMES.into_iter().enumerate() {
        let name = format!("{len} {options:?}");
        let (workshop, gone) = used(seed as u64, len, options);
        let bytes = workshop.bytes();
        let space = space(&bytes, false);
        assert_eq!((&space.kept[..], space.swap), (&[][..], 0), "{name}");
        let (block_len, free) = free_blocks(&workshop);
        assert_eq!(space.len(), free.len() as u64 * block_len, "{name}");
        assert!(free.iter().all(|block| is_free(&space, block * block_len)), "{name}");
        let trimmed = trimmed(&bytes, &space);
        assert_eq!(dumped(&trimmed), dumped(&bytes), "{name}");
        assert!(dumped(&bytes).len() > 3, "{name}");
        assert_eq!(checked(&trimmed), checked(&bytes), "{name}");
        assert_eq!(checked(&trimmed).0, Some(0), "{name}");
        let starts: Vec<&[u8]> = gone.iter().filter(|was| was.len() >= 64).map(|was| &was[..64]).collect();
        assert!(starts.iter().any(|start| holds(&bytes, start)), "{name}");
        assert!(!starts.iter().any(|start| holds(&trimmed, start)), "{name}");
    }
}

#[test]
fn an_ext_that_is_not_clean_or_contradicts_itself_is_kept_and_says_why() {
    let (workshop, _) = used(20, VOLUMES[4].0, VOLUMES[4].1);
    let whole = workshop.bytes();
    let after = |changes: &[(usize, u8)]| {
        let mut bytes = whole.clone();
        changes.iter().for_each(|&(at, value)| bytes[at] = value);
        bytes
    };
    let at = |field: usize| 1024 + field;
    let groups = 2048;
    let map = u32::from_le_bytes(whole[groups..groups + 4].try_into().unwrap()) as usize * 1024;
    for (name, changes, expected) in [
        ("in use", vec![(at(58), 0)], Why::NotClosed(Closed::Mark)),
        ("with errors", vec![(at(58), 3)], Why::NotClosed(Closed::Mark)),
        ("to be recovered", vec![(at(96), whole[at(96)] | 4)], Why::NotClosed(Closed::Log)),
        ("an orphan", vec![(at(232), 12)], Why::NotClosed(Closed::Orphans)),
        ("an orphan in a file", vec![(at(102), 1)], Why::NotClosed(Closed::Orphans)),
        ("compressed", vec![(at(96), whole[at(96)] | 1)], Why::Features),
        ("clusters", vec![(at(101), whole[at(101)] | 2)], Why::Features),
        ("revision", vec![(at(76), 2)], Why::Features),
        ("blocks", vec![(at(6), 9)], Why::BeyondPartition),
        ("size of a block", vec![(at(24), 7)], Why::Damaged(Structure::Superblock)),
        ("free blocks of all", vec![(at(12), whole[at(12)] ^ 1)], Why::FreeCount),
        ("free blocks of a group", vec![(groups + 12, whole[groups + 12] ^ 1)], Why::FreeCount),
        ("a bitmap", vec![(map, whole[map] ^ 1)], Why::FreeCount),
        ("place of a bitmap", vec![(groups + 2, 9)], Why::Damaged(Structure::Group)),
    ] {
        assert_eq!(why(&after(&changes)), expected, "{name}");
    }
    // As many are free as before, and one of them is the superblock.
    let first_free = (map..).find(|&byte| whole[byte] != 0xFF).unwrap();
    let bit = whole[first_free].trailing_ones();
    let swapped = [(map, whole[map] & 0xFE), (first_free, whole[first_free] | 1 << bit)];
    assert_eq!(why(&after(&swapped)), Why::UsedIsFree);
}
