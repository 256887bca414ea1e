//! The two directories of a stick, with nothing in them but what this program writes.
//!
//! The manifest has the hash of the directories as they would be without files of others: label, folder, and in that one slot
//! for each capsule. So names can be proven whatever else a user puts there.

use ramkey_format::capsule::FOLDER;
use ramkey_format::manifest::{RangeEntry, range};

use super::names::{DELETED, FOLDER_BIT, SLOT_LEN, VOLUME_LABEL};
use super::reader::{ReadError, Reader};
use super::volume::Volume;
use crate::units::SECTOR_LEN;

/// 1 January 1980, as every date that is written.
const DATE: [u8; 2] = [0x21, 0x00];
/// Slots of the folder before its first file: itself and its parent.
pub(crate) const DOTS: usize = 2;
/// Sectors of the longest directories that are made again: those of the longest manifest, in clusters of 64 KiB.
const DIRECTORY_SECTORS_MAX: u64 = 1024;

/// A name as a directory has it.
pub(crate) type Name = [u8; 11];
/// A slot of a directory.
pub(crate) type DirectorySlot = [u8; SLOT_LEN];

/// A capsule's file in the folder, but for its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FilePlace {
    /// Number of its slot in the folder.
    pub slot: usize,
    /// Its first sector.
    pub lba: u64,
    /// Its length in bytes.
    pub len: u64,
}

/// Where the root directory and the folder of a stick lie, behind each other as they are written.
#[derive(Clone, Debug)]
pub(crate) struct Directories {
    /// First sector of the root directory.
    pub lba: u64,
    /// Sectors of both.
    pub sectors: u64,
    /// BLAKE3 of both, as the manifest has it.
    pub blake3: [u8; 32],
    root_sectors: u64,
    label: Name,
}

impl Directories {
    /// Those that a manifest with these ranges names on `volume`, which was written with `label`.
    pub fn of(ranges: &[RangeEntry], label: Name, volume: &Volume) -> Option<Self> {
        let (lba, root_sectors) = match volume.root() {
            Ok(place) => place,
            Err(_) => (volume.cluster_lba(2), volume.cluster_sectors()),
        };
        let is_it = |range: &&RangeEntry| range.kind == range::DIRECTORY && range.lba.get() == lba;
        let range = ranges.iter().find(is_it)?;
        let sectors = range.sectors.get();
        let is_sound = root_sectors < sectors && sectors <= DIRECTORY_SECTORS_MAX;
        is_sound.then_some(Self { lba, root_sectors, sectors, label, blake3: range.blake3 })
    }

    /// Whether nothing in them is another.
    pub fn are_as_written(&self, reader: &Reader) -> bool {
        reader.hash(self.lba, self.sectors).is_ok_and(|found| *found.as_bytes() == self.blake3)
    }

    /// First sector of the folder.
    pub fn folder_lba(&self) -> u64 {
        self.lba + self.root_sectors
    }

    /// The sectors of the folder as they are now, where it was written.
    ///
    /// # Errors
    ///
    /// The first sector that cannot be read.
    pub fn folder(&self, reader: &Reader) -> Result<Vec<u8>, ReadError> {
        reader.bytes(self.folder_lba(), self.sectors - self.root_sectors)
    }

    /// Both with the files at `places`, which have no names yet; `None` if there is no room for one. A slot before the last of
    /// them that is none of theirs is one whose file was removed.
    pub fn without_names(&self, volume: &Volume, places: &[FilePlace]) -> Option<Vec<u8>> {
        let mut bytes = vec![0; (self.sectors * SECTOR_LEN) as usize];
        let cluster = |lba: u64| {
            let first = volume.cluster_lba(2);
            lba.checked_sub(first).map(|sectors| 2 + sectors / volume.cluster_sectors())
        };
        let folder_cluster = cluster(self.folder_lba())?;
        let mut folder = [b' '; 11];
        folder[..FOLDER.len()].copy_from_slice(FOLDER.as_bytes());
        let (root, _) = bytes.as_chunks_mut::<SLOT_LEN>();
        root[0][..11].copy_from_slice(&self.label);
        root[0][11] = VOLUME_LABEL;
        root[0][24..26].copy_from_slice(&DATE);
        root[1] = slot(&folder, FOLDER_BIT, folder_cluster, 0);
        let slots = self.slots_of(&mut bytes);
        let end = places.iter().map(|place| place.slot + 1).max().unwrap_or(DOTS);
        let [own, parent, ..] = slots else { return None };
        *own = slot(b".          ", FOLDER_BIT, folder_cluster, 0);
        *parent = slot(b"..         ", FOLDER_BIT, 0, 0);
        slots.get_mut(DOTS..end)?.fill(removed_slot());
        for place in places {
            *slots.get_mut(place.slot)? = slot(&[0; 11], 0, cluster(place.lba)?, place.len as u32);
        }
        Some(bytes)
    }

    /// The slots of the folder in `bytes`, which are those of both.
    pub fn slots_of<'b>(&self, bytes: &'b mut [u8]) -> &'b mut [DirectorySlot] {
        bytes[(self.root_sectors * SECTOR_LEN) as usize..].as_chunks_mut::<SLOT_LEN>().0
    }
}

/// The slot of a file or folder that begins with `cluster`.
pub(crate) fn slot(name: &Name, attributes: u8, cluster: u64, len: u32) -> DirectorySlot {
    let mut slot = [0; SLOT_LEN];
    slot[..11].copy_from_slice(name);
    slot[11] = attributes;
    for at in [16, 18, 24] {
        slot[at..at + 2].copy_from_slice(&DATE);
    }
    slot[20..22].copy_from_slice(&((cluster >> 16) as u16).to_le_bytes());
    slot[26..28].copy_from_slice(&(cluster as u16).to_le_bytes());
    slot[28..32].copy_from_slice(&len.to_le_bytes());
    slot
}

/// The slot of a file that this program removed: nothing of it is left.
pub(crate) fn removed_slot() -> DirectorySlot {
    let mut slot = [0; SLOT_LEN];
    slot[0] = DELETED;
    slot
}

/// First sector of the file in `slot`, whether it was deleted or not; `None` for what is no file.
pub(crate) fn file_lba(slot: &DirectorySlot, volume: &Volume) -> Option<u64> {
    let is_file = slot[0] != 0 && slot[11] & (FOLDER_BIT | VOLUME_LABEL) == 0;
    let high = if volume.bpb.root_cluster > 0 { u64::from(super::names::word(slot, 20)) } else { 0 };
    let cluster = high << 16 | u64::from(super::names::word(slot, 26));
    (is_file && volume.has(cluster)).then(|| volume.cluster_lba(cluster))
}
