//! Files of a FAT volume: written and deleted by fatfs, in memory.
//!
//! What was there stays where it is: a file that is written again keeps its clusters and gets more if it grew. fatfs would
//! give new entries dates of month 0; they get the first day that a FAT knows, so that the same change gives the same bytes.

use std::io::{self, Seek, SeekFrom, Write};

use fatfs::{Date, DateTime, FileSystem, FsOptions, Time, TimeProvider};

use super::overlay::{Changed, VolumeDisk};
use crate::contents::BpbFields;
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// The first day that a FAT knows.
#[derive(Debug)]
pub(in crate::windows) struct FirstDay;

const FIRST_DAY: Date = Date { year: 1980, month: 1, day: 1 };

impl TimeProvider for FirstDay {
    fn get_current_date(&self) -> Date {
        FIRST_DAY
    }

    fn get_current_date_time(&self) -> DateTime {
        DateTime { date: FIRST_DAY, time: Time { hour: 0, min: 0, sec: 0, millis: 0 } }
    }
}

/// What is done with a file.
pub(super) enum FatChange<'b> {
    /// It gets these bytes, and is made if it is not there.
    Put(&'b [u8]),
    /// It goes.
    Remove,
}

/// Changes the file at `path` of the volume that begins at `start`.
pub(super) fn change(
    changed: &mut Changed<'_>,
    start: u64,
    path: &str,
    change: FatChange<'_>,
) -> io::Result<()> {
    let options = FsOptions::new().time_provider(&FirstDay);
    let volume = FileSystem::new(VolumeDisk::new(changed, start), options)?;
    let path = path.replace('\\', "/");
    match change {
        FatChange::Put(bytes) => {
            let root = volume.root_dir();
            let mut file = root.create_file(&path)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(bytes)?;
            file.truncate()?;
            file.flush()?;
        }
        FatChange::Remove => volume.root_dir().remove(&path)?,
    }
    volume.unmount()
}

/// Whether fatfs found no free cluster, or no free place in the topmost folder. It has no kind of error for that.
pub(super) fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WriteZero || error.to_string() == "No space left on device"
}

/// Whether the volume was in use when it was copied: the second entry of its table says so. (Microsoft, FAT32 File System
/// Specification 1.03.) A FAT12 has no such bit.
pub(super) fn is_dirty(source: &dyn Source, start: u64) -> io::Result<bool> {
    let mut sector = [0; SECTOR_LEN as usize];
    source.read_at(start, &mut sector)?;
    let bpb = BpbFields::read(&sector);
    source.read_at(start + u64::from(bpb.reserved) * SECTOR_LEN, &mut sector)?;
    let is_set = |at: usize, bit: u8| sector[at] & bit != 0;
    Ok(match bpb.fat_bits() {
        Some(16) => !is_set(3, 0x80),
        Some(32) => !is_set(7, 0x08),
        _ => false,
    })
}
