//! An image leaves a stick.

use std::cell::RefCell;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use ramkey_format::capsule::FOLDER;
use ramkey_format::manifest::{RangeEntry, range};
use serde::Serialize;

use crate::capsule::{self, Description, Role};
use crate::change;
use crate::job::changing::{Changing, Stopped, with_stick};
use crate::job::on_stick::{OnStick, find, images};
use crate::job::renew::renew;
use crate::job::{Destination, JobError, Observer};
use crate::pipeline::{Effort, Target};
use crate::plan::file_names;
use crate::stick::{Entry, Reader, StickState};
use crate::units::{SECTOR_LEN, hex};

/// What left a stick.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct RemoveReport {
    /// The images: the one that was named, and those that stood beside it alone.
    pub images: Vec<RemovedImage>,
    /// Bytes that are free now.
    pub freed: u64,
    /// What that took.
    pub effort: Effort,
    /// What is to be known of README.TXT.
    pub notes: Vec<String>,
}

/// An image that left a stick.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct RemovedImage {
    /// The file that it had.
    pub file: String,
    /// Its title.
    pub title: String,
    /// Length in bytes.
    pub len: u64,
    /// BLAKE3 of the original image.
    pub blake3: String,
    /// Whether it stood beside another one and was in no menu.
    pub companion: bool,
}

/// Opens the stick, verifies it, and removes the image with the title or file `name`; those that stand beside it, and beside no
/// other, go with it.
///
/// When `stop` is set, the piece in work is finished, and the stick has what it had.
///
/// # Errors
///
/// [`JobError::Target`], [`JobError::ForeignStick`], [`JobError::FaultyStick`], [`JobError::NotReplaced`],
/// [`JobError::LastImage`], [`JobError::Needed`], [`JobError::Change`]; [`JobError::Pipeline`], [`JobError::Differs`], or
/// [`JobError::Unfinished`] once the image is gone.
pub fn remove(
    name: &str,
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<RemoveReport, JobError> {
    destination.target.admit(destination.system, &[])?;
    let path = destination.target.path();
    with_stick(destination, &[], observer, |target| remove_from(name, path, target, stop, observer))
}

/// The same on a target that is open already; `path` is for messages.
///
/// # Errors
///
/// As [`remove`].
pub fn remove_from(
    name: &str,
    path: &Path,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<RemoveReport, JobError> {
    let changing = Changing::new(path, target, stop, observer);
    // What was gone already, when the same was cut off behind the sector that decides.
    let gone = RefCell::new(None);
    let is_possible = |state: &StickState| match going(&images(state), name, path) {
        Err(error @ JobError::NotReplaced { .. }) => {
            let found = leaving(&changing, state, name);
            let is_leaving = found.is_some();
            gone.replace(found);
            if is_leaving { Ok(()) } else { Err(error) }
        }
        going => going.map(drop),
    };
    changing.prove_and(is_possible, false, |reader, state, _| {
        if let Some((image, freed)) = gone.take() {
            let notes = renewed(&changing, reader)?;
            return Ok(RemoveReport { images: vec![image], freed, effort: changing.effort(), notes });
        }
        let going = going(&images(state), name, path)?;
        let entries: Vec<&Entry> = going.iter().map(|image| image.entry).collect();
        changing.all(&change::remove(reader, state, &entries)?)?;
        let sectors = entries.iter().flat_map(|entry| &entry.runs).map(|(_, sectors)| sectors).sum::<u64>();
        let removed = going.iter().map(|image| RemovedImage {
            file: image.entry.path.clone(),
            title: image.title(),
            len: image.header.image_len.get(),
            blake3: hex(image.header.image_blake3),
            companion: !image.is_boot(),
        });
        let images = removed.collect();
        let notes = renewed(&changing, reader)?;
        Ok(RemoveReport { images, freed: sectors * SECTOR_LEN, effort: changing.effort(), notes })
    })
}

/// Renews README.TXT, and says what is to be known of that.
fn renewed(changing: &Changing, reader: &Reader) -> Result<Vec<String>, Stopped> {
    let notes = renew(changing, reader, (&[], || None))?;
    Ok(notes.into_iter().chain(changing.warning()).collect())
}

/// The image with this title or file that is announced to leave and has no file any more, and the bytes that it had.
fn leaving(changing: &Changing, state: &StickState, name: &str) -> Option<(RemovedImage, u64)> {
    let ranges = &state.manifest()?.ranges;
    let there = images(state);
    let is_there =
        |lba: u64| there.iter().any(|image| image.entry.runs.first().is_some_and(|run| run.0 == lba));
    let firsts = ranges.iter().filter(|range| range.is_first_piece() && !is_there(range.lba.get()));
    for first in firsts {
        let is_announced = |range: &RangeEntry| {
            range.kind == range::CAPSULE_NEXT && (range.lba, range.blake3) == (first.lba, first.blake3)
        };
        // Nobody has taken its clusters yet, because the change is not over.
        let Some(sector) =
            ranges.iter().any(is_announced).then(|| changing.sector(first.lba.get())).flatten()
        else {
            continue;
        };
        let Ok(header) = capsule::header(&sector) else { continue };
        let title = capsule::title(header);
        let names = file_names(&title);
        let is_named = title == name || names.iter().any(|file| is_file(file, name));
        if *blake3::hash(&sector).as_bytes() != first.blake3 || !is_named {
            continue;
        }
        let own = ranges.iter().filter(|range| range.kind == range::CAPSULE && range.blake3 == first.blake3);
        let freed = own.map(|range| range.sectors.get()).sum::<u64>() * SECTOR_LEN;
        let file = format!("{FOLDER}/{}", names.first().cloned().unwrap_or_default());
        let image = RemovedImage {
            file,
            title,
            len: header.image_len.get(),
            blake3: hex(header.image_blake3),
            companion: Description::of(header).role == Role::Companion,
        };
        return Some((image, freed));
    }
    None
}

/// Whether `name` is that of `file`, with or without its ending.
fn is_file(file: &str, name: &str) -> bool {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    [file, stem].iter().any(|file| file.eq_ignore_ascii_case(name))
}

/// The image that is meant, and those that stand beside it and no other.
fn going<'v>(all: &[OnStick<'v>], name: &str, path: &Path) -> Result<Vec<OnStick<'v>>, JobError> {
    let path = || path.to_owned();
    let meant = find(all, Some(name)).map_err(|found| JobError::NotReplaced { path: path(), found })?;
    let is_it = |image: &&OnStick| image.entry.path == meant.entry.path;
    let others: Vec<&OnStick> = all.iter().filter(|image| !is_it(image) && image.is_boot()).collect();
    if !meant.is_boot() {
        return match others.iter().find(|image| image.needs(&meant)) {
            Some(by) => Err(JobError::Needed { path: path(), title: meant.title(), by: by.title() }),
            None => Ok(vec![meant]),
        };
    }
    if others.is_empty() {
        return Err(JobError::LastImage { path: path(), title: meant.title() });
    }
    let is_beside = |image: &&OnStick| {
        !image.is_boot() && meant.needs(image) && !others.iter().any(|other| other.needs(image))
    };
    Ok([meant].into_iter().chain(all.iter().filter(is_beside).copied()).collect())
}
