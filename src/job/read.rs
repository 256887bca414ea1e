//! The one reading of all images before anything is written: their hashes, and how they are packed.

use std::thread::{self, Builder};

use crate::image::{Packer, Scan, scan_trimmed, scan_witnessed};
use crate::job::images::told;
use crate::job::observer::part;
use crate::job::{Event, Images, JobError, Observer, Part};
use crate::origin::{Algorithm, Origin, RunningHash, is_whole_file};

/// The images as they were read, and the files that they came in.
pub(super) struct Read {
    /// The hashes of each image.
    pub scans: Vec<Scan>,
    /// SHA-256 of each.
    pub sha256s: Vec<Vec<u8>>,
    /// The file of each, if it came in one.
    pub origins: Vec<Option<Origin>>,
}

/// Compares each image's file with what is said of it; then hashes and packs the images, and proves that the files are still the
/// same.
///
/// # Errors
///
/// [`JobError::Origin`] or [`JobError::Read`].
pub(super) fn read_all(
    images: &Images,
    packer: &mut Packer,
    observer: &dyn Observer,
) -> Result<Read, JobError> {
    let said = images.said()?;
    let brought = images.brought();
    if said.is_something() {
        // What is another is refused before it is packed.
        let origins = told(&brought, observer, |count| images.origins(&said, &|_| true, count))?;
        let (scans, sha256s) = scan_all(images, &origins, packer, observer)?;
        return Read { scans, sha256s, origins }.if_still(images);
    }
    // One that is all of its file is hashed as it is read; what others are wrapped in is read beside them.
    let is_whole: Vec<bool> = brought.iter().map(|source| is_whole_file(*source)).collect();
    let is_apart = |number: usize| !is_whole[number] || images.is_changed(number);
    let hash = || images.origins(&said, &is_apart, &|_| ());
    let (origins, scanned) = thread::scope(|scope| {
        let beside = Builder::new().spawn_scoped(scope, hash);
        let scanned = scan_all(images, &[], packer, observer);
        // Where no thread can be made, it is done here.
        let origins = beside.map_or_else(|_| hash(), |thread| thread.join().unwrap_or_else(|_| hash()));
        (origins, scanned)
    });
    let (mut origins, (scans, sha256s)) = (origins?, scanned?);
    let read = brought.iter().zip(scans.iter().zip(&sha256s)).enumerate();
    for (number, (source, (scan, sha256))) in read.filter(|(number, _)| !is_apart(*number)) {
        let hashes = vec![(Algorithm::Blake3, scan.root.to_vec()), (Algorithm::Sha256, sha256.clone())];
        origins[number] = Some(Origin::of_whole_file(*source, hashes));
    }
    Read { scans, sha256s, origins }.if_still(images)
}

impl Read {
    /// The same, if each file is still what it was when it was compared.
    fn if_still(self, images: &Images) -> Result<Self, JobError> {
        let each = self.origins.iter().zip(images.brought()).zip(&self.scans);
        for (number, ((origin, source), scan)) in each.enumerate() {
            if let Some(origin) = origin {
                let root = (!images.is_changed(number)).then_some(&scan.root);
                origin.is_still(source, root, &|_| ())?;
            }
        }
        Ok(self)
    }
}

/// Hashes and packs the images: what was found, and SHA-256 of each. Of `origins` that is taken which is known.
fn scan_all(
    images: &Images,
    origins: &[Option<Origin>],
    packer: &mut Packer,
    observer: &dyn Observer,
) -> Result<(Vec<Scan>, Vec<Vec<u8>>), JobError> {
    let (mut scans, mut sha256s) = (Vec::new(), Vec::new());
    let lens: u64 = images.facts.iter().map(|facts| facts.len).sum();
    let bytes = lens * if packer.packs() { 2 } else { 1 };
    observer.tell(Event::Expect { bytes, later: 2 * lens });
    let each = images.sources.iter().zip(&images.facts).zip(&images.free);
    for (number, ((source, facts), free)) in each.enumerate() {
        let origin = origins.get(number).and_then(Option::as_ref);
        let of_file = origin.filter(|origin| !origin.is_wrapped && !images.is_changed(number));
        let known = of_file.and_then(|origin| origin.hashes.of(Algorithm::Sha256));
        let mut running = RunningHash::new(Algorithm::Sha256);
        let scanned = part(observer, Part::Hash, facts.len, |count| match known {
            Some(_) => scan_trimmed(&**source, &free.ranges, &mut |bytes| count(bytes)),
            None => scan_witnessed(&**source, &free.ranges, &mut |bytes| running.add(bytes), &mut |bytes| {
                count(bytes);
            }),
        });
        let packed = scanned.and_then(|scan| match packer.packs() {
            false => Ok(scan),
            true => part(observer, Part::Pack, facts.len, |count| {
                scan.pack(&**source, packer, &mut |bytes| count(bytes))
            }),
        });
        scans.push(packed.map_err(|source| JobError::Read { path: facts.path.clone(), source })?);
        sha256s.push(known.map_or_else(|| running.finish(), <[u8]>::to_vec));
    }
    Ok((scans, sha256s))
}
