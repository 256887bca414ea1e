//! Files of the FAT and NTFS volumes in an image: read only, by path, upper or lower case.
//!
//! An image can be damaged or made to harm: circles are noticed, folders have a limit, and no file is read beyond the
//! length that its reader asks for. That is why no library is used: those that are free fail on such images.

mod error;
mod fat;
mod fat_walk;
mod largest;
mod long_name;
mod lznt1;
mod ntfs;
mod ntfs_walk;
mod portion;
mod record;
mod runs;
mod spare;

use super::boot_sector;
use crate::image::{BOOT_SIGNATURE, Source};
use crate::units::SECTOR_LEN;
use portion::Portion;

pub(crate) use error::FilesError;
pub(super) use fat::{DELETED, IS_FOLDER, IS_LABEL, LONG_NAME, SLOT_LEN};
pub(super) use largest::Largest;
pub(crate) use long_name::LongName;
pub(super) use ntfs::NtfsVolume;
pub(super) use record::{SystemPart, restore};
pub(super) use spare::SpareFolders;

/// The files of one volume.
pub(crate) struct VolumeFiles<'s> {
    reader: Reader<'s>,
}

enum Reader<'s> {
    Fat(fat::FatVolume<'s>),
    Ntfs(ntfs::NtfsVolume<'s>),
}

impl<'s> VolumeFiles<'s> {
    /// Opens the volume that begins at `offset`, or gives `None` if that is neither FAT nor NTFS.
    ///
    /// # Errors
    ///
    /// It is one of them and cannot be read.
    pub fn open(source: &'s dyn Source, offset: u64) -> Result<Option<Self>, FilesError> {
        let mut sector = [0; SECTOR_LEN as usize];
        if offset.saturating_add(SECTOR_LEN) > source.len() {
            return Ok(None);
        }
        source.read_at(offset, &mut sector)?;
        if sector[510..] != BOOT_SIGNATURE {
            return Ok(None);
        }
        if &sector[3..11] == b"NTFS    " {
            let reader = Reader::Ntfs(ntfs::NtfsVolume::open(source, offset, &sector)?);
            return Ok(Some(Self { reader }));
        }
        if boot_sector::read(&sector).is_none() {
            return Ok(None);
        }
        Ok(Some(Self { reader: Reader::Fat(fat::FatVolume::open(source, offset, &sector)) }))
    }

    /// Whether the volume has NTFS.
    pub fn is_ntfs(&self) -> bool {
        matches!(self.reader, Reader::Ntfs(_))
    }

    /// Whether there is a file at `path`, names with `\` between them.
    ///
    /// # Errors
    ///
    /// The way there cannot be read.
    pub fn has(&self, path: &str) -> Result<bool, FilesError> {
        match &self.reader {
            Reader::Fat(volume) => volume.has(path),
            Reader::Ntfs(volume) => volume.has(path),
        }
    }

    /// The whole file at `path`, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`FilesError::TooLong`] if it has more than `limit` bytes; other errors if it cannot be read.
    pub fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, FilesError> {
        self.read_part(path, Portion::Whole { limit })
    }

    /// The first `len` bytes of the file at `path`, or all of a shorter one; `None` if there is none.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn read_start(&self, path: &str, len: u64) -> Result<Option<Vec<u8>>, FilesError> {
        self.read_part(path, Portion::Start { len })
    }

    /// Length in bytes of the file at `path`; `None` if there is none.
    ///
    /// # Errors
    ///
    /// The way there cannot be read.
    pub fn len(&self, path: &str) -> Result<Option<u64>, FilesError> {
        match &self.reader {
            Reader::Fat(volume) => volume.len(path),
            Reader::Ntfs(volume) => volume.len(path),
        }
    }

    /// The path of a file as the volume has it, with upper and lower case as they are stored on an NTFS; `None` if there is
    /// no such file.
    ///
    /// # Errors
    ///
    /// The way there cannot be read.
    pub fn stored_path(&self, path: &str) -> Result<Option<String>, FilesError> {
        match &self.reader {
            Reader::Fat(volume) => Ok(volume.has(path)?.then(|| path.to_owned())),
            Reader::Ntfs(volume) => volume.stored_path(path),
        }
    }

    /// Puts the files of the volume that take most room into `largest`, and what nobody needs into `spare`.
    ///
    /// # Errors
    ///
    /// A part of the volume cannot be read; what was found before that is in `largest`.
    pub(super) fn largest(&self, largest: &mut Largest, spare: &mut SpareFolders) -> Result<(), FilesError> {
        match &self.reader {
            Reader::Fat(volume) => volume.largest(largest, spare),
            Reader::Ntfs(volume) => volume.largest(largest, spare),
        }
    }

    /// The path of the file or folder of a FAT that has `cluster`; `None` if none has, or it is no FAT. All files and
    /// folders are looked at, so that damage shows.
    ///
    /// # Errors
    ///
    /// A chain or folder is damaged.
    pub fn owner(&self, cluster: u32) -> Result<Option<String>, FilesError> {
        match &self.reader {
            Reader::Fat(volume) => volume.owner(cluster),
            Reader::Ntfs(_) => Ok(None),
        }
    }

    /// Bytes of the volume that no file has, of an NTFS by its map of clusters; `None` of a FAT, whose table says it.
    ///
    /// # Errors
    ///
    /// The map cannot be read.
    pub fn free(&self) -> Result<Option<u64>, FilesError> {
        match &self.reader {
            Reader::Fat(_) => Ok(None),
            Reader::Ntfs(volume) => volume.free().map(Some),
        }
    }

    fn read_part(&self, path: &str, part: Portion) -> Result<Option<Vec<u8>>, FilesError> {
        match &self.reader {
            Reader::Fat(volume) => volume.read(path, part),
            Reader::Ntfs(volume) => volume.read(path, part),
        }
    }
}
