//! Files that may be a driver: one that is named, those in a folder, or those on the image of a floppy.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::image::Source;
use crate::job::{JobError, Opener};
use crate::windows::{Candidate, DRIVER_LEN_MAX};

/// Most files of a folder that are looked at, and how far below it they may lie.
const FILES_MAX: usize = 4096;
/// Most drivers of it.
const DRIVERS_MAX: usize = 64;
const DEPTH_MAX: usize = 4;

/// What may be a driver.
#[derive(Default)]
pub(super) struct DriverFiles {
    /// Files that are one, or not.
    pub candidates: Vec<Candidate>,
    /// The image of a floppy that has one, or not.
    pub floppy: Option<Box<dyn Source>>,
}

/// What there is at `path` that may be a driver. Nothing is looked at but the first letters of a file.
pub(super) fn driver_files(path: &Path, opener: &Opener<'_>) -> Result<DriverFiles, JobError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| JobError::Read { path, source }
    };
    let mut found = DriverFiles::default();
    if fs::metadata(path).map_err(failed(path))?.is_dir() {
        for file in within(path).map_err(failed(path))? {
            found.candidates.push(candidate(&file).map_err(failed(&file))?);
        }
        return Ok(found);
    }
    found.candidates.push(candidate(path).map_err(failed(path))?);
    let mut start = [0; 2];
    let is_program =
        File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && &start == b"MZ";
    if !is_program {
        // A file that is no image is no driver either, and that is what there is to say of it.
        found.floppy = opener.open(path).ok();
    }
    Ok(found)
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
            } else if is_driver && path.is_file() && files.len() < DRIVERS_MAX {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
