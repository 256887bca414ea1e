//! SYSLINUX's mdiskchk for DOS: the tables of almost all base memory, and the hooks. What it asks INT 13h is tested by
//! the guests.

use std::collections::BTreeSet;

use super::memory::Memory;
use super::{Crash, Found, Search, Shape};

/// `--mbfts`: it divides the size of base memory by 16 and so begins far below its end. Length exactly 70.
pub fn tables(memory: &Memory) -> Search {
    let from = usize::from(memory.word(0x413)) / 16;
    let table = |paragraph: usize| {
        let table = paragraph * 16;
        let sound = memory.bytes(table, 4) == b"mBFT" && memory.dword(table + 4) == 70;
        (sound && memory.sum(table, 70) == Some(0)).then(|| found(memory, table))
    };
    Ok((from..0x9FFF).filter_map(table).collect())
}

/// `--safe-hooks`: the vendor's first seven letters, and the table's address rounded down to a paragraph.
pub fn hooks(memory: &Memory) -> Search {
    let mut all = Vec::new();
    let mut entry = memory.far(0x4C).linear();
    let mut seen = BTreeSet::new();
    while memory.bytes(entry + 3, 8) == b"$INT13SF" {
        if !seen.insert(entry) {
            return Err(Crash::Hang { entry });
        }
        if memory.bytes(entry + 11, 7) == b"MEMDISK" {
            let paragraph = (memory.dword(entry + 27) >> 4) as u16;
            all.push(found(memory, usize::from(paragraph) * 16));
        }
        entry = memory.far(entry + 19).linear();
    }
    Ok(all)
}

/// It knows no CDs: a sector has 512 bytes.
fn found(memory: &Memory, table: usize) -> Found {
    let shape = Shape {
        cylinders: Some(memory.word(table + 76).into()),
        heads: memory.word(table + 78).into(),
        track_sectors: memory.dword(table + 80),
    };
    let bytes = u64::from(memory.dword(table + 48)) * 512;
    Found { class: None, address: memory.dword(table + 44).into(), bytes, shape: Some(shape) }
}
