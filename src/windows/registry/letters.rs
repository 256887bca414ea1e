//! Drive letters that Windows remembers of a disk that this one is not.

use super::journal::Journal;
use crate::contents::windows::hive::ValueData;
use crate::windows::hive::HiveEditError;

const MOUNTED: &str = "MountedDevices";
/// Type of a value of bytes.
const BYTES: u32 = 3;

/// Lets Windows forget all letters, which it then gives anew, C: to the first partition. A Windows on another `letter` keeps
/// that one, for the volume at `offset` of the disk with `signature`.
pub(in crate::windows) fn forget_letters(
    journal: &mut Journal,
    letter: char,
    signature: u32,
    offset: u64,
) -> Result<String, HiveEditError> {
    for (name, _) in journal.hive.values(MOUNTED)? {
        journal.forget(MOUNTED, &name)?;
    }
    if letter == 'C' {
        return Ok("MountedDevices: the drive letters of the other disk are forgotten".into());
    }
    let bytes = [&signature.to_le_bytes()[..], &offset.to_le_bytes()].concat();
    journal.set(MOUNTED, &format!("\\DosDevices\\{letter}:"), &ValueData { kind: BYTES, bytes })?;
    Ok(format!("MountedDevices: {letter}: is on this disk, and the other letters are forgotten"))
}
