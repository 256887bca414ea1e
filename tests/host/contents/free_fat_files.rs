//! What the files of a FAT say about its free clusters: systems that sleep, swap files, and chains that contradict each
//! other.

use std::fs;

use crate::frames::free_space::{Workshop, is_free, space, trimmed, why};
use ramkey::contents::{Structure, Why};

/// First byte of the tables, of the root folder and of the clusters, on a volume of this file: FAT16 with clusters of
/// 2048 bytes.
struct Fat16 {
    workshop: Workshop,
    table: usize,
    table_len: usize,
    root: usize,
    data: usize,
}

const CLUSTER_LEN: usize = 2048;

impl Fat16 {
    fn new() -> Self {
        let workshop = Workshop::new(12 << 20);
        workshop.run("dosfstools", "mkfs.fat", &["-F", "16", "-s", "4", "-n", "DISK", workshop.path()]);
        let bytes = workshop.bytes();
        let word = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        let (table, table_len) = (word(14) * 512, word(22) * 512);
        let root = table + 2 * table_len;
        let data = root + word(17) * 32;
        Self { workshop, table, table_len, root, data }
    }

    fn put(&self, path: &str, bytes: &[u8]) -> &Self {
        let file = self.workshop.beside("file");
        fs::write(&file, bytes).unwrap();
        self.workshop.run("mtools", "mcopy", &["-i", self.workshop.path(), &file, &format!("::{path}")]);
        self
    }

    fn folder(&self, path: &str) -> &Self {
        self.workshop.run("mtools", "mmd", &["-i", self.workshop.path(), &format!("::{path}")]);
        self
    }

    /// Sets an entry of both tables.
    fn set(&self, bytes: &mut [u8], cluster: usize, value: u16) {
        for copy in 0..2 {
            let at = self.table + copy * self.table_len + cluster * 2;
            bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
        }
    }

    /// First byte of a cluster.
    fn cluster(&self, number: usize) -> u64 {
        (self.data + (number - 2) * CLUSTER_LEN) as u64
    }
}

#[test]
fn a_system_that_sleeps_keeps_everything() {
    for name in ["hiberfil.sys", "VMMHIBER.W9X", "SAVE2DSK.BIN", "PM_HIBER.BIN"] {
        for (start, sleeps) in [(&b"hibr"[..], true), (b"?", true), (b"wake", false), (b"\0\0\0\0", false)] {
            let volume = Fat16::new();
            volume.put("A.TXT", b"a").put(name, &[start, &[u8::from(start[0] != 0) * 9; 9000]].concat());
            let bytes = volume.workshop.bytes();
            if sleeps {
                assert_eq!(why(&bytes), Why::Sleeps, "{name} {start:?}");
                assert_eq!(space(&bytes, true).ranges, []);
            } else {
                let space = space(&bytes, true);
                assert_eq!((space.kept.len(), space.swap), (0, 9004u64.div_ceil(2048) * 2048), "{name}");
            }
        }
    }
    let volume = Fat16::new();
    volume.folder("old").put("old/hiberfil.sys", b"hibr");
    assert_eq!(space(&volume.workshop.bytes(), false).kept, [], "no Windows looks for it there");
}

#[test]
fn swap_files_are_given_up_only_when_asked_and_only_where_they_are_such() {
    let volume = Fat16::new();
    volume.folder("WINDOWS").folder("OTHER").put("A.TXT", &[7; 5000]);
    let swap = ["pagefile.sys", "386SPART.PAR", "WIN386.SWP", "WINDOWS/WIN386.SWP"];
    let others = ["OTHER/WIN386.SWP", "WINDOWS/WIN386.TXT", "pagefile.txt"];
    swap.iter().chain(&others).for_each(|path| {
        volume.put(path, &[0xAB; 5000]);
    });
    let bytes = volume.workshop.bytes();
    let (without, with) = (space(&bytes, false), space(&bytes, true));
    assert_eq!((without.swap, with.swap), (0, 4 * 3 * CLUSTER_LEN as u64));
    assert_eq!(with.len(), without.len() + with.swap);
    let after = Workshop::with(&trimmed(&bytes, &with));
    let read = |path: &str| {
        let copy = after.beside("read");
        after.run("mtools", "mcopy", &["-n", "-o", "-i", after.path(), &format!("::{path}"), &copy]);
        fs::read(copy).unwrap()
    };
    assert!(swap.iter().all(|path| read(path) == [0; 5000]));
    assert!(others.iter().all(|path| read(path) == [0xAB; 5000]));
    assert_eq!(read("A.TXT"), [7; 5000]);
}

#[test]
fn bad_clusters_and_chains_of_no_file_stay() {
    let volume = Fat16::new();
    volume.put("A.TXT", &[7; 5000]);
    let mut bytes = volume.workshop.bytes();
    // A chain of two, one that ends at once, a bad one, and one that is reserved.
    for (cluster, value) in [(100, 101), (101, 0xFFFF), (105, 0xFFF8), (107, 0xFFF7), (109, 0xFFF0)] {
        volume.set(&mut bytes, cluster, value);
    }
    let space = space(&bytes, true);
    assert_eq!(space.kept, []);
    for cluster in [100, 101, 105, 107, 109] {
        assert!(!is_free(&space, volume.cluster(cluster)), "{cluster}");
        assert!(!is_free(&space, volume.cluster(cluster) + CLUSTER_LEN as u64 - 1), "{cluster}");
    }
    for cluster in [99, 102, 104, 106, 108, 110] {
        assert!(is_free(&space, volume.cluster(cluster)), "{cluster}");
    }
    let last = (bytes.len() - volume.data) / CLUSTER_LEN + 1;
    assert!(is_free(&space, volume.cluster(last)));
    assert!(space.ranges.last().unwrap().end <= volume.cluster(last + 1), "a part of a cluster is none");
}

#[test]
fn chains_and_folders_that_contradict_the_table_keep_the_volume() {
    let volume = Fat16::new();
    volume.put("A.TXT", &[7; 5000]).put("B.TXT", &[8; 5000]).folder("SUB").put("SUB/C.TXT", &[9; 100]);
    let whole = volume.workshop.bytes();
    assert_eq!(space(&whole, false).kept, []);
    let damaged = Why::Damaged(Structure::Table);
    for (name, cluster, value, expected) in [
        ("a file begins in a free cluster", 2, 0, Why::UsedIsFree),
        ("a chain leads to a free cluster", 3, 200, Why::UsedIsFree),
        ("a chain leads to no cluster", 3, 1, damaged.clone()),
        ("a chain leads behind the last", 3, 0xFFEF, damaged.clone()),
        ("two files share a cluster", 4, 6, damaged.clone()),
        ("a circle", 4, 2, damaged.clone()),
        ("a file in a folder begins in a free cluster", 9, 0, Why::UsedIsFree),
        ("a folder is in a free cluster", 8, 0, Why::UsedIsFree),
    ] {
        let mut bytes = whole.clone();
        volume.set(&mut bytes, cluster, value);
        assert_eq!(why(&bytes), expected, "{name}");
    }
    let mut bytes = whole.clone();
    // The entry of A.TXT, behind that of the label.
    let entry = (volume.root..).step_by(32).find(|&at| bytes[at..].starts_with(b"B       TXT")).unwrap();
    bytes[entry + 26] = 2;
    assert_eq!(why(&bytes), damaged, "two files begin in one cluster");
    let mut bytes = whole;
    bytes[volume.root..volume.data].fill(0);
    assert_eq!(why(&bytes), Why::NoFiles, "a disk that boots without files");
    bytes[volume.root..][..12].copy_from_slice(b"NOTICE  1985");
    bytes[volume.root + 11] = 0;
    assert_eq!(why(&bytes), Why::NoFiles, "a name alone is no file");
}
