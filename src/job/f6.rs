//! The floppy beside an image: of a folder or an archive with a driver's files the one that Windows' setup reads at F6, of any other
//! folder one with its files.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::folder::{Form, Listing, Wish};
use crate::image::{BundledFile, ImageError, ImageName, Source, Unpacked};
use crate::job::Opener;
use crate::job::folder;
use crate::job::opener::is_folder;
use crate::sandbox::{LookError, made};
use crate::units::{Bytes, named};
use crate::windows::{Candidate, F6_LEN_MAX, F6_LIST, WindowsError, f6_floppy};

/// The image of a floppy at `path`, or one with the files of the folder or archive that is there, in which so many bytes stay `free`. With
/// the list that setup reads these are all files beside it and below; if it has to be made, those beside the driver. What is made is in a
/// file without a name.
///
/// # Errors
///
/// [`LookError`] if it cannot be read, or if the files do not fit.
pub(super) fn floppy_of(
    path: &Path,
    free: Option<u64>,
    opener: &Opener<'_>,
) -> Result<Box<dyn Source>, LookError> {
    let made = if is_folder(path) { of_folder(path, free, opener)? } else { of_archive(path, free, opener)? };
    match made {
        Some(image) => of_bytes(path, &image),
        None => opener.open_as(path, Wish { form: Form::Floppy, free, boots: false }),
    }
}

/// The floppy of a folder with a driver whose list has to be made; `None` of any other, of which a floppy is made as it is.
fn of_folder(path: &Path, free: Option<u64>, opener: &Opener<'_>) -> Result<Option<Vec<u8>>, LookError> {
    // A name such as `.` says nothing.
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let listing = Listing::look(&real).map_err(|error| folder::refused(path, path, error))?;
    let len = listing.topmost().fold(0, |sum: u64, file| sum.saturating_add(file.len));
    let has_list = listing.topmost().any(|file| file.name.eq_ignore_ascii_case(F6_LIST));
    if has_list || len > F6_LEN_MAX {
        return Ok(None);
    }
    let read = |file| Ok(Candidate { bytes: listing.read(&file)?, name: file.name.to_owned() });
    let files = listing.topmost().map(read).collect::<Result<Vec<_>, ImageError>>()?;
    match f6_floppy(&files, free.unwrap_or(0)) {
        Ok(image) => {
            opener.add_made_of(listing.sources());
            Ok(Some(image))
        }
        Err(WindowsError::NoDriver) => Ok(None),
        Err(error) => Err(refused(path, "a folder", error.to_string())),
    }
}

fn refused(path: &Path, what: &'static str, why: String) -> LookError {
    let help = "name the folder that has the files of a driver for Windows, and nothing else".into();
    ImageError::Unusable { path: path.to_owned(), what, why, help }.into()
}

/// The floppy of an archive that has a driver's files; `None` of any other, which is opened as every image is, and tells then what is
/// wrong with it.
fn of_archive(path: &Path, free: Option<u64>, opener: &Opener<'_>) -> Result<Option<Vec<u8>>, LookError> {
    // A file in it is asked for, or it can be read once.
    if ImageName::is_input(path) || ImageName::find(path).member.is_some() {
        return Ok(None);
    }
    let Ok(Some(files)) = opener.files_of_archive(path) else { return Ok(None) };
    let failed = |why| refused(path, "an archive", why);
    for files in by_folder(files).map_err(failed)? {
        match floppy(files, free.unwrap_or(0)) {
            Ok(None) => {}
            Ok(image) => return Ok(image),
            Err(why) => return Err(failed(why)),
        }
    }
    Ok(None)
}

/// The floppy of these files of an archive; `None` if no driver is among them.
fn floppy(files: Vec<BundledFile>, free: u64) -> Result<Option<Vec<u8>>, String> {
    let missing = files.iter().find(|file| file.bytes.is_none()).map(|file| (file.name.clone(), file.len));
    let with_bytes = |BundledFile { name, bytes, .. }| bytes.map(|bytes| Candidate { name, bytes });
    let candidates: Vec<Candidate> = files.into_iter().filter_map(with_bytes).collect();
    match (f6_floppy(&candidates, free), missing) {
        (Err(WindowsError::NoDriver), _) => Ok(None),
        (_, Some((name, len))) if len > F6_LEN_MAX => {
            Err(format!("{} has {}, and a floppy has 2.88 MB", named(&name), Bytes(len)))
        }
        (_, Some((name, _))) => {
            Err(format!("so much lies before {} in it that this is not read", named(&name)))
        }
        (Ok(image), None) => Ok(Some(image)),
        (Err(error), None) => Err(error.to_string()),
    }
}

/// The files of an archive of which a floppy can be made, the best first: those beside the topmost list for setup and below it, with
/// their folders from there on; without a list those of each folder, the topmost first.
fn by_folder(files: Vec<BundledFile>) -> Result<Vec<Vec<BundledFile>>, String> {
    let mut folders: BTreeMap<(usize, String), Vec<BundledFile>> = BTreeMap::new();
    let mut lists: Vec<(usize, String)> = Vec::new();
    for mut file in files {
        let whole = file.name.replace('\\', "/");
        let whole = whole.strip_prefix("./").unwrap_or(&whole);
        let (folder, name) = whole.rsplit_once('/').unwrap_or(("", whole));
        let depth = if folder.is_empty() { 0 } else { 1 + folder.matches('/').count() };
        let place = (depth, folder.to_owned());
        if name.eq_ignore_ascii_case(F6_LIST) && !lists.contains(&place) {
            lists.push(place.clone());
        }
        file.name = name.to_owned();
        folders.entry(place).or_default().push(file);
    }
    lists.sort();
    let mut found: Vec<Vec<BundledFile>> = match &lists[..] {
        [] => folders.into_values().collect(),
        [(depth, one), (other_depth, other), ..] if depth == other_depth => {
            let (one, other) = (named(one), named(other));
            return Err(format!(
                "both {one} and {other} in it have a {F6_LIST}, and a floppy is made of one"
            ));
        }
        [(_, top), ..] => vec![below(folders, top)],
    };
    for files in &mut found {
        files.sort_by(|one, other| one.name.cmp(&other.name));
    }
    Ok(found)
}

/// The files of the folder `top` and those below it, by their names from there on.
fn below(folders: BTreeMap<(usize, String), Vec<BundledFile>>, top: &str) -> Vec<BundledFile> {
    let mut found = Vec::new();
    for ((_, folder), files) in folders {
        let rest = match folder.strip_prefix(top) {
            Some(rest) if top.is_empty() || rest.is_empty() || rest.starts_with('/') => rest,
            _ => continue,
        };
        let rest = rest.trim_start_matches('/');
        found.extend(files.into_iter().map(|mut file| {
            if !rest.is_empty() {
                file.name = format!("{rest}/{}", file.name);
            }
            file
        }));
    }
    found
}

fn of_bytes(path: &Path, image: &[u8]) -> Result<Box<dyn Source>, LookError> {
    let (container, name) = match is_folder(path) {
        true => ("folder with a driver for F6", path.file_name()),
        false => ("archive with a driver for F6", path.file_stem()),
    };
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
