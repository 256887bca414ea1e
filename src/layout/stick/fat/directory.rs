//! Directories: the slots that fatfs makes, and the ones that every system likes.

use std::ops::Range;

use crate::layout::stick::overlay::Overlay;

/// Bytes in a slot.
pub(super) const SLOT_LEN: usize = 32;
const ATTRIBUTES: usize = 11;
const LONG_NAME: u8 = 0x0F;
const VOLUME_LABEL: u8 = 0x08;
const DELETED: u8 = 0xE5;
/// 1 January 1980, the first day that FAT can name, at midnight.
const DATE: [u8; 2] = [0x21, 0x00];
/// Offsets of the dates of creation, last access and last change.
const DATES: [usize; 3] = [16, 18, 24];
/// Tenths of a second and time of creation, and time of last change.
const TIMES: [Range<usize>; 2] = [13..16, 22..24];
/// High and low half of the first cluster.
const CLUSTER_HIGH: usize = 20;
const CLUSTER_LOW: usize = 26;

/// A file or directory that was found.
pub(super) struct Entry {
    pub cluster: u64,
}

pub(super) type Slot = [u8; SLOT_LEN];

/// All slots before the end mark.
fn slots(disk: &Overlay, directory: &[Range<u64>]) -> Vec<Slot> {
    let sectors = directory.iter().cloned().flatten().map(|lba| disk.sector(lba));
    let slots = sectors.flat_map(|sector| sector.as_chunks::<SLOT_LEN>().0);
    slots.take_while(|slot| slot[0] != 0).copied().collect()
}

/// Keeps the short entries, in order, from the first slot on, with fixed dates.
///
/// Every name here is 8.3, so that nothing is lost with the long ones; and `..` names no cluster, because the parent
/// is always the root.
pub(super) fn repair(disk: &mut Overlay, directory: &[Range<u64>]) {
    let kept =
        slots(disk, directory).into_iter().filter(|slot| slot[0] != DELETED && slot[ATTRIBUTES] != LONG_NAME);
    let mut kept = kept.map(finished);
    for lba in directory.iter().cloned().flatten() {
        // Zeros behind the last entry: the end mark.
        let mut sector = [0; 512];
        for (place, slot) in sector.chunks_exact_mut(SLOT_LEN).zip(kept.by_ref()) {
            place.copy_from_slice(&slot);
        }
        *disk.sector_mut(lba) = sector;
    }
}

fn finished(mut slot: Slot) -> Slot {
    for at in DATES {
        slot[at..at + 2].copy_from_slice(&DATE);
    }
    for range in TIMES {
        slot[range].fill(0);
    }
    if slot[ATTRIBUTES] & VOLUME_LABEL != 0 {
        // A label has a date of change and no other.
        slot[DATES[0]..DATES[1] + 2].fill(0);
    }
    if slot.starts_with(b"..         ") {
        slot[CLUSTER_HIGH..CLUSTER_HIGH + 2].fill(0);
        slot[CLUSTER_LOW..CLUSTER_LOW + 2].fill(0);
    }
    // Bits that tell Windows NT to show the name in lower case.
    slot[12] = 0;
    slot
}

/// The entry with the short name `name`.
pub(super) fn find(disk: &Overlay, directory: &[Range<u64>], name: &[u8; 11]) -> Option<Entry> {
    let slots = slots(disk, directory);
    let slot = slots.iter().find(|slot| slot[..11] == *name && slot[ATTRIBUTES] & VOLUME_LABEL == 0)?;
    let half = |at: usize| u64::from(u16::from_le_bytes([slot[at], slot[at + 1]]));
    Some(Entry { cluster: half(CLUSTER_LOW) | half(CLUSTER_HIGH) << 16 })
}

/// Lets the file that begins with cluster `old` begin with `new`; nothing if there is none.
pub(super) fn point(disk: &mut Overlay, directory: &[Range<u64>], old: u64, new: u64) -> Option<()> {
    let half = |slot: &[u8], at: usize| u64::from(u16::from_le_bytes([slot[at], slot[at + 1]]));
    let begins =
        |slot: &[u8]| slot[0] != b'.' && half(slot, CLUSTER_LOW) | half(slot, CLUSTER_HIGH) << 16 == old;
    for lba in directory.iter().cloned().flatten() {
        let found = disk.sector(lba).chunks_exact(SLOT_LEN).position(begins);
        if let Some(index) = found {
            let slot = &mut disk.sector_mut(lba)[index * SLOT_LEN..][..SLOT_LEN];
            slot[CLUSTER_LOW..CLUSTER_LOW + 2].copy_from_slice(&(new as u16).to_le_bytes());
            slot[CLUSTER_HIGH..CLUSTER_HIGH + 2].copy_from_slice(&((new >> 16) as u16).to_le_bytes());
            return Some(());
        }
    }
    None
}

/// The slot of a file that begins with `cluster`.
pub(super) fn file(name: &[u8; 11], cluster: u64, len: u32) -> Slot {
    let mut slot = [0; SLOT_LEN];
    slot[..11].copy_from_slice(name);
    slot[CLUSTER_HIGH..CLUSTER_HIGH + 2].copy_from_slice(&((cluster >> 16) as u16).to_le_bytes());
    slot[CLUSTER_LOW..CLUSTER_LOW + 2].copy_from_slice(&(cluster as u16).to_le_bytes());
    slot[28..].copy_from_slice(&len.to_le_bytes());
    finished(slot)
}

/// An upper-case 8.3 name as a slot holds it.
pub(super) fn short_name(name: &str) -> [u8; 11] {
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let mut short = [b' '; 11];
    short[..stem.len()].copy_from_slice(stem.as_bytes());
    short[8..8 + extension.len()].copy_from_slice(extension.as_bytes());
    short
}
