//! Where a CD without emulation wants its boot image, and whether it can have it there. The host asks the same.

use core::ops::Range;

use ramkey_format::memory::{REAL_STACK, SECTOR_SHIFT};

/// Where base memory ends at most.
pub const BASE_MEMORY_END: u32 = 640 << 10;
/// Least bytes that the resident part of a CD takes at the end of base memory: more than 3 KiB, and there are whole KiB only.
pub const RESIDENT_MIN: u32 = 4 << 10;

/// Why a boot image cannot lie where the boot catalogue says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It would lie over the interrupt table and the data of BIOS and DOS.
    Data,
    /// It would lie over what keeps the RAM disk, or behind base memory.
    End,
}

/// The linear addresses that the boot image takes.
pub fn place(load_segment: u16, load_sectors: u16) -> Range<u32> {
    let start = u32::from(load_segment) << 4;
    start..start + (u32::from(load_sectors) << SECTOR_SHIFT)
}

/// What is in the way of a boot image at `place`, where memory is free up to `end`.
pub fn obstacle(place: &Range<u32>, end: u32) -> Option<Obstacle> {
    if place.start < REAL_STACK {
        Some(Obstacle::Data)
    } else if place.end > end {
        Some(Obstacle::End)
    } else {
        None
    }
}
