//! Sectors as they will be, before they are written.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::layout::{Content, Extent, Role};
use crate::stick::{ReadError, Reader};
use crate::units::SECTOR_LEN;

pub(super) type Sector = [u8; SECTOR_LEN as usize];

/// Single sectors with what they will hold, by their LBA.
#[derive(Clone, Debug, Default)]
pub(super) struct Sectors(BTreeMap<u64, Sector>);

impl Sectors {
    /// A sector that is going to be changed: as it will be, or as it is.
    pub fn edit(&mut self, reader: &Reader, lba: u64) -> Result<&mut Sector, ReadError> {
        Ok(match self.0.entry(lba) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(place) => place.insert(reader.sector(lba)?),
        })
    }

    /// Puts what will be there over `bytes`, whole sectors from `lba` on.
    pub fn lay_over(&self, lba: u64, bytes: &mut [u8]) {
        let end = lba + bytes.len() as u64 / SECTOR_LEN;
        for (at, sector) in self.0.range(lba..end) {
            let start = ((at - lba) * SECTOR_LEN) as usize;
            bytes[start..start + sector.len()].copy_from_slice(sector);
        }
    }

    /// Whether one of `sectors` sectors from `lba` on is among them.
    pub fn touches(&self, lba: u64, sectors: u64) -> bool {
        self.0.range(lba..lba.saturating_add(sectors)).next().is_some()
    }

    /// What the sectors `lbas` will hold, as ranges; they are among them.
    pub fn extents(&self, lbas: &BTreeSet<u64>, role: Role) -> Vec<Extent> {
        let mut extents = Vec::<Extent>::new();
        for (&lba, sector) in self.0.iter().filter(|(lba, _)| lbas.contains(lba)) {
            match extents.last_mut() {
                Some(Extent { lba: first, sectors, content: Content::Bytes(bytes), .. })
                    if *first + *sectors == lba =>
                {
                    bytes.extend_from_slice(sector);
                    *sectors += 1;
                }
                _ => extents.push(Extent { lba, sectors: 1, role, content: Content::Bytes(sector.to_vec()) }),
            }
        }
        extents
    }
}
