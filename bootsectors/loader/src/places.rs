//! Where the parts of the resident part lie, and what one installation decided.

use ramkey_format::errors;
use ramkey_format::hooks::{HEAD_LEN, SLOTS_LEN};
use ramkey_format::memory::LOW_MEMORY_END;
use ramkey_format::resident::*;
use ramkey_loader_core::boot_image;
use ramkey_loader_core::drives::{Class, Numbers};
use ramkey_loader_core::memory::Map;
use ramkey_loader_core::screen::say;

use crate::console::Console;
use crate::drives::Drives;
use crate::halt::stop;
use crate::identities::{Before, Memory};

/// Where base memory ends at most.
pub const BASE_MEMORY_END: u64 = boot_image::BASE_MEMORY_END as u64;
/// The assembled engine.
pub static ENGINE: &[u8] = include_bytes!(concat!(env!("RAMKEY_BLOBS"), "/resident.bin"));

/// A 16-bit field of the engine's header.
pub fn entry(offset: u32) -> u16 {
    u16::from_le_bytes([ENGINE[offset as usize], ENGINE[offset as usize + 1]])
}

/// Where the parts of the resident part lie, from its start on.
pub struct Places {
    /// Linear address of the first head.
    pub start: u32,
    /// KiB of it all.
    pub kib: u16,
    /// Offset of the engine.
    pub engine: u32,
    /// Offset of the records in the engine's segment.
    pub records: u32,
    /// Offset of the E820 table there.
    pub e820: u32,
}

impl Places {
    /// Plans the resident part below `base_kib`.
    pub fn new(console: &mut Console, drives: &Drives, grub4dos: bool, map: &Map, base_kib: u16) -> Self {
        let heads = if grub4dos { SLOTS_LEN } else { HEAD_LEN * drives.count() as u32 };
        let any_disc = drives.iter().any(|drive| drive.class == Class::Cd);
        let engine_len = entry(if any_disc { ENGINE_LEN_ALL } else { ENGINE_LEN_CORE });
        let records = u32::from(engine_len).next_multiple_of(4);
        let e820 = records + RECORD_LEN * drives.count() as u32;
        // What is reserved has a place in the map too, so the length is known when it fits.
        let fits = (1..=RESIDENT_MAX >> 10).find_map(|kib| {
            let start = u32::from(base_kib).checked_sub(kib)? << 10;
            let mut map = map.clone();
            map.reserve(u64::from(start), BASE_MEMORY_END - u64::from(start));
            let total = heads + e820 + map.ranges().len() as u32 * E820_STORED_LEN;
            (start >= LOW_MEMORY_END && total <= kib << 10).then_some((start, kib as u16))
        });
        let Some((start, kib)) = fits else {
            stop(console, errors::NO_LOW_MEMORY, Some(say::base_memory(base_kib.into()).as_message()));
        };
        Self { start, kib, engine: heads, records, e820 }
    }

    /// Segment of the first head.
    pub fn segment(&self) -> u16 {
        (self.start >> 4) as u16
    }

    /// Segment of the engine.
    pub fn engine_segment(&self) -> u16 {
        ((self.start + self.engine) >> 4) as u16
    }
}

/// What one installation decided.
pub struct Setup<'s> {
    /// The RAM drives.
    pub drives: &'s Drives,
    /// Their numbers.
    pub numbers: &'s Numbers,
    /// What the BIOS said before.
    pub before: Before,
    /// The memory that is left.
    pub memory: Memory,
    /// Where everything lies.
    pub places: &'s Places,
    /// INT 1Eh is to point to the table of floppy 00h, if that is in RAM.
    pub floppy_table: bool,
}
