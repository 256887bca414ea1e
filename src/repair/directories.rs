//! Directories, as far as the manifest proves what they held.

use super::patched::{Patched, Sectors, differing, each_sector};
use crate::stick::SLOT_LEN;
use crate::units::SECTOR_LEN;
use crate::verify::{Fault, FaultKind, directories_as_written, facts};

/// What makes directories right that have a fault: all of them as they were written, or one entry of them. `None` if nothing of
/// that ends a fault without making another.
pub(super) fn directories(stick: &Patched) -> Option<Sectors> {
    let before = facts(stick).faults;
    let (lba, written) = directories_as_written(stick)?;
    let found = each_sector(stick, lba, written.len() as u64 / SECTOR_LEN);
    let whole = differing(stick, lba, &written);
    let is_unreadable = |lba_of: &u64| found[(lba_of - lba) as usize].is_none();
    let lost: Sectors = whole.clone().into_iter().filter(|(lba, _)| is_unreadable(lba)).collect();
    // One behind the last entry is read by nobody, and is a fault all the same.
    if !lost.is_empty() && facts(&stick.with(&lost)).faults.iter().all(|fault| before.contains(fault)) {
        return Some(lost);
    }
    if before.is_empty() || whole.is_empty() {
        return None;
    }
    let is_better = |sectors: &Sectors| is_better(&before, &facts(&stick.with(sectors)).faults);
    if is_better(&whole) {
        return Some(whole);
    }
    // A file was added or removed since: one entry may be wrong all the same.
    let slots = written.as_chunks::<SLOT_LEN>().0.iter().enumerate().filter(|(_, slot)| slot[0] != 0);
    let one = |(number, slot): (usize, &[u8; SLOT_LEN])| {
        let (sector, at) = (number * SLOT_LEN / SECTOR_LEN as usize, number * SLOT_LEN % SECTOR_LEN as usize);
        let mut bytes = found[sector]?;
        if bytes[at..at + SLOT_LEN] == *slot {
            return None;
        }
        bytes[at..at + SLOT_LEN].copy_from_slice(slot);
        Some(Sectors::from([(lba + sector as u64, bytes)]))
    };
    slots.filter_map(one).find(is_better)
}

/// Whether faults are gone, and none is new but of images that were out of sight.
fn is_better(before: &[Fault], after: &[Fault]) -> bool {
    let is_new = |fault: &&Fault| !before.contains(fault);
    let is_of_image = |fault: &Fault| matches!(fault.kind, FaultKind::Capsule | FaultKind::Unreadable);
    before.iter().any(|fault| !after.contains(fault)) && after.iter().filter(is_new).all(is_of_image)
}
