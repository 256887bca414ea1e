//! The partition table of a master boot record, as far as a geometry and a kind need it.

use crate::image::bpb::{BOOT_SIGNATURE, Slot, slots, u32_at};
use crate::units::Chs;

/// The last two bytes of a boot sector.
pub(super) const SIGNATURE: [u8; 2] = BOOT_SIGNATURE;
/// Offset of the NT disk signature in the sector.
const DISK_SIGNATURE_OFFSET: usize = 0x1B8;
/// Type byte of the entry that keeps old tools away from a GUID partition table.
const PROTECTIVE: u8 = 0xEE;
const ACTIVE: u8 = 0x80;

/// One used entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Number of its partition, from 1.
    pub number: usize,
    pub active: bool,
    pub type_byte: u8,
    pub start_chs: Chs,
    pub end_chs: Chs,
    pub start: u64,
    pub sectors: u64,
}

impl Entry {
    /// What stands in `slot`, of partition `number`.
    pub fn of(number: usize, slot: &Slot) -> Self {
        Self {
            number,
            active: slot.status == ACTIVE,
            type_byte: slot.type_byte,
            start_chs: slot.start_chs,
            end_chs: slot.end_chs,
            start: slot.start,
            sectors: slot.sectors,
        }
    }

    /// One past its last sector.
    pub fn end(&self) -> u64 {
        self.start + self.sectors
    }

    /// Whether its CHS addresses are such as partition tools write: sectors count from 1, or there are none.
    pub fn has_addresses(&self) -> bool {
        let is_none = |chs: &Chs| chs.to_bytes() == [0; 3];
        let are_none = is_none(&self.start_chs) && is_none(&self.end_chs);
        self.start > 0 && (are_none || self.start_chs.sector > 0 && self.end_chs.sector > 0)
    }

    /// Whether it stands for a GUID partition table.
    pub fn is_protective(&self) -> bool {
        self.type_byte == PROTECTIVE
    }
}

/// The NT disk signature of the master boot record in `sector`; 0 if it has none.
pub(super) fn disk_signature(sector: &[u8; 512]) -> u32 {
    u32_at(sector, DISK_SIGNATURE_OFFSET)
}

/// The used entries of the table in `sector`; empty when it has none, or bytes that no partition tool writes.
pub(super) fn read(sector: &[u8; 512]) -> Vec<Entry> {
    if sector[510..] != SIGNATURE {
        return Vec::new();
    }
    let mut entries = Vec::new();
    for (number, slot) in (1..).zip(slots(sector)) {
        if slot.status & !ACTIVE != 0 {
            return Vec::new();
        }
        if slot.type_byte == 0 {
            continue;
        }
        if slot.sectors == 0 || slot.end() > 1 << 32 {
            return Vec::new();
        }
        entries.push(Entry::of(number, &slot));
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
