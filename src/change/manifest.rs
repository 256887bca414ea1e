//! The manifests of a change: one that announces it, and one that says what is there when it is over.

use ramkey_format::capsule::FOLDER;
use ramkey_format::manifest::{RangeEntry, range};
use ramkey_format::memory::{MANIFEST_2_LBA, MANIFEST_LBA};
use zerocopy::FromZeros;

use super::sectors::Sectors;
use super::{ChangeError, Stick};
use crate::layout::{Content, Extent, ManifestFacts, Role, manifest_slot};
use crate::stick::{Entry, ReadError, Run};
use crate::units::SECTOR_LEN;

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
        let lba = u64::from([MANIFEST_LBA, MANIFEST_2_LBA][slot]);
        let sectors = bytes.len() as u64 / SECTOR_LEN;
        Ok(Extent { lba, sectors, role: Role::Manifest, content: Content::Bytes(bytes) })
    }

    /// The ranges of the manifest that counts, with the capsule in the file of `entry` as `named` says.
    pub(super) fn ranges_with(&self, entry: &Entry, named: &Named) -> Vec<RangeEntry> {
        let is_in_file = |range: &RangeEntry| {
            let lba = range.lba.get();
            matches!(range.kind, range::CAPSULE | range::CAPSULE_NEXT)
                && entry.runs.iter().any(|(start, sectors)| (*start..start + sectors).contains(&lba))
        };
        let mut ranges: Vec<RangeEntry> =
            self.manifest.ranges.iter().filter(|range| !is_in_file(range)).copied().collect();
        ranges.extend(named.entries());
        // Stable: what is announced stays behind the first piece.
        ranges.sort_by_key(|range| range.lba.get());
        ranges
    }

    /// Whether nothing is on the volume but capsules that the manifest names: then all of its tables are of this program.
    fn is_own(&self) -> bool {
        let Some(tree) = &self.volume.tree else { return false };
        let is_named = |entry: &Entry| {
            let start = entry.runs.first().map(|(lba, _)| *lba);
            self.manifest.ranges.iter().any(|range| range.is_first_piece() && Some(range.lba.get()) == start)
        };
        let is_own = |entry: &Entry| match entry.is_folder {
            true => entry.path == FOLDER,
            false => entry.is_capsule && entry.has_fixed_dates && is_named(entry),
        };
        tree.more == 0 && !tree.is_partial && tree.entries.iter().all(is_own)
    }

    /// Lets the ranges of the file system have the hashes of what will be there, where the present ones are right. After a
    /// change that was cut off they are not; then it is enough that nobody else wrote to the volume.
    pub(super) fn hash_again(&self, ranges: &mut [RangeEntry], future: &Sectors) -> Result<(), ReadError> {
        let is_ours = self.is_unfinished() && self.is_own();
        for entry in ranges {
            let (lba, sectors) = (entry.lba.get(), entry.sectors.get());
            let is_of_system =
                matches!(entry.kind, range::FAT_RESERVED | range::FAT_TABLE | range::DIRECTORY);
            if !is_of_system || !(is_ours || future.touches(lba, sectors)) {
                continue;
            }
            let is_as_written = *self.reader.hash(lba, sectors)?.as_bytes() == entry.blake3;
            if !is_as_written && !is_ours {
                continue;
            }
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
            entry.blake3 = *hasher.finalize().as_bytes();
        }
        Ok(())
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
