//! What became of the images that a stick was written with, and what was put beside them: replaced, renamed, swapped,
//! copied, moved, removed, added.
//!
//! An image is known by its first sector, a file by its name. Whether the bytes of an image are right is not asked here.

use ramkey_format::capsule::{CAPSULE_HEADER_LEN, EXTENSION, FOLDER};

use crate::capsule::{header, title};
use crate::stick::{Entry, Reader, is_text};
use crate::verify::fault::{Change, Fault, FaultKind, Findings, Place};
use crate::verify::hint::hint;
use crate::verify::verdict::FoundCapsule;
use crate::verify::written::{Images, Written};

/// What is said of an image that is announced as what it is.
const MOVING: &str = "an image was being added or removed, and that was cut off: it is there, or it is not";

/// A file, and the image that it begins as.
struct File<'a> {
    entry: &'a Entry,
    /// What it begins with, if that is a capsule's header.
    header: Option<Header>,
}

struct Header {
    /// BLAKE3 of the first sector.
    hash: [u8; 32],
    title: String,
    /// Bytes of the whole capsule.
    len: u64,
}

impl File<'_> {
    fn holds(&self, image: &Written) -> bool {
        self.header.as_ref().is_some_and(|header| image.begins_with(&header.hash))
    }

    /// Whether it is as long as its header says.
    fn is_whole(&self) -> bool {
        self.header.as_ref().is_some_and(|header| header.len <= self.entry.len)
    }

    /// Whether the boot menu looks at it as `path`.
    fn is_at(&self, path: Option<&str>) -> bool {
        self.entry.is_capsule && path.is_some_and(|path| self.entry.short_path == path)
    }
}

/// Everything that is known of the files.
struct Stick<'a> {
    reader: &'a Reader<'a>,
    written: &'a [Written],
    files: Vec<File<'a>>,
    capsules: &'a [FoundCapsule],
    /// Paths of the files of which something was told.
    told: Vec<String>,
    /// Paths of the files that an image was renamed to.
    taken: Vec<String>,
    /// Images that lie where the boot menu does not look.
    strays: usize,
}

/// Names what became of the images of `written`, and the files that nobody wrote with the stick. Of the text about the images
/// others tell, if it was written with one.
pub(super) fn tell(
    reader: &Reader,
    images: &Images,
    (entries, has_text): (&[Entry], bool),
    capsules: &[FoundCapsule],
    findings: &mut Findings,
) {
    let written = &images.images[..];
    let is_told = |entry: &&Entry| has_text && is_text(&entry.short_path);
    let files = entries.iter().filter(|entry| entry.path != FOLDER && !is_told(entry));
    let files = files.map(|entry| File { entry, header: header_of(reader, entry) }).collect();
    let (told, taken) = (Vec::new(), Vec::new());
    let mut stick = Stick { reader, written, files, capsules, told, taken, strays: 0 };
    for image in written {
        stick.image(image, findings);
        stick.unfinished(image, findings);
    }
    if images.has_other_names && stick.are_all_home() {
        other_names(written, findings);
    }
    // Without a manifest nobody knows what was added.
    let known = if written.is_empty() { 0 } else { stick.files.len() };
    for index in 0..known {
        stick.file(index, findings);
    }
    if capsules.iter().all(|capsule| capsule.companion) && findings.faults.len() == stick.strays {
        let message = "there is no image in the folder RAMKEY: nothing to boot";
        findings.fault(Fault::new(FaultKind::NoImage, Place::default(), message));
    }
}

/// The header with which a file begins, if it is one of a capsule.
fn header_of(reader: &Reader, entry: &Entry) -> Option<Header> {
    let (lba, _) = entry.runs.first().filter(|_| entry.len >= CAPSULE_HEADER_LEN as u64)?;
    let sector = reader.sector(*lba).ok()?;
    let header = header(&sector).ok()?;
    let hash = *blake3::hash(&sector).as_bytes();
    Some(Header { hash, title: title(header), len: header.file_len.get() })
}

impl Stick<'_> {
    /// Whether a file is where it was written, as it was written.
    fn is_home(&self, file: &File) -> bool {
        self.written.iter().any(|image| file.holds(image) && file.is_at(image.path.as_deref()))
    }

    /// Whether each image is where it was written, as far as its name is known.
    fn are_all_home(&self) -> bool {
        let is_home = |image: &Written| {
            self.files.iter().any(|file| file.holds(image) && file.is_at(image.path.as_deref()))
        };
        self.written.iter().all(is_home)
    }

    /// Tells what became of `image`, if anything did.
    fn image(&mut self, image: &Written, findings: &mut Findings) {
        let holders = self.files.iter().filter(|file| file.holds(image));
        let in_menu: Vec<&File> = holders.clone().filter(|file| file.entry.is_capsule).collect();
        let is_home = in_menu.iter().any(|file| file.is_at(image.path.as_deref()));
        // Without its name nobody can tell whether it has another.
        if is_home || (image.path.is_none() && !in_menu.is_empty()) {
            return;
        }
        let stray =
            in_menu.into_iter().find(|file| !self.is_home(file) && !self.taken.contains(&file.entry.path));
        if image.is_moving() && !self.files.iter().any(|file| file.holds(image)) {
            return findings.change(Change::Volume { what: MOVING.into() });
        }
        let now = self.files.iter().find(|file| file.is_at(image.path.as_deref()));
        let from = image.path.clone().unwrap_or_default();
        if let Some(file) = stray {
            let path = file.entry.path.clone();
            let other = self.written.iter().find(|other| file.is_at(other.path.as_deref()));
            let is_swap = now.is_some_and(|now| other.is_some_and(|other| now.holds(other)));
            // Of an image that lies where another was that is gone, that one tells.
            let is_over = other.is_some_and(|other| !self.files.iter().any(|file| file.holds(other)));
            if is_swap && from < file.entry.short_path {
                findings.change(Change::Swapped { path: from, other: path.clone() });
            } else if !is_swap && !is_over {
                let title = image.title_in(file);
                findings.change(Change::Renamed { path: path.clone(), from: Some(from), title });
            }
            self.told.push(path.clone());
            return self.taken.push(path);
        }
        if let Some(file) = self.files.iter().find(|file| file.holds(image) && !file.entry.is_capsule) {
            let path = file.entry.path.clone();
            let was = image
                .path
                .as_ref()
                .map_or("an image of this stick".into(), |path| format!("the image that was {path}"));
            let message = format!("it is {was}, and the boot menu shows only {FOLDER}/*.{EXTENSION}");
            let place = file.entry.runs.first().map_or(Place::default(), |(lba, _)| Place::sectors(*lba, 1));
            findings.fault(Fault::new(FaultKind::Capsule, place.in_file(&path), message));
            self.strays += 1;
            return self.told.push(path);
        }
        let Some(now) = now else {
            return removed(image, findings);
        };
        // One that cannot be understood has a fault of its own.
        let path = now.entry.path.clone();
        if let Some(Header { title, .. }) = &now.header {
            let proven = self.capsules.iter().any(|capsule| capsule.file == path && capsule.proven);
            let (title, was, from) = (title.clone(), image.title.clone(), self.left(now));
            findings.change(Change::Replaced { path: path.clone(), title, was, proven, from });
        }
        self.told.push(path);
    }

    /// Tells of a change of `image` that is under way, and how far it went.
    fn unfinished(&self, image: &Written, findings: &mut Findings) {
        let Some(next) = image.next else { return };
        if image.is_moving() {
            return findings.change(Change::Volume { what: MOVING.into() });
        }
        for file in self.files.iter().filter(|file| file.entry.is_capsule && file.holds(image)) {
            let is_new = file.header.as_ref().is_some_and(|header| header.hash == next);
            findings.change(Change::Unfinished { path: file.entry.path.clone(), is_new });
        }
    }

    /// The path that the image in `file` was written to, if it is not there any more.
    fn left(&self, file: &File) -> Option<String> {
        let image = self.written.iter().find(|image| file.holds(image))?;
        let path = image.path.as_deref();
        let is_there = self.files.iter().any(|file| file.holds(image) && file.is_at(path));
        image.path.clone().filter(|_| !is_there)
    }

    /// Tells of a file that was not written with the stick; or of other dates.
    fn file(&self, index: usize, findings: &mut Findings) {
        let file = &self.files[index];
        let entry = file.entry;
        if self.told.contains(&entry.path) {
            return;
        }
        let image = self.written.iter().find(|image| file.holds(image));
        match image {
            Some(image) if self.is_home(file) || (entry.is_capsule && image.path.is_none()) => {
                if !entry.has_fixed_dates {
                    findings.changes.push(Change::Dates { path: entry.path.clone() });
                }
            }
            Some(image) => {
                let (path, of) = (entry.path.clone(), image.path.clone().unwrap_or_default());
                let whole = file.is_whole();
                let hint = hint(self.reader, entry, true).filter(|_| whole);
                findings.changes.push(Change::Copied { path, of, whole, hint });
            }
            // A file that was written and cannot be understood any more has a fault of its own.
            None if file.header.is_none()
                && self.written.iter().any(|image| file.is_at(image.path.as_deref())) => {}
            None => {
                let (path, len, hint) =
                    (entry.path.clone(), entry.len, hint(self.reader, entry, file.header.is_some()));
                findings.changes.push(Change::Added { path, len, hint });
            }
        }
    }
}

/// Tells that an image has another name than was written, where nobody knows which name that was. One that has the name of
/// its title most probably had it before.
fn other_names(written: &[Written], findings: &mut Findings) {
    let others = written.iter().filter(|image| !image.is_named_by_title());
    let paths: Vec<String> = others.clone().filter_map(|image| image.path.clone()).collect();
    match (&paths[..], others.filter_map(|image| image.title.clone()).next()) {
        ([], _) => {}
        ([path], Some(title)) => findings.change(Change::Renamed { path: path.clone(), from: None, title }),
        _ => findings.change(Change::Names { paths }),
    }
}

/// Tells of an image that no file holds: removed, or lost with the directory that named it.
fn removed(image: &Written, findings: &mut Findings) {
    // A file that is there and cannot be looked at has a fault of its own.
    if image.path.is_some() && findings.faults.iter().any(|fault| fault.place.file == image.path) {
        return;
    }
    let Written { title, path, lba, .. } = image.clone();
    let is_broken =
        [FaultKind::Directory, FaultKind::FatTable, FaultKind::File].iter().any(|&kind| findings.has(kind));
    match &title {
        Some(title) if is_broken => {
            let message = format!("the image \"{title}\" is still there, and no directory leads to it");
            findings.fault(Fault::new(FaultKind::Capsule, Place::sectors(lba, 1), message));
        }
        _ => findings.change(Change::Removed { title, path, lba }),
    }
}

impl Written {
    fn title_in(&self, file: &File) -> String {
        file.header.as_ref().map(|header| header.title.clone()).unwrap_or_default()
    }
}
