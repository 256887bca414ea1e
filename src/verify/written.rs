//! The images that a stick was written with: where each lay, and what its file was called.
//!
//! The manifest has no names. But all else in the two directories of a fresh stick follows from the manifest; so names
//! are proven when the directories that are made of them have the hash that was written. Names to try are those that
//! are there now, what is left of deleted ones, and those that follow from titles.
//!
//! The few slots of a fresh stick are put together once more for that ([`Directories`]), although `layout` makes them with a
//! FAT driver: this is the second opinion of what was written, and it stays the same when the driver is another.

use ramkey_format::capsule::{EXTENSION, FOLDER};
use ramkey_format::manifest::range;

use crate::capsule::{header, title};
use crate::image::Source;
use crate::plan::file_names;
use crate::stick::{
    DELETED, DOTS, Directories, DirectorySlot, Entry, FilePlace, Name, Odd, Oddity, Reader, SLOT_LEN, Volume,
    file_lba, read, removed_slot, text, text_slot,
};
use crate::units::SECTOR_LEN;
use crate::verify::boot_area::BootArea;
use crate::verify::fault::Findings;
use crate::verify::verdict::Strictness;

/// Sets of names that are tried, each with a hash of a few sectors; and bytes that are hashed for them.
const TRIES_MAX: usize = 2000;
const TRIED_LEN_MAX: usize = 256 << 20;

/// An image that a stick was written with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// First sector.
    pub lba: u64,
    /// Length of its capsule in bytes.
    pub len: u64,
    /// BLAKE3 of its first sector.
    pub header: [u8; 32],
    /// BLAKE3 of its first sector after a change that is under way.
    pub next: Option<[u8; 32]>,
    /// Its title, if its first sector is still where it was.
    pub title: Option<String>,
    /// Path of its file, if that is proven, or else what is there now.
    pub path: Option<String>,
}

impl Written {
    /// Whether it may begin with a sector of this hash.
    pub fn begins_with(&self, hash: &[u8; 32]) -> bool {
        self.header == *hash || self.next.as_ref() == Some(hash)
    }

    /// Whether it comes to the stick or leaves it: it is announced as what it is.
    pub fn is_moving(&self) -> bool {
        self.next == Some(self.header)
    }

    /// Whether its file has the name that follows from its title.
    pub fn is_named_by_title(&self) -> bool {
        let names = self.title.iter().flat_map(|title| of_title(title));
        names.filter_map(|name| name_of(&name)).any(|name| Some(path_of(&name)) == self.path)
    }
}

/// What is known of the images that a stick was written with.
#[derive(Debug, Default)]
pub(super) struct Images {
    /// The images of the manifest, in their order.
    pub images: Vec<Written>,
    /// Whether it is certain that not all names are those that were written.
    pub has_other_names: bool,
    /// Whether a change is announced, be it of the text about them.
    pub is_changing: bool,
}

impl Images {
    /// Whether something makes sense because the file of an image grows for a change that was announced: its clusters are
    /// taken first, then they become its own, and then it gets its length.
    pub fn is_growing(&self, oddity: &Oddity, entries: &[Entry]) -> bool {
        let mut changing = self.images.iter().filter(|image| image.next.is_some());
        match oddity.what {
            Odd::Lost { .. } => self.is_changing,
            Odd::ChainLen { len, room } if room > len => {
                let entry = entries.iter().find(|entry| Some(&entry.path) == oddity.path.as_ref());
                let start = entry.and_then(|entry| entry.runs.first()).map(|(lba, _)| *lba);
                changing.any(|image| start == Some(image.lba))
            }
            _ => false,
        }
    }
}

/// The images of the manifest, and their names.
pub(super) fn images(reader: &Reader, area: &BootArea, volume: &Volume, entries: &[Entry]) -> Images {
    let mut images = first_pieces(area);
    for range in area.ranges.iter().filter(|range| range.kind == range::CAPSULE && !range.is_first_piece()) {
        // The pieces of a file may lie between those of another one.
        if let Some(image) = images.iter_mut().rfind(|image| image.header == range.blake3) {
            image.len = image.len.saturating_add(range.sectors.get().saturating_mul(SECTOR_LEN));
        }
    }
    for image in &mut images {
        image.title = title_of(reader, image);
    }
    let mut has_other_names = false;
    if let Some(directories) = Directories::of(area.ranges, area.label, volume) {
        let folder = directories.folder(reader).unwrap_or_default();
        let slots = folder.as_chunks::<SLOT_LEN>().0;
        let candidates = candidates(volume, slots, &images, entries);
        let places = arrangements(volume, slots, &images);
        let mut proven = places.iter().map(|places| prove(&directories, volume, places, &candidates));
        let proven = proven.find_map(|names| names);
        // Of files that stand behind the directories as they were written nothing is known.
        let is_known = directories.without_names(volume, &places[0]).is_some();
        has_other_names = proven.is_none() && is_known && !directories.are_as_written(reader);
        let firsts = || candidates.iter().map(|names| names.first().copied()).collect();
        let names: Vec<Option<Name>> =
            proven.map_or_else(firsts, |names| names.into_iter().map(Some).collect());
        for (image, name) in images.iter_mut().zip(names) {
            image.path = name.map(|name| path_of(&name));
        }
    }
    Images { images, has_other_names, is_changing: area.is_changing() }
}

/// The directories of a stick as they were written, if that is proven: their first sector, and their bytes. The text about the
/// images is in them if it is there.
pub fn directories_as_written(stick: &dyn Source) -> Option<(u64, Vec<u8>)> {
    let reader = Reader::new(stick, &|_| {});
    let state = read(&reader);
    let area = BootArea::judge(&state, reader.sectors(), Strictness::Boot, &mut Findings::default());
    let found = state.file_system.as_ref()?.as_ref().ok()?;
    let entries = found.tree.as_ref().map_or(&[][..], |tree| &tree.entries);
    let images = images(&reader, &area, &found.volume, entries).images;
    let directories = Directories::of(area.ranges, area.label, &found.volume)?;
    let folder = directories.folder(&reader).unwrap_or_default();
    let slots = folder.as_chunks::<SLOT_LEN>().0;
    let candidates = candidates(&found.volume, slots, &images, entries);
    let places = arrangements(&found.volume, slots, &images);
    places.iter().find_map(|places| {
        let names = prove(&directories, &found.volume, places, &candidates)?;
        let mut bytes = directories.without_names(&found.volume, places)?;
        let slots = directories.slots_of(&mut bytes);
        for (place, name) in places.iter().zip(&names) {
            slots[place.slot][..11].copy_from_slice(name);
        }
        if let Some(text) = text_slot(&reader, &found.volume, area.ranges) {
            let number = folder.as_chunks::<SLOT_LEN>().0.iter().position(|slot| *slot == text);
            let is_free = |slot: &DirectorySlot| slot[0] == 0 || *slot == removed_slot();
            let number = number.filter(|&number| slots.get(number).is_some_and(is_free));
            if let Some(number) = number.or_else(|| slots.iter().position(is_free)) {
                slots[number] = text;
            }
        }
        Some((directories.lba, bytes))
    })
}

/// The images of the manifest, each as long as its first piece.
fn first_pieces(area: &BootArea) -> Vec<Written> {
    let mut images = Vec::<Written>::new();
    for range in area.ranges {
        if range.is_first_piece() {
            let (lba, len) = (range.lba.get(), range.sectors.get().saturating_mul(SECTOR_LEN));
            images.push(Written { lba, len, header: range.blake3, next: None, title: None, path: None });
        } else if range.kind == range::CAPSULE_NEXT
            && let Some(image) = images.last_mut()
        {
            image.next = Some(range.blake3);
        }
    }
    images
}

/// The title of an image, if its first sector is still there.
fn title_of(reader: &Reader, image: &Written) -> Option<String> {
    let sector = reader.sector(image.lba).ok()?;
    let is_it = image.begins_with(blake3::hash(&sector).as_bytes());
    is_it.then(|| header(&sector).ok().map(title))?
}

fn path_of(name: &Name) -> String {
    format!("{FOLDER}/{}.{EXTENSION}", text(&name[..8]))
}

/// The short name of `path` as a directory has it, if it is a capsule's.
fn name_of(path: &str) -> Option<Name> {
    let file = path.rsplit('/').next()?;
    let stem = file.strip_suffix(EXTENSION)?.strip_suffix('.')?;
    let mut name = [b' '; 11];
    name.get_mut(..stem.len()).filter(|place| place.len() <= 8)?.copy_from_slice(stem.as_bytes());
    name[8..].copy_from_slice(EXTENSION.as_bytes());
    Some(name)
}

/// The names that each image may have had, the most probable first.
fn candidates(
    volume: &Volume,
    slots: &[DirectorySlot],
    images: &[Written],
    entries: &[Entry],
) -> Vec<Vec<Name>> {
    let numbered = (DOTS..).zip(images);
    let candidates = numbered.map(|(slot, image)| {
        let here = entries.iter().filter(|entry| entry.runs.first().is_some_and(|run| run.0 == image.lba));
        let of_title = image.title.iter().flat_map(|title| of_title(title));
        let of_title: Vec<Name> = of_title.filter_map(|name| name_of(&name)).collect();
        let mut names: Vec<Name> = here.filter_map(|entry| name_of(&entry.short_path)).collect();
        names.extend(slots.get(slot).into_iter().flat_map(|slot| of_slot(slot, &of_title)));
        let led = slots.iter().filter(|slot| file_lba(slot, volume) == Some(image.lba));
        names.extend(led.flat_map(|slot| of_slot(slot, &of_title)));
        names.extend(of_title);
        let mut distinct = Vec::with_capacity(names.len());
        for name in names {
            if !distinct.contains(&name) {
                distinct.push(name);
            }
        }
        distinct
    });
    candidates.collect()
}

/// The names that a slot has, or may have had before it was deleted.
fn of_slot(slot: &[u8; SLOT_LEN], of_title: &[Name]) -> Vec<Name> {
    let name: Name = std::array::from_fn(|at| slot[at]);
    if name[8..] != *EXTENSION.as_bytes() {
        return Vec::new();
    }
    if name[0] != DELETED {
        return vec![name];
    }
    // Of a deleted name the first character is lost.
    let known = of_title.iter().filter(|known| known[1..] == name[1..]).map(|known| known[0]);
    let any = (b'A'..=b'Z').chain(b'0'..=b'9').chain([b'_', b'-']);
    let with = |first| std::array::from_fn(|at| if at == 0 { first } else { name[at] });
    known.chain(any).map(with).collect()
}

/// The file names that an image with this title gets if its title was not chosen: that of its own file, which a number
/// may follow.
fn of_title(title: &str) -> Vec<String> {
    let without_number = title.rsplit_once(" (").filter(|_| title.ends_with(')')).map(|(title, _)| title);
    let titles = [Some(title), without_number];
    titles.into_iter().flatten().flat_map(file_names).collect()
}

/// Where the files of `images` may have been in the folder: one behind the other, and where they are now.
fn arrangements(volume: &Volume, slots: &[DirectorySlot], images: &[Written]) -> Vec<Vec<FilePlace>> {
    let place = |slot, image: &Written| FilePlace { slot, lba: image.lba, len: image.len };
    let in_order: Vec<FilePlace> =
        images.iter().enumerate().map(|(index, image)| place(DOTS + index, image)).collect();
    let files: Vec<(bool, Option<u64>)> =
        slots.iter().map(|slot| (slot[0] != DELETED, file_lba(slot, volume))).collect();
    let here = |image: &Written| {
        let is_at = |is_there| files.iter().skip(DOTS).position(|file| *file == (is_there, Some(image.lba)));
        is_at(true).or_else(|| is_at(false)).map(|slot| place(DOTS + slot, image))
    };
    let as_they_are = images.iter().map(here).collect::<Option<Vec<FilePlace>>>();
    let as_they_are = as_they_are.filter(|places| *places != in_order);
    std::iter::once(in_order).chain(as_they_are).collect()
}

/// The names, one of `candidates` for each image, with which the directories have the hash that was written.
fn prove(
    directories: &Directories,
    volume: &Volume,
    places: &[FilePlace],
    candidates: &[Vec<Name>],
) -> Option<Vec<Name>> {
    let tries = (TRIED_LEN_MAX as u64 / (directories.sectors * SECTOR_LEN)).min(TRIES_MAX as u64) as usize;
    let mut counts: Vec<usize> = candidates.iter().map(Vec::len).collect();
    // Ends: one of the counts gets smaller each time.
    while counts.iter().try_fold(1usize, |all, &count| all.checked_mul(count)).is_none_or(|all| all > tries) {
        let largest = counts.iter_mut().max()?;
        *largest -= 1;
    }
    if counts.contains(&0) {
        return None;
    }
    let mut bytes = directories.without_names(volume, places)?;
    let mut digits = vec![0; counts.len()];
    // Ends: it counts up to the product of the counts.
    loop {
        let names: Vec<Name> = candidates.iter().zip(&digits).map(|(names, &digit)| names[digit]).collect();
        let slots = directories.slots_of(&mut bytes);
        for (place, name) in places.iter().zip(&names) {
            slots[place.slot][..11].copy_from_slice(name);
        }
        if *blake3::hash(&bytes).as_bytes() == directories.blake3 {
            return Some(names);
        }
        let next = digits.iter().zip(&counts).rposition(|(&digit, &count)| digit + 1 < count)?;
        digits[next] += 1;
        digits[next + 1..].fill(0);
    }
}
