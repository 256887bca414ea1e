//! SVBus for Windows 2000 and later: GRUB4DOS's slots only, by the INT 13h vector itself, else by a scan of pages.

use super::memory::Memory;
use super::{Class, Crash, Found, Search, Shape};

const NAME: &[u8] = b"$INT13SFGRUB4DOS";
const PAGE: usize = 0x1000;
/// From the slots to the name, where the scan expects them.
const SLOTS_TO_NAME: usize = 0xE3;

/// What it finds.
pub fn search(memory: &Memory) -> Search {
    let Some(slots) = slots(memory)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for slot in (0..8).map(|slot| slots + slot * 24) {
        let sectors = memory.qword(slot + 16);
        if sectors == 0 {
            break;
        }
        let (class, bytes) = match memory.byte(slot) {
            _ if memory.word(slot + 4) & 0x2000 != 0 => (Class::Cd, (sectors / 4).wrapping_mul(2048)),
            // It takes the last sector of a hard disk for the footer of a file.
            0x80.. => (Class::Disk, (sectors - 1).wrapping_mul(512)),
            _ => (Class::Floppy, sectors.wrapping_mul(512)),
        };
        let heads = u32::from(memory.byte(slot + 2)) + 1;
        let track_sectors = u32::from(memory.byte(slot + 7) & 0x3F);
        let sector_len = if class == Class::Cd { 2048 } else { 512 };
        let tracks = bytes / sector_len / u64::from(heads);
        let cylinders = tracks.checked_div(track_sectors.into()).ok_or(Crash::Division { slot })?;
        // Anything else is a file on a disk.
        if memory.byte(slot + 1) == 0xFF {
            let shape = Shape { cylinders: Some(cylinders as u32), heads, track_sectors };
            let address = memory.qword(slot + 8).wrapping_mul(512);
            found.push(Found { class: Some(class), address, bytes, shape: Some(shape) });
        }
    }
    Ok(found)
}

/// Where the slots are. It maps a page at a time, so that slots and name must lie in one.
fn slots(memory: &Memory) -> Result<Option<usize>, Crash> {
    let vector = memory.far(0x4C);
    if memory.bytes(vector.linear() + 3, NAME.len()) == NAME {
        return Ok(Some(vector.base() + 0x20));
    }
    for page in (0..=0x9_F000).rev().step_by(PAGE) {
        let named = |&offset: &usize| memory.bytes(page + offset, NAME.len()) == NAME;
        if let Some(offset) = (0..0xFF0).find(named) {
            let before = offset.checked_sub(SLOTS_TO_NAME).ok_or(Crash::Pointer { address: page as u32 })?;
            return Ok(Some(page + before));
        }
    }
    Ok(None)
}
