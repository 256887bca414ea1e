//! A change that was cut off is made good, so that another one can begin.

use std::collections::BTreeSet;

use ramkey_format::manifest::{RangeEntry, range};
use zerocopy::IntoBytes;

use super::manifest::{Named, first_of, without_image};
use super::steps::{FILE_LEN_MAX, Steps};
use super::turn::changed;
use super::{ChangeError, Step, Stick};
use crate::capsule;
use crate::layout::{Content, Extent, Role};
use crate::stick::{Entry, Reader, StickState};
use crate::units::SECTOR_LEN;

/// The steps after which the file system of a stick has no trace of a change that was cut off: clusters that were taken are
/// free again or belong to their file, and all tables say the same. None if no change was announced that is not over.
///
/// # Errors
///
/// See [`ChangeError`].
pub fn mend<'r>(reader: &'r Reader<'r>, state: &StickState<'r>) -> Result<Vec<Step>, ChangeError> {
    let stick = Stick::of(reader, state)?;
    if !stick.is_unfinished() {
        return Ok(Vec::new());
    }
    let Some(tree) = &stick.volume.tree else { return Err(ChangeError::NoFileSystem) };
    if tree.is_partial {
        return Err(ChangeError::TooManyFiles);
    }
    if tree.lost.more {
        return Err(ChangeError::Unclean);
    }
    let mut steps = Steps::new(stick);
    for lba in differing(&stick)? {
        steps.copy_later(lba);
    }
    for cluster in tree.lost.runs.iter().flat_map(|(first, count)| *first..first + count) {
        steps.set(cluster, 0)?;
    }
    steps.close(Role::FatTable);
    steps.copy_tables()?;
    let changing = stick.manifest.ranges.iter().filter(|range| range.kind == range::CAPSULE_NEXT);
    let starts: BTreeSet<u64> = changing.map(|range| range.lba.get()).collect();
    for entry in tree.entries.iter().filter(|entry| entry.is_capsule) {
        let room = entry.runs.iter().map(|(_, sectors)| sectors).sum::<u64>() * SECTOR_LEN;
        let is_changing = entry.runs.first().is_some_and(|(lba, _)| starts.contains(lba));
        let is_longer = room - entry.len.min(room) >= stick.volume.volume.cluster_len();
        if is_changing && is_longer {
            steps.set_len(entry, room.min(FILE_LEN_MAX))?;
        }
    }
    steps.recount(tree.usage.free + tree.usage.lost)?;
    Ok(steps.done)
}

/// The steps after which the manifest announces one change less, because what is there is what it names; none if it announces
/// none. The file system has no trace of it any more, as [`mend`] leaves it.
///
/// # Errors
///
/// See [`ChangeError`].
pub fn finish<'r>(reader: &'r Reader<'r>, state: &StickState<'r>) -> Result<Vec<Step>, ChangeError> {
    let stick = Stick::of(reader, state)?;
    let Some(tree) = &stick.volume.tree else { return Err(ChangeError::NoFileSystem) };
    let ranges = &stick.manifest.ranges;
    let announced = ranges.iter().find(|range| range.kind == range::CAPSULE_NEXT);
    let Some(&RangeEntry { lba, blake3, .. }) = announced else { return stick.finish_text() };
    let lba = lba.get();
    // What is announced as what it is comes or goes.
    let is_moving =
        ranges.iter().any(|range| range.is_first_piece() && range.lba.get() == lba && range.blake3 == blake3);
    let entry = tree.entries.iter().find(|entry| entry.runs.first().is_some_and(|run| run.0 == lba));
    let mut steps = Steps::new(stick);
    let entry = entry.filter(|entry| entry.is_capsule);
    let is_there = |entry: &&Entry| {
        let sector = entry.runs.first().map(|(lba, _)| reader.sector(*lba));
        sector.is_some_and(|sector| sector.is_ok_and(|sector| *blake3::hash(&sector).as_bytes() == blake3))
    };
    if is_moving && entry.filter(is_there).is_none() {
        let mut ranges = without_image(ranges, lba);
        if stick.is_own() {
            steps.count_as_written(stick.counts_then(&ranges))?;
        }
        stick.hash_again(&mut ranges, &steps.future)?;
        steps.manifest(1 - stick.slot, &ranges, 1)?;
        return Ok(steps.done);
    }
    let Some(entry) = entry.filter(|_| !is_moving) else {
        // The image is gone, and so is what was announced of it; or it is there, and nothing of it is another.
        let ranges = stick.manifest.ranges.iter();
        let mut ranges: Vec<_> = ranges
            .filter(|range| range.kind != range::CAPSULE_NEXT || range.lba.get() != lba)
            .copied()
            .collect();
        if stick.is_own() {
            steps.count_as_written(stick.counts_then(&ranges))?;
        }
        stick.hash_again(&mut ranges, &steps.future)?;
        steps.manifest(1 - stick.slot, &ranges, 1)?;
        return Ok(steps.done);
    };
    let sector = reader.sector(lba)?;
    let header = capsule::header(&sector).map_err(|_| ChangeError::Unsound)?;
    let runs = first_of(entry.runs.iter().copied(), entry.len.div_ceil(SECTOR_LEN));
    let named = |header: &[u8], next: Option<&[u8]>| Named {
        runs: &runs,
        header: *blake3::hash(header).as_bytes(),
        next: next.map(|next| *blake3::hash(next).as_bytes()),
    };
    let mut last = sector.to_vec();
    let (mut slot, mut later) = (1 - stick.slot, 1);
    if header.changes.get() == 0 {
        // Until it is changed, what nobody names in it is zeros, and that may be so no more.
        last = changed(header, header.companions)?.as_bytes().to_vec();
        let ranges = stick.ranges_with(&entry.runs, &named(&sector, Some(&last)));
        steps.manifest(slot, &ranges, later)?;
        let content = Content::Bytes(last.clone());
        let role = Role::Capsule { image: 0 };
        steps.add(vec![Extent { lba, sectors: 1, role, content }], lba, false);
        (slot, later) = (stick.slot, 2);
    }
    let mut ranges = stick.ranges_with(&entry.runs, &named(&last, None));
    if stick.is_own() {
        steps.count_as_written(stick.counts_then(&ranges))?;
    }
    stick.hash_again(&mut ranges, &steps.future)?;
    steps.manifest(slot, &ranges, later)?;
    Ok(steps.done)
}

/// The sectors of the first table that another one has not.
fn differing(stick: &Stick) -> Result<BTreeSet<u64>, ChangeError> {
    let bpb = &stick.volume.volume.bpb;
    let table = stick.volume.volume.table_lba();
    let mut differing = BTreeSet::new();
    if stick.volume.table.differences.is_empty() {
        return Ok(differing);
    }
    for lba in table..table + bpb.fat_sectors {
        let first = stick.reader.sector(lba)?;
        for number in 1..bpb.fats {
            if stick.reader.sector(lba + number * bpb.fat_sectors)? != first {
                differing.insert(lba);
            }
        }
    }
    Ok(differing)
}
