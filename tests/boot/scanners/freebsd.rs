//! FreeBSD's loader: at most 32 hooks of MEMDISK, each with a sound table.

use super::memory::Memory;
use super::{Found, Search};

const HOOKS_MAX: usize = 32;

/// What it tells the kernel.
pub fn search(memory: &Memory) -> Search {
    let mut found = Vec::new();
    let mut entry = memory.far(0x4C).linear();
    for _ in 0..HOOKS_MAX {
        if memory.bytes(entry + 3, 8) != b"$INT13SF" {
            break;
        }
        if memory.bytes(entry + 11, 8) == b"MEMDISK " {
            let table = memory.dword(entry + 27) as usize;
            let len = memory.dword(table.saturating_add(4)) as usize;
            if memory.bytes(table, 4) == b"mBFT" && memory.sum(table, len) == Some(0) {
                // The shift came with a longer MDI.
                let shift = match memory.byte(table + 67) {
                    shift @ 1.. if memory.word(table + 40) >= 28 => u32::from(shift),
                    _ => 9,
                };
                let bytes = u64::from(memory.dword(table + 48)) << shift.min(32);
                found.push(Found {
                    class: None,
                    address: memory.dword(table + 44).into(),
                    bytes,
                    shape: None,
                });
            }
        }
        entry = memory.far(entry + 19).linear();
    }
    Ok(found)
}
