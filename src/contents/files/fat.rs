//! FAT volumes. The loader's own reader follows the chains; this one looks names up.

use ramkey_loader_core::drive::{ReadError, Sectors};
use ramkey_loader_core::fat::FatVolume as Clusters;
use ramkey_loader_core::trail::Chain;
use ramkey_loader_core::volume::VolumeError;

use super::error::FilesError;
use super::long_name::LongName;
use super::portion::{Portion, names};
use crate::contents::bpb::BpbFields;
use crate::contents::bytes::{u16_at, u32_at};
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// Bytes of the table that are kept.
pub(super) const WINDOW_LEN: usize = 4096;
/// Sectors of one read.
const READ_SECTORS: u16 = 64;
/// Most sectors of a folder: 65536 entries.
const FOLDER_SECTORS_MAX: u32 = 1 << 12;
/// Length of an entry of a folder.
pub(in crate::contents) const SLOT_LEN: usize = 32;
/// First byte of an entry that was deleted.
pub(in crate::contents) const DELETED: u8 = 0xE5;
/// Attribute bits of an entry, and those of a part of a long name.
pub(in crate::contents) const IS_FOLDER: u8 = 0x10;
pub(in crate::contents) const IS_LABEL: u8 = 0x08;
pub(in crate::contents) const LONG_NAME: u8 = 0x0F;

/// A volume of the image.
pub(super) struct FatVolume<'s> {
    source: &'s dyn Source,
    start: u64,
    pub(super) root: Folder,
    has_large_clusters: bool,
    /// First sector of cluster 2.
    pub(super) data: u64,
}

/// Where a folder lies.
#[derive(Clone, Copy)]
pub(super) enum Folder {
    /// The root of FAT12 and FAT16.
    Sectors { lba: u64, count: u32 },
    /// A chain of clusters.
    Chain { first_cluster: u32 },
}

/// An entry of a folder.
pub(super) struct FolderEntry {
    pub is_folder: bool,
    pub first_cluster: u32,
    pub len: u32,
}

impl<'s> FatVolume<'s> {
    pub fn open(source: &'s dyn Source, start: u64, sector: &[u8; 512]) -> Self {
        let bpb = BpbFields::read(sector);
        let has_large_clusters = bpb.is_fat32();
        let root = if has_large_clusters {
            Folder::Chain { first_cluster: bpb.root_cluster }
        } else {
            let count = bpb.root_sectors();
            Folder::Sectors { lba: bpb.data() - count, count: count as u32 }
        };
        Self { source, start, root, has_large_clusters, data: bpb.data() }
    }

    pub fn has(&self, path: &str) -> Result<bool, FilesError> {
        self.look_up(path, |_, _, _| Ok(())).map(|found| found.is_some())
    }

    pub fn read(&self, path: &str, part: Portion) -> Result<Option<Vec<u8>>, FilesError> {
        self.look_up(path, |volume, sectors, entry| {
            let len = part.of(entry.len.into())?;
            // The last run may go on behind the file.
            let room = len as usize + usize::from(READ_SECTORS) * SECTOR_LEN as usize;
            let (mut bytes, mut cursor) = (Vec::with_capacity(room), Chain::new(entry.first_cluster));
            while (bytes.len() as u64) < len {
                let done = (bytes.len() as u64 / SECTOR_LEN) as u32;
                let run = volume.run_from(sectors, &mut cursor, done, READ_SECTORS);
                let (lba, count) = run.map_err(|error| self.error(&error))?.ok_or_else(|| self.damaged())?;
                let read = sectors.read(lba, count).map_err(|error| self.error(&error.into()))?;
                bytes.extend_from_slice(read);
            }
            bytes.truncate(len as usize);
            Ok(bytes)
        })
    }

    /// Length in bytes of the file at `path`; `None` if there is none.
    pub fn len(&self, path: &str) -> Result<Option<u64>, FilesError> {
        self.look_up(path, |_, _, entry| Ok(entry.len.into()))
    }

    /// The sectors of the volume.
    pub(super) fn sectors(&self) -> ImageSectors<'s> {
        ImageSectors { source: self.source, start: self.start, bytes: Vec::new() }
    }

    /// The volume, with room for a part of its table.
    pub(super) fn clusters<'w>(
        &self,
        sectors: &mut ImageSectors<'_>,
        window: &'w mut [u8],
    ) -> Result<Clusters<'w>, FilesError> {
        Clusters::open(sectors, 0, window).map_err(|error| self.error(&error))
    }

    /// Calls `then` with the file at `path`, if there is one.
    fn look_up<T>(
        &self,
        path: &str,
        then: impl FnOnce(&mut Clusters<'_>, &mut ImageSectors<'_>, &FolderEntry) -> Result<T, FilesError>,
    ) -> Result<Option<T>, FilesError> {
        let (mut sectors, mut window) = (self.sectors(), vec![0; WINDOW_LEN]);
        let mut volume = self.clusters(&mut sectors, &mut window)?;
        let mut folder = Some(self.root);
        let mut found = None;
        for name in names(path) {
            let Some(inside) = folder else { return Ok(None) };
            let Some(entry) = self.entry(&mut volume, &mut sectors, inside, name)? else { return Ok(None) };
            folder = entry.is_folder.then_some(Folder::Chain { first_cluster: entry.first_cluster });
            found = Some(entry);
        }
        let file = found.filter(|entry| !entry.is_folder);
        file.map(|entry| then(&mut volume, &mut sectors, &entry)).transpose()
    }

    /// The entry `name` of `folder`.
    fn entry(
        &self,
        volume: &mut Clusters<'_>,
        sectors: &mut ImageSectors<'_>,
        folder: Folder,
        name: &str,
    ) -> Result<Option<FolderEntry>, FilesError> {
        self.first_entry(volume, sectors, folder, &mut |long, slot| {
            let is_wanted = is_long_name(long, slot, name) || is_short_name(slot, name);
            is_wanted.then(|| self.read_entry(slot))
        })
    }

    /// What `look` makes of the first entry of `folder` of which it makes anything. It gets the long name before the
    /// entry, and the entry.
    pub(super) fn first_entry<T>(
        &self,
        volume: &mut Clusters<'_>,
        sectors: &mut ImageSectors<'_>,
        folder: Folder,
        look: &mut dyn FnMut(LongName, &[u8]) -> Option<T>,
    ) -> Result<Option<T>, FilesError> {
        let mut cursor = match folder {
            Folder::Chain { first_cluster } => Chain::new(first_cluster),
            Folder::Sectors { .. } => Chain::new(0),
        };
        let (mut done, mut long) = (0, LongName::default());
        while done < FOLDER_SECTORS_MAX {
            let run = match folder {
                Folder::Sectors { count, .. } if done >= count => None,
                Folder::Sectors { lba, count } => {
                    Some((lba + u64::from(done), (count - done).min(u32::from(READ_SECTORS)) as u16))
                }
                Folder::Chain { .. } => volume
                    .run_from(sectors, &mut cursor, done, READ_SECTORS)
                    .map_err(|error| self.error(&error))?,
            };
            let Some((lba, count)) = run else { break };
            let bytes = sectors.read(lba, count).map_err(|error| self.error(&error.into()))?;
            for slot in bytes.chunks_exact(SLOT_LEN) {
                match slot[0] {
                    0 => return Ok(None),
                    DELETED => long = LongName::default(),
                    _ if slot[11] & 0x3F == LONG_NAME => long.add(slot),
                    _ if slot[11] & IS_LABEL != 0 => long = LongName::default(),
                    _ => {
                        if let Some(found) = look(std::mem::take(&mut long), slot) {
                            return Ok(Some(found));
                        }
                    }
                }
            }
            done += (bytes.len() / SECTOR_LEN as usize) as u32;
        }
        Ok(None)
    }

    pub(super) fn read_entry(&self, slot: &[u8]) -> FolderEntry {
        let word = |at| u32::from(u16_at(slot, at));
        // The high half means something else on FAT12 and FAT16.
        let high = if self.has_large_clusters { word(20) } else { 0 };
        let len = u32_at(slot, 28);
        FolderEntry { is_folder: slot[11] & IS_FOLDER != 0, first_cluster: word(26) | high << 16, len }
    }

    pub(super) fn damaged(&self) -> FilesError {
        FilesError::Damaged { what: "the file allocation table of the volume", offset: self.start }
    }

    pub(super) fn error(&self, error: &VolumeError) -> FilesError {
        match error {
            VolumeError::Read(_) => {
                FilesError::Damaged { what: "a file or folder of the volume", offset: self.start }
            }
            _ => self.damaged(),
        }
    }
}

/// Whether `slot` has `name` as its short name.
fn is_short_name(slot: &[u8], name: &str) -> bool {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let is = |stored: &[u8], part: &str| {
        let stored = stored.iter().rposition(|&byte| byte != b' ').map_or(&[][..], |last| &stored[..=last]);
        stored.eq_ignore_ascii_case(part.as_bytes())
    };
    is(&slot[..8], stem) && is(&slot[8..11], extension)
}

/// Whether the entry in `slot` has `name` as its long name, in upper or lower case.
fn is_long_name(long: LongName, slot: &[u8], name: &str) -> bool {
    let wanted = name.chars().flat_map(char::to_uppercase);
    long.of(slot).is_some_and(|found| found.flat_map(char::to_uppercase).eq(wanted))
}

/// The volume's sectors, as the loader's reader wants them.
pub(super) struct ImageSectors<'s> {
    source: &'s dyn Source,
    start: u64,
    bytes: Vec<u8>,
}

impl Sectors for ImageSectors<'_> {
    fn read(&mut self, lba: u64, max: u16) -> Result<&[u8], ReadError> {
        let error = || ReadError { lba, status: 0 };
        let at = lba.checked_mul(SECTOR_LEN).and_then(|at| at.checked_add(self.start)).ok_or_else(error)?;
        // The end of an image may be missing.
        let present = self.source.len().saturating_sub(at) / SECTOR_LEN;
        let count = u64::from(max).min(present);
        if count == 0 {
            return Err(error());
        }
        self.bytes.resize((count * SECTOR_LEN) as usize, 0);
        self.source.read_at(at, &mut self.bytes).map_err(|_| error())?;
        Ok(&self.bytes)
    }
}
