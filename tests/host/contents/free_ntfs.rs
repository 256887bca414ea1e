//! Free clusters of NTFS volumes, against the tools of ntfs-3g.

use std::fs;

use crate::frames::free_space::{Dice, Workshop, holds, is_free, space, trimmed, why};
use crate::frames::sticks::{printed, tool};
use ramkey::contents::{Closed, Structure, Why};

/// A volume with files; some of them are gone.
struct Used {
    workshop: Workshop,
    kept: Vec<(String, Vec<u8>)>,
    gone: Vec<Vec<u8>>,
}

fn ntfs(workshop: &Workshop, program: &str, arguments: &[&str]) -> String {
    workshop.run("ntfs-3g", program, arguments)
}

fn used(seed: u64, len: usize, cluster_len: &str, fill: usize) -> Used {
    let mut dice = Dice::new(seed);
    let workshop = Workshop::new(len);
    let image = workshop.path().to_owned();
    let format = ["-q", "-F", "-f", "-p", "63", "-H", "16", "-S", "63", "-c", cluster_len, &image];
    ntfs(&workshop, "mkntfs", &format);
    let (mut kept, mut gone, mut left) = (Vec::new(), Vec::new(), len / 100 * fill);
    let put = |name: &str, bytes: &[u8]| {
        let path = workshop.beside("file");
        fs::write(&path, bytes).unwrap();
        ntfs(&workshop, "ntfscp", &["-q", &image, &path, name]);
    };
    for number in 0..40 {
        let size = dice.below(len / 20);
        if size > left {
            break;
        }
        left -= size;
        let (name, bytes) = (format!("/file {number}"), dice.bytes(size));
        put(&name, &bytes);
        if dice.below(3) == 0 {
            // To leave nothing of a file but its name is all that these tools can do without mounting.
            put(&name, &[]);
            gone.push(bytes);
        } else {
            kept.push((name, bytes));
        }
    }
    // What is deleted last is there still.
    gone.push(dice.bytes(5000));
    put("/secret", &gone[gone.len() - 1]);
    put("/secret", &[]);
    Used { workshop, kept, gone }
}

/// The clusters that are free, as `ntfsinfo` counts them.
fn free_clusters(workshop: &Workshop) -> u64 {
    let text = ntfs(workshop, "ntfsinfo", &["-m", workshop.path()]);
    let line = text.lines().find(|line| line.contains("Free Clusters:")).unwrap();
    line.split_whitespace().nth(2).unwrap().parse().unwrap()
}

/// First and last cluster and number of clusters of what a file consists of, as `ntfscluster` says it.
fn runs(workshop: &Workshop, arguments: &[&str]) -> Vec<(u64, u64)> {
    let output = tool("ntfs-3g", "ntfscluster", &[&["-f", "-q"], arguments, &[workshop.path()]].concat());
    let text = printed(&output);
    let numbers = text.lines().filter_map(|line| {
        let numbers: Option<Vec<i64>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
        numbers.filter(|numbers| numbers.len() == 3 && numbers[1] >= 0)
    });
    numbers.map(|numbers| (numbers[1] as u64, numbers[2] as u64)).collect()
}

/// What the volume is to the tools: its state, its folders, and what they find wrong.
fn seen(bytes: &[u8]) -> Vec<String> {
    let workshop = Workshop::with(bytes);
    let path = workshop.path();
    let calls = [
        ("ntfsfix", &["-n", path][..]),
        ("ntfsinfo", &["-m", path]),
        ("ntfsls", &["-s", "-l", "-R", path]),
        ("ntfscluster", &["-f", "-i", path]),
    ];
    calls
        .map(|(program, arguments)| printed(&tool("ntfs-3g", program, arguments)).replace(path, "volume"))
        .to_vec()
}

#[test]
fn free_clusters_are_those_that_ntfsinfo_counts_and_no_file_loses_a_byte() {
    for (seed, (len, cluster_len)) in
        [(20 << 20, "4096"), (12 << 20, "512"), (30 << 20, "2048")].into_iter().enumerate()
    {
        let name = format!("{len} {cluster_len}");
        let Used { workshop, kept, gone } = used(seed as u64, len, cluster_len, 60);
        let bytes = workshop.bytes();
        let space = space(&bytes, false);
        assert_eq!((&space.kept[..], space.swap), (&[][..], 0), "{name}");
        let cluster_len: u64 = cluster_len.parse().unwrap();
        assert_eq!(space.len(), free_clusters(&workshop) * cluster_len, "{name}");
        let files = kept.iter().map(|(path, _)| ["-F", path.as_str()]);
        let all = files.map(|words| runs(&workshop, &words)).collect::<Vec<_>>().concat();
        let own = ["0", "1", "2", "4", "6", "7", "9", "10"].map(|number| runs(&workshop, &["-I", number]));
        let all = [all, own.concat()].concat();
        assert!(all.len() >= kept.len() && !all.is_empty(), "{name}");
        for cluster in all.iter().flat_map(|&(first, count)| first..first + count) {
            assert!(!is_free(&space, cluster * cluster_len), "{name}: cluster {cluster}");
        }
        let trimmed = trimmed(&bytes, &space);
        assert_eq!(seen(&trimmed), seen(&bytes), "{name}");
        let after = Workshop::with(&trimmed);
        for (path, contents) in &kept {
            let output = tool("ntfs-3g", "ntfscat", &[after.path(), path]);
            assert_eq!(&output.stdout, contents, "{name}: {path}");
        }
        for contents in gone.iter().filter(|contents| contents.len() >= 2048) {
            assert!(!holds(&trimmed, &contents[..64]), "{name}: a deleted file is there still");
        }
        assert!(holds(&bytes, &gone[gone.len() - 1][..64]), "{name}");
    }
}

/// Byte of record `number` of the table, of a volume that `mkntfs` made.
fn record(bytes: &[u8], number: usize) -> usize {
    let cluster_len = usize::from(bytes[13]) * 512;
    let table = u64::from_le_bytes(bytes[48..56].try_into().unwrap()) as usize * cluster_len;
    table + number * 1024
}

/// Byte of the value of the first attribute of kind `kind` in a record; of one that is in the record.
fn value(bytes: &[u8], number: usize, kind: u32) -> usize {
    let record = record(bytes, number);
    let long = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let mut at = record + usize::from(bytes[record + 20]);
    while long(at) != kind {
        at += long(at + 4) as usize;
    }
    at + usize::from(bytes[at + 20])
}

/// First byte of the clusters of a file of the volume itself.
fn clusters(workshop: &Workshop, number: &str) -> usize {
    runs(workshop, &["-I", number])[0].0 as usize * 4096
}

/// A page with what a log says when it was left with this first client and these flags.
fn restart_page(lsn: u64, client: u16, flags: u16) -> Vec<u8> {
    let mut page = vec![0; 4096];
    page[..4].copy_from_slice(b"RSTR");
    page[4..8].copy_from_slice(&[30, 0, 9, 0]);
    page[16..20].copy_from_slice(&4096u32.to_le_bytes());
    page[20..24].copy_from_slice(&4096u32.to_le_bytes());
    page[24..26].copy_from_slice(&0x30u16.to_le_bytes());
    page[0x30..0x38].copy_from_slice(&lsn.to_le_bytes());
    page[0x30 + 12..0x30 + 14].copy_from_slice(&client.to_le_bytes());
    page[0x30 + 14..0x30 + 16].copy_from_slice(&flags.to_le_bytes());
    page[30..32].copy_from_slice(&[7, 0]);
    for end in (510..4096).step_by(512) {
        page[end..end + 2].copy_from_slice(&[7, 0]);
    }
    page
}

#[test]
fn an_ntfs_that_was_not_closed_is_kept_and_says_why() {
    let Used { workshop, .. } = used(5, 20 << 20, "4096", 40);
    let whole = workshop.bytes();
    let after = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        bytes
    };
    let flags = value(&whole, 3, 0x70) + 10;
    for flag in [1, 0x10] {
        assert_eq!(why(&after(&|bytes| bytes[flags] |= flag)), Why::NotClosed(Closed::Mark));
    }
    assert_eq!(why(&after(&|bytes| bytes[flags + 1] |= 0x40)), Why::NotClosed(Closed::Mark));
    assert_eq!(why(&after(&|bytes| bytes[flags - 2] = 9)), Why::Features, "a version that is unknown");
    let log = clusters(&workshop, "2");
    let left = |first: Vec<u8>, second: Vec<u8>| {
        after(&|bytes| bytes[log..log + 8192].copy_from_slice(&[&first[..], &second].concat()))
    };
    let open = || restart_page(9, 0, 0);
    assert_eq!(why(&left(open(), open())), Why::NotClosed(Closed::Log));
    assert_eq!(
        why(&left(restart_page(8, 0xFFFF, 0), open())),
        Why::NotClosed(Closed::Log),
        "the last counts"
    );
    assert_eq!(why(&left(restart_page(10, 0xFFFF, 0), vec![0; 4096])), Why::NotClosed(Closed::Log));
    assert_eq!(why(&left(vec![0xFF; 4096], open())), Why::NotClosed(Closed::Log));
    for closed in [restart_page(10, 0xFFFF, 0), restart_page(10, 0, 2)] {
        assert_eq!(space(&left(open(), closed.clone()), false), space(&whole, false));
        assert_eq!(space(&left(closed, open()), false), space(&whole, false));
    }
}

#[test]
fn an_ntfs_that_contradicts_itself_is_kept_and_says_why() {
    let Used { workshop, kept, .. } = used(6, 20 << 20, "4096", 40);
    let whole = workshop.bytes();
    let after = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        bytes
    };
    let map = clusters(&workshop, "6");
    let first_of = |arguments: &[&str]| runs(&workshop, arguments)[0].0 as usize;
    let mut used = vec![0, first_of(&["-I", "0"]), first_of(&["-I", "1"]), first_of(&["-I", "6"])];
    used.push(first_of(&["-F", &kept[0].0]));
    for cluster in used {
        let bytes = after(&|bytes| bytes[map + cluster / 8] &= !(1 << (cluster % 8)));
        assert_eq!(why(&bytes), Why::UsedIsFree, "cluster {cluster}");
    }
    let record = record(&whole, 2);
    assert_eq!(why(&after(&|bytes| bytes[record] = b'B')), Why::Damaged(Structure::Record));
    assert_eq!(why(&after(&|bytes| bytes[43] = 1)), Why::BeyondPartition);
    assert_eq!(why(&after(&|bytes| bytes.truncate(bytes.len() - 4096))), Why::BeyondPartition);
    assert_eq!(why(&after(&|bytes| bytes[12] = 16)), Why::Damaged(Structure::BootSector));
    let snapshots = after(&|bytes| {
        bytes[0x1E00..0x1E10].copy_from_slice(&[
            0x6B, 0x87, 0x08, 0x38, 0x76, 0xC1, 0x48, 0x4E, 0xB7, 0xAE, 0x04, 0x04, 0x6E, 0x6C, 0xC7, 0x52,
        ]);
        bytes[0x1E32] = 4;
    });
    assert_eq!(why(&snapshots), Why::Snapshots);
}

#[test]
fn a_sleeping_windows_keeps_everything_and_swap_files_are_given_up_when_asked() {
    for (start, sleeps) in [
        (&b"hibr"[..], true),
        (b"HIBR", true),
        (b"RSTR", true),
        (b"link", true),
        (b"wake", false),
        (b"WAKE", false),
        (b"\0\0\0\0", false),
    ] {
        let Used { workshop, kept, .. } = used(7, 20 << 20, "4096", 30);
        let put = |name: &str, bytes: &[u8]| {
            fs::write(workshop.beside(name), bytes).unwrap();
            let arguments = ["-q", workshop.path(), &workshop.beside(name), &format!("/{name}")];
            ntfs(&workshop, "ntfscp", &arguments);
        };
        let is_zero = start[0] == 0;
        let memory = [start, &vec![if is_zero { 0 } else { 0xA5 }; 200_000]].concat();
        put("pagefile.sys", &[0x5A; 300_000]);
        put("hiberfil.sys", &memory);
        let bytes = workshop.bytes();
        if sleeps {
            assert_eq!(why(&bytes), Why::Sleeps, "{start:?}");
            continue;
        }
        let (without, with) = (space(&bytes, false), space(&bytes, true));
        assert_eq!((without.swap, with.len()), (0, without.len() + with.swap));
        assert_eq!(with.swap, (300_000u64.div_ceil(4096) + memory.len().div_ceil(4096) as u64) * 4096);
        let after = Workshop::with(&trimmed(&bytes, &with));
        let read = |path: &str| tool("ntfs-3g", "ntfscat", &[after.path(), path]).stdout;
        assert!(kept.iter().all(|(path, contents)| &read(path) == contents));
        assert_eq!(read("/pagefile.sys"), vec![0; 300_000]);
        assert_eq!(read("/hiberfil.sys"), vec![0; memory.len()]);
        let after = Workshop::with(&trimmed(&bytes, &without));
        assert_eq!(tool("ntfs-3g", "ntfscat", &[after.path(), "/pagefile.sys"]).stdout, [0x5A; 300_000]);
    }
}

#[test]
fn a_bitmap_in_two_pieces_is_read_whole() {
    const CLUSTER_LEN: usize = 512;
    let Used { workshop, kept, .. } = used(8, 12 << 20, "512", 20);
    let mut bytes = workshop.bytes();
    let before = space(&bytes, false);
    let (first, count) = runs(&workshop, &["-I", "6"])[0];
    let (first, count) = (first as usize, count as usize);
    assert!(count > 4, "{count}");
    let list = {
        let record = record(&bytes, 6);
        let wanted = [0x21, count as u8, first as u8, (first >> 8) as u8, 0];
        (record..record + 500).find(|&at| bytes[at..at + 5] == wanted).unwrap()
    };
    // The last piece comes to lie before the first, in the same clusters.
    bytes[first * CLUSTER_LEN..(first + count) * CLUSTER_LEN].rotate_left(3 * CLUSTER_LEN);
    let (rest, place) = (count - 3, first + count - 3);
    let back = (rest as u8).wrapping_neg();
    let runs = [0x21, 3, place as u8, (place >> 8) as u8, 0x11, rest as u8, back, 0];
    bytes[list..list + 8].copy_from_slice(&runs);
    let after = space(&bytes, false);
    assert_eq!((&after.kept[..], after.len()), (&[][..], before.len()));
    assert_eq!(after.ranges, before.ranges);
    let changed = Workshop::with(&bytes);
    assert_eq!(after.len(), free_clusters(&changed) * CLUSTER_LEN as u64);
    let after = Workshop::with(&trimmed(&bytes, &after));
    for (path, contents) in &kept {
        assert_eq!(&tool("ntfs-3g", "ntfscat", &[after.path(), path]).stdout, contents, "{path}");
    }
}
