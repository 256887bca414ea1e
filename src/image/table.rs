//! The partition table of a master boot record, as far as a geometry and a kind need it.

use crate::units::{Chs, Geometry};

/// The last two bytes of a boot sector.
pub(super) const SIGNATURE: [u8; 2] = [0x55, 0xAA];
/// Offset of the NT disk signature in the sector.
const DISK_SIGNATURE_OFFSET: usize = 0x1B8;
/// Type byte of the entry that keeps old tools away from a GUID partition table.
const PROTECTIVE: u8 = 0xEE;
/// Offset of the table in the sector.
const TABLE_OFFSET: usize = 0x1BE;
const ENTRY_LEN: usize = 16;
const ACTIVE: u8 = 0x80;

/// One used entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub active: bool,
    pub type_byte: u8,
    pub start_chs: Chs,
    pub end_chs: Chs,
    pub start: u64,
    pub sectors: u64,
}

impl Entry {
    /// One past its last sector.
    pub fn end(&self) -> u64 {
        self.start + self.sectors
    }

    /// Whether it stands for a GUID partition table.
    pub fn is_protective(&self) -> bool {
        self.type_byte == PROTECTIVE
    }
}

/// The NT disk signature of the master boot record in `sector`; 0 if it has none.
pub(super) fn disk_signature(sector: &[u8; 512]) -> u32 {
    let bytes = &sector[DISK_SIGNATURE_OFFSET..DISK_SIGNATURE_OFFSET + 4];
    u32::from_le_bytes(bytes.try_into().expect("four bytes of the sector"))
}

/// The used entries of the table in `sector`; empty when it has none, or bytes that no partition tool writes.
pub(super) fn read(sector: &[u8; 512]) -> Vec<Entry> {
    if sector[510..] != SIGNATURE {
        return Vec::new();
    }
    let mut entries = Vec::new();
    for raw in sector[TABLE_OFFSET..510].chunks_exact(ENTRY_LEN) {
        let word =
            |at: usize| u64::from(u32::from_le_bytes([raw[at], raw[at + 1], raw[at + 2], raw[at + 3]]));
        let (start, sectors) = (word(8), word(12));
        if raw[0] & !ACTIVE != 0 {
            return Vec::new();
        }
        if raw[4] == 0 {
            continue;
        }
        if sectors == 0 || start + sectors > 1 << 32 {
            return Vec::new();
        }
        entries.push(Entry {
            active: raw[0] == ACTIVE,
            type_byte: raw[4],
            start_chs: Chs::from_bytes([raw[1], raw[2], raw[3]]),
            end_chs: Chs::from_bytes([raw[5], raw[6], raw[7]]),
            start,
            sectors,
        });
    }
    entries
}

/// The one active entry, or `None` if there is none or more than one.
pub(super) fn active(entries: &[Entry]) -> Option<&Entry> {
    let mut active = entries.iter().filter(|entry| entry.active);
    match (active.next(), active.next()) {
        (Some(entry), None) => Some(entry),
        _ => None,
    }
}

/// Heads and sectors per track that the entries' end addresses were made with, if all of them agree with their LBAs.
pub(super) fn heads_and_sectors(entries: &[Entry]) -> Option<(u16, u16)> {
    let heads = entries.iter().map(|entry| u16::from(entry.end_chs.head) + 1).max()?;
    let sectors_per_track = entries.iter().map(|entry| u16::from(entry.end_chs.sector)).max()?;
    let geometry = Geometry::new(1, heads, sectors_per_track)?;
    let agrees = entries.iter().all(|entry| {
        Chs::from_lba(entry.start, &geometry) == entry.start_chs
            && Chs::from_lba(entry.end() - 1, &geometry) == entry.end_chs
    });
    agrees.then_some((heads, sectors_per_track))
}
