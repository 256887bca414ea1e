//! Other people's readers of ISO 9660 find in our volumes what was put there: xorriso and isoinfo.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use ramkey::layout::disc::iso9660::Tree;

use crate::frames::sticks::{printed, tool};
use crate::frames::volumes::{BOOT_IMAGE, CATALOGUE, any_tree, contents, folder_path, paths, volume_around};

/// A volume as a file in a folder of its own.
struct Disc {
    folder: tempfile::TempDir,
    blocks: usize,
}

impl Disc {
    fn new(tree: &Tree) -> Self {
        Self::around(tree, &[])
    }

    /// The last files of `tree` are what lies on these blocks already.
    fn around(tree: &Tree, there: &[u32]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bytes = volume_around(tree, "ORACLE", there).unwrap();
        fs::write(folder.path().join("disc.iso"), &bytes).unwrap();
        Self { folder, blocks: bytes.len() / 2048 }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("disc.iso")
    }

    /// What isoinfo prints.
    fn isoinfo(&self, options: &[&str]) -> String {
        let path = self.path();
        let output = tool("genisoimage", "isoinfo", &[options, &["-i", path.to_str().unwrap()]].concat());
        assert!(output.status.success(), "{options:?}: {}", printed(&output));
        match String::from_utf8(output.stdout) {
            Ok(text) => text,
            // It knows Joliet names in character sets of one byte alone; this one has the first characters of Unicode.
            Err(error) => error.into_bytes().into_iter().map(char::from).collect(),
        }
    }

    /// What xorriso prints of it: warnings only of boot images that are no files.
    fn xorriso(&self, before: &[&str], after: &[&str]) -> String {
        let path = self.path();
        let middle = ["-indev", path.to_str().unwrap()];
        let output = tool("xorriso", "xorriso", &[before, &middle, after].concat());
        let text = printed(&output);
        let hidden = "WARNING : Found hidden El-Torito image.";
        let bad = ["WARNING", "SORRY", "MISHAP", "FAILURE", "FATAL", "ABORT"];
        let complaints: Vec<&str> = text
            .lines()
            .filter(|line| !line.contains(hidden) && bad.iter().any(|bad| line.contains(bad)))
            .collect();
        assert!(output.status.success() && complaints.is_empty(), "{after:?}: {text}");
        text
    }
}

/// A tree with one of each kind of name, and a directory of many blocks.
fn large() -> Tree {
    let mut tree = Tree::of_capsules([("XP.RKC", 5000), ("RESCUE~1.RKC", 2048)]);
    tree.add_file(Tree::ROOT, "Read me first.html", 3000);
    tree.add_file(Tree::ROOT, "empty", 0);
    tree.add_folder(Tree::ROOT, "empty folder");
    let many = tree.add_folder(Tree::ROOT, "many");
    for number in 0..900 {
        tree.add_file(many, &format!("picture number {number:03} of the holidays.jpeg"), number % 3 * 1000);
    }
    let mut folder = Tree::ROOT;
    for level in 2..=8 {
        folder = tree.add_folder(folder, &format!("level {level} {}", "x".repeat(20 * level)));
    }
    tree.add_file(folder, "deep.txt", 100);
    tree.add_file(folder, &"ä".repeat(125), 100);
    tree
}

/// Every file and folder below `folder` with its bytes, by its path.
fn extracted(folder: &Path, prefix: &str, found: &mut Vec<(String, Option<Vec<u8>>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}/{}", entry.file_name().into_string().unwrap());
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            // Rights are those of the disc, which nobody may write to.
            assert_eq!(metadata.permissions().mode() & 0o7777, 0o555, "{path}");
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o755)).unwrap();
            extracted(&entry.path(), &path, found);
            found.push((path, None));
        } else {
            assert_eq!(metadata.permissions().mode() & 0o7777, 0o444, "{path}");
            found.push((path, Some(fs::read(entry.path()).unwrap())));
        }
    }
}

/// xorriso restores everything by its Rock Ridge names.
fn check_extraction(tree: &Tree) {
    let disc = Disc::new(tree);
    let out = disc.folder.path().join("out");
    disc.xorriso(&["-osirrox", "on"], &["-extract", "/", out.to_str().unwrap()]);
    fs::set_permissions(&out, fs::Permissions::from_mode(0o755)).unwrap();
    let mut found = Vec::new();
    extracted(&out, "", &mut found);
    found.sort();
    let file = |(path, number): (String, usize)| (path, Some(contents(number, tree.files()[number].len)));
    let folders = (1..tree.folders().len()).map(|folder| (folder_path(tree, folder), None));
    let mut expected: Vec<(String, Option<Vec<u8>>)> =
        paths(tree).into_iter().map(file).chain(folders).collect();
    expected.sort();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found.0, expected.0);
        assert!(found.1 == expected.1, "the bytes of {}", found.0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn xorriso_restores_every_tree(tree in any_tree()) {
        check_extraction(&tree);
    }
}

#[test]
fn xorriso_restores_a_large_tree() {
    check_extraction(&large());
}

/// A path of the large tree as Joliet has it: every name of it is only cut.
fn in_joliet(path: &str) -> String {
    let cut = |name: &str| name.chars().take(64).collect::<String>();
    path.split('/').map(cut).collect::<Vec<_>>().join("/")
}

#[test]
fn isoinfo_lists_every_file_under_each_kind_of_name() {
    let tree = large();
    let disc = Disc::new(&tree);
    let mut expected: BTreeSet<String> = paths(&tree).into_keys().collect();
    expected.extend((1..tree.folders().len()).map(|folder| folder_path(&tree, folder)));
    let listed = |options: &[&str]| disc.isoinfo(options).lines().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(listed(&["-R", "-f"]), expected, "Rock Ridge");
    let unversioned = |path: &String| path.strip_suffix(";1").map_or_else(|| path.clone(), str::to_owned);
    let found: BTreeSet<String> = listed(&["-J", "-f", "-j", "iso8859-1"]).iter().map(unversioned).collect();
    assert_eq!(found, expected.iter().map(|path| in_joliet(path)).collect(), "Joliet");
    let plain = listed(&["-f"]);
    assert_eq!(plain.len(), expected.len());
    for path in
        ["/RAMKEY/XP.RKC;1", "/RAMKEY/RESCUE~1.RKC;1", "/READ_ME_.HTM;1", "/EMPTY_FO", "/MANY/PICTU_10.JPE;1"]
    {
        assert!(plain.contains(path), "{path} in {plain:?}");
    }
    let list = disc.isoinfo(&["-l", "-R"]);
    assert!(list.contains("-r--r--r--   1    0    0            3000 Jan  1 1980"), "{list}");
}

#[test]
fn isoinfo_reads_the_descriptors_and_the_catalogue() {
    let disc = Disc::new(&large());
    let text = disc.isoinfo(&["-d"]);
    for line in [
        "CD-ROM is in ISO 9660 format".to_owned(),
        "Volume id: ORACLE".into(),
        "Application id: RAMKEY".into(),
        "Volume set size is: 1".into(),
        "Volume set sequence number is: 1".into(),
        "Logical block size is: 2048".into(),
        format!("Volume size is: {}", disc.blocks),
        format!("El Torito VD version 1 found, boot catalog is in sector {CATALOGUE}"),
        "Joliet with UCS level 3 found".into(),
        "Rock Ridge signatures version 1 found".into(),
        "Key 55 AA".into(),
        "Bootid 88 (bootable)".into(),
        "Boot media 0 (No Emulation Boot)".into(),
        "Nsect 4".into(),
        format!("Bootoff {BOOT_IMAGE:X} {BOOT_IMAGE}"),
    ] {
        assert!(text.lines().any(|found| found.trim().starts_with(&line)), "{line} in\n{text}");
    }
}

#[test]
fn xorriso_reports_every_entry_of_the_catalogue() {
    let disc = Disc::new(&large());
    let text = disc.xorriso(&[], &["-report_el_torito", "plain"]);
    let images: Vec<Vec<&str>> = text
        .lines()
        .filter_map(|line| line.strip_prefix("El Torito boot img :"))
        .map(|line| line.split_whitespace().collect())
        .collect();
    let block = BOOT_IMAGE.to_string();
    assert_eq!(
        images,
        [
            ["1", "BIOS", "y", "none", "0x0000", "0x00", "4", &block],
            ["2", "BIOS", "y", "fd1.4", "0x0000", "0x00", "1", "0"],
            ["3", "BIOS", "y", "hd", "0x0000", "0x06", "1", "0"],
        ]
    );
    assert!(text.contains(&format!("El Torito catalog  : {CATALOGUE}")), "{text}");
    assert_eq!(text.matches("WARNING").count(), 3, "{text}");
}

#[test]
fn xorriso_has_nothing_to_say_where_each_boot_image_is_a_file() {
    let mut tree = large();
    for name in ["DISC.BIN", "FLOPPY.BIN", "DISK.BIN"] {
        tree.add_file(Tree::CAPSULES, name, 2048);
    }
    let disc = Disc::around(&tree, &[BOOT_IMAGE, 0, 0]);
    let text = disc.xorriso(&[], &["-report_el_torito", "plain"]);
    assert!(
        !text.contains("WARNING") && text.contains("El Torito img path :   1  /RAMKEY/DISC.BIN"),
        "{text}"
    );
}

#[test]
fn xorriso_finds_the_same_files_by_their_joliet_names() {
    let tree = large();
    let disc = Disc::new(&tree);
    let report = ["-find", "/", "-type", "f", "-exec", "report_lba"];
    let text = disc.xorriso(&["-local_charset", "UTF-8", "-read_fs", "norock"], &report);
    // Part, first block, blocks, bytes and name.
    let line = |line: &str| {
        let fields: Vec<&str> = line.strip_prefix("File data lba:")?.splitn(5, ',').map(str::trim).collect();
        Some((fields[4].trim_matches('\'').to_owned(), fields[3].parse().unwrap()))
    };
    let found: BTreeSet<(String, u64)> = text.lines().filter_map(line).collect();
    let files = paths(&tree).into_iter().map(|(path, number)| (in_joliet(&path), tree.files()[number].len));
    assert_eq!(found, files.collect());
}
