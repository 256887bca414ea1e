//! The floppy beside an image: of a folder with a driver's files the one that Windows' setup reads at F6, of any other folder one
//! with its files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::folder::Form;
use crate::image::{ImageError, Source, Unpacked};
use crate::job::Opener;
use crate::job::opener::is_folder;
use crate::sandbox::{LookError, made};
use crate::units::named;
use crate::windows::{Candidate, WindowsError, f6_floppy};

/// Most files, and most bytes of each: no floppy has more.
const FILES_MAX: usize = 200;
const LEN_MAX: u64 = 3 << 20;

/// The image of a floppy at `path`, or one with the files of the folder that is there; of a driver's files without those in folders
/// below it. What is made is in a file without a name.
///
/// # Errors
///
/// [`LookError`] if it cannot be read, or if the files do not fit.
pub(super) fn floppy_of(path: &Path, opener: &Opener<'_>) -> Result<Box<dyn Source>, LookError> {
    if !is_folder(path) {
        return opener.open(path);
    }
    let failed = |source| ImageError::Open { path: path.to_owned(), source };
    let files = files_of(path).map_err(failed)?;
    match f6_floppy(&files) {
        Ok(image) => of_bytes(path, &image),
        Err(WindowsError::NoDriver) => opener.open_as(path, Form::Floppy, None),
        Err(error) => {
            let help = "name the folder that has the files of a driver for Windows, and nothing else".into();
            let path = path.to_owned();
            Err(ImageError::Unusable { path, what: "a folder", why: error.to_string(), help }.into())
        }
    }
}

fn of_bytes(path: &Path, image: &[u8]) -> Result<Box<dyn Source>, LookError> {
    made(path, |file, folder| {
        let failed = |source| ImageError::Room { path: path.to_owned(), folder: folder.to_owned(), source };
        file.write_all_at(image, 0).map_err(failed)?;
        Ok(Unpacked {
            container: "folder with a driver for F6".into(),
            packed_len: image.len() as u64,
            member: path.file_name().map(|name| format!("{}.img", named(name))),
            len: image.len() as u64,
            rest: None,
        })
    })
}

/// The files of a folder, in the order of their names.
fn files_of(folder: &Path) -> io::Result<Vec<Candidate>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)?.take(FILES_MAX) {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_file()) else {
            continue;
        };
        let mut bytes = Vec::new();
        File::open(&path)?.take(LEN_MAX).read_to_end(&mut bytes)?;
        files.push(Candidate { name: name.to_owned(), bytes });
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}
