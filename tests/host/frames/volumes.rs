//! Volumes of ISO 9660 for tests: made by `layout`, and read by a reader that believes nothing.

use std::collections::BTreeMap;

use proptest::prelude::*;
use ramkey::layout::disc::iso9660::{
    BootCatalogue, BootEntry, BootMode, IsoError, Run, Structures, Tree, Volume,
};

use crate::frames::sticks::POISON;

pub const BLOCK: usize = 2048;
/// Where the volumes of these tests have their catalogue, boot image and structures.
pub const CATALOGUE: u32 = 20;
pub const BOOT_IMAGE: u32 = 21;
pub const FIRST: u32 = 22;

/// A catalogue with one entry of each kind.
pub fn catalogue() -> BootCatalogue {
    let entry = |mode, block| BootEntry { mode, block };
    BootCatalogue {
        default: entry(BootMode::NoEmulation { sectors: 4 }, BOOT_IMAGE),
        others: vec![entry(BootMode::Floppy144, 0), entry(BootMode::HardDisk { system_type: 6 }, 0)],
    }
}

/// What file number `number` of a tree has in it: each other bytes, of the length that it has in the tree.
pub fn contents(number: usize, len: u64) -> Vec<u8> {
    let mut bytes = vec![0; len as usize];
    blake3::Hasher::new().update(&(number as u64).to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

/// First block of each file, one behind the other from `first` on, and the block behind the last.
pub fn places(tree: &Tree, first: u32) -> (Vec<u32>, u32) {
    let mut next = first;
    let blocks = tree.files().iter().map(|file| {
        let block = next;
        next += file.len.div_ceil(BLOCK as u64) as u32;
        block
    });
    (blocks.collect(), next)
}

/// The volume of `tree` with its files, and 150 blocks behind it.
pub fn volume(tree: &Tree, label: &str) -> Result<Vec<u8>, IsoError> {
    volume_around(tree, label, &[])
}

/// The same; the last files of `tree` are what lies on these blocks already.
pub fn volume_around(tree: &Tree, label: &str, there: &[u32]) -> Result<Vec<u8>, IsoError> {
    let structures = Structures::new(tree)?;
    let first_file = FIRST + structures.blocks();
    let (mut file_blocks, end) = places(tree, first_file);
    let count = file_blocks.len() - there.len();
    file_blocks[count..].copy_from_slice(there);
    let blocks = end + 150;
    let volume =
        Volume { label, blocks, catalogue_block: CATALOGUE, first_block: FIRST, file_blocks: &file_blocks };
    let mut disc = vec![0; blocks as usize * BLOCK];
    // Whatever nothing writes is poisoned.
    disc[BOOT_IMAGE as usize * BLOCK..end as usize * BLOCK].fill(POISON);
    for Run { block, bytes } in structures.runs(&volume, &catalogue()) {
        let expected = [(16, 4), (CATALOGUE, 1), (FIRST, structures.blocks())];
        assert!(expected.contains(&(block, (bytes.len() / BLOCK) as u32)) && bytes.len() % BLOCK == 0);
        disc[block as usize * BLOCK..][..bytes.len()].copy_from_slice(&bytes);
    }
    for (number, (file, &block)) in tree.files().iter().zip(&file_blocks).enumerate().take(count) {
        let place = &mut disc[block as usize * BLOCK..][..file.len as usize];
        place.copy_from_slice(&contents(number, file.len));
    }
    Ok(disc)
}

/// The path of each file of a tree, and its number.
pub fn paths(tree: &Tree) -> BTreeMap<String, usize> {
    let paths = tree
        .files()
        .iter()
        .enumerate()
        .map(|(number, file)| (folder_path(tree, file.folder) + "/" + &file.name, number));
    paths.collect()
}

/// The path of a folder; the root's is empty.
pub fn folder_path(tree: &Tree, folder: usize) -> String {
    match folder {
        Tree::ROOT => String::new(),
        _ => folder_path(tree, tree.folders()[folder].parent) + "/" + &tree.folders()[folder].name,
    }
}

/// Names with every kind of character, often with the same beginning.
fn any_name() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        3 => "[a-zA-Z0-9_]{1,9}(\\.[a-zA-Z0-9]{0,4})?",
        3 => "(LONGNAME|longname|Long name|LONG.NAME)[0-9a-c]{0,2}(\\.txt|\\.TXT|\\.text|\\.)?",
        2 => "[ -~]{1,40}",
        2 => "\\PC{1,50}",
        1 => "[\u{1}-\u{1f}a-c\u{7f}-\u{a0}é中😀]{1,12}",
        1 => "[a-z .]{180,254}",
        1 => "\\.[a-z]{0,9}",
    ];
    name.prop_map(|name| {
        let mut name = name.replace(['/', '\0'], "_");
        while name.len() > 255 {
            name.pop();
        }
        if name.is_empty() || name == "." || name == ".." { "_".into() } else { name }
    })
}

/// Trees with many names: folders, of which some are empty, and files, of which some are.
pub fn any_tree() -> impl Strategy<Value = Tree> {
    let folders = prop::collection::vec((any_name(), any::<prop::sample::Index>()), 0..30);
    let len = prop_oneof![2 => Just(0u64), 3 => 1u64..300, 1 => 2040u64..2060, 1 => 4096u64..20_000];
    let files = prop::collection::vec((any_name(), any::<prop::sample::Index>(), len), 0..120);
    (folders, files).prop_map(|(folders, files)| {
        let mut tree = Tree::default();
        let mut levels = vec![1];
        let is_there = |tree: &Tree, folder: usize, name: &str| {
            tree.folders().iter().skip(1).any(|other| other.parent == folder && other.name == name)
                || tree.files().iter().any(|other| other.folder == folder && other.name == name)
        };
        for (name, parent) in folders {
            // Mostly deep: the last ones are taken twice as often.
            let parent = parent.index(levels.len()).max(levels.len().saturating_sub(4));
            if levels[parent] < 8 && !is_there(&tree, parent, &name) {
                tree.add_folder(parent, &name);
                levels.push(levels[parent] + 1);
            }
        }
        for (name, folder, len) in files {
            let folder = folder.index(levels.len());
            if !is_there(&tree, folder, &name) {
                tree.add_file(folder, &name, len);
            }
        }
        tree
    })
}

/// What a file or folder of a volume is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub is_folder: bool,
    pub block: u32,
    pub len: u32,
    /// The name that Rock Ridge has for it.
    pub posix: Option<String>,
}

/// Every file and folder of a volume by its identifiers, each followed by FFFFh; the root has none.
pub type Entries = BTreeMap<Vec<Vec<u8>>, Found>;

/// A volume as its descriptor in block `descriptor` leads to it.
///
/// # Panics
///
/// If it is not as the standard wants it: numbers that disagree, records across blocks or out of order, names twice, path
/// tables that say something else than the directories, bytes that are shared or outside.
pub fn walk(disc: &[u8], descriptor: u32) -> Entries {
    walk_with(disc, descriptor, "")
}

/// The same, where plain names may have these characters, too.
pub fn walk_with(disc: &[u8], descriptor: u32, more: &'static str) -> Entries {
    let block = &disc[descriptor as usize * BLOCK..][..BLOCK];
    assert_eq!((&block[1..6], block[6]), (&b"CD001"[..], 1));
    assert_eq!(both_32(block, 80) as usize * BLOCK, disc.len(), "blocks of the volume");
    assert_eq!((both_16(block, 120), both_16(block, 124), both_16(block, 128)), (1, 1, 2048));
    assert_eq!(both_16(&block[156..], 28), 1);
    let joliet = block[0] == 2;
    assert_eq!(block[88..91] == *b"%/E", joliet);
    let root = record(&block[156..190]);
    assert_eq!((root.identifier.as_slice(), root.is_folder), (&[0][..], true));

    let mut reader =
        Reader { more, disc, joliet, entries: Entries::new(), used: BTreeMap::new(), folders: Vec::new() };
    reader.use_blocks(0, 20, "descriptors");
    reader.use_blocks(CATALOGUE, 2, "catalogue and boot image");
    reader.walk(root.block, root.len);
    let len = both_32(block, 132);
    let low = u32::from_le_bytes(block[140..144].try_into().unwrap());
    let high = u32::from_be_bytes(block[148..152].try_into().unwrap());
    assert_eq!((&block[144..148], &block[152..156]), (&[0; 4][..], &[0; 4][..]));
    for (first, name) in [(low, "path table L"), (high, "path table M")] {
        reader.use_blocks(first, len.div_ceil(BLOCK as u32), name);
    }
    let expected: Vec<_> = reader.folders.clone();
    let table = |first: u32, big: bool| {
        let bytes = &disc[first as usize * BLOCK..];
        let behind = &bytes[len as usize..(len as usize).next_multiple_of(BLOCK)];
        assert!(behind.iter().all(|&byte| byte == 0), "zeros behind a path table");
        path_table(&bytes[..len as usize], big)
    };
    assert_eq!(table(low, false), expected, "path table L");
    assert_eq!(table(high, true), expected, "path table M");
    reader.entries
}

/// Identifier, block and number of the parent of each folder in a path table.
type Path = (Vec<u8>, u32, u16);

fn path_table(mut bytes: &[u8], big: bool) -> Vec<Path> {
    let mut paths = Vec::new();
    while !bytes.is_empty() {
        let len = usize::from(bytes[0]);
        assert_eq!(bytes[1], 0);
        let (block, parent) = (bytes[2..6].try_into().unwrap(), bytes[6..8].try_into().unwrap());
        let (block, parent) = match big {
            true => (u32::from_be_bytes(block), u16::from_be_bytes(parent)),
            false => (u32::from_le_bytes(block), u16::from_le_bytes(parent)),
        };
        paths.push((bytes[8..8 + len].to_vec(), block, parent));
        assert!(len % 2 == 0 || bytes[8 + len] == 0);
        bytes = &bytes[8 + len.next_multiple_of(2)..];
    }
    paths
}

struct Reader<'d> {
    disc: &'d [u8],
    joliet: bool,
    more: &'static str,
    entries: Entries,
    /// Each run of blocks, its end and whose it is.
    used: BTreeMap<u32, (u32, String)>,
    /// The folders as a path table must have them.
    folders: Vec<Path>,
}

impl Reader<'_> {
    fn use_blocks(&mut self, first: u32, count: u32, whose: &str) {
        let end = first + count;
        assert!(end as usize * BLOCK <= self.disc.len(), "{whose} is outside");
        for (other, (other_end, other_whose)) in &self.used {
            assert!(end <= *other || first >= *other_end, "{whose} has blocks of {other_whose}");
        }
        self.used.insert(first, (end, whose.to_owned()));
    }

    /// By level, so that the folders come in the order of a path table.
    fn walk(&mut self, block: u32, len: u32) {
        let root = Found { is_folder: true, block, len, posix: None };
        let mut to_do = vec![(Vec::new(), root.clone(), root, 1)];
        self.folders.push((vec![0], block, 1));
        let mut done = 0;
        while let Some((path, own, parent, number)) = to_do.get(done).cloned() {
            for (identifier, found) in self.directory(&path, &own, &parent) {
                let mut path = path.clone();
                path.push(identifier.clone());
                if found.is_folder {
                    self.folders.push((identifier, found.block, number));
                    let number = self.folders.len() as u16;
                    to_do.push((path.clone(), found.clone(), own.clone(), number));
                } else if found.len > 0 {
                    self.use_blocks(found.block, found.len.div_ceil(BLOCK as u32), &format!("{path:?}"));
                }
                assert!(self.entries.insert(path, found).is_none(), "a name is there twice");
            }
            assert!(path.len() < 8, "nothing lies deeper than level 8");
            done += 1;
        }
    }

    fn directory(&mut self, path: &[Vec<u8>], own: &Found, parent: &Found) -> Vec<(Vec<u8>, Found)> {
        assert_eq!(own.len as usize % BLOCK, 0, "a directory has whole blocks");
        self.use_blocks(own.block, own.len / BLOCK as u32, &format!("directory {path:?}"));
        let disc = self.disc;
        let bytes = &disc[own.block as usize * BLOCK..][..own.len as usize];
        let mut records = Vec::new();
        for block in bytes.chunks(BLOCK) {
            let mut rest = block;
            assert_ne!(rest[0], 0, "each block of a directory has a record");
            while rest.first().is_some_and(|&len| len != 0) {
                let len = usize::from(rest[0]);
                assert!(len % 2 == 0 && len <= rest.len(), "a record crosses a block or is odd");
                records.push(record(&rest[..len]));
                rest = &rest[len..];
            }
            assert!(rest.iter().all(|&byte| byte == 0), "zeros behind the last record of a block");
        }
        let [first, second, others @ ..] = &records[..] else { panic!("a directory has two records") };
        assert_eq!((first.identifier.as_slice(), first.block, first.len), (&[0][..], own.block, own.len));
        assert_eq!(
            (second.identifier.as_slice(), second.block, second.len),
            (&[1][..], parent.block, parent.len)
        );
        assert!(first.is_folder && second.is_folder);
        for pair in others.windows(2) {
            let order = pair.iter().map(|record| self.order(record)).collect::<Vec<_>>();
            assert!(order[0] < order[1], "records out of order: {pair:?}");
        }
        let protocol = path.is_empty();
        let mut found = Vec::new();
        for (index, record) in records.iter().enumerate() {
            let posix = if self.joliet { None } else { self.posix(record, protocol && index == 0) };
            assert!(!self.joliet || record.system_use.is_empty());
            if index >= 2 {
                self.check_identifier(record);
                let Record { is_folder, block, len, .. } = *record;
                found.push((record.identifier.clone(), Found { is_folder, block, len, posix }));
            } else {
                assert_eq!(posix, None, "these two have no name");
            }
        }
        found
    }

    /// Name and extension, with what fills up the shorter of two left away: it is smaller than all that they have.
    fn order(&self, record: &Record) -> (Vec<u16>, Vec<u16>) {
        let units = self.units(&record.identifier);
        let name = if record.is_folder { &units[..] } else { &units[..units.len() - 2] };
        match name.iter().rposition(|&unit| unit == u16::from(b'.')) {
            Some(point) if !record.is_folder && point > 0 => {
                (name[..point].to_vec(), name[point + 1..].to_vec())
            }
            _ => (name.to_vec(), Vec::new()),
        }
    }

    fn units(&self, identifier: &[u8]) -> Vec<u16> {
        match self.joliet {
            true => identifier.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect(),
            false => identifier.iter().map(|&byte| byte.into()).collect(),
        }
    }

    fn check_identifier(&self, record: &Record) {
        let text = String::from_utf16(&self.units(&record.identifier)).expect("no half of a character");
        let name = if record.is_folder { &text[..] } else { text.strip_suffix(";1").expect("a version") };
        assert!((1..=64).contains(&name.chars().count()), "{name:?}");
        if self.joliet {
            assert!(!name.contains(|c: char| c.is_control() || "*/:;?\\".contains(c)), "{name:?}");
            return;
        }
        let (stem, extension) = match record.is_folder {
            true => (name, ""),
            false => name.split_once('.').expect("a point"),
        };
        let is_known = |c: char| matches!(c, 'A'..='Z' | '0'..='9' | '_') || self.more.contains(c);
        let known = |text: &str| text.chars().all(is_known);
        assert!(known(stem) && known(extension), "{name:?}");
        assert!((1..=8).contains(&stem.len()) && extension.len() <= 3, "{name:?}");
    }

    /// The name in the system use of a record, which must have rights and a number too, and in the root's first record the
    /// protocol.
    fn posix(&mut self, record: &Record, is_first: bool) -> Option<String> {
        let mut area = record.system_use.clone();
        let (mut name, mut attributes, mut protocol, mut continues) = (Vec::new(), 0, 0, false);
        if is_first {
            assert_eq!(area[..7], *b"SP\x07\x01\xBE\xEF\x00");
        }
        let mut areas = 0;
        while area.len() >= 4 {
            let mut next = Vec::new();
            let mut rest = &area[..];
            while rest.len() >= 4 {
                let len = usize::from(rest[2]);
                assert!(len >= 4 && rest[3] == 1);
                let data = &rest[4..len];
                match &rest[..2] {
                    b"SP" => assert!(is_first),
                    b"PX" => {
                        attributes += 1;
                        assert_eq!(len, 44);
                        let mode = both_32(data, 0);
                        assert_eq!(mode, if record.is_folder { 0o40_555 } else { 0o100_444 });
                        assert!(both_32(data, 8) >= 1 && both_32(data, 32) >= 1);
                        assert_eq!((both_32(data, 16), both_32(data, 24)), (0, 0));
                    }
                    b"NM" => {
                        assert!(name.is_empty() || continues);
                        continues = data[0] == 1;
                        assert!(data[0] <= 1);
                        name.extend_from_slice(&data[1..]);
                    }
                    b"ER" => {
                        protocol += 1;
                        let lens = [data[0], data[1], data[2]].map(usize::from);
                        assert_eq!(data.len(), 4 + lens.iter().sum::<usize>());
                        assert!(data[4..].starts_with(b"IEEE_P1282"));
                    }
                    b"CE" => {
                        let (block, offset, len) = (both_32(data, 0), both_32(data, 8), both_32(data, 16));
                        assert!((offset + len) as usize <= BLOCK, "a continuation area crosses a block");
                        next = self.disc[block as usize * BLOCK + offset as usize..][..len as usize].to_vec();
                    }
                    other => panic!("{other:?}"),
                }
                rest = &rest[len..];
            }
            assert!(rest.iter().all(|&byte| byte == 0));
            area = next;
            areas += 1;
            assert!(areas <= 2);
        }
        assert!(!continues && attributes == 1 && protocol == u32::from(is_first));
        (!name.is_empty()).then(|| String::from_utf8(name).expect("the user's name"))
    }
}

#[derive(Debug)]
struct Record {
    identifier: Vec<u8>,
    is_folder: bool,
    block: u32,
    len: u32,
    system_use: Vec<u8>,
}

fn record(bytes: &[u8]) -> Record {
    assert_eq!((usize::from(bytes[0]), bytes[1]), (bytes.len(), 0));
    assert_eq!(bytes[18..25], [80, 1, 1, 0, 0, 0, 0], "one date for all");
    assert!(bytes[25] == 0 || bytes[25] == 2);
    assert_eq!((bytes[26], bytes[27], both_16(bytes, 28)), (0, 0, 1));
    let end = 33 + usize::from(bytes[32]);
    let head = end.next_multiple_of(2);
    assert!(bytes[end..head].iter().all(|&byte| byte == 0));
    Record {
        identifier: bytes[33..end].to_vec(),
        is_folder: bytes[25] == 2,
        block: both_32(bytes, 2),
        len: both_32(bytes, 10),
        system_use: bytes[head..].to_vec(),
    }
}

fn both_16(bytes: &[u8], at: usize) -> u16 {
    let low = u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    assert_eq!(low, u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]), "both byte orders");
    low
}

fn both_32(bytes: &[u8], at: usize) -> u32 {
    let low = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(low, u32::from_be_bytes(bytes[at + 4..at + 8].try_into().unwrap()), "both byte orders");
    low
}
