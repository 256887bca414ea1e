//! The manifests of a change: one that announces it, and one that says what is there when it is over.

use ramkey_format::capsule::FOLDER;
use ramkey_format::manifest::{ManifestHeader, RangeEntry, range};
use ramkey_format::memory::{MANIFEST_2_LBA, MANIFEST_LBA};
use zerocopy::FromZeros;

use super::sectors::Sectors;
use super::{ChangeError, Stick};
use crate::layout::{Content, Extent, ManifestFacts, Role, manifest_slot};
use crate::stick::{
    DELETED, Directories, DirectorySlot, Entry, FS_INFO, FilePlace, ReadError, Reserved, Run, SLOT_LEN,
    bad_then, file_lba, is_text, with_bad, written_counts,
};
use crate::units::SECTOR_LEN;

/// Most reserved sectors that are looked at; those that are written have a few hundred.
const RESERVED_MAX: u64 = 1 << 10;

/// A capsule in a manifest.
pub(super) struct Named<'n> {
    /// Its sectors, in the order of the file; only those that count.
    pub runs: &'n [Run],
    /// BLAKE3 of its first sector.
    pub header: [u8; 32],
    /// The same after the change that is under way.
    pub next: Option<[u8; 32]>,
}

impl Stick<'_, '_> {
    /// The range of the slot with number `slot` that makes it a manifest of `ranges`.
    ///
    /// # Errors
    ///
    /// [`ChangeError::TooManyPieces`], [`ChangeError::TooOften`].
    pub(super) fn manifest_in(
        &self,
        slot: usize,
        ranges: &[RangeEntry],
        later: u32,
    ) -> Result<Extent, ChangeError> {
        let generation = self.manifest.generation().checked_add(later).ok_or(ChangeError::TooOften)?;
        let bytes = manifest_slot(&ManifestFacts::from(&self.manifest.header), ranges, generation)?;
        // What nobody could read would announce nothing.
        ManifestHeader::parse(&bytes).map_err(|_| ChangeError::Unsound)?;
        let lba = u64::from([MANIFEST_LBA, MANIFEST_2_LBA][slot]);
        let sectors = bytes.len() as u64 / SECTOR_LEN;
        Ok(Extent { lba, sectors, role: Role::Manifest, content: Content::Bytes(bytes) })
    }

    /// The ranges of the manifest that counts, with a capsule as `named` says, whose file has `runs`.
    pub(super) fn ranges_with(&self, runs: &[Run], named: &Named) -> Vec<RangeEntry> {
        with_capsule(&self.ranges(), runs, named)
    }

    /// Whether nothing is on the volume but capsules, and the text about them, that the manifest names: then all of its tables are of this program.
    pub(super) fn is_own(&self) -> bool {
        let Some(tree) = &self.volume.tree else { return false };
        let is_named = |entry: &Entry| {
            let start = entry.runs.first().map(|(lba, _)| *lba);
            self.manifest.ranges.iter().any(|range| range.is_first_piece() && Some(range.lba.get()) == start)
        };
        let is_named_text = |entry: &Entry| {
            let start = entry.runs.first().map(|(lba, _)| *lba);
            let mut texts = self.manifest.ranges.iter().filter(|range| range.kind == range::TEXT);
            texts.any(|range| Some(range.lba.get()) == start)
        };
        let is_own = |entry: &Entry| match entry.is_folder {
            true => entry.path == FOLDER,
            false if is_text(&entry.short_path) => entry.has_fixed_dates && is_named_text(entry),
            false => entry.is_capsule && entry.has_fixed_dates && is_named(entry),
        };
        tree.more == 0 && !tree.is_partial && tree.entries.iter().all(is_own)
    }

    /// Lets the ranges of the file system have the hashes of what will be there, where the present ones are right. After a
    /// change that was cut off they are not; then it is enough that nobody else wrote to the volume. That of the directories is
    /// always the one of directories with nothing in them but the capsules: `verify` proves the names by it, whatever else is in
    /// them.
    ///
    /// Reserved sectors are compared as `verify` does it: what systems do to them is undone, and their counts of free clusters
    /// follow from the ranges.
    pub(super) fn hash_again(&self, ranges: &mut [RangeEntry], future: &Sectors) -> Result<(), ReadError> {
        let is_ours = self.is_unfinished() && self.is_own();
        let fresh = self.fresh_directories(ranges, future)?;
        let (old, new) = (self.counts(&self.manifest.ranges), self.counts_then(ranges));
        for entry in ranges {
            let (lba, sectors) = (entry.lba.get(), entry.sectors.get());
            match entry.kind {
                range::FAT_RESERVED if sectors <= RESERVED_MAX => {
                    let bytes = self.reader.bytes(lba, sectors)?;
                    if self.reserved_hash(lba, bytes.clone(), old) == entry.blake3 {
                        entry.blake3 = self.reserved_hash(lba, bytes, new);
                    }
                }
                range::DIRECTORY if let Some((_, blake3)) = fresh.filter(|(at, _)| *at == lba) => {
                    entry.blake3 = blake3;
                }
                range::FAT_TABLE | range::DIRECTORY if is_ours || future.touches(lba, sectors) => {
                    let is_right = is_ours || *self.reader.hash(lba, sectors)?.as_bytes() == entry.blake3;
                    if is_right {
                        entry.blake3 = self.future_hash(lba, sectors, future)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// First sector and BLAKE3 of the directories of a manifest of `ranges`, with nothing in them but its capsules; `None` if one
    /// of these has no file in the folder.
    fn fresh_directories(
        &self,
        ranges: &[RangeEntry],
        future: &Sectors,
    ) -> Result<Option<(u64, [u8; 32])>, ReadError> {
        let volume = &self.volume.volume;
        let Some(directories) = Directories::of(ranges, self.manifest.header.label, volume) else {
            return Ok(None);
        };
        let mut folder = directories.folder(self.reader)?;
        future.lay_over(directories.folder_lba(), &mut folder);
        let slots = folder.as_chunks::<SLOT_LEN>().0;
        let mut places = Vec::<FilePlace>::new();
        for first in ranges.iter().filter(|range| range.is_first_piece()) {
            let lba = first.lba.get();
            let is_it = |slot: &DirectorySlot| slot[0] != DELETED && file_lba(slot, volume) == Some(lba);
            let end = slots.iter().position(|slot| slot[0] == 0).unwrap_or(slots.len());
            let Some(slot) = slots[..end].iter().position(is_it) else { return Ok(None) };
            places.push(FilePlace { slot, lba, len: len_of(ranges, first) });
        }
        let Some(mut bytes) = directories.without_names(volume, &places) else { return Ok(None) };
        for place in &places {
            directories.slots_of(&mut bytes)[place.slot][..11].copy_from_slice(&slots[place.slot][..11]);
        }
        Ok(Some((directories.lba, *blake3::hash(&bytes).as_bytes())))
    }

    /// The counts of free clusters as they are written with these ranges.
    pub(super) fn counts(&self, ranges: &[RangeEntry]) -> [u8; 8] {
        let volume = &self.volume.volume;
        with_bad(written_counts(&volume.bpb, ranges, volume.lba + volume.bpb.data()), self.bad)
    }

    /// The same when the change is over.
    pub(super) fn counts_then(&self, ranges: &[RangeEntry]) -> [u8; 8] {
        Self { bad: self.bad_then, ..*self }.counts(ranges)
    }

    /// How many of the clusters that are marked as bad were so when the counts of free clusters were written; all of them, if
    /// nobody knows.
    pub(super) fn bad_as_written(&self) -> Result<u64, ReadError> {
        let summary = self.volume.volume.lba + FS_INFO;
        let has_counts = |range: &&RangeEntry| {
            let (lba, sectors) = (range.lba.get(), range.sectors.get());
            range.kind == range::FAT_RESERVED
                && sectors <= RESERVED_MAX
                && (lba..lba + sectors).contains(&summary)
        };
        let ranges = &self.manifest.ranges;
        let Some(range) = ranges.iter().find(has_counts).filter(|_| self.bad > 0) else {
            return Ok(self.bad);
        };
        let lba = range.lba.get();
        let bytes = self.reader.bytes(lba, range.sectors.get())?;
        let is_it = |bad: &u64| {
            let counts = Self { bad: *bad, ..*self }.counts(ranges);
            self.reserved_hash(lba, bytes.clone(), counts) == range.blake3
        };
        Ok(bad_then(self.bad).find(is_it).unwrap_or(self.bad))
    }

    fn reserved_hash(&self, lba: u64, mut bytes: Vec<u8>, counts: [u8; 8]) -> [u8; 32] {
        let volume = &self.volume.volume;
        let label = self.manifest.header.label;
        let reserved =
            Reserved { reader: self.reader, bpb: &volume.bpb, volume_lba: volume.lba, label, counts };
        reserved.undo(lba, &mut bytes);
        *blake3::hash(&bytes).as_bytes()
    }

    fn future_hash(&self, lba: u64, sectors: u64, future: &Sectors) -> Result<[u8; 32], ReadError> {
        let mut hasher = blake3::Hasher::new();
        let mut at = lba;
        let mut bytes = Vec::new();
        self.reader.each(lba, sectors, |part| {
            bytes.clear();
            bytes.extend_from_slice(part);
            future.lay_over(at, &mut bytes);
            hasher.update(&bytes);
            at += part.len() as u64 / SECTOR_LEN;
        })?;
        Ok(*hasher.finalize().as_bytes())
    }
}

impl Named<'_> {
    fn entries(&self) -> Vec<RangeEntry> {
        let mut entries = Vec::new();
        let mut file_sector = 0;
        for &(lba, sectors) in self.runs {
            let mut entry = RangeEntry::new_zeroed();
            entry.lba = lba.into();
            entry.sectors = sectors.into();
            entry.kind = range::CAPSULE;
            entry.file_sector = file_sector.into();
            entry.blake3 = self.header;
            entries.push(entry);
            if let (0, Some(next)) = (file_sector, self.next) {
                entries.push(RangeEntry { kind: range::CAPSULE_NEXT, blake3: next, ..entry });
            }
            file_sector += sectors;
        }
        entries
    }
}

/// `ranges` with a capsule as `named` says, whose file has `runs`. What they say of another capsule in one of these sectors is of
/// one that is gone.
pub(super) fn with_capsule(ranges: &[RangeEntry], runs: &[Run], named: &Named) -> Vec<RangeEntry> {
    let mut ranges = without_capsule(ranges, runs);
    ranges.extend(named.entries());
    // Stable: what is announced stays behind the first piece.
    ranges.sort_by_key(|range| range.lba.get());
    ranges
}

/// `ranges` without what they say of capsules in `runs`, or of a text there, which is gone then.
pub(super) fn without_capsule(ranges: &[RangeEntry], runs: &[Run]) -> Vec<RangeEntry> {
    let is_in_file = |range: &RangeEntry| {
        let (first, end) = (range.lba.get(), range.lba.get().saturating_add(range.sectors.get()));
        matches!(range.kind, range::CAPSULE | range::CAPSULE_NEXT | range::TEXT)
            && runs.iter().any(|(start, sectors)| first < start + sectors && *start < end)
    };
    ranges.iter().filter(|range| !is_in_file(range)).copied().collect()
}

/// `ranges` without the capsule that begins with sector `lba`, of whose file nothing else is known.
pub(super) fn without_image(ranges: &[RangeEntry], lba: u64) -> Vec<RangeEntry> {
    let first = ranges.iter().find(|range| range.is_first_piece() && range.lba.get() == lba);
    let header = first.map(|first| first.blake3);
    let is_of_another = |header| {
        let mut firsts = ranges.iter().filter(|range| range.is_first_piece() && range.lba.get() != lba);
        firsts.any(|range| Some(range.blake3) == header)
    };
    let is_alone = !is_of_another(header);
    let is_its = |range: &RangeEntry| match range.kind {
        range::CAPSULE | range::CAPSULE_NEXT if range.file_sector.get() == 0 => range.lba.get() == lba,
        range::CAPSULE => is_alone && Some(range.blake3) == header,
        _ => false,
    };
    ranges.iter().filter(|range| !is_its(range)).copied().collect()
}

/// Bytes of the capsule that begins with `first`, as a manifest of `ranges` names its pieces: they follow each other in the
/// file.
fn len_of(ranges: &[RangeEntry], first: &RangeEntry) -> u64 {
    let mut sectors = first.sectors.get();
    let mut pieces: Vec<&RangeEntry> = ranges
        .iter()
        .filter(|range| {
            range.kind == range::CAPSULE && range.blake3 == first.blake3 && !range.is_first_piece()
        })
        .collect();
    pieces.sort_by_key(|piece| piece.file_sector.get());
    for piece in pieces {
        if piece.file_sector.get() == sectors {
            sectors += piece.sectors.get();
        }
    }
    sectors * SECTOR_LEN
}

/// The first `sectors` sectors of `runs`, neighbours joined.
pub(super) fn first_of(runs: impl IntoIterator<Item = Run>, sectors: u64) -> Vec<Run> {
    let mut left = sectors;
    let mut first = Vec::<Run>::new();
    for (lba, sectors) in runs {
        let part = sectors.min(left);
        left -= part;
        match first.last_mut() {
            _ if part == 0 => break,
            Some((start, len)) if *start + *len == lba => *len += part,
            _ => first.push((lba, part)),
        }
    }
    first
}
