//! Whatever the tree: a volume keeps to the standards, byte by byte, and has every file under every name.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use ramkey::contents::iso::{self, Emulation, FileSystem};
use ramkey::layout::disc::iso9660::{FILE_LEN_MAX, IsoError, Structures, Tree, Volume};
use ramkey_loader_core::drive::{self, ReadError};
use ramkey_loader_core::iso9660::Iso9660;
use ramkey_loader_core::settle::folder_name;
use ramkey_loader_core::volume::{FileSystem as _, Volume as _};

use crate::frames::sticks::Image;
use crate::frames::volumes::{
    BLOCK, BOOT_IMAGE, CATALOGUE, Entries, FIRST, any_tree, catalogue, contents, folder_path, paths, volume,
    walk, walk_with,
};

const PRIMARY: u32 = 16;
const JOLIET: u32 = 18;

/// Identifiers of a path, as text.
fn texts(entries: &Entries, joliet: bool) -> Vec<String> {
    let text = |identifier: &Vec<u8>| match joliet {
        false => String::from_utf8(identifier.clone()).unwrap(),
        true => {
            let units = identifier.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            String::from_utf16(&units.collect::<Vec<_>>()).unwrap()
        }
    };
    entries.keys().map(|path| path.iter().map(text).collect::<Vec<_>>().join("/")).collect()
}

/// The names of both kinds that files in the root get.
fn names(files: &[&str]) -> [Vec<String>; 2] {
    let mut tree = Tree::default();
    for name in files {
        tree.add_file(Tree::ROOT, name, 0);
    }
    let disc = volume(&tree, "NAMES").unwrap();
    [texts(&walk(&disc, PRIMARY), false), texts(&walk(&disc, JOLIET), true)]
}

/// Everything in `tree` is in the entries that were walked, with its bytes.
fn check_whole(tree: &Tree, disc: &[u8], primary: &Entries, joliet: &Entries) {
    let mut posix = BTreeMap::new();
    for (path, found) in primary {
        let parents = (1..=path.len()).map(|end| primary[&path[..end]].posix.clone().expect("a name"));
        posix.insert(parents.map(|name| "/".to_owned() + &name).collect::<String>(), found);
    }
    let files = paths(tree);
    let folders = (1..tree.folders().len()).map(|folder| folder_path(tree, folder));
    let expected: BTreeSet<String> = files.keys().cloned().chain(folders).collect();
    assert_eq!(posix.keys().cloned().collect::<BTreeSet<_>>(), expected);
    let places = |entries: &Entries| {
        let files = entries.values().filter(|found| !found.is_folder);
        files.map(|found| (found.block, found.len)).collect::<Vec<_>>()
    };
    let (mut one, mut other) = (places(primary), places(joliet));
    one.sort_unstable();
    other.sort_unstable();
    assert_eq!(one, other, "both kinds of names lead to the same bytes");
    for (path, number) in files {
        let found = posix[&path];
        let expected = contents(number, tree.files()[number].len);
        let at = found.block as usize * BLOCK;
        assert!(!found.is_folder && disc[at..at + found.len as usize] == expected[..], "{path}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_tree_becomes_a_volume_that_keeps_to_the_standards(tree in any_tree()) {
        let disc = volume(&tree, "ANY").unwrap();
        let (primary, joliet) = (walk(&disc, PRIMARY), walk(&disc, JOLIET));
        check_whole(&tree, &disc, &primary, &joliet);
        let folded = texts(&joliet, true).iter().map(|path| path.to_lowercase()).collect::<BTreeSet<_>>();
        prop_assert_eq!(folded.len(), joliet.len(), "Windows tells all names apart");
    }

    #[test]
    fn names_do_not_depend_on_the_order_of_the_tree(tree in any_tree()) {
        let mut turned = Tree::default();
        for folder in &tree.folders()[1..] {
            turned.add_folder(folder.parent, &folder.name);
        }
        for file in tree.files().iter().rev() {
            turned.add_file(file.folder, &file.name, file.len);
        }
        let [one, other] = [&tree, &turned].map(|tree| volume(tree, "ORDER").unwrap());
        for (block, joliet) in [(PRIMARY, false), (JOLIET, true)] {
            prop_assert_eq!(texts(&walk(&one, block), joliet), texts(&walk(&other, block), joliet));
        }
    }
}

#[test]
fn the_reader_of_these_tests_finds_what_is_wrong() {
    let mut tree = Tree::default();
    tree.add_file(Tree::ROOT, "A", 10);
    tree.add_file(Tree::ROOT, "B", 10);
    let folder = tree.add_folder(Tree::ROOT, "C");
    tree.add_file(folder, &"long".repeat(50), 10);
    let disc = volume(&tree, "WRONG").unwrap();
    walk(&disc, PRIMARY);
    // Each byte of the path tables, and of what is not zero in the root: its own record, its parent's and the rest.
    let root = (FIRST as usize + 2) * BLOCK;
    let records = (root..root + 600).filter(|&at| disc[at] != 0);
    let tables =
        [0, BLOCK].into_iter().flat_map(|table| (0..20).map(move |at| FIRST as usize * BLOCK + table + at));
    let unseen: Vec<usize> = records
        .chain(tables)
        .filter(|&at| {
            let mut damaged = disc.clone();
            damaged[at] ^= 0x40;
            std::panic::catch_unwind(|| {
                check_whole(&tree, &damaged, &walk(&damaged, PRIMARY), &walk(&damaged, JOLIET))
            })
            .is_ok()
        })
        .collect();
    assert!(unseen.is_empty(), "changes at {unseen:x?} are not seen; the root is at {root:#x}");
}

#[test]
fn names_of_level_1_are_short_distinct_and_in_order() {
    let [level_1, _] = names(&[
        "readme.txt",
        "README",
        "Long name.text",
        "long name.text",
        "Long.Name.text",
        "archive.tar.gz",
        ".profile",
        "naïve.html",
        "中文",
        "a.b.",
        "MY-DISK.RKC",
        "X~1.RKC",
        "LONG_NAM.TEX",
    ]);
    assert_eq!(
        level_1,
        [
            "ARCHIVE_.GZ;1",
            "A_B.;1",
            "LONG_NAM.TEX;1",
            "LONG_N_1.TEX;1",
            "LONG_N_2.TEX;1",
            "LONG_N_3.TEX;1",
            "MY_DISK.RKC;1",
            "NA_VE.HTM;1",
            "README.;1",
            "README.TXT;1",
            "X_1.RKC;1",
            "_PROFILE.;1",
            "__.;1",
        ]
    );
}

#[test]
fn names_of_joliet_are_the_users_as_far_as_they_can_be() {
    let long = "x".repeat(70);
    let [_, joliet] = names(&[
        "Straße & Co.txt",
        "a:b*c?.txt",
        "😀.txt",
        "Name",
        "name",
        "trailing.",
        "two.points.",
        &long,
        &(long.clone() + ".html"),
    ]);
    assert_eq!(
        joliet,
        [
            "Name;1".to_owned(),
            "Straße & Co.txt;1".into(),
            "_.txt;1".into(),
            "a_b_c_.txt;1".into(),
            "name_1;1".into(),
            "trailing_;1".into(),
            "two.points_;1".into(),
            "x".repeat(59) + ".html;1",
            "x".repeat(64) + ";1",
        ]
    );
}

#[test]
fn many_files_of_one_name_get_their_numbers() {
    let files: Vec<String> = (0..2500).map(|number| format!("same beginning {number:04}.data")).collect();
    let [level_1, joliet] = names(&files.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((level_1.len(), joliet.len()), (2500, 2500));
    assert!(level_1.contains(&"SAME_BEG.DAT;1".into()) && level_1.contains(&"SAM_2499.DAT;1".into()));
    assert_eq!(joliet[7], "same beginning 0007.data;1");
}

#[test]
fn the_last_that_fits_is_written_and_the_first_that_does_not_is_refused() {
    let mut tree = Tree::default();
    let mut folder = Tree::ROOT;
    for level in 2..=8 {
        folder = tree.add_folder(folder, &format!("level {level}"));
    }
    tree.add_file(folder, "deep", 1);
    tree.add_file(folder, "large", FILE_LEN_MAX);
    Structures::new(&tree).unwrap();
    let mut long = tree.clone();
    long.add_file(folder, "larger", FILE_LEN_MAX + 1);
    let path = "level 2/level 3/level 4/level 5/level 6/level 7/level 8";
    let error = Structures::new(&long).unwrap_err();
    assert_eq!(error, IsoError::FileTooLong { path: format!("{path}/larger").into(), len: 1 << 32 });
    assert!(error.help().contains("split -b 2G"), "{}", error.help());
    tree.add_folder(folder, "level 9");
    let error = Structures::new(&tree).unwrap_err();
    assert_eq!(error, IsoError::TooDeep { path: format!("{path}/level 9").into(), found: 9 });
}

#[test]
fn as_many_folders_as_a_path_table_can_number() {
    let mut tree = Tree::default();
    let mut parents = vec![Tree::ROOT];
    // 40 folders in each of 40, in each of 40: more than there may be.
    while tree.folders().len() < 65_535 {
        let parent = parents[(tree.folders().len() - 1) / 40];
        let name = format!("D{}", tree.folders().len());
        parents.push(tree.add_folder(parent, &name));
    }
    let structures = Structures::new(&tree).unwrap();
    let volume =
        Volume { label: "MANY", blocks: 1 << 20, catalogue_block: 20, first_block: 22, file_blocks: &[] };
    let runs = structures.runs(&volume, &catalogue());
    assert_eq!(runs[2].bytes.len(), structures.blocks() as usize * BLOCK);
    tree.add_folder(Tree::ROOT, "one more");
    assert_eq!(Structures::new(&tree).unwrap_err(), IsoError::TooManyFolders { found: 65_536 });
}

#[test]
fn names_that_no_file_can_have_are_refused() {
    for name in ["", ".", "..", "a/b", "a\0b"] {
        let mut tree = Tree::default();
        tree.add_file(Tree::ROOT, name, 1);
        assert!(matches!(Structures::new(&tree), Err(IsoError::Name { .. })), "{name:?}");
    }
    let mut tree = Tree::default();
    tree.add_file(Tree::ROOT, "twice", 1);
    tree.add_folder(Tree::ROOT, "twice");
    assert_eq!(Structures::new(&tree).unwrap_err(), IsoError::Twice { path: "twice".into() });
}

#[test]
fn capsules_keep_the_names_by_which_they_name_each_other() {
    let capsules = [("XP.RKC", 5000), ("A-B~1.RKC", 512), ("A_B_1.RKC", 100)];
    let mut tree = Tree::of_capsules(capsules);
    tree.add_file(Tree::CAPSULES, "a-b~2.rkc", 0);
    let disc = volume(&tree, "RAMKEY").unwrap();
    let names =
        ["A-B~1.RKC;1", "A_B_1.RKC;1", "A_B_2.RKC;1", "XP.RKC;1"].map(|name| format!("RAMKEY/{name}"));
    assert_eq!(texts(&walk_with(&disc, PRIMARY, "-~"), false), [&["RAMKEY".into()], &names[..]].concat());
    let joliet = texts(&walk(&disc, JOLIET), true);
    assert_eq!(
        joliet[1..],
        ["A-B~1.RKC;1", "A_B_1.RKC;1", "XP.RKC;1", "a-b~2.rkc;1"].map(|name| format!("RAMKEY/{name}"))
    );

    let mut window = [0; 2048];
    let mut sectors = Sectors(&disc);
    let mut volume = Iso9660::open(&mut sectors, 0, &mut window).unwrap();
    let mut folder = volume.find_folder(&mut sectors, &folder_name()).unwrap();
    let mut found = Vec::new();
    while let Some(file) = volume.next_file(&mut sectors, &mut folder, b"RKC").unwrap() {
        let cursor = &mut volume.cursor(&file);
        let run = volume.run(&mut sectors, cursor, 0, u16::MAX).unwrap();
        found.push((file.name, file.len, run.map_or(0, |(lba, _)| lba)));
    }
    let first = FIRST + Structures::new(&tree).unwrap().blocks();
    let lba = |block: u32| u64::from(first + block) * 4;
    assert_eq!(
        found,
        [
            (*b"A-B~1   RKC", 512, lba(3)),
            (*b"A_B_1   RKC", 100, lba(4)),
            (*b"A_B_2   RKC", 0, 0),
            (*b"XP      RKC", 5000, lba(0)),
        ]
    );
}

/// A disc as the loader reads it.
struct Sectors<'d>(&'d [u8]);

impl drive::Sectors for Sectors<'_> {
    fn read(&mut self, lba: u64, max: u16) -> Result<&[u8], ReadError> {
        Ok(&self.0[lba as usize * 512..][..usize::from(max) * 512])
    }
}

#[test]
fn the_directories_that_the_loader_looks_through_are_no_longer_than_it_looks() {
    let mut tree = Tree::of_capsules([("XP.RKC", 5000)]);
    let folder = tree.add_folder(Tree::ROOT, "photographs");
    // Eight records in a block, of the 1024 blocks that there may be; the first block has others too.
    for number in 0..8 * 1024 {
        tree.add_file(folder, &format!("{number:04} {}", "x".repeat(154)), 0);
    }
    Structures::new(&tree).unwrap();
    for number in 0..8 * 1024 {
        tree.add_file(Tree::ROOT, &format!("{number:04} {}", "x".repeat(154)), 0);
    }
    let error = Structures::new(&tree).unwrap_err();
    assert_eq!(error, IsoError::DirectoryTooLong { path: "/".into(), len: (2 << 20) + 2048 });
}

#[test]
fn our_own_reader_reads_the_volume_and_its_default_entry() {
    let mut tree = Tree::default();
    tree.add_file(Tree::ROOT, "bootmgr", 100);
    let folder = tree.add_folder(Tree::ROOT, "sources");
    tree.add_file(folder, "boot.wim", 100);
    let mut bytes = volume(&tree, "my disc").unwrap();
    // Something that is code.
    bytes[BOOT_IMAGE as usize * BLOCK] = 0xEB;
    let blocks = (bytes.len() / BLOCK) as u32;
    let source = Image(bytes);
    let disc = iso::read(&source).unwrap().unwrap();
    assert_eq!(
        (disc.file_system, disc.volume_id.as_str(), disc.blocks),
        (FileSystem::Iso9660, "MY_DISC", blocks)
    );
    assert_eq!((disc.warnings.len(), disc.efi, disc.hybrid), (0, false, false));
    let boot = disc.boot_entry().unwrap();
    assert_eq!((boot.emulation, boot.load_lba, boot.told_sectors), (Emulation::NoEmulation, BOOT_IMAGE, 4));
    assert_eq!((boot.load_segment, boot.catalogue_lba, boot.id.as_str()), (0x07C0, CATALOGUE, "ramkey"));
    assert_eq!(iso::recognise(&disc, &source).unwrap(), iso::System::WindowsPe);
}

#[test]
fn the_catalogue_is_as_el_torito_has_it() {
    let disc = volume(&Tree::default(), "X").unwrap();
    let record = &disc[17 * BLOCK..][..BLOCK];
    assert_eq!(record[..39], *b"\0CD001\x01EL TORITO SPECIFICATION\0\0\0\0\0\0\0\0\0");
    assert_eq!(record[0x47..0x4B], CATALOGUE.to_le_bytes());
    let catalogue = &disc[CATALOGUE as usize * BLOCK..][..BLOCK];
    let mut expected = vec![
        *b"\x01\0\0\0ramkey\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x66\x0F\x55\xAA",
        *b"\x88\0\0\0\0\0\x04\0\x15\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        *b"\x90\0\x01\0ramkey\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        *b"\x88\x02\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        *b"\x91\0\x01\0ramkey\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        *b"\x88\x04\0\0\x06\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ];
    expected.resize(64, [0; 32]);
    for (index, (found, expected)) in catalogue.chunks(32).zip(&expected).enumerate() {
        assert_eq!(found, expected, "entry {index}");
    }
}
