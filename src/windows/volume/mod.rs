//! Files of the volumes of an image, changed in memory.

mod fat;
mod ntfs;
mod ntfs_times;
mod overlay;

pub use ntfs::{NtfsFile, NtfsTool};
pub use overlay::{Changed, Sectors};

use super::error::WindowsError;
use crate::contents::VolumeFiles;
use fat::FatChange;

/// Bytes at the start of a hibernation file that is in use.
const HIBERNATED: [&[u8]; 4] = [b"hibr", b"HIBR", b"wake", b"WAKE"];

/// A volume of the image that is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Volume {
    /// Number of its partition, for people; 0 if there is no partition table.
    pub number: u32,
    /// First byte in the image.
    pub start: u64,
    pub is_ntfs: bool,
}

/// The image while it is changed. Files on NTFS are collected, because another program writes them.
pub(super) struct Disk<'s> {
    pub changed: Changed<'s>,
    pub ntfs: Vec<NtfsFile>,
}

impl Disk<'_> {
    /// Refuses a volume whose Windows sleeps, and one that was not closed and is damaged; gives what is to be known of it.
    pub fn check_closed(&self, volume: Volume) -> Result<Option<String>, WindowsError> {
        let files = self.files(volume)?;
        let first = files.read_start("hiberfil.sys", 4).map_err(|error| unreadable(volume, &error))?;
        let is_asleep = first.is_some_and(|first| HIBERNATED.contains(&&first[..]));
        if is_asleep {
            return Err(WindowsError::Asleep { partition: volume.number });
        }
        let failed = |error| WindowsError::Volume { partition: volume.number, why: format!("{error}") };
        if volume.is_ntfs || !fat::is_dirty(&self.changed, volume.start).map_err(failed)? {
            return Ok(None);
        }
        // All files are looked at, so that damage shows: no file has this cluster.
        if files.owner(0).is_err() {
            return Err(WindowsError::Dirty { partition: volume.number });
        }
        let number = volume.number;
        Ok(Some(format!("partition {number} was not closed; its files were looked through and are whole")))
    }

    fn files(&self, volume: Volume) -> Result<VolumeFiles<'_>, WindowsError> {
        let found = VolumeFiles::open(&self.changed, volume.start);
        let found = found.map_err(|error| unreadable(volume, &error))?;
        let none =
            || WindowsError::Volume { partition: volume.number, why: "it is no FAT and no NTFS".into() };
        found.ok_or_else(none)
    }

    /// The whole file at `path`, or `None`.
    pub fn read(&self, volume: Volume, path: &str, limit: u64) -> Result<Option<Vec<u8>>, WindowsError> {
        if let Some(file) = self.ntfs.iter().rev().find(|file| file.is_at(volume.start, path)) {
            return Ok(Some(file.bytes.clone()));
        }
        self.files(volume)?.read(path, limit).map_err(|error| unreadable_file(volume, path, &error))
    }

    /// Gives the file at `path` these bytes; its folder must be there.
    pub fn put(&mut self, volume: Volume, path: &str, bytes: &[u8]) -> Result<(), WindowsError> {
        if volume.is_ntfs {
            return self.put_on_ntfs(volume, path, bytes);
        }
        fat::change(&mut self.changed, volume.start, path, FatChange::Put(bytes)).map_err(|error| {
            if fat::is_full(&error) {
                let (path, len) = (path.to_owned(), bytes.len() as u64);
                return WindowsError::Full { partition: volume.number, path, len };
            }
            unwritable(volume, path, &error)
        })?;
        let found = self.read(volume, path, bytes.len() as u64)?;
        if found.as_deref() == Some(bytes) {
            Ok(())
        } else {
            Err(unwritable(volume, path, &"it reads back changed"))
        }
    }

    fn put_on_ntfs(&mut self, volume: Volume, path: &str, bytes: &[u8]) -> Result<(), WindowsError> {
        // The program that writes tells upper and lower case apart.
        let stored = {
            let files = self.files(volume)?;
            let stored = |path: &str| files.stored_path(path).map_err(|error| unreadable(volume, &error));
            let (folder, name) = path.rsplit_once('\\').unwrap_or(("", path));
            match stored(path)? {
                Some(stored) => stored,
                None if folder.is_empty() => name.to_owned(),
                None => {
                    let none = || unwritable(volume, path, &"its folder is not there");
                    format!("{}\\{name}", stored(folder)?.ok_or_else(none)?)
                }
            }
        };
        self.ntfs.retain(|file| !file.is_at(volume.start, path));
        let (volume, number) = (volume.start, volume.number);
        self.ntfs.push(NtfsFile { volume, number, path: stored, bytes: bytes.to_vec() });
        Ok(())
    }

    /// Deletes the file at `path`; whether it was there and is gone. No program deletes a file of an NTFS without mounting it.
    pub fn remove(&mut self, volume: Volume, path: &str) -> Result<bool, WindowsError> {
        let is_there = self.files(volume)?.has(path).map_err(|error| unreadable(volume, &error))?;
        if !is_there || volume.is_ntfs {
            return Ok(false);
        }
        fat::change(&mut self.changed, volume.start, path, FatChange::Remove)
            .map_err(|error| unwritable(volume, path, &error))?;
        Ok(true)
    }
}

/// Reads the files that `ntfscp` wrote.
///
/// # Errors
///
/// [`WindowsError::ReadBack`] if one of them holds something else.
pub fn prove(changed: &Changed<'_>, files: &[NtfsFile]) -> Result<(), WindowsError> {
    for file in files {
        let wrong = |why: &str| WindowsError::ReadBack { why: format!("`{}` {why}", file.path) };
        let found = VolumeFiles::open(changed, file.volume).ok().flatten();
        let found = found.ok_or_else(|| wrong("is on no volume"))?.read(&file.path, file.bytes.len() as u64);
        if found.ok().flatten().as_deref() != Some(&file.bytes[..]) {
            return Err(wrong("holds something else"));
        }
    }
    Ok(())
}

fn unreadable(volume: Volume, error: &dyn std::fmt::Display) -> WindowsError {
    WindowsError::Volume { partition: volume.number, why: error.to_string() }
}

fn unreadable_file(volume: Volume, path: &str, error: &dyn std::fmt::Display) -> WindowsError {
    unreadable(volume, &format!("`{path}` cannot be read: {error}"))
}

fn unwritable(volume: Volume, path: &str, error: &dyn std::fmt::Display) -> WindowsError {
    unreadable(volume, &format!("`{path}` cannot be written: {error}"))
}
