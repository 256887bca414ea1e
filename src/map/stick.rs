//! The map of a stick of this program, or of what is left of one.

use std::cell::Cell;

use ramkey_format::capsule::CapsuleHeader;
use ramkey_format::manifest::range;
use ramkey_format::memory::{BOOT_LBA, STAGE2_SECTORS};

use super::canvas::{Canvas, FreeRuns};
use super::capsule::{Compared, MapCapsule};
use super::image::paint_areas;
use super::range::Use;
use super::whole::{Map, Medium, RUNS_MAX};
use crate::capsule::{self, Table};
use crate::contents::{AreaUse, Kind, areas};
use crate::image::{Source, chunk_value};
use crate::stick::{
    self, BootArea, CAPSULES_MAX, Entry, Reader, SlotState, StickFile, StickState, StickVolume, Volume,
};
use crate::units::SECTOR_LEN;
use crate::verify::{Chunks, READ_MAX};

/// Files of the user that are told by their names, the largest first.
const FILES_MAX: usize = 64;

/// What the images on a stick are compared with.
#[derive(Clone, Copy, Default)]
pub struct MapQuestion<'q> {
    /// Whether they are read, and compared with their own hashes.
    pub proof: bool,
    /// The values of the chunks of another image, with which that one is compared that has most in common with it.
    pub against: Option<&'q [[u8; 32]]>,
}

/// The map of the stick in `source`; `observe` is told of bytes that were read.
pub fn of_stick(source: &dyn Source, question: &MapQuestion, observe: &dyn Fn(u64)) -> Map {
    let reader = Reader::new(source, observe);
    let state = stick::read(&reader);
    let mut canvas = Canvas::new(source.len().div_ceil(SECTOR_LEN));
    let is_disc = state.area.as_ref().is_some_and(BootArea::is_disc);
    let found = state.file_system.as_ref().and_then(|found| found.as_ref().ok());
    let mut free_from = 0;
    let mut is_whole = true;
    let capsules = found.map_or_else(Vec::new, |found| paint_files(&mut canvas, found));
    if is_disc {
        is_whole &= paint_areas(&mut canvas, &areas(source, Kind::Disc), |used_for| {
            !matches!(used_for, AreaUse::BootImage | AreaUse::File)
        });
    }
    paint_boot_area(&mut canvas, &state);
    if let Some(found) = found {
        paint_tables(&mut canvas, &found.volume);
        match paint_free(&mut canvas, &found.volume) {
            Some(from) => free_from = from,
            None => is_whole = false,
        }
        let Volume { lba, bpb, .. } = &found.volume;
        let sectors = bpb.data() + bpb.clusters * bpb.cluster_sectors;
        canvas.paint((*lba, sectors), Use::File, "other files and folders");
        let whole = state.manifest().map_or(0, |manifest| manifest.header.volume_sectors.get());
        canvas.paint((*lba, whole), Use::Unused, "behind the last cluster of the file system");
    }
    if is_disc {
        is_whole &= paint_areas(&mut canvas, &areas(source, Kind::Disc), |_| true);
    }
    is_whole &= paint_areas(&mut canvas, &areas(source, Kind::HardDisk), |used_for| {
        matches!(used_for, AreaUse::Table | AreaUse::Volume)
    });
    let capsules =
        found.map_or_else(Vec::new, |found| {
            let entries = found.tree.as_ref().map_or(&[][..], |tree| &tree.entries);
            Looking { reader: &reader, question, budget: Cell::new(source.len().saturating_mul(READ_MAX)) }
                .all(&capsules, entries, &mut is_whole)
        });
    Map {
        medium: if is_disc { Medium::Disc } else { Medium::Stick },
        sectors: source.len().div_ceil(SECTOR_LEN),
        partial: !is_whole || canvas.is_partial || found.is_some_and(is_partial),
        ranges: canvas.finish(Use::Unused),
        free_from,
        capsules,
    }
}

fn is_partial(found: &StickVolume) -> bool {
    found.tree.as_ref().is_none_or(|tree| tree.is_partial || tree.more > 0)
}

/// Paints the images, README.TXT, the largest of the user's files, and what is marked as bad. Gives the images: of each the number of
/// its entry, and its header, if that can be used.
fn paint_files<'v>(canvas: &mut Canvas, found: &'v StickVolume) -> Vec<Image<'v>> {
    let entries = found.tree.as_ref().map_or(&[][..], |tree| &tree.entries);
    let header = |sector: &'v [u8; 512]| capsule::header(sector).ok();
    let capsules = found.capsules.iter().take(CAPSULES_MAX);
    let capsules: Vec<_> = capsules
        .map(|file| (file.entry, file.sector.as_ref().and_then(|sector| header(sector.as_ref().ok()?))))
        .collect();
    for (number, (entry, _)) in (1..).zip(&capsules) {
        let entry = &entries[*entry];
        for run in &entry.runs {
            canvas.paint_image(*run, Use::Capsule, &entry.path, Some(number));
        }
    }
    let mut files: Vec<&Entry> =
        entries.iter().filter(|entry| !entry.is_capsule && !entry.runs.is_empty()).collect();
    files.sort_by_key(|entry| (!stick::is_text(&entry.short_path), entry.is_folder, u64::MAX - entry.len));
    for entry in files.into_iter().take(FILES_MAX) {
        let used_for = match entry {
            entry if entry.is_folder => Use::Directory,
            entry if stick::is_text(&entry.short_path) => Use::Readme,
            _ => Use::File,
        };
        // Of what is no image, only the first piece is known.
        canvas.paint(entry.runs[0], used_for, &entry.path);
    }
    let paint = |run| canvas.paint(run, Use::Bad, Use::Bad.words());
    if found.table.is_usable() && found.volume.each_bad(paint).is_err() {
        canvas.is_partial = true;
    }
    capsules
}

/// Paints what the manifest says was written, and the boot code if there is no manifest.
fn paint_boot_area(canvas: &mut Canvas, state: &StickState) {
    canvas.paint((0, 1), Use::Sector0, Use::Sector0.words());
    let Some(area) = &state.area else { return };
    for (slot, name) in area.slots.iter().zip(["slot A", "slot B"]) {
        let what = match &slot.state {
            SlotState::Sound(manifest) => format!("generation {}", manifest.generation()),
            SlotState::Clear => "empty".to_owned(),
            SlotState::Unreadable(_) => "cannot be read".to_owned(),
            SlotState::Unknown(_) | SlotState::WrongHash { .. } => "not sound".to_owned(),
        };
        canvas.paint((slot.lba, slot.sectors), Use::Manifest, &format!("manifest, {name}: {what}"));
    }
    for entry in area.manifest().map_or(&[][..], |manifest| &manifest.ranges) {
        let used_for = match entry.kind {
            range::TABLE => Use::Table,
            range::BOOT_CODE => Use::BootCode,
            range::BOOT_COPY => Use::BootCopy,
            range::STAMPS => Use::Stamps,
            range::FAT_RESERVED => Use::FatReserved,
            range::CLEARED => Use::Cleared,
            range::DISC => Use::Disc,
            range::FILES => Use::File,
            range::DIRECTORY => Use::Directory,
            // Files come and go, and of tables more is known.
            _ => continue,
        };
        canvas.paint((entry.lba.get(), entry.sectors.get()), used_for, used_for.words());
    }
    if let Some(Ok(header)) = &area.header {
        let sectors = u64::from(STAGE2_SECTORS) + u64::from(header.loader_sectors.get());
        canvas.paint((u64::from(BOOT_LBA), sectors), Use::BootCode, Use::BootCode.words());
    }
}

fn paint_tables(canvas: &mut Canvas, volume: &Volume) {
    let bpb = &volume.bpb;
    canvas.paint((volume.lba, bpb.reserved), Use::FatReserved, Use::FatReserved.words());
    for number in 0..bpb.fats {
        let name = format!("file allocation table {}", number + 1);
        canvas.paint((volume.table_lba() + number * bpb.fat_sectors, bpb.fat_sectors), Use::FatTable, &name);
    }
    let root = match volume.root() {
        Ok(run) => run,
        Err(cluster) => (volume.cluster_lba(cluster), volume.cluster_sectors()),
    };
    canvas.paint(root, Use::Directory, "root directory");
}

/// Paints the free runs; of how many sectors those are that are painted, or `None` if the table cannot be read.
fn paint_free(canvas: &mut Canvas, volume: &Volume) -> Option<u64> {
    let mut free = FreeRuns::default();
    volume.each_free(|run| free.add(run)).ok()?;
    let (runs, from) = free.finish();
    runs.into_iter().for_each(|run| canvas.paint(run, Use::Free, Use::Free.words()));
    Some(from)
}

/// Who looks at the chunks of the images.
struct Looking<'l> {
    reader: &'l Reader<'l>,
    question: &'l MapQuestion<'l>,
    /// Bytes of chunks that may still be read: chunks may share bytes.
    budget: Cell<u64>,
}

/// An image on a stick: the number of its entry, and its header, if that can be used.
type Image<'v> = (usize, Option<&'v CapsuleHeader>);
/// The table block of an image.
type Block = Vec<u8>;

impl Looking<'_> {
    /// Each of the images whose header can be used. `is_whole` becomes false if not all of them can be told.
    fn all(&self, images: &[Image], entries: &[Entry], is_whole: &mut bool) -> Vec<MapCapsule> {
        let of_block = |(number, header): &Image| -> Option<Block> {
            let header = (*header)?;
            let file = StickFile::new(self.reader, &entries[*number]);
            file.read(header.table_offset.get(), u64::from(header.table_len.get())).ok()
        };
        let like = self.most_like(images, &of_block);
        let mut capsules = Vec::new();
        let mut left = RUNS_MAX;
        for (index, image) in images.iter().enumerate() {
            let Some(header) = image.1 else { continue };
            let entry = &entries[image.0];
            let mut capsule = MapCapsule::new(index + 1, &entry.path, header);
            let block = of_block(image);
            match block.as_ref().and_then(|block| capsule::table(header, block).ok()) {
                Some(table) => {
                    let file = StickFile::new(self.reader, entry);
                    let bad = self.question.proof.then(|| self.bad(&file, header, &table));
                    let against = self.question.against.filter(|_| like == Some(index));
                    *is_whole &= capsule.add(header, &table, &Compared { bad, against }, left);
                    left -= capsule.runs.len();
                }
                None => *is_whole = false,
            }
            capsules.push(capsule);
        }
        capsules
    }

    /// The image that has most chunks in common with the one that is compared; the first of equal ones.
    fn most_like(&self, images: &[Image], of_block: &dyn Fn(&Image) -> Option<Block>) -> Option<usize> {
        let values = self.question.against?;
        let common = |image: &Image| {
            let block = of_block(image)?;
            let table = capsule::table(image.1?, &block).ok()?;
            let pairs = table.entries.iter().zip(values);
            Some(pairs.filter(|(entry, value)| entry.chaining_value == **value).count())
        };
        let all = images.iter().enumerate().filter_map(|(index, image)| Some((index, common(image)?)));
        // Of equal ones `max_by_key` gives the last.
        all.collect::<Vec<_>>().into_iter().rev().max_by_key(|(_, common)| *common).map(|(index, _)| index)
    }

    /// The bytes of an image whose chunks do not have their hashes.
    fn bad(&self, file: &StickFile, header: &CapsuleHeader, table: &Table) -> Vec<std::ops::Range<u64>> {
        let mut chunks = Chunks::new(file, header, table);
        let zeros = vec![0; header.chunk_len() as usize];
        let mut bad: Vec<std::ops::Range<u64>> = Vec::new();
        for index in 0..header.chunk_count.get() {
            let start = u64::from(index) << header.chunk_shift;
            let len = header.raw_len(index);
            let entry = &table.entries[index as usize];
            let left = self.budget.get().checked_sub(entry.stored_len.get().into());
            self.budget.set(left.unwrap_or(0));
            let plain = chunks.plain(index).map(|plain| plain.unwrap_or(&zeros[..len as usize]));
            let is_right = left.is_some()
                && plain.is_ok_and(|plain| {
                    chunk_value(plain, start, table.entries.len()) == entry.chaining_value
                });
            match bad.last_mut() {
                _ if is_right => {}
                Some(last) if last.end == start => last.end = start + len,
                _ => bad.push(start..start + len),
            }
        }
        bad
    }
}
