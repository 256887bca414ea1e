//! Finds the disc again that the BIOS showed as a floppy or a hard disk.
//!
//! Such a machine booted sector 0 of the disc as that of a stick, and shows no more of the disc than the emulated drive
//! has. When the emulation has ended, the disc is one of the drives that packet calls read; which, nobody says reliably.

use ramkey_format::memory::{BLOCK_SHIFT, BOOT_LBA, SECTOR_SIZE};

use crate::drive::{ABANDONED, Bios};
use crate::progress::{Clock, ticks};

/// Seconds after which no further drive is asked: the disc turned a moment ago.
const SEARCH: u8 = 15;
/// Rounds at most, where the BIOS counts no ticks.
const ROUNDS: u32 = 30;
/// Numbers that a disc may have: those of discs first, then those of hard disks. Not FFh, at which some BIOSes crash
/// (`docs/quirks.md#int-13h`).
const NUMBERS: [core::ops::RangeInclusive<u8>; 2] = [0xE0..=0xFE, 0x80..=0x9F];
/// Status of a call for a drive that is not there, or that has no such calls.
const NO_SUCH_CALL: u8 = 0x01;

/// The BIOS as the search needs it.
pub trait DiscBios: Bios {
    /// INT 13h AX=4B00h for `drive`: ends the emulation of a floppy or a hard disk. Whether it worked shows when the disc
    /// is read.
    fn end_emulation(&mut self, drive: u8);
}

/// The disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// BIOS drive number.
    pub drive: u8,
    /// log2 of the sectors in a block that its EDD calls count: 2, or 0 where they count sectors of 512 bytes.
    pub block_shift: u8,
}

/// Ends the emulation of `boot_drive`, and finds the drive whose sector [`BOOT_LBA`] is `stamp`, the boot header in memory.
///
/// Asks all numbers in rounds, with pauses between them. A drive that can be read and is another, or that hangs, is not
/// asked again. The emulated drive's own number is not asked: where it still shows the disc, the emulation goes on. `None`
/// after 15 seconds.
pub fn find<B: DiscBios>(bios: &mut B, boot_drive: u8, stamp: &[u8; SECTOR_SIZE as usize]) -> Option<Found> {
    bios.end_emulation(boot_drive);
    let mut clock = Clock::new(bios.ticks());
    let mut is_done = [false; 256];
    for _ in 0..ROUNDS {
        for drive in NUMBERS.into_iter().flatten().filter(|&drive| drive != boot_drive) {
            let Some(is_done) = is_done.get_mut(usize::from(drive)).filter(|is_done| !**is_done) else {
                continue;
            };
            if clock.elapsed(bios.ticks()) >= ticks(SEARCH) {
                return None;
            }
            match look(bios, drive, stamp) {
                Look::Found(block_shift) => return Some(Found { drive, block_shift }),
                Look::Other => *is_done = true,
                Look::NotReady => bios.reset(drive),
                Look::Nothing => {}
            }
        }
        bios.pause();
    }
    None
}

/// What a drive is.
enum Look {
    /// The disc.
    Found(u8),
    /// Something else, for good.
    Other,
    /// It may be the disc: it fails.
    NotReady,
    /// Probably no drive.
    Nothing,
}

/// Reads the stamp's place of `drive` in blocks, and in sectors.
fn look(bios: &mut impl Bios, drive: u8, stamp: &[u8]) -> Look {
    let lba = u64::from(BOOT_LBA);
    let mut worked = 0;
    let mut status = 0;
    for block_shift in [BLOCK_SHIFT, 0] {
        let count = 1 << (BLOCK_SHIFT - block_shift);
        match bios.edd_read(drive, lba >> block_shift, count) {
            Ok(()) if bios.buffer().starts_with(stamp) => return Look::Found(block_shift as u8),
            Ok(()) => worked += 1,
            Err(ABANDONED) => return Look::Other,
            Err(found) => status = found,
        }
    }
    match (worked, status) {
        (2, _) => Look::Other,
        (_, NO_SUCH_CALL) => Look::Nothing,
        _ => Look::NotReady,
    }
}
