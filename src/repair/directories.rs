//! Directories, as far as the manifest proves what they held.

use super::patched::{Patched, Sectors, differing, each_sector};
use crate::stick::SLOT_LEN;
use crate::units::SECTOR_LEN;
use crate::verify::{Change, Fault, FaultKind, StickVerdict, directories_as_written, facts};

/// Most bytes of an entry that nobody made.
const DAMAGED_MAX: usize = 2;

/// What makes directories right that have a fault: all of them as they were written, or one entry of them. `None` if nothing of
/// that ends a fault without making another.
pub(super) fn directories(stick: &Patched) -> Option<Sectors> {
    let StickVerdict { faults: before, changes, .. } = facts(stick);
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
    // One entry first: of the others some may have been added or renamed since.
    let slots = written.as_chunks::<SLOT_LEN>().0.iter().enumerate();
    let one = |(number, slot): (usize, &[u8; SLOT_LEN])| {
        let (sector, at) = (number * SLOT_LEN / SECTOR_LEN as usize, number * SLOT_LEN % SECTOR_LEN as usize);
        let mut bytes = found[sector]?;
        let set = bytes[at..at + SLOT_LEN].iter().filter(|&&byte| byte != 0).count();
        // An entry that is behind the last one has a name, unless it is damage.
        if bytes[at..at + SLOT_LEN] == *slot || (slot[0] == 0 && set > DAMAGED_MAX) {
            return None;
        }
        bytes[at..at + SLOT_LEN].copy_from_slice(slot);
        Some(Sectors::from([(lba + sector as u64, bytes)]))
    };
    if let Some(sectors) = slots.filter_map(one).find(is_better) {
        return Some(sectors);
    }
    let after = facts(&stick.with(&whole));
    let is_kept = |change: &Change| !is_of_user(change) || after.changes.contains(change);
    (self::is_better(&before, &after.faults) && changes.iter().all(is_kept)).then_some(whole)
}

/// Whether a change is what somebody does to a directory, who would miss it.
fn is_of_user(change: &Change) -> bool {
    matches!(change, Change::Added { .. } | Change::Renamed { .. } | Change::Replaced { .. })
}

/// Whether faults are gone, and none is new but of images that were out of sight.
fn is_better(before: &[Fault], after: &[Fault]) -> bool {
    let is_new = |fault: &&Fault| !before.contains(fault);
    let is_of_image = |fault: &Fault| matches!(fault.kind, FaultKind::Capsule | FaultKind::Unreadable);
    before.iter().any(|fault| !after.contains(fault)) && after.iter().filter(is_new).all(is_of_image)
}
