//! A medium that is a disc: the way to it through what the BIOS emulates, and how it is left.

use ramkey_format::memory::SECTOR_SIZE;
use ramkey_format::resident::{FIRST_DISC, SPECIFICATION_EMULATION};
use ramkey_loader_core::access::DriveAccess;
use ramkey_loader_core::disc::{DiscBios, Found, find};
use ramkey_loader_core::drive::{Disk, Drive, Method, Sectors};

use crate::disk::{self, Int13};
use crate::low;

/// Bits of the packet's medium that say what is emulated (El Torito 1.0, figure 7); 0 is nothing.
const EMULATION_BITS: u8 = 0x0F;

/// Number of the first hard disk.
const FIRST_DISK: u8 = 0x80;

/// A sector of the medium that is in memory, by which a drive is known to show the medium.
pub struct Stamp<'s> {
    /// The boot header.
    pub header: &'s [u8; SECTOR_SIZE as usize],
    /// Where it was read.
    pub lba: u64,
}

/// What is known of the medium, for whoever is done with it.
#[derive(Clone, Copy)]
pub struct Medium {
    /// Whether it is a disc, for the words on the screen.
    pub is_disc: bool,
    /// The number that the image must not see it at.
    pub number: u8,
}

/// The disc itself, found after the end of the emulation that `disk` is; and the number that still shows it, if the
/// emulation did not end.
pub fn find_itself(disk: &mut Disk<Int13>, stamp: &Stamp<'_>) -> Option<(Drive, u8)> {
    let emulated = disk.drive().number();
    let Found { drive, block_shift } = find(disk.bios(), emulated, stamp.header)?;
    let number = if has_ended(disk, stamp) { drive } else { emulated };
    Some((Drive::new(drive, DriveAccess::disc(block_shift)), number))
}

/// Leaves the medium, which is at `number` too: the tray opens, and what the BIOS emulates with a disc ends, so that the
/// real drives come back; neither if the image keeps the medium. `may_be_disc` tells of one that is read as a stick.
pub fn leave(
    disk: &mut Disk<Int13>,
    stamp: &Stamp<'_>,
    number: u8,
    may_be_disc: bool,
    is_kept: bool,
) -> Medium {
    let drive = disk.drive().number();
    if disk.drive().is_disc() {
        if !is_kept {
            disk::unlock(drive);
        }
        return Medium { is_disc: true, number };
    }
    if !may_be_disc {
        return Medium { is_disc: false, number };
    }
    let told = disk::emulation(0x4B01, drive)
        .map(|packet| packet[SPECIFICATION_EMULATION as usize] & EMULATION_BITS != 0);
    let is_disc = told == Some(true);
    // A BIOS that cannot say it may emulate all the same; packet calls do not work there.
    if is_kept || !told.unwrap_or(disk.drive().method() == Method::Chs) {
        return Medium { is_disc, number };
    }
    disk::unlock(drive);
    disk.bios().end_emulation(drive);
    match has_ended(disk, stamp) {
        true => Medium { is_disc: true, number: FIRST_DISC as u8 },
        false => Medium { is_disc, number },
    }
}

/// Whether the emulation that `disk` was has ended: its drive does not show the medium any more. A BIOS may count that drive
/// still, and a second floppy that it told of; then it does no longer.
fn has_ended(disk: &mut Disk<Int13>, stamp: &Stamp<'_>) -> bool {
    disk.invalidate();
    if disk.read(stamp.lba, 1).is_ok_and(|sector| sector.starts_with(stamp.header)) {
        return false;
    }
    if disk.drive().number() & FIRST_DISK != 0 {
        low::DISK_COUNT.write(there(FIRST_DISK, low::DISK_COUNT.read()));
    } else {
        low::set_floppy_count(there(0, low::floppy_count()));
    }
    true
}

/// How many of `count` drives from number `first` on are there, without those at the end that are not.
fn there(first: u8, count: u8) -> u8 {
    (0..count).rev().find(|&index| disk::is_there(first | index)).map_or(0, |last| last + 1)
}
