//! Reads a medium and judges nothing: what is on it, as far as that can be read.
//!
//! [`read`] gives everything but the bytes of files: the boot area with its manifest, the volume with its tables, the tree
//! of files with the sectors in which capsules lie, and the first sector of each capsule. What makes no sense is in it as
//! plain data. The bytes of a file are there through [`StickFile`], free sectors through [`Volume::each_free`].
//!
//! Memory is bounded whatever stands on the medium: a bit for each cluster while chains are followed, a few pieces of a
//! table, and so many names and pieces of files as no sound stick has.

mod boot_area;
mod bpb;
mod capsule;
mod directories;
mod file;
mod folder;
mod kind;
mod manifest;
mod names;
mod oddity;
mod reader;
mod reserved;
mod table;
mod text;
mod tree;
mod volume;

use ramkey_format::memory::BOOT_LBA;

use crate::contents::Unfinished;
use crate::image::Source;

pub use boot_area::{BootArea, BootSums};
pub use bpb::{Bpb, BpbError};
pub use capsule::CapsuleFile;
pub(crate) use directories::{
    DOTS, Directories, DirectorySlot, FilePlace, Name, file_lba, removed_slot, slot,
};
pub use file::{FileBytes, StickFile};
pub(crate) use kind::{FAT16_CLUSTERS, FAT32_CLUSTERS, PARTITION_LBA};
pub use kind::{FatBits, LayoutKind, Slot};
pub use manifest::{Manifest, ManifestSlot, SAVED_LBAS, Saved, SlotState};
pub(crate) use names::{DELETED, LONG_NAME, SLOT_LEN, text};
pub use oddity::{Odd, Oddities, Oddity};
pub(crate) use reader::RUN_LEN;
pub use reader::{ReadError, Reader};
pub(crate) use reserved::{
    BACKUP_BOOT, FS_INFO, FS_INFO_COUNTS, OEM_NAME, Reserved, bad_then, with_bad, written_counts,
};
pub use table::TableDifference;
pub(crate) use table::{BAD_CLUSTER, LAST_CLUSTER};
pub(crate) use text::{TEXT_NAME, directory_hash, is_text, text_slot};
pub use text::{Text, TextState};
pub(crate) use tree::CAPSULES_MAX;
pub use tree::{Entry, Tree};
pub use volume::{ChainFault, Lost, NoVolume, Run, TableState, Usage, Volume};

/// What is on a medium.
pub struct StickState<'r> {
    /// Sector 0.
    pub sector_0: Result<[u8; 512], ReadError>,
    /// The boot area, if there is one.
    pub area: Option<BootArea>,
    /// First sector of the file system: as the manifest says it, or the boot header, or where the folder for images is.
    pub volume_lba: Option<u64>,
    /// The file system there.
    pub file_system: Option<Result<StickVolume<'r>, NoVolume>>,
}

/// The file system of a stick.
pub struct StickVolume<'r> {
    /// Its clusters.
    pub volume: Volume<'r>,
    /// Its tables.
    pub table: TableState,
    /// Its files and folders; `None` if the table is of no use.
    pub tree: Option<Tree>,
    /// The first sectors of the capsules of the tree.
    pub capsules: Vec<CapsuleFile>,
}

impl StickState<'_> {
    /// Clusters that are marked as bad, where that matters for what a summary of free clusters says: on a FAT32.
    pub(crate) fn counted_bad(&self) -> u64 {
        match &self.file_system {
            Some(Ok(found)) => found.counted_bad(),
            _ => 0,
        }
    }

    /// The manifest that counts.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.area.as_ref()?.manifest()
    }
}

/// Reads a medium, all but the bytes of its files. A sector that cannot be read is missing where it belongs, and the rest is
/// read nevertheless.
pub fn read<'r>(reader: &'r Reader<'r>) -> StickState<'r> {
    let area = BootArea::read(reader);
    let known = area.as_ref().and_then(BootArea::volume_lba);
    let volume_lba = known.or_else(|| folder::volume_with_folder(reader));
    let file_system = volume_lba.map(|lba| StickVolume::read(reader, lba));
    StickState { sector_0: reader.sector(0), area, volume_lba, file_system }
}

impl<'r> StickVolume<'r> {
    /// See [`StickState::counted_bad`].
    pub(crate) fn counted_bad(&self) -> u64 {
        let tree = self.tree.as_ref().filter(|_| self.volume.bits() == FatBits::Fat32);
        tree.map_or(0, |tree| tree.usage.bad)
    }

    fn read(reader: &'r Reader<'r>, lba: u64) -> Result<Self, NoVolume> {
        let mut volume = Volume::open(reader, lba)?;
        let table = volume.table_state();
        let tree = table.is_usable().then(|| tree::walk(reader, &mut volume));
        let capsules = tree.as_ref().map(|tree| CapsuleFile::all(reader, &tree.entries)).unwrap_or_default();
        Ok(Self { volume, table, tree, capsules })
    }
}

/// The sectors of the file system's tables, and of the root directory where it lies behind them, which are read more than once:
/// none if there is no file system.
pub fn tables(stick: &dyn Source) -> std::ops::Range<u64> {
    let reader = Reader::new(stick, &|_| {});
    let lba = BootArea::read(&reader).and_then(|area| area.volume_lba());
    let volume = lba.and_then(|lba| Volume::open(&reader, lba).ok());
    volume.map_or(0..0, |volume| volume.table_lba()..volume.lba + volume.bpb.data())
}

/// What the boot sectors of `stick` held that are clear, because an image was being written over the one before it and that was cut
/// off: by their LBA. None of a stick on which that did not happen.
pub fn cleared_over(stick: &dyn Source) -> Vec<(u64, [u8; 512])> {
    let reader = Reader::new(stick, &|_| {});
    let saved = BootArea::read(&reader).and_then(|area| area.manifest()?.saved.clone());
    let saved = SAVED_LBAS.into_iter().zip(saved.into_iter().flat_map(|saved| *saved));
    let is_cleared = |(lba, saved): &(u64, [u8; 512])| {
        *saved != [0; 512] && reader.sector(*lba).is_ok_and(|sector| sector == [0; 512])
    };
    saved.filter(is_cleared).collect()
}

/// Sectors of `stick` when it was written, if there is a sound manifest.
pub fn written_sectors(stick: &dyn Source) -> Option<u64> {
    let area = BootArea::read(&Reader::new(stick, &|_| {}))?;
    area.manifest().map(|manifest| manifest.header.stick_sectors.get())
}

/// Whether `stick` is a disc as well, or was written to be one.
pub fn is_disc(stick: &dyn Source) -> bool {
    BootArea::read(&Reader::new(stick, &|_| {})).is_some_and(|area| area.is_disc())
}

/// Whether there is a boot area of this program on `stick`, sound or not.
pub fn is_stick(stick: &dyn Source) -> bool {
    boot_area::is_present(&Reader::new(stick, &|_| {}))
}

/// Whether anything on `stick` is of this program: a boot area, sound or not, the folder for images, or what an
/// interrupted write leaves. A boot area that cannot be read may be one.
pub fn has_trace(stick: &dyn Source) -> bool {
    let reader = Reader::new(stick, &|_| {});
    if reader.sectors() <= u64::from(BOOT_LBA) {
        return false;
    }
    if reader.sector(u64::from(BOOT_LBA)).is_err() {
        return true;
    }
    boot_area::is_present(&reader)
        || matches!(Unfinished::look(stick), Ok(Some(_)))
        || folder::volume_with_folder(&reader).is_some()
}
