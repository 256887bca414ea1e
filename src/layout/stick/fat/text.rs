//! The text about the images: the last file of the folder, in clusters behind all others, so that no image lies elsewhere for it.

use std::ops::Range;

use super::directory::{self, SLOT_LEN};
use super::table::Fat;
use crate::layout::stick::overlay::Overlay;
use crate::units::SECTOR_LEN;

/// Where a text lies, in sectors from the start of what holds it.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// Its sectors, the last of which may have more than it.
    pub sectors: Range<u64>,
    /// The sector of the folder that names it.
    pub named_in: u64,
    /// That sector as it is without the name.
    pub without: [u8; 512],
}

/// Gives a file of `len` bytes a run of free clusters behind those of all `others`, and the first free slot of `folder`. `None` if
/// there is no room.
pub(super) fn put(
    disk: &mut Overlay,
    fat: &Fat,
    folder: &[Range<u64>],
    others: &[Vec<Range<u64>>],
    (name, len): (&str, u64),
) -> Option<Text> {
    let taken = others.iter().flatten().chain(folder).map(|range| range.end).max()?;
    let need = len.div_ceil(fat.cluster_sectors * SECTOR_LEN).max(1);
    let from = fat.cluster_of(taken)?;
    let mut first = from;
    for cluster in from..fat.clusters + 2 {
        if fat.entry(disk, cluster) != 0 {
            first = cluster + 1;
        } else if cluster + 1 - first == need {
            break;
        }
    }
    let clusters = first..first + need;
    if clusters.end > fat.clusters + 2 {
        return None;
    }
    let is_free = |lba: &u64| disk.sector(*lba).chunks_exact(SLOT_LEN).any(|slot| slot[0] == 0);
    let named_in = folder.iter().cloned().flatten().find(is_free)?;
    let without = *disk.sector(named_in);
    let number = without.chunks_exact(SLOT_LEN).position(|slot| slot[0] == 0)?;
    let slot = directory::file(&directory::short_name(name), first, len as u32);
    disk.sector_mut(named_in)[number * SLOT_LEN..][..SLOT_LEN].copy_from_slice(&slot);
    for cluster in clusters.clone() {
        let next = if cluster + 1 == clusters.end { fat.last() } else { cluster + 1 };
        fat.set(disk, cluster, next);
    }
    let start = fat.sector_of(first);
    Some(Text { sectors: start..start + len.div_ceil(SECTOR_LEN), named_in, without })
}
