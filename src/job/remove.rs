//! An image leaves a stick.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::change;
use crate::job::changing::{Changing, with_stick};
use crate::job::on_stick::{OnStick, find, images};
use crate::job::{Destination, JobError, Observer};
use crate::pipeline::{Effort, Target};
use crate::stick::{Entry, StickState};
use crate::units::{SECTOR_LEN, hex};

/// What left a stick.
#[derive(Clone, Debug, Serialize)]
pub struct RemoveReport {
    /// The images: the one that was named, and those that stood beside it alone.
    pub images: Vec<RemovedImage>,
    /// Bytes that are free now.
    pub freed: u64,
    /// What that took.
    pub effort: Effort,
}

/// An image that left a stick.
#[derive(Clone, Debug, Serialize)]
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
    let is_possible = |state: &StickState| going(&images(state), name, path).map(drop);
    changing.prove_and(is_possible, false, |reader, state, _| {
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
        Ok(RemoveReport { images, freed: sectors * SECTOR_LEN, effort: changing.effort() })
    })
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
