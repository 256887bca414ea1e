//! Capsules leave a stick: one sector of the folder takes their names away, and what they had becomes free.

use ramkey_format::capsule::FOLDER;
use ramkey_format::manifest::RangeEntry;

use super::folder::Folder;
use super::manifest::{Named, first_of, with_capsule, without_capsule};
use super::steps::Steps;
use super::{ChangeError, Step, Stick};
use crate::layout::Role;
use crate::stick::{Entry, Reader, StickState};
use crate::units::SECTOR_LEN;

/// The steps after which the files of `entries`, which are capsules, are not on the stick any more. The first of them may need the
/// others, and never stands without them.
///
/// # Errors
///
/// See [`ChangeError`].
pub fn remove<'r>(
    reader: &'r Reader<'r>,
    state: &StickState<'r>,
    entries: &[&Entry],
) -> Result<Vec<Step>, ChangeError> {
    let stick = Stick::of(reader, state)?;
    stick.can_grow()?;
    let mut folder = Folder::read(&stick, FOLDER)?;
    let numbers = entries.iter().map(|entry| folder.number_of(entry.slot)).collect::<Option<Vec<usize>>>();
    let edits = folder.take(&numbers.ok_or(ChangeError::NoFolder)?);

    let mut steps = Steps::new(stick);
    let mut announced = stick.ranges();
    for entry in entries {
        announced = stick.announced_to_go(&announced, entry)?;
    }
    stick.hash_again(&mut announced, &steps.future)?;
    steps.manifest(1 - stick.slot, &announced, 1)?;
    for edit in &edits {
        for (lba, sector) in edit {
            *steps.edit(*lba)? = *sector;
        }
        steps.close(Role::Directory);
        let has_first = entries.first().is_some_and(|first| edit.iter().any(|(lba, _)| *lba == first.slot.0));
        if let Some(last) = steps.done.last_mut().filter(|_| has_first) {
            last.decides = true;
        }
    }
    let mut freed = 0;
    for entry in entries {
        for cluster in stick.chain(entry) {
            steps.set(cluster, 0)?;
            freed += 1;
        }
    }
    steps.close(Role::FatTable);
    steps.copy_tables()?;
    let old_counts = stick.counts(&stick.manifest.ranges);
    let mut ranges = entries.iter().fold(announced, |ranges, entry| without_capsule(&ranges, &entry.runs));
    steps.count(old_counts, stick.counts_then(&ranges), freed)?;
    stick.hash_again(&mut ranges, &steps.future)?;
    steps.manifest(stick.slot, &ranges, 2)?;
    Ok(steps.done)
}

impl Stick<'_, '_> {
    /// The same ranges, with what says that the file of `entry` goes, or that its chain changes: it is announced as what it is. Of one that the manifest
    /// does not name the first piece is enough.
    pub(super) fn announced_to_go(
        &self,
        ranges: &[RangeEntry],
        entry: &Entry,
    ) -> Result<Vec<RangeEntry>, ChangeError> {
        let &(lba, sectors) = entry.runs.first().ok_or(ChangeError::Unsound)?;
        let header = *blake3::hash(&self.reader.sector(lba)?).as_bytes();
        let is_named = ranges.iter().any(|range| range.is_first_piece() && range.lba.get() == lba);
        let file_sectors = entry.len.div_ceil(SECTOR_LEN);
        let own = first_of(
            entry.runs.iter().copied(),
            if is_named { file_sectors } else { sectors.min(file_sectors) },
        );
        Ok(with_capsule(ranges, &entry.runs, &Named { runs: &own, header, next: Some(header) }))
    }
}
