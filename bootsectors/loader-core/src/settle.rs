//! Finds the number of heads that CHS counts by, when nobody measured it: by what can be proven.

use ramkey_format::capsule::{EXTENSION, FOLDER};

use crate::capsule::open;
use crate::drive::{Bios, Disk};
use crate::fat::Volume;
use crate::file::FileReader;

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

/// Tries heads until the volume at `volume_lba` has a capsule whose header has its hash. If there is none, the heads
/// stay what they were told to be, and whoever reads next finds what is wrong. Does nothing where the heads are known.
///
/// Heads that are wrong only for sectors behind that header are found by the hash of the first chunk there.
pub fn settle<B: Bios>(disk: &mut Disk<B>, volume_lba: u64, window: &mut [u8]) {
    while disk.drive().heads_are_in_doubt() && !is_proven(disk, volume_lba, window) {
        disk.drive_mut().other_heads();
    }
}

fn is_proven<B: Bios>(disk: &mut Disk<B>, volume_lba: u64, window: &mut [u8]) -> bool {
    let Ok(mut volume) = Volume::open(disk, volume_lba, window) else { return false };
    let Ok(mut folder) = volume.find_folder(disk, &folder_name()) else { return false };
    while let Ok(Some(file)) = volume.next_file(disk, &mut folder, &extension()) {
        if open(&mut FileReader::new(disk, &mut volume, file)).is_ok() {
            return true;
        }
    }
    false
}
