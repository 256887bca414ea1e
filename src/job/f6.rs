//! The floppy beside an image: of a folder or an archive with a driver's files the one that Windows' setup reads at F6, of any other
//! folder one with its files.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::folder::{FLOPPY_LEN_MAX, Form, Listing, Wish, make_of};
use crate::image::{BundledFile, ImageError, ImageName, Source, Unpacked};
use crate::job::Opener;
use crate::job::folder;
use crate::job::opener::is_folder;
use crate::sandbox::{LookError, made};
use crate::units::{Bytes, named};
use crate::windows::{Candidate, F6_LIST, f6_list};

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
    let wish = Wish { form: Form::Floppy, free, boots: false };
    let (container, name, files) = match is_folder(path) {
        true => {
            // A name such as `.` says nothing.
            let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            let name = real.file_name().unwrap_or(OsStr::new("floppy")).to_owned();
            ("folder with a driver for F6", name, of_folder(path, &real, opener)?)
        }
        false => {
            let name = path.file_stem().unwrap_or(OsStr::new("floppy")).to_owned();
            ("archive with a driver for F6", name, of_archive(path, opener)?)
        }
    };
    let Some(files) = files else { return opener.open_as(path, wish) };
    let packed_len = files.iter().map(|file| file.bytes.len() as u64).sum();
    let files = files.into_iter().map(|file| (file.name, file.bytes)).collect();
    made(path, |file, room| {
        let listing = Listing::of_files(Path::new(&name), files);
        let made = listing.and_then(|listing| make_of(&listing, wish, file, &|_| ()));
        let image = made.map_err(|error| folder::refused(path, room, error))?;
        let member = Some(format!("{}.img", named(&name)));
        Ok(Unpacked { container: container.into(), packed_len, member, len: image.len, rest: None })
    })
}

/// The files of the floppy of a folder with a driver whose list has to be made; `None` of any other, of which a floppy is made as it is.
fn of_folder(path: &Path, real: &Path, opener: &Opener<'_>) -> Result<Option<Vec<Candidate>>, LookError> {
    let listing = Listing::look(real).map_err(|error| folder::refused(path, path, error))?;
    let len = listing.topmost().fold(0, |sum: u64, file| sum.saturating_add(file.len));
    let has_list = listing.topmost().any(|file| file.name.eq_ignore_ascii_case(F6_LIST));
    // What is too much for a floppy is not read.
    if has_list || len > FLOPPY_LEN_MAX {
        return Ok(None);
    }
    let read = |file| Ok(Candidate { bytes: listing.read(&file)?, name: file.name.to_owned() });
    let files = listing.topmost().map(read).collect::<Result<Vec<_>, ImageError>>()?;
    let files = with_list(files);
    if files.is_some() {
        opener.add_made_of(listing.sources());
    }
    Ok(files)
}

/// These files and the list that setup reads, which is made if it is not among them; `None` if there is neither one nor a driver.
fn with_list(mut files: Vec<Candidate>) -> Option<Vec<Candidate>> {
    if !files.iter().any(|file| file.name.eq_ignore_ascii_case(F6_LIST)) {
        files.push(Candidate { name: F6_LIST.into(), bytes: f6_list(&files).ok()? });
    }
    Some(files)
}

/// The files of the floppy of an archive that has a driver's; `None` of any other, which is opened as every image is, and tells then
/// what is wrong with it.
fn of_archive(path: &Path, opener: &Opener<'_>) -> Result<Option<Vec<Candidate>>, LookError> {
    // A file in it is asked for, or it can be read once.
    if ImageName::is_input(path) || ImageName::find(path).member.is_some() {
        return Ok(None);
    }
    let Ok(Some(files)) = opener.files_of_archive(path) else { return Ok(None) };
    let refused = |why| {
        let help = "name a folder that has the files of the driver, and nothing else".into();
        ImageError::Unusable { path: path.to_owned(), what: "an archive", why, help }
    };
    for files in by_folder(files).map_err(refused)? {
        let missing = files.iter().find(|file| file.bytes.is_none()).map(why_not);
        let with_bytes = |BundledFile { name, bytes, .. }| bytes.map(|bytes| Candidate { name, bytes });
        let found = with_list(files.into_iter().filter_map(with_bytes).collect());
        match (found, missing) {
            (None, _) => {}
            (Some(_), Some(why)) => return Err(refused(why).into()),
            (found, None) => return Ok(found),
        }
    }
    Ok(None)
}

/// Why a file came out of an archive without its bytes.
fn why_not(file: &BundledFile) -> String {
    match file.len > FLOPPY_LEN_MAX {
        true => format!("{} has {}, and a floppy has less", named(&file.name), Bytes(file.len)),
        false => format!("so much lies before {} in it that this is not read", named(&file.name)),
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
