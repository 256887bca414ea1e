//! The committed boot code as a whole: what a version of this program puts onto sticks and discs.

use crate::boot::disc::START;
use crate::boot::dos::{RECORD, SECTOR};
use crate::boot::{BOOT, PLAIN, SECTOR_0, STAGE_1};

/// The files of the boot code, with their names.
pub fn prebuilt() -> [(&'static str, &'static [u8]); 7] {
    [
        ("boot.bin", BOOT),
        ("disc.bin", START),
        ("dos.bin", SECTOR),
        ("dos_mbr.bin", RECORD),
        ("plain.bin", PLAIN),
        ("sector0.bin", SECTOR_0),
        ("stage1.bin", STAGE_1),
    ]
}
