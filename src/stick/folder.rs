//! Looks for the folder of the images, where nothing else says where a volume begins.

use ramkey_format::capsule::FOLDER;

use super::kind::LayoutKind;
use super::names::{FOLDER_BIT, LONG_NAME, SLOT_LEN, text};
use super::reader::Reader;
use super::tree::SLOTS_MAX;
use super::volume::Volume;
use crate::units::SECTOR_LEN;

/// First sector of the file system that has the folder for images, where a file system of a stick may begin.
pub(super) fn volume_with_folder(reader: &Reader) -> Option<u64> {
    let starts = LayoutKind::ALL.map(LayoutKind::volume_lba);
    let has_folder = |volume: Volume| has_capsule_folder(reader, &volume);
    starts.into_iter().find(|&lba| Volume::open(reader, lba).is_ok_and(has_folder))
}

/// Whether the root directory of `volume` has a folder for images.
fn has_capsule_folder(reader: &Reader, volume: &Volume) -> bool {
    let mut cluster = volume.root().err();
    if cluster.is_some_and(|cluster| !volume.has(cluster)) {
        return false;
    }
    let (mut lba, mut sectors) =
        volume.root().unwrap_or_else(|first| (volume.cluster_lba(first), volume.cluster_sectors()));
    let mut slots = 0;
    while slots < SLOTS_MAX {
        for lba in lba..lba + sectors {
            let Ok(sector) = reader.sector(lba) else { continue };
            for slot in sector.chunks_exact(SLOT_LEN) {
                match slot[0] {
                    0 => return false,
                    _ if slot[11] & 0x3F == LONG_NAME || slot[11] & FOLDER_BIT == 0 => {}
                    _ if text(&slot[..11]) == FOLDER => return true,
                    _ => {}
                }
            }
            slots += SECTOR_LEN as usize / SLOT_LEN;
        }
        cluster = cluster.and_then(|cluster| volume.follow(cluster));
        let Some(next) = cluster else { break };
        (lba, sectors) = (volume.cluster_lba(next), volume.cluster_sectors());
    }
    false
}
