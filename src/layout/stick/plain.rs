//! A stick with nothing of this program: a partition table, and an empty file system.

use ramkey_format::boot::{SECTOR0_MAGIC, SECTOR0_TABLE};
use ramkey_format::memory::PARTITION_LBA;

use super::fat::FatVolume;
use super::identity::Identity;
use super::{CLEARED_FIRST, mbr, present};
use crate::boot::start_nothing;
use crate::layout::error::LayoutError;
use crate::layout::extent::{Layout, Role};
use crate::layout::extents::Extents;
use crate::plan::{Division, Slot};

/// Sectors that are cleared behind the directories, and at the end of the stick: other programs know what was there by what lies in the
/// first and the last MiB of a volume.
const CLEARED: u64 = 2048;

/// Lays out the stick of `division` with an empty file system: no partition is active, and nothing of it boots. `seed` gives the
/// numbers by which systems tell it from others, and `volume_id` the one of the file system if it is to be another.
///
/// # Errors
///
/// What the format program says; the others are faults of this program.
pub fn plain(
    division: &Division,
    seed: [u8; 16],
    volume_id: Option<u32>,
) -> Result<(Layout, u32), LayoutError> {
    let identity = Identity::of_stick(seed);
    let serial = volume_id.unwrap_or(identity.volume_serial);
    let volume = FatVolume::empty(division, serial)?;
    let mut sector_0 = mbr::partitions(division, &identity, Slot::First)?;
    // Not active: some BIOSes go on to the next drive by that, and the others by the code.
    sector_0[SECTOR0_TABLE as usize] = 0;
    start_nothing(&mut sector_0);
    debug_assert_eq!(sector_0[SECTOR0_MAGIC as usize..], [0x55, 0xAA]);

    let mut extents = Extents::default();
    let partition = u64::from(PARTITION_LBA);
    extents.bytes(0, Role::Sector0, sector_0.to_vec());
    extents.zeros(1..partition, Role::Cleared);
    extents.sparse(partition..volume.tables.start, Role::FatReserved, |lba| volume.sector(lba));
    present(&mut extents, &volume, &volume.tables, Role::FatTable);
    let mut used = volume.tables.end;
    for directory in &volume.directories {
        present(&mut extents, &volume, directory, Role::Directory);
        used = used.max(directory.end);
    }
    let behind = (used + CLEARED).min(division.sectors);
    extents.zeros(used..behind, Role::Cleared);
    let last = division.sectors.saturating_sub(CLEARED).max(behind);
    extents.zeros(last..division.sectors, Role::Cleared);
    extents.0.sort_by_key(|extent| extent.lba);
    let layout = Layout {
        stick_sectors: division.sectors,
        cleared_first: CLEARED_FIRST.to_vec(),
        held_back: vec![0],
        extents: extents.0,
    };
    layout.check().map_err(|what| LayoutError::Unsound { what })?;
    Ok((layout, serial))
}
