//! What became of the images that a stick was written with, and what was put beside them: replaced, renamed, swapped,
//! copied, moved, removed, added.
//!
//! An image is known by its first sector, a file by its name. Whether the bytes of an image are right is not asked here.

use ramkey_format::capsule::{CAPSULE_HEADER_LEN, CapsuleHeader, EXTENSION, FOLDER, HEADER_HASHED_LEN};

use crate::plan::file_names;
use crate::units::{SECTOR_LEN, shell_word};
use crate::verify::capsule::title_text;
use crate::verify::fault::Findings;
use crate::verify::file_system::Entry;
use crate::verify::reader::Reader;
use crate::verify::written::{Images, Written};
use crate::verify::{Change, Fault, FaultKind, FoundCapsule, Place};

/// Endings of files that hold an image of a disk, as people have them.
const IMAGE_ENDINGS: [&str; 12] =
    ["img", "ima", "iso", "dsk", "flp", "vfd", "hdd", "raw", "bin", "vhd", "vmdk", "qcow2"];

/// A file, and the image that it begins as.
struct File<'a> {
    entry: &'a Entry,
    /// BLAKE3 of its first sector, if it begins with a capsule's header; and the title there.
    header: Option<([u8; 32], String)>,
}

impl File<'_> {
    fn holds(&self, image: &Written) -> bool {
        self.header.as_ref().is_some_and(|(header, _)| *header == image.header)
    }

    /// Whether the boot menu looks at it as `path`.
    fn is_at(&self, path: Option<&str>) -> bool {
        self.entry.is_capsule && path.is_some_and(|path| self.entry.short_path == path)
    }
}

/// Everything that is known of the files.
struct Stick<'a> {
    written: &'a [Written],
    files: Vec<File<'a>>,
    capsules: &'a [FoundCapsule],
    /// Paths of the files of which something was told.
    told: Vec<String>,
    /// Paths of the files that an image was renamed to.
    taken: Vec<String>,
}

/// Names what became of the images of `written`, and the files that nobody wrote with the stick.
pub(super) fn tell(
    reader: &Reader,
    images: &Images,
    entries: &[Entry],
    capsules: &[FoundCapsule],
    findings: &mut Findings,
) {
    let written = &images.images[..];
    let files = entries.iter().filter(|entry| entry.path != FOLDER);
    let files = files.map(|entry| File { entry, header: header_of(reader, entry) }).collect();
    let mut stick = Stick { written, files, capsules, told: Vec::new(), taken: Vec::new() };
    for image in written {
        stick.image(image, findings);
    }
    if images.has_other_names && stick.are_all_home() {
        other_names(written, findings);
    }
    // Without a manifest nobody knows what was added.
    let known = if written.is_empty() { 0 } else { stick.files.len() };
    for index in 0..known {
        stick.file(index, findings);
    }
    if capsules.iter().all(|capsule| capsule.companion) && findings.faults.is_empty() {
        let message = "there is no image in the folder RAMKEY: nothing to boot";
        findings.fault(Fault::new(FaultKind::NoImage, Place::default(), message));
    }
}

/// The header with which a file begins, if it is one of a capsule.
fn header_of(reader: &Reader, entry: &Entry) -> Option<([u8; 32], String)> {
    let (lba, _) = entry.runs.first().filter(|_| entry.len >= CAPSULE_HEADER_LEN as u64)?;
    let sector = reader.sector(*lba).ok()?;
    let header = CapsuleHeader::parse(&sector).ok()?;
    let is_sound = *blake3::hash(&sector[..HEADER_HASHED_LEN]).as_bytes() == header.header_blake3;
    let title = title_text(header);
    is_sound.then(|| (*blake3::hash(&sector).as_bytes(), title))
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
        let now = self.files.iter().find(|file| file.is_at(image.path.as_deref()));
        let from = image.path.clone().unwrap_or_default();
        if let Some(file) = stray {
            let path = file.entry.path.clone();
            let other = self.written.iter().find(|other| file.is_at(other.path.as_deref()));
            let is_swap = now.is_some_and(|now| other.is_some_and(|other| now.holds(other)));
            if !is_swap {
                findings.change(Change::Renamed {
                    path: path.clone(),
                    from: Some(from),
                    title: image.title_in(file),
                });
            } else if from < file.entry.short_path {
                findings.change(Change::Swapped { path: from, other: path.clone() });
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
            return self.told.push(path);
        }
        let Some(now) = now else {
            return removed(image, findings);
        };
        // One that cannot be understood has a fault of its own.
        let path = now.entry.path.clone();
        if let Some((_, title)) = now.header.clone() {
            let proven = self.capsules.iter().any(|capsule| capsule.file == path && capsule.proven);
            let was = image.title.clone();
            findings.change(Change::Replaced { path: path.clone(), title, was, proven });
        }
        self.told.push(path);
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
                let of = image.path.clone().unwrap_or_default();
                findings.changes.push(Change::Copied { path: entry.path.clone(), of });
            }
            // A file that was written and cannot be understood any more has a fault of its own.
            None if file.header.is_none()
                && self.written.iter().any(|image| file.is_at(image.path.as_deref())) => {}
            None => {
                let (path, len, hint) = (entry.path.clone(), entry.len, hint(file));
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
        file.header.as_ref().map(|(_, title)| title.clone()).unwrap_or_default()
    }
}

/// What makes an image that was copied onto the stick boot, if it is one and does not.
fn hint(file: &File) -> Option<String> {
    let entry = file.entry;
    let name = entry.path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let is_in_folder = entry.path.rsplit_once('/').is_some_and(|(folder, _)| folder == FOLDER);
    let looks_like_image = IMAGE_ENDINGS.contains(&ending.as_str()) && entry.len >= SECTOR_LEN;
    if entry.is_capsule || entry.is_folder {
        None
    } else if file.header.is_some() {
        Some(format!("the boot menu does not show it: it must be named {FOLDER}/*.{EXTENSION}"))
    } else if (is_in_folder && !name.starts_with('.')) || looks_like_image {
        Some(format!("it does not boot: {}", how_to_boot(name)))
    } else {
        None
    }
}

/// How a file that is no capsule becomes one.
pub(super) fn how_to_boot(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let capsule = file_names(stem).swap_remove(0);
    format!(
        "only capsules boot: if it is an image, write it with `ramkey write {} --to other.img`, and copy \
         {FOLDER}/{capsule} of other.img into the folder {FOLDER} of this stick",
        shell_word(name)
    )
}
