//! Where the partitions of an image lie, as its master boot record and the tables within extended partitions say.

use super::bytes::sector;
use super::mbr::{self, EXTENDED, PROTECTIVE, Slot, TableEntry, slots};
use crate::image::Source;

/// Most partitions within an extended one.
pub(super) const LOGICAL_MAX: usize = 32;

/// A partition, wherever it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1; those within an extended one follow the four of the table, as everybody counts them.
    pub number: usize,
    pub start: u64,
    pub sectors: u64,
}

impl Place {
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.sectors)
    }
}

/// The partitions of the table in `first`, and those within an extended one.
pub(super) fn places(source: &dyn Source, first: &[u8; 512]) -> Vec<Place> {
    let slots = slots(first);
    let used = (1..).zip(&slots).filter(|(_, slot)| !matches!(slot.type_byte, 0 | PROTECTIVE));
    let place = |(number, slot): (usize, &Slot)| Place { number, start: slot.start, sectors: slot.sectors };
    let mut places: Vec<Place> = used.map(place).collect();
    if let Some(extended) = slots.iter().find(|slot| EXTENDED.contains(&slot.type_byte)) {
        let logical = logical(source, extended.start);
        let numbered = (5..).zip(logical);
        places.extend(numbered.map(|(number, Logical { start, entry, .. })| Place {
            number,
            start,
            sectors: entry.sectors,
        }));
    }
    places
}

/// A partition within an extended one.
pub(super) struct Logical {
    /// Sector of the table that it stands in.
    pub table: u64,
    /// First sector on the disk.
    pub start: u64,
    /// Its entry, as it stands there.
    pub entry: TableEntry,
}

/// The partitions within the extended one that begins at `extended`.
pub(super) fn logical(source: &dyn Source, extended: u64) -> Vec<Logical> {
    let (mut parts, mut table) = (Vec::new(), extended);
    while parts.len() < LOGICAL_MAX {
        let Some(sector) = sector(source, table) else { break };
        let (further, own): (Vec<_>, Vec<_>) =
            mbr::read(&sector).into_iter().partition(|entry| EXTENDED.contains(&entry.type_byte));
        let Some(&own) = own.first() else { break };
        parts.push(Logical { table, start: table + own.start, entry: own });
        let Some(further) = further.first() else { break };
        table = extended + further.start;
    }
    parts
}
