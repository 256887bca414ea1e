//! Files that may be a driver: one that is named, those in a folder, or those on the image of a floppy.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::job::{JobError, Opener};
use crate::windows::{Candidate, DRIVER_LEN_MAX, on_floppy};

/// Most files of a folder that are looked at, and how far below it they may lie.
const FILES_MAX: usize = 4096;
const DEPTH_MAX: usize = 4;

/// The files at `path` that may be a driver.
pub(super) fn driver_files(path: &Path, opener: &Opener<'_>) -> Result<Vec<Candidate>, JobError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| JobError::Read { path, source }
    };
    if fs::metadata(path).map_err(failed(path))?.is_dir() {
        let mut found = Vec::new();
        for file in within(path).map_err(failed(path))? {
            found.push(candidate(&file).map_err(failed(&file))?);
        }
        return Ok(found);
    }
    let mut start = [0; 2];
    let is_program =
        File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && &start == b"MZ";
    if is_program {
        return Ok(vec![candidate(path).map_err(failed(path))?]);
    }
    // A file that is no image is no driver either, and that is what there is to say of it.
    let floppy = opener.open(path).map(|source| on_floppy(&*source));
    let found = floppy.unwrap_or_default();
    if found.is_empty() { Ok(vec![candidate(path).map_err(failed(path))?]) } else { Ok(found) }
}

fn candidate(path: &Path) -> io::Result<Candidate> {
    let mut bytes = Vec::new();
    // One byte more than a driver has shows that it is none.
    File::open(path)?.take(DRIVER_LEN_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > DRIVER_LEN_MAX {
        bytes.clear();
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Candidate { name, bytes })
}

/// The drivers in a folder and below it, in the order of their paths.
fn within(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut folders, mut files) = (vec![(folder.to_owned(), 0)], Vec::new());
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder)?.take(FILES_MAX) {
            let path = entry?.path();
            let is_driver = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sys"));
            if path.is_dir() && depth < DEPTH_MAX {
                folders.push((path, depth + 1));
            } else if is_driver && path.is_file() && files.len() < FILES_MAX {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
