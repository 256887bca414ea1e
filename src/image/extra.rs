//! The user's own files for a disc: a folder, looked through once, and its files' bytes one behind the other.
//!
//! Nothing stays open: each file is opened when bytes of it are read, and must then be the one that was seen. What is no
//! regular file, and what has a name that is not text, is left out and named in [`ExtraFiles::skipped`].

use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, File, FileType};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::{Path, PathBuf};

use ramkey_format::capsule::DISC_SECTOR_LEN;

use super::error::ImageError;
use super::files::SourceFile;
use super::seen::Seen;
use super::source::Source;
use crate::units::named;

/// Most files and folders that are taken: what they need in memory has a bound.
pub const EXTRA_MAX: usize = 65_535;

/// A folder of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraFolder {
    /// Its name; that of the first one, which is the whole, is empty.
    pub name: String,
    /// Number of the folder that it lies in, which is lower than its own; the first lies in itself.
    pub parent: usize,
}

/// A file of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraFile {
    /// Its name.
    pub name: String,
    /// Number of the folder that it lies in.
    pub folder: usize,
    /// Length in bytes.
    pub len: u64,
    /// Its first byte among those of all files: a multiple of 2048. Zeros fill its last 2048 bytes.
    pub offset: u64,
    /// How it was when it was looked at: it must be so whenever it is opened.
    seen: Seen,
}

/// Something in the folder that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// What.
    pub path: PathBuf,
    /// Why, as a sentence about it.
    pub why: &'static str,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is left out: {}", named(&self.path), self.why)
    }
}

/// A folder's files, in an order that follows from their names alone. As a [`Source`] it is the bytes of all of them, each
/// filled up with zeros to a multiple of 2048; an empty one has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtraFiles {
    folders: Vec<ExtraFolder>,
    files: Vec<ExtraFile>,
    sources: Vec<SourceFile>,
    skipped: Vec<Skipped>,
    len: u64,
}

impl ExtraFiles {
    /// Looks through the folder at `path`. A symbolic link that leads to a folder is followed there, and nowhere in it.
    ///
    /// # Errors
    ///
    /// [`ImageError::Open`] for a folder that cannot be read and a file that cannot be opened, [`ImageError::NotAFolder`],
    /// [`ImageError::TooManyFiles`].
    pub fn look(path: &Path) -> Result<Self, ImageError> {
        let metadata = fs::metadata(path).map_err(|source| open_error(path, source))?;
        if !metadata.is_dir() {
            return Err(ImageError::NotAFolder { path: path.to_owned() });
        }
        let mut extra =
            Self { folders: vec![ExtraFolder { name: String::new(), parent: 0 }], ..Self::default() };
        let mut to_do = VecDeque::from([(0, path.to_owned())]);
        // Each pass takes a folder, and there is a limit to them.
        while let Some((number, path)) = to_do.pop_front() {
            for (name, kind) in extra.entries(&path)? {
                if extra.folders.len() + extra.files.len() > EXTRA_MAX {
                    return Err(ImageError::TooManyFiles { path, limit: EXTRA_MAX });
                }
                let path = path.join(&name);
                if kind.is_dir() {
                    to_do.push_back((extra.folders.len(), path));
                    extra.folders.push(ExtraFolder { name, parent: number });
                } else {
                    extra.add(number, name, path)?;
                }
            }
        }
        Ok(extra)
    }

    /// The folders; the first is the one that was looked through.
    pub fn folders(&self) -> &[ExtraFolder] {
        &self.folders
    }

    /// The files.
    pub fn files(&self) -> &[ExtraFile] {
        &self.files
    }

    /// What is left out.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The file that byte `offset` belongs to, also as one of the zeros behind it.
    pub fn file_at(&self, offset: u64) -> Option<&Path> {
        (offset < self.len).then(|| &*self.sources[self.number_at(offset)].path)
    }

    /// Folders and regular files in the folder at `path`, by name; the others become skipped.
    fn entries(&mut self, path: &Path) -> Result<Vec<(String, FileType)>, ImageError> {
        let failed = |source| open_error(path, source);
        let mut entries = Vec::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entries.len() > EXTRA_MAX {
                return Err(ImageError::TooManyFiles { path: path.to_owned(), limit: EXTRA_MAX });
            }
            entries.push((entry.file_name(), entry.file_type().map_err(failed)?));
        }
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut taken = Vec::with_capacity(entries.len());
        for (name, kind) in entries {
            let path = path.join(&name);
            match (why_not(kind), name.into_string()) {
                (None, Ok(name)) => taken.push((name, kind)),
                (Some(why), _) => self.skipped.push(Skipped { path, why }),
                (None, Err(_)) => self.skipped.push(Skipped { path, why: "its name is not UTF-8" }),
            }
        }
        Ok(taken)
    }

    fn add(&mut self, folder: usize, name: String, path: PathBuf) -> Result<(), ImageError> {
        let metadata = File::open(&path).and_then(|file| file.metadata());
        let metadata = metadata.map_err(|source| open_error(&path, source))?;
        let (len, offset) = (metadata.len(), self.len);
        self.files.push(ExtraFile { name, folder, len, offset, seen: Seen::of(&metadata) });
        self.sources.push(SourceFile::new(&path, &metadata));
        // No file system has as many bytes as 64 bits count; if one says so, nothing has room for it.
        self.len = offset.saturating_add(len.checked_next_multiple_of(DISC_SECTOR_LEN).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Number of the file that byte `offset` belongs to, which must be there.
    fn number_at(&self, offset: u64) -> usize {
        // Behind an empty file another begins at the same byte, and that one counts.
        self.files.partition_point(|file| file.offset <= offset) - 1
    }

    /// Fills `buffer` from byte `offset` of file number `number` on.
    fn read_file(&self, number: usize, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let path = &self.sources[number].path;
        let named = |source: io::Error| io::Error::new(source.kind(), open_error(path, source));
        let changed = || io::Error::other(ImageError::Changed { path: path.clone() });
        // Looked at by name first: opening a pipe would wait for its other end.
        let seen = &self.files[number].seen;
        if Seen::of(&fs::symlink_metadata(path).map_err(named)?) != *seen {
            return Err(changed());
        }
        let file = File::open(path).map_err(named)?;
        let read = file.read_exact_at(buffer, offset);
        if Seen::of(&file.metadata()?) != *seen {
            return Err(changed());
        }
        let failed = |source: io::Error| {
            io::Error::new(source.kind(), ImageError::Read { path: path.clone(), offset, source })
        };
        read.map_err(failed)
    }
}

impl Source for ExtraFiles {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if offset.checked_add(buffer.len() as u64).is_none_or(|end| end > self.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (mut at, mut rest) = (offset, buffer);
        // Each pass fills a part of the buffer.
        while !rest.is_empty() {
            let number = self.number_at(at);
            let file = &self.files[number];
            let skip = at - file.offset;
            let whole = file.len.next_multiple_of(DISC_SECTOR_LEN);
            let (here, behind) = rest.split_at_mut((whole - skip).min(rest.len() as u64) as usize);
            let (data, zeros) =
                here.split_at_mut(file.len.saturating_sub(skip).min(here.len() as u64) as usize);
            if !data.is_empty() {
                self.read_file(number, skip, data)?;
            }
            zeros.fill(0);
            at += (data.len() + zeros.len()) as u64;
            rest = behind;
        }
        Ok(())
    }

    fn files(&self) -> &[SourceFile] {
        &self.sources
    }
}

/// Why something of this kind is not taken.
fn why_not(kind: FileType) -> Option<&'static str> {
    if kind.is_file() || kind.is_dir() {
        None
    } else if kind.is_symlink() {
        Some("it is a symbolic link")
    } else if kind.is_block_device() || kind.is_char_device() {
        Some("it is a device")
    } else {
        Some("it is a pipe or socket")
    }
}

fn open_error(path: &Path, source: io::Error) -> ImageError {
    ImageError::Open { path: path.to_owned(), source }
}
