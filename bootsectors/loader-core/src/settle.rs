//! Finds the number of heads that CHS counts by, when nobody measured it: by what can be proven.

use ramkey_format::boot::STATUS_OUT_OF_REACH;
use ramkey_format::capsule::{EXTENSION, FOLDER};

use crate::capsule::{End, OpenError, end_is_proven, open};
use crate::drive::{ABANDONED, Bios, Disk, ReadError, TIME_OUT};

use crate::file::{FileError, FileReader};
use crate::volume::{FileEntry, FileSystem, Volume, VolumeError};

/// Status of a sector behind the last cylinder.
const OUT_OF_REACH: u8 = STATUS_OUT_OF_REACH as u8;

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

/// Time-outs that a search bears: each may take seconds.
const TIME_OUTS_MAX: u32 = 16;

/// What became of a trial.
enum Outcome {
    Proven,
    /// Other sectors were read than were meant, or what should be there is damaged.
    Wrong,
    /// A call timed out.
    Slow,
    /// A call hung, or there is no stick any more.
    Gone,
}

/// Tries heads until what lies farthest on the volume at `volume_lba` is proven: of the capsule that begins last the header,
/// and what ends farthest of its table block and its raw chunks. What is nearer is then right too: sectors that two numbers
/// of heads place alike are in the first cylinder of both. If no heads prove that one, the next nearer is tried: it may be
/// damaged. A capsule behind the last cylinder does not count.
///
/// On a BIOS that reads single sectors that would take seconds. There the header alone is believed at first, and the
/// doubt stays: the drive tries usual heads when a chunk is wrong.
///
/// If nothing can be proven, the heads stay what they were told to be, and whoever reads next finds what is wrong. Does
/// nothing where the heads are known, and on a disc, which has none. `searching` is called before the second trial.
pub fn settle<F: FileSystem, B: Bios>(
    disk: &mut Disk<B>,
    volume_lba: u64,
    window: &mut [u8],
    mut searching: impl FnMut(),
) {
    if !disk.drive().heads_are_in_doubt() {
        return;
    }
    if disk.drive().transfer_sectors() == 1 && disk.drive_mut().try_heads(0) {
        let is_plausible = has_header::<F, B>(disk, volume_lba, window);
        disk.drive_mut().leave_in_doubt();
        if is_plausible {
            return;
        }
    }
    let mut time_outs = 0;
    let mut known = None;
    for damaged in 0..=1 {
        let mut number = 0;
        while disk.drive_mut().try_heads(number) {
            match prove::<F, B>(disk, volume_lba, window, damaged, &mut known) {
                Outcome::Proven => return disk.drive_mut().keep_heads(),
                Outcome::Slow if time_outs < TIME_OUTS_MAX => time_outs += 1,
                Outcome::Slow | Outcome::Gone => return disk.drive_mut().told_heads_again(),
                Outcome::Wrong => {}
            }
            if (damaged, number) == (0, 0) {
                searching();
            }
            number += 1;
        }
    }
    disk.drive_mut().told_heads_again();
}

/// Whether the header and the end of the capsule that lies farthest are proven. If so, all of the volume at
/// `volume_lba` is within reach.
pub fn reaches<F: FileSystem, B: Bios>(disk: &mut Disk<B>, volume_lba: u64, window: &mut [u8]) -> bool {
    matches!(prove::<F, B>(disk, volume_lba, window, 0, &mut None), Outcome::Proven)
}

/// Whether the header of the capsule that lies farthest is proven.
fn has_header<F: FileSystem, B: Bios>(disk: &mut Disk<B>, volume_lba: u64, window: &mut [u8]) -> bool {
    let Ok(mut volume) = F::open(disk, volume_lba, window) else { return false };
    let Ok(Some(file)) = farthest(disk, &mut volume, u32::MAX) else { return false };
    open(&mut FileReader::new(disk, &mut volume, file)).is_ok()
}

/// Proves the capsule that lies farthest, when `damaged` of them were left out. `known` is kept from trial to trial.
fn prove<F: FileSystem, B: Bios>(
    disk: &mut Disk<B>,
    volume_lba: u64,
    window: &mut [u8],
    damaged: u32,
    known: &mut Option<End>,
) -> Outcome {
    let mut volume = match F::open(disk, volume_lba, window) {
        Ok(volume) => volume,
        // Heads do not count there.
        Err(VolumeError::Read(ReadError { status: TIME_OUT, .. })) => return Outcome::Gone,
        Err(error) => return outcome(error.into()),
    };
    let mut left_out = 0;
    let mut nearer_than = u32::MAX;
    loop {
        let file = match farthest(disk, &mut volume, nearer_than) {
            Ok(Some(file)) => file,
            Ok(None) => return Outcome::Wrong,
            Err(error) => return outcome(error.into()),
        };
        nearer_than = file.start;
        match is_proven(disk, &mut volume, file, known) {
            Ok(true) => return Outcome::Proven,
            Err(FileError::Volume(VolumeError::Read(ReadError { status: OUT_OF_REACH, .. }))) => {}
            Ok(false) | Err(_) if left_out < damaged => left_out += 1,
            Ok(false) => return Outcome::Wrong,
            Err(error) => return outcome(error),
        }
    }
}

fn outcome(error: FileError) -> Outcome {
    match error {
        FileError::Volume(VolumeError::Read(ReadError { status: ABANDONED, .. })) => Outcome::Gone,
        FileError::Volume(VolumeError::Read(ReadError { status: TIME_OUT, .. })) => Outcome::Slow,
        _ => Outcome::Wrong,
    }
}

/// The capsule that begins last, but before `nearer_than`. A name with `_` is that of "._NAME.RKC", in which a
/// Macintosh keeps what FAT has no place for.
fn farthest<B: Bios>(
    disk: &mut Disk<B>,
    volume: &mut impl Volume,
    nearer_than: u32,
) -> Result<Option<FileEntry>, VolumeError> {
    let mut folder = volume.find_folder(disk, &folder_name())?;
    let mut farthest: Option<FileEntry> = None;
    while let Some(file) = volume.next_file(disk, &mut folder, &extension())? {
        let is_meant = file.start < nearer_than && file.name[0] != b'_';
        if is_meant && farthest.is_none_or(|other| other.start < file.start) {
            farthest = Some(file);
        }
    }
    Ok(farthest)
}

fn is_proven<B: Bios>(
    disk: &mut Disk<B>,
    volume: &mut impl Volume,
    file: FileEntry,
    known: &mut Option<End>,
) -> Result<bool, FileError> {
    let mut reader = FileReader::new(disk, volume, file);
    match open(&mut reader) {
        Ok(header) => end_is_proven(&mut reader, &header, known),
        Err(OpenError::File(error)) => Err(error),
        Err(_) => Ok(false),
    }
}
