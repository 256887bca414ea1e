//! Any folder is an image that another reader finds the same tree in, or one error.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read, Seek, Write};
use std::path::Path;

use fatfs::{Dir, FileSystem, FsOptions};
use proptest::prelude::*;
use ramkey::folder::{FolderError, Form};

use super::{image, volume};

/// The files of a directory, and of those in it.
fn read<T: Read + Write + Seek>(folder: &Dir<'_, T>, path: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in folder.iter() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if name == "." || name == ".." {
            continue;
        }
        let path = format!("{path}{name}");
        if entry.is_dir() {
            found.insert(format!("{path}/"), Vec::new());
            read(&entry.to_dir(), &format!("{path}/"), found);
        } else {
            let mut bytes = Vec::new();
            entry.to_file().read_to_end(&mut bytes).unwrap();
            found.insert(path, bytes);
        }
    }
}

/// Puts the files where they can be put, and says what is there.
fn put(folder: &Path, files: &[(String, Vec<u8>)]) -> BTreeMap<String, Vec<u8>> {
    let mut there = BTreeMap::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        let parent = Path::new(name).parent().unwrap();
        if fs::create_dir_all(path.parent().unwrap()).is_err() || fs::write(&path, bytes).is_err() {
            continue;
        }
        there.insert(name.clone(), bytes.clone());
        for parent in parent.ancestors().filter(|parent| *parent != Path::new("")) {
            there.insert(format!("{}/", parent.to_str().unwrap()), Vec::new());
        }
    }
    there
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn another_reader_finds_the_same_tree_or_there_is_an_error(
        files in prop::collection::vec(
            (
                // Names near each other, near the limits, and with what is forbidden.
                "([a-cA-C~1+. ]{1,9}|[ab]{6,14}\\.[a-b]{0,4}|.{1,4}|X{240,255}|é[a-z]{0,12}|(CON|NUL|COM)[0-9.]{0,2})(/[A-D]{1,9}[a-d .]{0,9}[x-z]){0,3}",
                prop::collection::vec(any::<u8>(), 0..9000),
            ),
            0..24,
        ),
        form in prop::sample::select(vec![Form::HardDisk, Form::Partition, Form::Floppy]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<_> = files.into_iter().filter(|(name, _)| !name.starts_with('/') && !name.contains('\0') && !name.split('/').any(|part| matches!(part, "" | "." | ".."))).collect();
        let wanted = put(folder.path(), &files);
        match image(folder.path(), form, None) {
            Ok((_, bytes)) => {
                let mut volume = volume(&bytes, form).to_vec();
                let volume = FileSystem::new(Cursor::new(&mut volume), FsOptions::new()).unwrap();
                let mut found = BTreeMap::new();
                read(&volume.root_dir(), "", &mut found);
                prop_assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
                prop_assert!(found == wanted);
            }
            Err(FolderError::Name { .. }) => {
                let sign = |c: char| c.is_control() || "\"*:<>?\\|".contains(c);
                let is_device = |part: &str| {
                    let base = part.split('.').next().unwrap().trim_end().to_ascii_uppercase();
                    ["CON", "NUL"].contains(&&*base) || base.starts_with("COM") && base.len() == 4
                };
                let is_refused = |part: &str| part.contains(sign) || part.ends_with(['.', ' ']) || is_device(part);
                prop_assert!(wanted.keys().any(|name| name.split('/').any(is_refused)), "{:?}", wanted.keys());
            }
            Err(FolderError::SameName { .. }) => {
                let upper: std::collections::BTreeSet<String> = wanted.keys().map(|name| name.trim_end_matches('/').to_uppercase()).collect();
                prop_assert!(upper.len() < wanted.len(), "{:?}", wanted.keys());
            }
            Err(FolderError::Empty) => prop_assert!(wanted.is_empty()),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}
