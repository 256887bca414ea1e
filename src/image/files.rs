//! Files of the FAT and NTFS volumes in an image: read only, by path, upper or lower case.
//!
//! An image can be damaged or made to harm: circles are noticed, folders have a limit, and no file is read beyond the
//! length that its reader asks for. That is why no library is used: those that are free fail on such images.

mod fat;
mod long_name;
mod lznt1;
mod ntfs;
mod record;
mod runs;

use std::io;

use super::{Source, table};
use crate::units::SECTOR_LEN;

pub(crate) use long_name::LongName;
pub(super) use lznt1::unpack;

/// Why a file or a volume cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum FilesError {
    /// The image cannot be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// A record of the file system is damaged.
    #[error("{what} is damaged at byte {offset:#x} of the image")]
    Damaged {
        /// What it is.
        what: &'static str,
        /// Where it begins.
        offset: u64,
    },
    /// The file is longer than its reader can use.
    #[error("it has {len} bytes, and at most {limit} can be read")]
    TooLong {
        /// Its length in bytes.
        len: u64,
        /// Most bytes.
        limit: u64,
    },
    /// The file can be read on its own Windows alone.
    #[error("it is encrypted")]
    Encrypted,
}

/// The files of one volume.
pub(super) struct Files<'s> {
    volume: Volume<'s>,
}

enum Volume<'s> {
    Fat(fat::FatVolume<'s>),
    Ntfs(ntfs::NtfsVolume<'s>),
}

impl<'s> Files<'s> {
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
        if sector[510..] != table::SIGNATURE {
            return Ok(None);
        }
        if &sector[3..11] == b"NTFS    " {
            let volume = Volume::Ntfs(ntfs::NtfsVolume::open(source, offset, &sector)?);
            return Ok(Some(Self { volume }));
        }
        if super::volume::read(&sector).is_none() {
            return Ok(None);
        }
        Ok(Some(Self { volume: Volume::Fat(fat::FatVolume::open(source, offset, &sector)) }))
    }

    /// Whether the volume has NTFS.
    pub fn is_ntfs(&self) -> bool {
        matches!(self.volume, Volume::Ntfs(_))
    }

    /// Whether there is a file at `path`, names with `\` between them.
    ///
    /// # Errors
    ///
    /// The way there cannot be read.
    pub fn has(&self, path: &str) -> Result<bool, FilesError> {
        match &self.volume {
            Volume::Fat(volume) => volume.has(path),
            Volume::Ntfs(volume) => volume.has(path),
        }
    }

    /// The whole file at `path`, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`FilesError::TooLong`] if it has more than `limit` bytes; other errors if it cannot be read.
    pub fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, FilesError> {
        self.read_part(path, Part::Whole { limit })
    }

    /// The first `len` bytes of the file at `path`, or all of a shorter one; `None` if there is none.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn read_start(&self, path: &str, len: u64) -> Result<Option<Vec<u8>>, FilesError> {
        self.read_part(path, Part::Start { len })
    }

    fn read_part(&self, path: &str, part: Part) -> Result<Option<Vec<u8>>, FilesError> {
        match &self.volume {
            Volume::Fat(volume) => volume.read(path, part),
            Volume::Ntfs(volume) => volume.read(path, part),
        }
    }
}

/// How much of a file is wanted.
#[derive(Clone, Copy)]
enum Part {
    /// All of it, if it has at most so many bytes.
    Whole { limit: u64 },
    /// Its start.
    Start { len: u64 },
}

impl Part {
    /// Bytes to read of a file of `len` bytes.
    fn of(self, len: u64) -> Result<u64, FilesError> {
        match self {
            Self::Whole { limit } if len > limit => Err(FilesError::TooLong { len, limit }),
            Self::Whole { .. } => Ok(len),
            Self::Start { len: wanted } => Ok(len.min(wanted)),
        }
    }
}

/// The names of a path.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('\\').filter(|name| !name.is_empty())
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}
