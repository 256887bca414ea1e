//! The partition table of a master boot record: its four slots as they stand there, and the entries that a partition tool
//! wrote.

use ramkey_format::boot::Sector0;

use crate::image::BOOT_SIGNATURE;
use crate::units::Chs;

/// Type byte of the entry that keeps old tools away from a GUID partition table.
pub(crate) const PROTECTIVE: u8 = 0xEE;
/// Types of partitions that hold others.
pub(super) const EXTENDED: [u8; 3] = [0x05, 0x0F, 0x85];
const ACTIVE: u8 = 0x80;

/// One of the four entries of a partition table, as it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// 80h for active.
    pub status: u8,
    /// Kind of partition; 0 for none.
    pub type_byte: u8,
    /// Address of its first sector.
    pub start_chs: Chs,
    /// Address of its last sector.
    pub end_chs: Chs,
    /// First sector.
    pub start: u64,
    /// Sectors.
    pub sectors: u64,
}

impl Slot {
    /// One past its last sector.
    pub fn end(&self) -> u64 {
        self.start + self.sectors
    }
}

/// The four entries of the partition table in `sector`, whatever it holds.
pub fn slots(sector: &[u8; 512]) -> [Slot; 4] {
    Sector0::of(sector).table.map(|entry| Slot {
        status: entry.status,
        type_byte: entry.type_byte,
        start_chs: Chs::from_bytes(entry.start_chs),
        end_chs: Chs::from_bytes(entry.end_chs),
        start: u64::from(entry.start.get()),
        sectors: u64::from(entry.sectors.get()),
    })
}

/// One used entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TableEntry {
    /// Number of its partition, from 1.
    pub number: usize,
    pub active: bool,
    pub type_byte: u8,
    pub start_chs: Chs,
    pub end_chs: Chs,
    pub start: u64,
    pub sectors: u64,
}

impl TableEntry {
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
    u32::from_le_bytes(Sector0::of(sector).disk_signature)
}

/// The used entries of the table in `sector`; empty when it has none, or bytes that no partition tool writes.
pub(super) fn read(sector: &[u8; 512]) -> Vec<TableEntry> {
    if sector[510..] != BOOT_SIGNATURE {
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
        entries.push(TableEntry::of(number, &slot));
    }
    entries
}

/// The one active entry, or `None` if there is none or more than one.
pub(super) fn active(entries: &[TableEntry]) -> Option<&TableEntry> {
    let mut active = entries.iter().filter(|entry| entry.active);
    match (active.next(), active.next()) {
        (Some(entry), None) => Some(entry),
        _ => None,
    }
}
