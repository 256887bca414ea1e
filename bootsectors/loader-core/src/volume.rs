//! A volume that holds capsules, whatever its file system: finds the folder, walks over its files, and says where their
//! sectors lie.
//!
//! Everything above this trait (files, capsules, the search for heads) counts in sectors of 512 bytes, also on media
//! whose sectors are longer: there [`Sectors`] brings a part of one.

use crate::drive::{ReadError, Sectors};

/// Why a volume or a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeError {
    /// The drive does not return a sector.
    Read(ReadError),
    /// The volume's start describes no file system that can be read.
    NoFileSystem,
    /// The root directory has no such folder.
    NoFolder,
    /// A chain of clusters is damaged, or a file leaves the volume.
    Broken {
        /// Cluster whose entry, or which itself, is wrong.
        cluster: u32,
    },
    /// On a disc: a directory is damaged, or a file is not in one piece, or leaves the volume.
    BrokenBlock {
        /// Block of the directory, or that the file is said to begin with.
        block: u32,
    },
}

impl From<ReadError> for VolumeError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// An ordinary file of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Name and extension as FAT stores them: padded with spaces, without the dot.
    pub name: [u8; 11],
    /// Where the file begins, in units of the volume, ascending: its first cluster on a FAT, its first block on a disc, 0 if it
    /// is empty.
    pub start: u32,
    /// Length in bytes.
    pub len: u32,
}

impl FileEntry {
    /// The name without its extension, padded with spaces.
    pub fn stem(&self) -> [u8; 8] {
        let [stem @ .., _, _, _] = self.name;
        stem
    }
}

/// An open volume.
pub trait Volume {
    /// A walk over the entries of a folder.
    type Folder;
    /// A place in a file, from which the next is found fast.
    type Cursor;
    /// Whether a folder is in the order of its names, so that the places of its files alone say which was written first.
    const BY_NAME: bool = false;

    /// The root directory's folder `name`, stored as 11 bytes.
    ///
    /// # Errors
    ///
    /// [`VolumeError::NoFolder`] if there is none; a read error, or a damaged root directory.
    fn find_folder(
        &mut self,
        sectors: &mut impl Sectors,
        name: &[u8; 11],
    ) -> Result<Self::Folder, VolumeError>;

    /// The next ordinary file of `folder` with this extension, or `None` behind the last.
    ///
    /// # Errors
    ///
    /// A read error, or a damaged directory.
    fn next_file(
        &mut self,
        sectors: &mut impl Sectors,
        folder: &mut Self::Folder,
        extension: &[u8; 3],
    ) -> Result<Option<FileEntry>, VolumeError>;

    /// The start of `file`.
    fn cursor(&self, file: &FileEntry) -> Self::Cursor;

    /// LBA of sector number `sector` of a file, and how many sectors, at most `max`, follow one another from there on;
    /// `None` behind its end.
    ///
    /// Fastest in ascending order.
    ///
    /// # Errors
    ///
    /// A read error, or a file that is not in one piece as the volume says.
    fn run(
        &mut self,
        sectors: &mut impl Sectors,
        cursor: &mut Self::Cursor,
        sector: u32,
        max: u16,
    ) -> Result<Option<(u64, u16)>, VolumeError>;

    /// Forgets what is kept of the volume in memory: it may have been read wrong without an error.
    fn invalidate(&mut self);
}

/// A kind of volume.
pub trait FileSystem {
    /// One that is open, and keeps what it needs in a window of memory.
    type Volume<'w>: Volume;

    /// Opens the volume at `lba`. `window` has 512 bytes or more.
    ///
    /// # Errors
    ///
    /// [`VolumeError::NoFileSystem`] if none of this kind is there, or a read error.
    fn open<'w>(
        sectors: &mut impl Sectors,
        lba: u64,
        window: &'w mut [u8],
    ) -> Result<Self::Volume<'w>, VolumeError>;
}
