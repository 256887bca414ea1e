//! A medium as it will be: what is on it, with some sectors exchanged.

use std::collections::BTreeMap;
use std::io;

use crate::image::Source;
use crate::layout::{Content, Extent, Role};
use crate::units::SECTOR_LEN;

pub(super) type Sector = [u8; SECTOR_LEN as usize];

/// Sectors with what they will hold, by their LBA.
pub(super) type Sectors = BTreeMap<u64, Sector>;

/// A medium of which some sectors are others.
pub struct Patched<'s> {
    pub(super) stick: &'s dyn Source,
    pub(super) sectors: Sectors,
}

impl<'s> Patched<'s> {
    pub(super) fn new(stick: &'s dyn Source) -> Self {
        Self { stick, sectors: Sectors::new() }
    }

    /// The same with further sectors.
    pub(super) fn with(&self, more: &Sectors) -> Self {
        let mut sectors = self.sectors.clone();
        sectors.extend(more);
        Self { stick: self.stick, sectors }
    }

    /// Sectors that are exchanged.
    pub fn len(&self) -> u64 {
        self.sectors.len() as u64
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.sectors.is_empty()
    }

    /// What is written so that the medium becomes this one.
    pub fn extents(&self) -> Vec<Extent> {
        let mut extents = Vec::<Extent>::new();
        for (&lba, sector) in &self.sectors {
            match extents.last_mut() {
                Some(Extent { lba: first, sectors, content: Content::Bytes(bytes), .. })
                    if *first + *sectors == lba =>
                {
                    bytes.extend_from_slice(sector);
                    *sectors += 1;
                }
                _ => {
                    let content = Content::Bytes(sector.to_vec());
                    extents.push(Extent { lba, sectors: 1, role: Role::Copy, content });
                }
            }
        }
        extents
    }
}

impl Source for Patched<'_> {
    fn len(&self) -> u64 {
        self.stick.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset + buffer.len() as u64;
        let within = offset / SECTOR_LEN..end.div_ceil(SECTOR_LEN);
        let is_whole = within.clone().all(|lba| self.sectors.contains_key(&lba));
        // A sector that could not be read is not asked for any more.
        if !is_whole && self.stick.read_at(offset, buffer).is_err() {
            for lba in within.clone().filter(|lba| !self.sectors.contains_key(lba)) {
                let start = lba * SECTOR_LEN;
                let (from, to) = (start.max(offset), (start + SECTOR_LEN).min(end));
                self.stick.read_at(from, &mut buffer[(from - offset) as usize..(to - offset) as usize])?;
            }
        }
        for (lba, sector) in self.sectors.range(within) {
            let start = lba * SECTOR_LEN;
            let (from, to) = (start.max(offset), (start + SECTOR_LEN).min(end));
            let part = &sector[(from - start) as usize..(to - start) as usize];
            buffer[(from - offset) as usize..(to - offset) as usize].copy_from_slice(part);
        }
        Ok(())
    }
}

/// Whole sectors, each by itself: `None` if it cannot be read.
pub(super) fn each_sector(stick: &dyn Source, lba: u64, sectors: u64) -> Vec<Option<Sector>> {
    let mut all = vec![0; (sectors * SECTOR_LEN) as usize];
    if stick.read_at(lba * SECTOR_LEN, &mut all).is_ok() {
        return all.as_chunks::<{ SECTOR_LEN as usize }>().0.iter().map(|sector| Some(*sector)).collect();
    }
    let one = |lba: u64| {
        let mut sector = [0; SECTOR_LEN as usize];
        stick.read_at(lba * SECTOR_LEN, &mut sector).is_ok().then_some(sector)
    };
    (lba..lba + sectors).map(one).collect()
}

/// The sectors from `lba` on that are not as in `wanted`.
pub(super) fn differing(stick: &dyn Source, lba: u64, wanted: &[u8]) -> Sectors {
    let wanted = wanted.as_chunks::<{ SECTOR_LEN as usize }>().0;
    let found = each_sector(stick, lba, wanted.len() as u64);
    let pairs = (lba..).zip(found.into_iter().zip(wanted));
    pairs
        .filter(|(_, (found, wanted))| found.as_ref() != Some(*wanted))
        .map(|(lba, (_, wanted))| (lba, *wanted))
        .collect()
}
