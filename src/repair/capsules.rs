//! Images: their headers and tables by their hashes, their pieces from an image that is at hand.

use std::ops::Range;

use ramkey_format::capsule::{CapsuleHeader, Form};
use ramkey_format::manifest::{RangeEntry, range};

use super::donor::Donor;
use super::patched::{Patched, Sector, Sectors, each_sector};
use crate::capsule::{self, Table};
use crate::image::{CHUNK_SHIFT, Source, chunk_value, mend_bit, pack_again};
use crate::stick::{self, Entry, Manifest, Reader, StickFile};
use crate::units::SECTOR_LEN;
use crate::verify::Chunks;

/// How often the bytes of a file may be used by its chunks.
const SHARED_MAX: u64 = 4;

/// What becomes right of an image, and what that is called.
pub(super) struct Mended {
    pub what: String,
    pub sectors: Sectors,
}

/// What becomes right next of the capsule in the file of `entry`, about `room` sectors; nothing if all is right, or the rest cannot be.
pub(super) fn capsule(
    stick: &Patched,
    entry: &Entry,
    manifest: Option<&Manifest>,
    donors: &[Donor],
    room: usize,
) -> Vec<Mended> {
    let reader = Reader::new(stick, &|_| {});
    let file = StickFile::new(&reader, entry);
    let Some(&(lba, _)) = entry.runs.first() else { return Vec::new() };
    let named = |what: &str, sectors: Sectors| {
        let what = format!("{what} of {}", entry.path);
        if sectors.is_empty() { Vec::new() } else { vec![Mended { what, sectors }] }
    };
    let Ok(sector) = reader.sector(lba) else { return Vec::new() };
    let hashes = manifest.map(|manifest| hashes(manifest, lba)).unwrap_or_default();
    let Ok(header) = capsule::header(&sector) else {
        return named("the header", header(lba, sector, &hashes));
    };
    let (offset, len) = (header.table_offset.get(), u64::from(header.table_len.get()));
    let wanted = blake3::Hash::from_bytes(header.table_blake3);
    let mut block = bytes(stick, &file, offset, len);
    if blake3::hash(&block) != wanted {
        let mut sectors = Sectors::new();
        let mended = match mend_bit(&mut block, &wanted) {
            true => Some(block),
            false => donors.iter().find_map(|donor| donor.table(header, &block)),
        };
        if let Some(table) = mended {
            put(stick, &file, &mut sectors, offset, &table);
        }
        return named("the table", sectors);
    }
    let Ok(table) = capsule::table(header, &block) else { return Vec::new() };
    let work = Work { stick, file: &file, header, table: &table, donors, room };
    let mut mended = work.chunks();
    // Until it is changed, what nobody names is zeros; while a change is announced it may be anything.
    let is_announced = hashes.len() > 1;
    if header.changes.get() == 0 && !is_announced {
        let mut sectors = Sectors::new();
        for gap in table.gaps(header) {
            work.clear(gap, &mut sectors);
        }
        mended.extend(named("zeros between the parts", sectors));
    }
    mended
}

/// The hashes that the first sector of a capsule at `lba` may have.
fn hashes(manifest: &Manifest, lba: u64) -> Vec<blake3::Hash> {
    let is_it = |entry: &&RangeEntry| {
        matches!(entry.kind, range::CAPSULE | range::CAPSULE_NEXT)
            && (entry.lba.get(), entry.file_sector.get()) == (lba, 0)
    };
    manifest.ranges.iter().filter(is_it).map(|entry| entry.blake3.into()).collect()
}

/// The header with one bit exchanged that makes it the one of the manifest, or one that has its own hash.
fn header(lba: u64, sector: Sector, hashes: &[blake3::Hash]) -> Sectors {
    let mended = hashes.iter().find_map(|hash| {
        let mut sector = sector;
        mend_bit(&mut sector, hash).then_some(sector)
    });
    mended.map(|sector| (lba, sector)).into_iter().collect()
}

/// Bytes of a file, zeros for what cannot be read.
fn bytes(stick: &Patched, file: &StickFile, offset: u64, len: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (lba, sectors) in file.places(offset, len) {
        let found = each_sector(stick, lba, sectors);
        found.iter().for_each(|sector| bytes.extend(sector.unwrap_or([0; SECTOR_LEN as usize])));
    }
    let skip = ((offset % SECTOR_LEN) as usize).min(bytes.len());
    bytes.drain(..skip);
    bytes.resize(len as usize, 0);
    bytes
}

/// Puts `new` at byte `offset` of a file, into the sectors that are exchanged where they change.
fn put(stick: &Patched, file: &StickFile, sectors: &mut Sectors, offset: u64, new: &[u8]) {
    let end = offset + new.len() as u64;
    let mut at = offset / SECTOR_LEN * SECTOR_LEN;
    for (lba, count) in file.places(offset, new.len() as u64) {
        for (lba, found) in (lba..).zip(each_sector(stick, lba, count)) {
            let old = sectors.get(&lba).copied().or(found);
            let mut sector = old.unwrap_or([0; SECTOR_LEN as usize]);
            let (from, to) = (at.max(offset), (at + SECTOR_LEN).min(end));
            sector[(from - at) as usize..(to - at) as usize]
                .copy_from_slice(&new[(from - offset) as usize..(to - offset) as usize]);
            if old != Some(sector) {
                sectors.insert(lba, sector);
            }
            at += SECTOR_LEN;
        }
    }
}

/// The chunks of a capsule whose header and table are right.
struct Work<'w, 's> {
    stick: &'w Patched<'w>,
    file: &'w StickFile<'s>,
    header: &'w CapsuleHeader,
    table: &'w Table<'w>,
    donors: &'w [Donor<'w>],
    room: usize,
}

impl Work<'_, '_> {
    fn bytes_of(&self, index: usize) -> Range<u64> {
        let start = (index as u64) << self.header.chunk_shift;
        start..start + self.header.raw_len(index as u32)
    }

    /// The plain bytes of a chunk, from an image that is at hand.
    fn plain(&self, index: usize) -> Option<Vec<u8>> {
        let (bytes, entries) = (self.bytes_of(index), self.table.entries);
        self.donors
            .iter()
            .find_map(|donor| donor.chunk(&bytes, entries.len(), &entries[index].chaining_value))
    }

    /// Chunks that are damaged and can be made again.
    fn chunks(&self) -> Vec<Mended> {
        let mut mended = Vec::new();
        let mut taken = 0;
        for index in self.damaged() {
            if taken > self.room {
                break;
            }
            let Some(stored) = self.stored(index) else { continue };
            let mut sectors = Sectors::new();
            let offset = self.table.entries[index].stored().start;
            put(self.stick, self.file, &mut sectors, offset, &stored);
            taken += sectors.len();
            if !sectors.is_empty() {
                let Range { start, end } = self.bytes_of(index);
                let what = format!("bytes {start:#x}..{end:#x} of the image in {}", self.file.entry.path);
                mended.push(Mended { what, sectors });
            }
        }
        mended
    }

    /// The chunks that are not right.
    fn damaged(&self) -> Vec<usize> {
        let count = self.table.entries.len();
        // Chunks that share bytes take longer than a stick is worth.
        let stored: u64 = self.table.entries.iter().map(|entry| entry.stored_len.get() as u64).sum();
        if stored > SHARED_MAX * self.file.room() {
            return Vec::new();
        }
        let mut chunks = Chunks::new(self.file, self.header, self.table);
        let is_damaged = |&index: &usize| match chunks.plain(index as u32) {
            Ok(Some(plain)) => {
                chunk_value(plain, self.bytes_of(index).start, count)
                    != self.table.entries[index].chaining_value
            }
            Ok(None) => false,
            Err(_) => true,
        };
        (0..count).filter(is_damaged).collect()
    }

    /// The stored bytes of a chunk, made again.
    fn stored(&self, index: usize) -> Option<Vec<u8>> {
        let plain = self.plain(index)?;
        let Form::Packed { before, .. } = self.table.forms[index] else { return Some(plain) };
        if self.header.chunk_shift != CHUNK_SHIFT {
            return None;
        }
        let refers = usize::from(before);
        // In one piece: where they lie in memory decides which frame is made.
        let window: Option<Vec<Vec<u8>>> = (index - refers..index).map(|index| self.plain(index)).collect();
        let bytes = [window?.concat(), plain].concat();
        let stored = self.table.entries[index].stored();
        pack_again(&bytes, (index, refers), (stored.end - stored.start) as usize)
    }

    /// Zeros for what of `gap` is not.
    fn clear(&self, gap: Range<u64>, sectors: &mut Sectors) {
        for start in gap.clone().step_by(1 << CHUNK_SHIFT) {
            let len = (gap.end - start).min(1 << CHUNK_SHIFT);
            if sectors.len() > self.room {
                return;
            }
            let found = bytes(self.stick, self.file, start, len);
            if found.iter().any(|&byte| byte != 0) {
                put(self.stick, self.file, sectors, start, &vec![0; len as usize]);
            }
        }
    }
}

/// The files of the capsules on a stick.
pub(super) fn entries(stick: &dyn Source) -> Vec<Entry> {
    let reader = Reader::new(stick, &|_| {});
    let state = stick::read(&reader);
    let Some(Ok(volume)) = state.file_system else { return Vec::new() };
    let tree = volume.tree.unwrap_or_default();
    tree.entries.into_iter().filter(|entry| entry.is_capsule).collect()
}
