//! A change that was cut off is made good, so that another one can begin.

use std::collections::BTreeSet;

use ramkey_format::manifest::range;

use super::steps::Steps;
use super::{ChangeError, Step, Stick};
use crate::layout::Role;
use crate::stick::{Reader, StickState};
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
    if tree.is_partial || tree.lost.more {
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
    let mut freed = tree.usage.lost as i64;
    for entry in tree.entries.iter().filter(|entry| entry.is_capsule) {
        let room = entry.runs.iter().map(|(_, sectors)| sectors).sum::<u64>() * SECTOR_LEN;
        let is_changing = entry.runs.first().is_some_and(|(lba, _)| starts.contains(lba));
        let is_longer = room - entry.len.min(room) >= stick.volume.volume.cluster_len();
        if is_changing && is_longer {
            steps.set_len(entry, room, std::mem::take(&mut freed))?;
        }
    }
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
