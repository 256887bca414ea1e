//! Clusters that hold no data: marked bad, and their place in a file's chain taken by free ones. All else stays where it is.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::directory;
use super::table::Fat;
use crate::layout::error::LayoutError;
use crate::layout::stick::overlay::Overlay;

/// Takes the clusters of `sectors`, which count from the start of the volume, out of use. `folder` has the entries of all files.
///
/// # Errors
///
/// [`LayoutError::Fixed`] if one of them lies in no cluster or in a directory's, [`LayoutError::TooLarge`] if there are too few
/// others.
pub(super) fn move_away(
    disk: &mut Overlay,
    fat: &Fat,
    folder: &[Range<u64>],
    sectors: &[u64],
) -> Result<(), LayoutError> {
    if sectors.is_empty() {
        return Ok(());
    }
    let bad = sectors.iter().map(|&lba| fat.cluster_of(lba).ok_or(LayoutError::Fixed));
    let bad: BTreeSet<u64> = bad.collect::<Result<_, _>>()?;
    let is_folder = |cluster: u64| folder.iter().any(|range| range.contains(&fat.sector_of(cluster)));
    let clusters = 2..fat.clusters + 2;
    // Behind the last sector of the table that holds something nothing is used, however large the stick is.
    let used_end = fat.entries_end(disk).min(clusters.end);
    let used = clusters.start..used_end.max(clusters.start);
    let last_used = used.clone().rev().find(|&cluster| fat.entry(disk, cluster) != 0).unwrap_or(1);
    // What names each of them: the cluster before it in its chain.
    let mut before: BTreeMap<u64, u64> = used
        .map(|cluster| (fat.entry(disk, cluster), cluster))
        .filter(|(next, _)| bad.contains(next))
        .collect();
    let mut free = (last_used + 1..clusters.end).filter(|cluster| !bad.contains(cluster));
    for &cluster in &bad {
        if is_folder(cluster) || cluster == fat.root_cluster {
            return Err(LayoutError::Fixed);
        }
        let next = fat.entry(disk, cluster);
        if next != 0 {
            let (needed, available) = (bad.len() as u64, clusters.end - 1 - last_used);
            let cluster_len = fat.cluster_sectors * crate::units::SECTOR_LEN;
            let new = free.next().ok_or(LayoutError::TooLarge {
                needed: needed * cluster_len,
                available: available * cluster_len,
            })?;
            fat.set(disk, new, next);
            match before.get(&cluster) {
                Some(&before) => fat.set(disk, before, new),
                None => directory::point(disk, folder, cluster, new).ok_or(LayoutError::Fixed)?,
            }
            if let Some(before) = before.get_mut(&next) {
                *before = new;
            }
        }
        fat.set(disk, cluster, fat.bad());
    }
    Ok(())
}
