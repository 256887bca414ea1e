//! Drive letters that Windows remembers of a disk that this one is not.

use super::journal::Journal;
use crate::contents::bytes::{u32_at, u64_at};
use crate::contents::windows::DriveLetter;
use crate::contents::windows::hive::ValueData;
use crate::windows::hive::{HiveEdit, HiveEditError};

const MOUNTED: &str = "MountedDevices";
/// Type of a value of bytes.
const BYTES: u32 = 3;

/// Where Windows remembers this drive letter, if that is on a disk with a master boot record.
pub(in crate::windows) fn remembered(
    hive: &HiveEdit,
    letter: char,
) -> Result<Option<DriveLetter>, HiveEditError> {
    let value = hive.value(MOUNTED, &format!("\\DosDevices\\{letter}:"))?;
    let bytes = value.map(|value| value.bytes).filter(|bytes| bytes.len() == 12);
    Ok(bytes.map(|bytes| DriveLetter {
        letter,
        disk_signature: u32_at(&bytes, 0),
        offset: u64_at(&bytes, 4),
    }))
}

/// Lets Windows forget all letters, which it then gives anew, C: to the first partition. A Windows on another `letter` keeps
/// that one, for the volume at `offset` of the disk with `signature`.
pub(in crate::windows) fn forget_letters(
    journal: &mut Journal,
    letter: char,
    signature: u32,
    offset: u64,
) -> Result<String, HiveEditError> {
    let mut names: Vec<String> = journal.hive.values(MOUNTED)?.into_iter().map(|(name, _)| name).collect();
    // A driver that came and went leaves them in another order, and the record is to be the same.
    names.sort_unstable();
    for name in names {
        journal.forget(MOUNTED, &name)?;
    }
    if letter == 'C' {
        return Ok("MountedDevices: the drive letters of the other disk are forgotten".into());
    }
    let bytes = [&signature.to_le_bytes()[..], &offset.to_le_bytes()].concat();
    journal.set(MOUNTED, &format!("\\DosDevices\\{letter}:"), &ValueData { kind: BYTES, bytes })?;
    Ok(format!("MountedDevices: {letter}: is on this disk, and the other letters are forgotten"))
}
