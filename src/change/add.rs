//! Capsules come to a stick that is there.
//!
//! Their bytes go to free clusters first, which nobody sees. Then they are announced, their clusters are taken, and at last one
//! sector of the folder names all of them.

use std::ops::Range;

use ramkey_format::capsule::FOLDER;
use ramkey_format::manifest::{RANGES_MAX, RangeEntry, range};

use super::folder::Folder;
use super::manifest::{Named, first_of, with_capsule};
use super::sectors::Sectors;
use super::steps::Steps;
use super::{ChangeError, Step, Stick};
use crate::capsule::Capsule;
use crate::layout::{Extent, Role, capsule_extents};
use crate::stick::{LAST_CLUSTER, Name, Reader, Run, StickState, slot};
use crate::units::SECTOR_LEN;

/// Most runs of free clusters that are looked at: the longest.
const RUNS_MAX: usize = 4096;

/// A capsule that comes to a stick.
pub struct NewCapsule<'a> {
    /// The name of its file, as in `DOS622.RKC`, which the folder does not have.
    pub file_name: &'a str,
    /// Its bytes; the image with the same number has those that are not its own.
    pub capsule: &'a Capsule,
}

/// The steps after which `new` are on the stick, all or none of them: those that stand beside others first.
///
/// # Errors
///
/// See [`ChangeError`].
pub fn add<'r>(
    reader: &'r Reader<'r>,
    state: &StickState<'r>,
    new: &[NewCapsule],
) -> Result<Vec<Step>, ChangeError> {
    let stick = Stick::of(reader, state)?;
    stick.can_grow()?;
    let volume = &stick.volume.volume;
    let needs = new.iter().map(|new| new.capsule.file_len.div_ceil(volume.cluster_len()).max(1));
    let chains = stick.room_for(&needs.collect::<Vec<u64>>())?;
    let runs: Vec<Vec<Run>> = chains.iter().map(|chain| stick.runs_of(chain)).collect();
    let names: Vec<Name> = new.iter().map(|new| short_name(new.file_name)).collect();
    let slots = names.iter().zip(new).zip(&chains).map(|((name, new), chain)| {
        let first = chain.first().copied().unwrap_or_default();
        slot(name, 0, first, new.capsule.file_len as u32)
    });
    let slots: Vec<_> = slots.collect();
    let mut folder = Folder::read(&stick, FOLDER)?;
    let edits = folder.put(&slots).ok_or(ChangeError::FolderFull)?;

    let mut steps = Steps::new(stick);
    let (extents, last) = contents_of(new, &runs)?;
    steps.add(extents, last, false);

    let there = stick.ranges();
    let ranges = |is_announced| ranges_with(&there, new, &runs, is_announced);
    let mut announced = ranges(true);
    // Each capsule needs one more while it is changed, and so does the text about them.
    let is_changed = |range: &&RangeEntry| range.is_first_piece() || range.kind == range::TEXT;
    let changed = announced.iter().filter(is_changed).count();
    if ranges(false).len() + changed > RANGES_MAX {
        return Err(ChangeError::TooManyPieces);
    }
    let mut folder_alone = Sectors::default();
    for (lba, sector) in edits.iter().flatten() {
        *folder_alone.edit(reader, *lba)? = *sector;
    }
    stick.hash_again(&mut announced, &folder_alone)?;
    let old_counts = stick.counts(&stick.manifest.ranges);
    steps.manifest(1 - stick.slot, &announced, 1)?;
    for chain in &chains {
        for (index, &cluster) in chain.iter().enumerate() {
            steps.set(cluster, chain.get(index + 1).map_or(LAST_CLUSTER, |&next| next as u32))?;
        }
    }
    steps.close(Role::FatTable);
    steps.copy_tables()?;
    for edit in &edits {
        for (lba, sector) in edit {
            *steps.edit(*lba)? = *sector;
        }
        steps.close(Role::Directory);
    }
    if let Some(last) = steps.done.last_mut() {
        last.decides = true;
    }
    let mut ranges = ranges(false);
    let taken: i64 = chains.iter().map(|chain| chain.len() as i64).sum();
    steps.count(old_counts, stick.counts_then(&ranges), -taken)?;
    stick.hash_again(&mut ranges, &steps.future)?;
    steps.manifest(stick.slot, &ranges, 2)?;
    Ok(steps.done)
}

/// The ranges `there` with the files `new`, which have `runs`; announced as what they are, or there.
fn ranges_with(
    there: &[RangeEntry],
    new: &[NewCapsule],
    runs: &[Vec<Run>],
    is_announced: bool,
) -> Vec<RangeEntry> {
    new.iter().zip(runs).fold(there.to_vec(), |ranges, (new, runs)| {
        let own = first_of(runs.iter().copied(), new.capsule.file_len / SECTOR_LEN);
        let header = new.capsule.header_blake3;
        with_capsule(&ranges, runs, &Named { runs: &own, header, next: is_announced.then_some(header) })
    })
}

/// The bytes of all files, and the sector that comes last.
fn contents_of(new: &[NewCapsule], runs: &[Vec<Run>]) -> Result<(Vec<Extent>, u64), ChangeError> {
    let mut extents = Vec::new();
    for (image, (new, runs)) in new.iter().zip(runs).enumerate() {
        let file: Vec<Range<u64>> = runs.iter().map(|(lba, sectors)| *lba..lba + sectors).collect();
        extents.extend(capsule_extents(image, new.capsule, &file));
    }
    extents.sort_by_key(|extent| extent.lba);
    let last = runs.last().and_then(|runs| runs.first()).ok_or(ChangeError::Unsound)?;
    Ok((extents, last.0))
}

fn short_name(file_name: &str) -> Name {
    let (stem, extension) = file_name.split_once('.').unwrap_or((file_name, ""));
    let mut name = [b' '; 11];
    name.iter_mut().take(8).zip(stem.bytes()).for_each(|(place, byte)| *place = byte);
    name[8..].iter_mut().zip(extension.bytes()).for_each(|(place, byte)| *place = byte);
    name
}

impl Stick<'_, '_> {
    /// The sectors of a chain, neighbours joined.
    pub(super) fn runs_of(&self, chain: &[u64]) -> Vec<Run> {
        let volume = &self.volume.volume;
        let runs = chain.iter().map(|&cluster| (volume.cluster_lba(cluster), volume.cluster_sectors()));
        first_of(runs, u64::MAX)
    }

    /// Free clusters for files that need so many: each in one run, if there is one that is long enough.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NoRoom`]; [`ChangeError::TooManyPieces`] if the free clusters lie in too many.
    pub(super) fn room_for(&self, needs: &[u64]) -> Result<Vec<Vec<u64>>, ChangeError> {
        let volume = &self.volume.volume;
        let (mut runs, mut all) = (Vec::<Range<u64>>::new(), 0);
        volume.each_free(|(lba, sectors)| {
            let (first, count) = (self.cluster_at(lba), sectors / volume.cluster_sectors());
            all += count;
            runs.push(first..first + count);
            if runs.len() > 2 * RUNS_MAX {
                runs.sort_by_key(|run| u64::MAX - (run.end - run.start));
                runs.truncate(RUNS_MAX);
            }
        })?;
        let needed: u64 = needs.iter().sum();
        let len = volume.cluster_len();
        if all < needed {
            return Err(ChangeError::NoRoom { needed: needed * len, free: all * len });
        }
        runs.sort_by_key(|run| run.start);
        let chains = needs.iter().map(|&need| self.take(&mut runs, need));
        chains.collect::<Option<Vec<Vec<u64>>>>().ok_or(ChangeError::TooManyPieces)
    }

    fn take(&self, runs: &mut Vec<Range<u64>>, need: u64) -> Option<Vec<u64>> {
        // A file whose last cluster lies in two sectors of the table could not grow.
        let skip = |run: &Range<u64>| u64::from(self.is_in_two_sectors(run.start + need - 1));
        let fits = |run: &Range<u64>| run.end - run.start >= need + skip(run);
        if let Some(index) = runs.iter().position(fits) {
            let skipped = runs[index].start;
            let start = skipped + skip(&runs[index]);
            runs[index].start = start + need;
            if start > skipped {
                runs.insert(index, skipped..start);
            }
            return Some((start..start + need).collect());
        }
        let mut longest: Vec<&mut Range<u64>> = runs.iter_mut().collect();
        longest.sort_by_key(|run| u64::MAX - (run.end - run.start));
        let mut chain = Vec::new();
        for run in longest {
            let count = (need - chain.len() as u64).min(run.end - run.start);
            chain.extend(run.start..run.start + count);
            run.start += count;
        }
        chain.sort_unstable();
        (chain.len() as u64 == need).then_some(chain)
    }
}
