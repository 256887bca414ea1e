//! Free clusters of FAT volumes, against mtools and dosfstools.

use std::fs;
use std::path::Path;

use crate::frames::free_space::{Dice, Workshop, files, holds, is_free, space, trimmed, why};
use crate::frames::sticks::{printed, tool};
use ramkey::contents::{Closed, FreeSpace, Structure, Why};

/// Bytes, and how `mkfs.fat` is told to format them.
const VOLUMES: [(usize, &[&str]); 6] = [
    (1_474_560, &["-F", "12"]),
    (737_280, &["-F", "12", "-s", "2"]),
    (8 << 20, &["-F", "12", "-s", "8"]),
    (20 << 20, &["-F", "16", "-s", "4"]),
    (10 << 20, &["-F", "16", "-s", "1", "-f", "1"]),
    (40 << 20, &["-F", "32", "-s", "1"]),
];

/// A volume that was filled, and of which much was deleted again.
struct Used {
    workshop: Workshop,
    /// Files that are there.
    kept: Vec<String>,
    /// What was in files that are gone, as far as nothing can have been written there again.
    gone: Vec<Vec<u8>>,
}

fn mtools(workshop: &Workshop, program: &str, arguments: &[&str]) -> String {
    workshop.run("mtools", program, &[&["-i", workshop.path()], arguments].concat())
}

fn formatted(len: usize, options: &[&str]) -> Workshop {
    let workshop = Workshop::new(len);
    workshop.run("dosfstools", "mkfs.fat", &[options, &["-n", "USED", workshop.path()]].concat());
    workshop
}

/// Fills the volume, with `fill` of 100 of it, and deletes some.
fn used(seed: u64, len: usize, options: &[&str], fill: usize) -> Used {
    let mut dice = Dice::new(seed);
    let workshop = formatted(len, options);
    let (mut kept, mut gone, mut left) = (Vec::new(), Vec::new(), len / 100 * fill);
    mtools(&workshop, "mmd", &["::dir", "::dir/below", "::A longer name of a folder"]);
    let folders = ["::", "::dir/", "::dir/below/", "::A longer name of a folder/"];
    for number in 0.. {
        let size = dice.below(len / 12) + usize::from(number % 5 != 0);
        if size > left || number > 60 {
            break;
        }
        left -= size;
        let (path, bytes) = (workshop.beside("file"), dice.bytes(size));
        fs::write(&path, &bytes).unwrap();
        let name = format!("{}File number {number}.bin", folders[dice.below(folders.len())]);
        mtools(&workshop, "mcopy", &["-o", &path, &name]);
        if dice.below(3) == 0 {
            mtools(&workshop, "mdel", &[&name]);
            gone.push(bytes);
        } else {
            kept.push(name);
        }
    }
    // What is deleted last is there still.
    let (path, bytes) = (workshop.beside("file"), dice.bytes(3000));
    fs::write(&path, &bytes).unwrap();
    mtools(&workshop, "mcopy", &[&path, "::secret"]);
    mtools(&workshop, "mdel", &["::secret"]);
    gone.push(bytes);
    Used { workshop, kept, gone }
}

/// The bytes that are free, as mtools says it.
fn free_bytes(workshop: &Workshop) -> u64 {
    let text = mtools(workshop, "mdir", &["::"]);
    let line = text.lines().find(|line| line.ends_with("bytes free")).unwrap();
    line.replace("bytes free", "").replace(' ', "").parse().unwrap()
}

/// First bytes of the clusters of a file, as mtools says it.
fn clusters(workshop: &Workshop, path: &str, bytes: &[u8]) -> Vec<u64> {
    let word = |at: usize| u64::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let fat_sectors = if word(22) == 0 { word(36) } else { word(22) };
    let data = word(14) + u64::from(bytes[16]) * fat_sectors + word(17) / 16;
    let cluster_len = u64::from(bytes[13]) * 512;
    let text = mtools(workshop, "mshowfat", &[path]);
    let runs = text.split('<').skip(1).map(|run| run.split('>').next().unwrap());
    let clusters = runs.flat_map(|run| {
        let (first, last) = run.split_once('-').unwrap_or((run, run));
        first.parse::<u64>().unwrap()..=last.parse::<u64>().unwrap()
    });
    clusters.map(|cluster| data * 512 + (cluster - 2) * cluster_len).collect()
}

/// What `mcopy` reads from the volume.
fn copied(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let workshop = Workshop::with(bytes);
    let folder = workshop.beside("copied");
    fs::create_dir(&folder).unwrap();
    mtools(&workshop, "mcopy", &["-s", "-n", "::", &folder]);
    files(Path::new(&folder))
}

/// What `fsck.fat` says of the volume.
fn checked(bytes: &[u8]) -> (Option<i32>, String) {
    let workshop = Workshop::with(bytes);
    let output = tool("dosfstools", "fsck.fat", &["-n", "-v", workshop.path()]);
    (output.status.code(), printed(&output).replace(workshop.path(), "volume"))
}

fn assert_nothing_is_lost(bytes: &[u8], space: &FreeSpace, name: &str) -> Vec<u8> {
    let trimmed = trimmed(bytes, space);
    assert_eq!(copied(&trimmed), copied(bytes), "{name}");
    assert_eq!(checked(&trimmed), checked(bytes), "{name}");
    trimmed
}

#[test]
fn free_clusters_are_those_that_mtools_counts_and_no_file_loses_a_byte() {
    for (number, (len, options)) in VOLUMES.into_iter().enumerate() {
        let name = format!("{len} {options:?}");
        let Used { workshop, kept, gone } = used(number as u64, len, options, 60);
        let bytes = workshop.bytes();
        let space = space(&bytes, false);
        assert_eq!((&space.kept[..], space.swap), (&[][..], 0), "{name}");
        assert_eq!(space.len(), free_bytes(&workshop), "{name}");
        for path in &kept {
            let used = clusters(&workshop, path, &bytes);
            assert!(!used.iter().any(|&offset| is_free(&space, offset)), "{name}: {path}");
        }
        let trimmed = assert_nothing_is_lost(&bytes, &space, &name);
        assert_eq!(checked(&trimmed).0, Some(0), "{name}");
        let last = gone.last().unwrap();
        assert!(holds(&bytes, &last[..512]) && !holds(&trimmed, &last[..512]), "{name}");
        for bytes in &gone {
            let start = &bytes[..bytes.len().min(32)];
            assert!(start.len() < 32 || !holds(&trimmed, start), "{name}: a deleted file is there still");
        }
    }
}

/// A change of an image, and why nothing is free then.
type Damage = (&'static str, fn(&mut Vec<u8>), Why);

#[test]
fn a_damaged_fat_is_kept_and_says_why() {
    let damages_12: [Damage; 6] = [
        ("marked by NT", |bytes| bytes[0x25] |= 1, Why::NotClosed(Closed::Mark)),
        ("to be tested", |bytes| bytes[0x25] |= 2, Why::NotClosed(Closed::Mark)),
        ("second table", |bytes| bytes[512 * 10 + 100] ^= 1, Why::TablesDiffer),
        ("media byte", |bytes| bytes[512] = 0xF9, Why::Damaged(Structure::Table)),
        ("too long", |bytes| bytes.truncate(bytes.len() - 512), Why::BeyondPartition),
        ("a short table", |bytes| bytes[22] = 3, Why::Damaged(Structure::Table)),
    ];
    let floppy = used(77, VOLUMES[0].0, VOLUMES[0].1, 50).workshop.bytes();
    for (name, damage, expected) in damages_12 {
        let mut bytes = floppy.clone();
        damage(&mut bytes);
        assert_eq!(why(&bytes), expected, "{name}");
    }
    let disk = used(78, VOLUMES[3].0, VOLUMES[3].1, 50).workshop.bytes();
    for bit in [0x80, 0x40] {
        let mut bytes = disk.clone();
        let fat = 512 * usize::from(u16::from_le_bytes([bytes[14], bytes[15]]));
        bytes[fat + 3] &= !bit;
        assert_eq!(why(&bytes), Why::NotClosed(Closed::Mark));
    }
    let disk = used(79, VOLUMES[5].0, VOLUMES[5].1, 30).workshop.bytes();
    let damages_32: [Damage; 6] = [
        ("marked", |bytes| bytes[0x41] |= 1, Why::NotClosed(Closed::Mark)),
        ("not closed", |bytes| bytes[32 * 512 + 7] &= !8, Why::NotClosed(Closed::Mark)),
        ("errors", |bytes| bytes[32 * 512 + 7] &= !4, Why::NotClosed(Closed::Mark)),
        ("active table", |bytes| bytes[40] = 0x82, Why::Damaged(Structure::BootSector)),
        ("version", |bytes| bytes[42] = 1, Why::Damaged(Structure::BootSector)),
        ("root", |bytes| bytes[44] = 0, Why::Damaged(Structure::BootSector)),
    ];
    for (name, damage, expected) in damages_32 {
        let mut bytes = disk.clone();
        damage(&mut bytes);
        assert_eq!(why(&bytes), expected, "{name}");
    }
}
