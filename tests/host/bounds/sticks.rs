//! Sticks that claim much: each is met with an answer, in little time and little memory.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::frames::limits::{in_time, ramkey};
use crate::frames::sticks::{Image, MIB, Stick, noise, printed};
use ramkey::doctor::diagnose;
use ramkey::layout::Role;
use ramkey::plan::{FatBits, FsChoice, LayoutKind};
use ramkey::verify::{Change, Strictness, facts, verify};
use ramkey_format::memory::MANIFEST_LBA;

/// A stick of 48 MiB with a FAT32, as a file of `len` bytes whose boot sector claims so many sectors in all, in a table and
/// in a cluster.
fn claiming_stick(folder: &Path, len: u64, sectors: u32, table: u32, cluster: u8) -> String {
    let stick = Stick::new(
        vec![("one.img", Image(noise(4096)))],
        LayoutKind::Hdd,
        FsChoice::Is(FatBits::Fat32),
        48 * MIB,
    );
    let path = stick.file(folder);
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(len).unwrap();
    let boot = stick.plan.division.volume.lba * 512;
    file.write_all_at(&[cluster], boot + 13).unwrap();
    file.write_all_at(&sectors.to_le_bytes(), boot + 32).unwrap();
    file.write_all_at(&table.to_le_bytes(), boot + 36).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_table_of_any_claimed_length_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let tib = 1u64 << 40;
    let cases = [
        // A table of 8 GiB, on a stick that has not so much.
        (64 * MIB, 200_000, 1 << 24, 8, "smaller than its tables"),
        (64 * MIB, u32::MAX, 1 << 24, 64, "larger than the stick"),
        // The same on one that has.
        (2 * tib, u32::MAX - 4096, 1 << 24, 64, "fault"),
        // As many clusters as a FAT32 can have, and more.
        (2 * tib + 64 * MIB, u32::MAX, 1 << 21, 16, "fault"),
        (2 * tib + 64 * MIB, u32::MAX, 1 << 22, 8, "more clusters than a FAT32 can have"),
    ];
    for (len, sectors, table, cluster, expected) in cases {
        let path = claiming_stick(folder.path(), len, sectors, table, cluster);
        let output = ramkey(&["verify", &path]);
        assert_eq!(output.status.code(), Some(4), "{len} {table}: {}", printed(&output));
        assert!(printed(&output).contains(expected), "{len} {table}: {}", printed(&output));
        for command in ["inspect", "doctor"] {
            let output = ramkey(&[command, &path]);
            assert!(
                output.status.code().is_some_and(|code| code < 5),
                "{command} {table}: {}",
                printed(&output)
            );
        }
    }
}

#[test]
fn a_file_system_that_begins_behind_any_disk_is_a_fault() {
    let stick = Stick::new(vec![("one.img", Image(noise(4096)))], LayoutKind::Hdd, FsChoice::Auto, 12 * MIB);
    let mut bytes = stick.bytes();
    let manifest = &mut bytes[MANIFEST_LBA as usize * 512..];
    manifest[24..32].fill(0xFF);
    let end = 128 + 64 * manifest[40] as usize;
    let hash = blake3::Hasher::new().update(&manifest[..96]).update(&manifest[128..end]).finalize();
    manifest[96..128].copy_from_slice(hash.as_bytes());
    let verdict = verify(&Image(bytes), Strictness::Boot, &|_| {});
    assert!(verdict.faults.iter().any(|fault| fault.message.contains("behind the end of the stick")));
}

/// A stick with a FAT16 on which folders are made by hand.
struct Folders {
    bytes: Vec<u8>,
    tables: [usize; 2],
    root: usize,
    data: usize,
    cluster_len: usize,
}

impl Folders {
    fn new() -> Self {
        let images = vec![("one.img", Image(noise(4096)))];
        let stick = Stick::new(images, LayoutKind::Hdd, FsChoice::Is(FatBits::Fat16), 40 * MIB);
        let bytes = stick.bytes();
        let at = |role: Role| {
            stick.layout.extents.iter().find(|extent| extent.role == role).unwrap().lba as usize * 512
        };
        let boot = at(Role::FatReserved);
        let word = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        let (table, root) = (at(Role::FatTable), at(Role::Directory));
        Self {
            tables: [table, table + word(boot + 22) * 512],
            root,
            data: root + word(boot + 17) * 32,
            cluster_len: usize::from(bytes[boot + 13]) * 512,
            bytes,
        }
    }

    /// Where a cluster lies.
    fn at(&self, cluster: u16) -> usize {
        self.data + (usize::from(cluster) - 2) * self.cluster_len
    }

    /// Makes a folder of `slots` in the clusters from `first` on.
    fn folder(&mut self, first: u16, parent: u16, slots: &[[u8; 32]]) {
        let slots = [&[slot(".", 0x10, first), slot("..", 0x10, parent)], slots].concat();
        let clusters = (slots.len() * 32).div_ceil(self.cluster_len) as u16;
        for cluster in first..first + clusters {
            let next = if cluster + 1 == first + clusters { 0xFFFF } else { cluster + 1 };
            for table in self.tables {
                let at = table + usize::from(cluster) * 2;
                self.bytes[at..at + 2].copy_from_slice(&next.to_le_bytes());
            }
        }
        let (start, end) = (self.at(first), self.at(first + clusters));
        self.bytes[start..end].fill(0);
        self.bytes[start..start + slots.len() * 32].copy_from_slice(slots.as_flattened());
    }

    /// Adds a folder to the root.
    fn add(&mut self, name: &str, first: u16) {
        let free = (0..).find(|number| self.bytes[self.root + number * 32] == 0).unwrap();
        self.bytes[self.root + free * 32..][..32].copy_from_slice(&slot(name, 0x10, first));
    }
}

fn slot(name: &str, attributes: u8, cluster: u16) -> [u8; 32] {
    let mut slot = [0; 32];
    slot[..11].copy_from_slice(format!("{name:11}").as_bytes());
    slot[11] = attributes;
    slot[26..28].copy_from_slice(&cluster.to_le_bytes());
    slot
}

#[test]
fn more_faults_and_files_than_anyone_reads_are_counted() {
    const FILES: usize = 12_000;
    let mut stick = Folders::new();
    let mut files: Vec<[u8; 32]> = (0..FILES).map(|number| slot(&format!("F{number}"), 0x20, 0)).collect();
    stick.add("MANY", 1000);
    stick.folder(1000, 0, &files);
    let verdict = in_time("many files", || verify(&Image(stick.bytes.clone()), Strictness::Boot, &|_| {}));
    assert!(verdict.sound, "{:?}", &verdict.faults[..verdict.faults.len().min(3)]);
    let more = verdict.changes.iter().find_map(|change| match change {
        Change::More { files } => Some(*files),
        _ => None,
    });
    assert!(more.is_some_and(|more| (1900..2100).contains(&more)), "{more:?}");
    assert_eq!(verdict.capsules.len(), 1);

    files.iter_mut().for_each(|slot| slot[11] = 0xE0);
    stick.folder(1000, 0, &files);
    let verdict = in_time("many faults", || facts(&Image(stick.bytes)));
    assert_eq!(verdict.faults.len(), 1001);
    let last = verdict.faults.last().unwrap();
    assert_eq!(last.message, format!("and {} more faults, of any kind", FILES - 1000));
}

#[test]
fn folders_that_lie_too_deep_are_said_not_to_be_looked_into() {
    // Each has a name of 248 letters.
    let deep = |levels: u16| {
        let mut stick = Folders::new();
        stick.add("DEEP", 1000);
        for level in 0..levels {
            let (own, parent) = (1000 + level, if level == 0 { 0 } else { 999 + level });
            let last = level + 1 == levels;
            let next = if last { slot("FILE", 0x20, 0) } else { slot("NEXT", 0x10, own + 1) };
            let sum = next[..11].iter().fold(0u8, |sum, &byte| sum.rotate_right(1).wrapping_add(byte));
            let long = (1..=19).rev().map(|order| {
                let mut part = [b'x'; 32];
                part[0] = order | if order == 19 { 0x40 } else { 0 };
                [part[11], part[12], part[13], part[26], part[27]] = [0x0F, 0, sum, 0, 0];
                for at in (1..11).chain(14..26).chain(28..32).skip(1).step_by(2) {
                    part[at] = 0;
                }
                part
            });
            let slots: Vec<[u8; 32]> = long.chain([next]).collect();
            stick.folder(own, parent, &slots);
        }
        in_time("deep folders", || facts(&Image(stick.bytes)))
    };
    let is_told = |change: &Change| change.to_string().contains("not looked into");
    let verdict = deep(6);
    assert!(verdict.sound && !verdict.changes.iter().any(is_told), "{:?}", verdict.faults);
    let verdict = deep(40);
    assert!(verdict.sound && verdict.changes.iter().any(is_told), "{:?}", verdict.faults);
}

#[test]
fn an_intact_stick_of_four_tebibytes_is_proven_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let stick = Stick::new(vec![("one.img", Image(noise(4096)))], LayoutKind::Hdd, FsChoice::Auto, 4 << 40);
    let path = stick.file(folder.path());
    let output = ramkey(&["verify", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
}

#[test]
fn partitions_that_share_their_sectors_a_thousand_times_are_few_findings() {
    let stick = Stick::new(vec![("one.img", Image(noise(4096)))], LayoutKind::Gpt, FsChoice::Auto, 12 * MIB);
    let mut bytes = stick.bytes();
    let entry = bytes[1024..1152].to_vec();
    let entries = 3000 * 512;
    for number in 0..1024 {
        bytes[entries + number * 128..][..128].copy_from_slice(&entry);
    }
    let sum = crc32(&bytes[entries..entries + 1024 * 128]);
    bytes[512 + 72..512 + 80].copy_from_slice(&3000u64.to_le_bytes());
    bytes[512 + 80..512 + 84].copy_from_slice(&1024u32.to_le_bytes());
    bytes[512 + 88..512 + 92].copy_from_slice(&sum.to_le_bytes());
    bytes[512 + 16..512 + 20].fill(0);
    let sum = crc32(&bytes[512..512 + 92]);
    bytes[512 + 16..512 + 20].copy_from_slice(&sum.to_le_bytes());
    let found = in_time("a table", || diagnose(&Image(bytes))).unwrap();
    assert_eq!(found.parts.len(), 1024);
    let overlaps: Vec<&str> = found
        .findings
        .iter()
        .map(|finding| &finding.what[..])
        .filter(|what| what.contains("share") || what.contains("more of"))
        .collect();
    assert!(found.findings.len() < 300 && overlaps.len() > 30, "{} {overlaps:?}", found.findings.len());
    assert!(
        found
            .findings
            .iter()
            .any(|finding| finding.what == format!("and {} more of this kind", 1024 * 1023 / 2 - 32))
    );
}

fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| bit(crc)))
}
