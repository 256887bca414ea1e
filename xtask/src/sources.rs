//! Which sources the boot code is made of.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders and files that the boot code is made of.
const SOURCES: [&str; 11] = [
    "bootsectors/demo",
    "bootsectors/disc",
    "bootsectors/dos",
    "bootsectors/format/src",
    "bootsectors/include",
    "bootsectors/loader",
    "bootsectors/loader-core/Cargo.toml",
    "bootsectors/loader-core/src",
    "bootsectors/mbr",
    "bootsectors/resident",
    "bootsectors/stage2",
];

/// Path, length and content of every source below the repository `root`, in the order of the paths. Their BLAKE3 is
/// `sources` in `bootsectors/prebuilt/MANIFEST.toml`.
///
/// # Errors
///
/// A source that cannot be read.
pub fn bytes(root: &Path) -> io::Result<Vec<u8>> {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&root.join(source), &mut files);
    }
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
        let bytes = fs::read(&file)?;
        all.extend(name.as_bytes());
        all.extend((bytes.len() as u64).to_le_bytes());
        all.extend(bytes);
    }
    Ok(all)
}

/// Every file below `path`, without build output.
fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_file() {
        files.push(path.to_owned());
    } else if path.file_name().is_some_and(|name| name != "target") {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            collect(&entry.path(), files);
        }
    }
}
