//! FiraDisk 0.0.1.30 for Windows XP and later: walks the INT 13h hooks from the vector on, below 640 KiB.

use std::collections::BTreeSet;

use super::memory::{Far, Memory};
use super::{Class, Crash, Found, Search, Shape};

/// It maps nothing behind this.
const END: usize = 0xA_0000;
/// Bytes of the table that it looks at, up to the drive number.
const TABLE_LEN: usize = 93;

/// What it finds. `start_of` gives the first bytes of a RAM disk: one kind of floppy holds options and is no drive.
pub fn search(memory: &Memory, start_of: &dyn Fn(u64) -> Vec<u8>) -> Search {
    let mut found = Vec::new();
    let mut entry = memory.far(0x4C);
    let mut seen = BTreeSet::new();
    while entry.linear() <= END - 27 && memory.bytes(entry.linear() + 3, 8) == b"$INT13SF" {
        if !seen.insert(entry.linear()) {
            // It counts no hooks: it goes round for ever.
            return Err(Crash::Hang { entry: entry.linear() });
        }
        match memory.bytes(entry.linear() + 11, 8) {
            b"MEMDISK " => found.extend(memdisk(memory, entry)),
            b"GRUB4DOS" => grub4dos(memory, entry, start_of, &mut found),
            _ => {}
        }
        entry = memory.far(entry.linear() + 19);
    }
    Ok(found)
}

/// It wants the four letters of the table and nothing else: no sum, no length, no claim bit.
fn memdisk(memory: &Memory, entry: Far) -> Option<Found> {
    let table = memory.dword(entry.linear() + 27) as usize;
    if table.saturating_add(TABLE_LEN) > END || memory.bytes(table, 4) != b"mBFT" {
        return None;
    }
    let (class, shift) = match memory.byte(table + 92) {
        0xE0 => (Class::Cd, 11),
        0x80.. => (Class::Disk, 9),
        _ => (Class::Floppy, 9),
    };
    let shape = Shape {
        cylinders: None,
        heads: memory.byte(table + 78).into(),
        track_sectors: memory.byte(table + 80).into(),
    };
    Some(Found {
        class: Some(class),
        address: memory.dword(table + 44).into(),
        bytes: u64::from(memory.dword(table + 48)) << shift,
        shape: Some(shape),
    })
}

/// Up to eight slots, by the segment of the hook; the first one of zeros ends them.
fn grub4dos(memory: &Memory, entry: Far, start_of: &dyn Fn(u64) -> Vec<u8>, found: &mut Vec<Found>) {
    for slot in (0..8).map(|slot| entry.base() + 0x20 + slot * 24) {
        if memory.bytes(slot, 24).iter().all(|&byte| byte == 0) {
            return;
        }
        let flags = memory.word(slot + 4);
        if memory.byte(slot + 1) != 0xFF || flags & 0x4000 != 0 {
            continue;
        }
        let class = match memory.byte(slot) {
            _ if flags & 0x2000 != 0 => Class::Cd,
            0x80.. => Class::Disk,
            _ => Class::Floppy,
        };
        let (address, bytes) = (memory.qword(slot + 8) << 9, memory.qword(slot + 16) << 9);
        if class == Class::Floppy && bytes < 1 << 20 && start_of(address).starts_with(b"[FiraDisk]") {
            continue;
        }
        let heads = match memory.byte(slot + 2) {
            0 => 0,
            last => u32::from(last) + 1,
        };
        let track_sectors = (memory.byte(slot + 3) & 0x3F).into();
        let shape = Shape { cylinders: None, heads, track_sectors };
        found.push(Found { class: Some(class), address, bytes, shape: Some(shape) });
    }
}
