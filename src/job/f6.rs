//! The floppy beside an image: of a folder or an archive with a driver's files the one that Windows' setup reads at F6, of any other
//! folder one with its files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::folder::{Form, Wish};
use crate::image::{BundledFile, ImageError, ImageName, Source, Unpacked};
use crate::job::Opener;
use crate::job::opener::is_folder;
use crate::sandbox::{LookError, made};
use crate::units::named;
use crate::windows::{Candidate, WindowsError, f6_floppy};

/// Most files, and most bytes of each: no floppy has more.
const FILES_MAX: usize = 200;
const LEN_MAX: u64 = 3 << 20;
/// What Windows' setup reads of its floppy.
const LIST: &str = "txtsetup.oem";

/// The image of a floppy at `path`, or one with the files of the folder that is there; of a driver's files without those in folders
/// below it. What is made is in a file without a name.
///
/// # Errors
///
/// [`LookError`] if it cannot be read, or if the files do not fit.
pub(super) fn floppy_of(path: &Path, opener: &Opener<'_>) -> Result<Box<dyn Source>, LookError> {
    if !is_folder(path) {
        return match of_archive(path, opener)? {
            Some(image) => of_bytes(path, "archive with a driver for F6", &image),
            None => opener.open(path),
        };
    }
    let failed = |source| ImageError::Open { path: path.to_owned(), source };
    let files = files_of(path).map_err(failed)?;
    match f6_floppy(&files) {
        Ok(image) => of_bytes(path, "folder with a driver for F6", &image),
        // An empty one was meant to have a driver.
        Err(WindowsError::NoDriver) if !files.is_empty() => {
            opener.open_as(path, Wish { form: Form::Floppy, ..Wish::default() })
        }
        Err(error) => Err(refused(path, "a folder", &error)),
    }
}

fn refused(path: &Path, what: &'static str, error: &WindowsError) -> LookError {
    let (path, why) = (path.to_owned(), error.to_string());
    let help = "name the folder that has the files of a driver for Windows, and nothing else".into();
    ImageError::Unusable { path, what, why, help }.into()
}

/// The floppy of an archive that has a driver's files; `None` of any other, which is opened as every image is, and tells then what is
/// wrong with it.
fn of_archive(path: &Path, opener: &Opener<'_>) -> Result<Option<Vec<u8>>, LookError> {
    // A file in it is asked for, or it can be read once.
    if ImageName::is_input(path) || ImageName::find(path).member.is_some() {
        return Ok(None);
    }
    let Ok(Some(files)) = opener.files_of_archive(path) else { return Ok(None) };
    for files in by_folder(files) {
        match f6_floppy(&files) {
            Ok(image) => return Ok(Some(image)),
            Err(WindowsError::NoDriver) => {}
            Err(error) => return Err(refused(path, "an archive", &error)),
        }
    }
    Ok(None)
}

/// The files of each folder of an archive: those with a list for setup first, then the topmost.
fn by_folder(files: Vec<BundledFile>) -> Vec<Vec<Candidate>> {
    let mut folders: BTreeMap<(usize, String), Vec<Candidate>> = BTreeMap::new();
    for BundledFile { name, bytes } in files {
        let name = name.replace('\\', "/");
        let (folder, name) = name.rsplit_once('/').unwrap_or(("", &name));
        let depth = if folder.is_empty() { 0 } else { 1 + folder.matches('/').count() };
        let candidate = Candidate { name: name.to_owned(), bytes };
        folders.entry((depth, folder.to_owned())).or_default().push(candidate);
    }
    let mut folders: Vec<Vec<Candidate>> = folders.into_values().collect();
    let has_list = |files: &Vec<Candidate>| files.iter().any(|file| file.name.eq_ignore_ascii_case(LIST));
    folders.sort_by_key(|files| !has_list(files));
    for files in &mut folders {
        files.sort_by(|one, other| one.name.cmp(&other.name));
    }
    folders
}

fn of_bytes(path: &Path, container: &'static str, image: &[u8]) -> Result<Box<dyn Source>, LookError> {
    let name = if container.starts_with("folder") { path.file_name() } else { path.file_stem() };
    made(path, |file, folder| {
        let failed = |source| ImageError::Room { path: path.to_owned(), folder: folder.to_owned(), source };
        file.write_all_at(image, 0).map_err(failed)?;
        Ok(Unpacked {
            container: container.into(),
            packed_len: image.len() as u64,
            member: name.map(|name| format!("{}.img", named(name))),
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
