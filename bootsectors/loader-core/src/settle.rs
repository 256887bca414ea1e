//! Finds the number of heads that CHS counts by, when nobody measured it: by what can be proven.

use ramkey_format::capsule::{EXTENSION, FOLDER};

use crate::capsule::{OpenError, end_is_proven, open};
use crate::drive::{ABANDONED, Bios, Disk, ReadError, TIME_OUT};
use crate::fat::{FatError, FileEntry, Volume};
use crate::file::{FileError, FileReader};

/// The folder's name as a directory has it.
pub fn folder_name() -> [u8; 11] {
    let mut name = [b' '; 11];
    for (to, from) in name.iter_mut().zip(FOLDER.bytes()) {
        *to = from;
    }
    name
}

/// The extension as a directory has it.
pub fn extension() -> [u8; 3] {
    let mut extension = [b' '; 3];
    for (to, from) in extension.iter_mut().zip(EXTENSION.bytes()) {
        *to = from;
    }
    extension
}

/// Tries heads until what lies farthest on the volume at `volume_lba` is proven: the header, and the last chunk that is
/// stored, of the capsule with the highest cluster. What is nearer is then right too: sectors that two numbers of heads
/// place alike are in the first cylinder of both.
///
/// If nothing can be proven, the heads stay what they were told to be, and whoever reads next finds what is wrong. A
/// read that times out, or hangs, ends the search. Does nothing where the heads are known. `searching` is called before
/// the second trial.
pub fn settle<B: Bios>(disk: &mut Disk<B>, volume_lba: u64, window: &mut [u8], mut searching: impl FnMut()) {
    let mut trials = 0;
    while disk.drive().heads_are_in_doubt() {
        match is_proven(disk, volume_lba, window) {
            Ok(true) => disk.drive_mut().keep_heads(),
            Err(FileError::Fat(FatError::Read(ReadError { status: TIME_OUT | ABANDONED, .. }))) => {
                disk.drive_mut().told_heads_again();
            }
            Ok(false) | Err(_) => disk.drive_mut().other_heads(),
        }
        trials += 1;
        if trials == 1 && disk.drive().heads_are_in_doubt() {
            searching();
        }
    }
}

fn is_proven<B: Bios>(disk: &mut Disk<B>, volume_lba: u64, window: &mut [u8]) -> Result<bool, FileError> {
    let mut volume = Volume::open(disk, volume_lba, window)?;
    let mut folder = volume.find_folder(disk, &folder_name())?;
    let mut farthest: Option<FileEntry> = None;
    while let Some(file) = volume.next_file(disk, &mut folder, &extension())? {
        if farthest.is_none_or(|other| other.first_cluster < file.first_cluster) {
            farthest = Some(file);
        }
    }
    let Some(file) = farthest else { return Ok(false) };
    let mut reader = FileReader::new(disk, &mut volume, file);
    match open(&mut reader) {
        Ok(header) => end_is_proven(&mut reader, &header),
        Err(OpenError::File(error)) => Err(error),
        Err(_) => Ok(false),
    }
}
