//! SYSLINUX's memdiskfind for Linux: one table, from the end of base memory to 640 KiB.

use super::memory::Memory;
use super::{Found, Search};

const END: u64 = 0xA_0000;
const PAGE: u64 = 0x1000;

/// What it finds. `low_end` is the end of the RAM that begins at 0, as the memory map says: Linux shows no more.
pub fn search(memory: &Memory, low_end: u64) -> Search {
    let mapped = low_end.min(END) / PAGE * PAGE;
    let from = (u64::from(memory.word(0x413)) * 1024).max(mapped);
    if mapped == 0 || !(0x1_0000..END).contains(&from) {
        return Ok(Vec::new());
    }
    let table = (from as usize..END as usize).step_by(16).find(|&table| {
        let len = memory.dword(table + 4) as usize;
        memory.bytes(table, 4) == b"mBFT"
            && len >= 66
            && table.saturating_add(len) <= END as usize
            && len == usize::from(memory.word(table + 40)) + 40
            && memory.sum(table, len) == Some(0)
    });
    let found = table.map(|table| {
        let shift = match memory.byte(table + 67) {
            0 => 9,
            shift => u32::from(shift),
        };
        // It counts in 32 bits.
        let bytes = memory.dword(table + 48).checked_shl(shift).unwrap_or(0);
        Found { class: None, address: memory.dword(table + 44).into(), bytes: bytes.into(), shape: None }
    });
    Ok(found.into_iter().collect())
}
