//! What is packed is whole: the crate has each file that its sources include, and the `.deb` each that is named.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::frames::architecture::fail_if_any;
use crate::frames::tree::files;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The strings of the list `name` in Cargo.toml, those of lists in it too.
fn listed(name: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, list) = text.split_once(&format!("\n{name} = [\n")).expect(name);
    let (list, _) = list.split_once("\n]\n").expect(name);
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// `path` without the steps up in it.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
        plain
    })
}

#[test]
fn the_crate_has_each_file_that_its_sources_include() {
    let packed = listed("include");
    let mut faults = Vec::new();
    for file in files(&["rs"]).into_iter().filter(|file| file.path.starts_with("src/")) {
        for call in ["include_str!(\"", "include_bytes!(\""] {
            for (at, _) in file.text.match_indices(call) {
                let name = file.text[at + call.len()..].split('"').next().unwrap();
                let path = plain(&Path::new(&file.path).parent().unwrap().join(name));
                if !packed.iter().any(|entry| path.starts_with(entry.trim_start_matches('/'))) {
                    let (by, path) = (&file.path, path.display());
                    faults.push(format!("{by} includes {path}, which the crate does not have"));
                }
            }
        }
    }
    fail_if_any(&faults);
}

#[test]
fn each_file_that_the_deb_is_made_of_is_there() {
    let assets = listed("assets");
    assert_eq!(assets.len() % 3, 0, "a file, where it goes, and its rights");
    for asset in assets.chunks(3) {
        let (path, goes_to) = (&asset[0], &asset[1]);
        assert!(goes_to.starts_with("usr/"), "{path}");
        // `cargo xtask package` makes those.
        if path.starts_with("target/") {
            continue;
        }
        let found = match path.split_once('*') {
            None => root().join(path).is_file(),
            Some((folder, end)) => {
                let mut entries = fs::read_dir(root().join(folder)).unwrap();
                entries.any(|entry| entry.unwrap().file_name().to_string_lossy().ends_with(end))
            }
        };
        assert!(found, "{path}");
    }
}
