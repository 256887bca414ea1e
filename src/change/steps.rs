//! Steps as they are put together, each on what the ones before it leave.

use std::collections::BTreeSet;

use ramkey_format::manifest::{RangeEntry, range};

use super::sectors::{Sector, Sectors};
use super::{ChangeError, Step, Stick};
use crate::layout::{Content, Extent, Layout, Role};
use crate::stick::{
    BACKUP_BOOT, Entry, FS_INFO, FS_INFO_COUNTS, FatBits, LAST_CLUSTER, ReadError, SAVED_LBAS,
};
use crate::units::SECTOR_LEN;

/// Longest file of a FAT whose length is whole sectors.
pub(super) const FILE_LEN_MAX: u64 = u32::MAX as u64 / SECTOR_LEN * SECTOR_LEN;
/// Where a directory's slot has the length of its file.
const SLOT_FILE_LEN: usize = 28;
/// How a summary of free clusters begins; a number in it that nobody filled in.
const INFORMATION_MAGIC: &[u8; 4] = b"RRaA";
const UNKNOWN: u32 = 0xFFFF_FFFF;

/// Steps, and what the stick will hold after them.
pub(super) struct Steps<'s, 'r> {
    pub stick: Stick<'s, 'r>,
    pub done: Vec<Step>,
    /// Every sector of the file system that they change.
    pub future: Sectors,
    /// Those of the step that is put together.
    open: BTreeSet<u64>,
    /// Sectors of the first table that the others do not have yet.
    uncopied: BTreeSet<u64>,
}

impl<'s, 'r> Steps<'s, 'r> {
    pub fn new(stick: Stick<'s, 'r>) -> Self {
        let (open, uncopied) = (BTreeSet::new(), BTreeSet::new());
        Self { stick, done: Vec::new(), future: Sectors::default(), open, uncopied }
    }

    /// A sector that the open step changes: as it will be.
    pub fn edit(&mut self, lba: u64) -> Result<&mut Sector, ReadError> {
        self.open.insert(lba);
        self.future.edit(self.stick.reader, lba)
    }

    /// Ends the open step, if it changes anything.
    pub fn close(&mut self, role: Role) {
        let lbas = std::mem::take(&mut self.open);
        if let Some(&last) = lbas.last() {
            let extents = self.future.extents(&lbas, role);
            self.add(extents, last, false);
        }
    }

    /// Adds a step that writes a manifest of `ranges` into the slot with number `slot`, `later` generations behind the present
    /// one.
    pub fn manifest(&mut self, slot: usize, ranges: &[RangeEntry], later: u32) -> Result<(), ChangeError> {
        let extent = self.stick.manifest_in(slot, ranges, later)?;
        let lba = extent.lba;
        self.add(vec![extent], lba, false);
        Ok(())
    }

    /// Adds a step that writes a manifest of `ranges` into the slot that does not count, with a copy of the sectors `boot`.
    pub fn announce(&mut self, ranges: &[RangeEntry], boot: &[(u64, Sector)]) -> Result<(), ChangeError> {
        let mut extent = self.stick.manifest_in(1 - self.stick.slot, ranges, 1)?;
        if let (Content::Bytes(bytes), false) = (&mut extent.content, boot.is_empty()) {
            let at = bytes.len() - SAVED_LBAS.len() * SECTOR_LEN as usize;
            if bytes[at..].iter().any(|&byte| byte != 0) {
                return Err(ChangeError::TooManyPieces);
            }
            for (place, lba) in bytes[at..].chunks_exact_mut(SECTOR_LEN as usize).zip(SAVED_LBAS) {
                if let Some((_, sector)) = boot.iter().find(|(of, _)| *of == lba) {
                    place.copy_from_slice(sector);
                }
            }
        }
        let lba = extent.lba;
        self.add(vec![extent], lba, false);
        Ok(())
    }

    /// Adds the step that decides: it writes `extents`, of which sector `last` comes last. If there are sectors `boot`, they are
    /// cleared before anything else is written, and come back at the end.
    pub fn decide(&mut self, mut extents: Vec<Extent>, last: u64, boot: &[(u64, Sector)]) {
        if boot.is_empty() {
            return self.add(extents, last, true);
        }
        extents.extend(boot.iter().map(|(lba, sector)| Extent {
            lba: *lba,
            sectors: 1,
            role: if *lba == 0 { Role::Sector0 } else { Role::BootCode },
            content: Content::Bytes(sector.to_vec()),
        }));
        extents.sort_by_key(|extent| extent.lba);
        let cleared_first: Vec<u64> = boot.iter().map(|(lba, _)| *lba).collect();
        let held_back = cleared_first.iter().rev().copied().collect();
        let stick_sectors = self.stick.reader.sectors();
        let layout = Layout { stick_sectors, cleared_first, held_back, extents };
        self.done.push(Step { decides: true, layout });
    }

    /// Adds a step that writes `extents`, of which sector `last` comes last.
    pub fn add(&mut self, extents: Vec<Extent>, last: u64, decides: bool) {
        let stick_sectors = self.stick.reader.sectors();
        let layout = Layout { stick_sectors, cleared_first: Vec::new(), held_back: vec![last], extents };
        self.done.push(Step { decides, layout });
    }

    /// Lets the entry of `cluster` say `value`.
    pub fn set(&mut self, cluster: u64, value: u32) -> Result<(), ReadError> {
        let volume = &self.stick.volume.volume;
        let (bits, table) = (volume.bits(), volume.table_lba());
        let (at, mask, shift) = match bits {
            FatBits::Fat12 if cluster.is_multiple_of(2) => (cluster * 3 / 2, 0x0FFF, 0),
            FatBits::Fat12 => (cluster * 3 / 2, 0x0FFF, 4),
            FatBits::Fat16 => (cluster * 2, 0xFFFF, 0),
            // The four highest bits belong to nobody and stay.
            FatBits::Fat32 => (cluster * 4, 0x0FFF_FFFF, 0),
        };
        let (mask, value) = (mask << shift, (value & mask) << shift);
        for number in 0..4 {
            let [mask, value] = [mask, value].map(|word: u32| word.to_le_bytes()[number]);
            if mask != 0 {
                let at = at + number as u64;
                let lba = table + at / SECTOR_LEN;
                self.uncopied.insert(lba);
                let byte = &mut self.edit(lba)?[(at % SECTOR_LEN) as usize];
                *byte = *byte & !mask | value;
            }
        }
        Ok(())
    }

    /// Lets the other tables have what the first one has.
    pub fn copy_tables(&mut self) -> Result<(), ReadError> {
        let bpb = &self.stick.volume.volume.bpb;
        let (fats, distance) = (bpb.fats, bpb.fat_sectors);
        for lba in std::mem::take(&mut self.uncopied) {
            let sector = *self.future.edit(self.stick.reader, lba)?;
            for number in 1..fats {
                *self.edit(lba + number * distance)? = sector;
            }
        }
        self.close(Role::FatTable);
        Ok(())
    }

    /// Lets the other tables have sector `lba` of the first one with the next copy.
    pub fn copy_later(&mut self, lba: u64) {
        self.uncopied.insert(lba);
    }

    /// Lets the directory say that the file of `entry` has `len` bytes.
    pub fn set_len(&mut self, entry: &Entry, len: u64) -> Result<(), ReadError> {
        let (lba, at) = entry.slot;
        let place = at + SLOT_FILE_LEN;
        self.edit(lba)?[place..place + 4].copy_from_slice(&(len as u32).to_le_bytes());
        self.close(Role::Directory);
        Ok(())
    }

    /// Lets the summaries of a FAT32 count free clusters anew: `new` where it is `old`, as they are written, and else as many
    /// as there were and `freed` more.
    pub fn count(&mut self, old: [u8; 8], new: [u8; 8], freed: i64) -> Result<(), ReadError> {
        let volume = &self.stick.volume.volume;
        if volume.bits() != FatBits::Fat32 || old == new {
            return Ok(());
        }
        let places = [FS_INFO, BACKUP_BOOT + FS_INFO].map(|number| volume.lba + number);
        for lba in places {
            let sector = self.stick.reader.sector(lba)?;
            let counts = &sector[FS_INFO_COUNTS];
            let told = u32::from_le_bytes([counts[0], counts[1], counts[2], counts[3]]);
            if !sector.starts_with(INFORMATION_MAGIC) {
                continue;
            }
            if *counts == old {
                self.edit(lba)?[FS_INFO_COUNTS].copy_from_slice(&new);
            } else if told != UNKNOWN && i64::from(told) + freed >= 0 {
                let free = ((i64::from(told) + freed) as u32).to_le_bytes();
                self.edit(lba)?[FS_INFO_COUNTS.start..][..4].copy_from_slice(&free);
            }
        }
        self.close(Role::FatReserved);
        Ok(())
    }

    /// Lets the summaries of a FAT32 have the counts of free clusters with which they are written.
    pub fn count_as_written(&mut self, counts: [u8; 8]) -> Result<(), ReadError> {
        let volume = &self.stick.volume.volume;
        if volume.bits() == FatBits::Fat32 {
            for lba in [FS_INFO, BACKUP_BOOT + FS_INFO].map(|number| volume.lba + number) {
                let sector = self.stick.reader.sector(lba)?;
                if sector.starts_with(INFORMATION_MAGIC) && sector[FS_INFO_COUNTS] != counts {
                    self.edit(lba)?[FS_INFO_COUNTS].copy_from_slice(&counts);
                }
            }
            self.close(Role::FatReserved);
        }
        Ok(())
    }

    /// Lets the summary of a FAT32 say that so many clusters are free, if it says anything.
    pub fn recount(&mut self, free: u64) -> Result<(), ReadError> {
        let volume = &self.stick.volume.volume;
        if volume.bits() == FatBits::Fat32 {
            let lba = volume.lba + FS_INFO;
            let sector = self.stick.reader.sector(lba)?;
            let counts = &sector[FS_INFO_COUNTS];
            let told = u32::from_le_bytes([counts[0], counts[1], counts[2], counts[3]]);
            if sector.starts_with(INFORMATION_MAGIC) && told != UNKNOWN && u64::from(told) != free {
                self.edit(lba)?[FS_INFO_COUNTS.start..][..4].copy_from_slice(&(free as u32).to_le_bytes());
                self.close(Role::FatReserved);
            }
        }
        Ok(())
    }

    /// The file of `entry`, whose chain is `chain`, gets `clusters` behind it, and `len` bytes.
    pub fn grow(
        &mut self,
        entry: &Entry,
        chain: &[u64],
        clusters: &[u64],
        len: u64,
    ) -> Result<(), ChangeError> {
        if let (Some(&last), Some(&first)) = (chain.last(), clusters.first()) {
            for (index, &cluster) in clusters.iter().enumerate() {
                self.set(cluster, clusters.get(index + 1).map_or(LAST_CLUSTER, |&next| next as u32))?;
            }
            self.close(Role::FatTable);
            self.set(last, first as u32)?;
            self.close(Role::FatTable);
            self.copy_tables()?;
        }
        if len != entry.len {
            self.set_len(entry, len)?;
        }
        Ok(())
    }

    /// The file of `entry`, whose chain is `chain` now, ends after `len` bytes, and gives back the clusters behind them.
    pub fn cut(&mut self, entry: &Entry, chain: &[u64], len: u64) -> Result<(), ChangeError> {
        let kept = len.div_ceil(self.stick.volume.volume.cluster_len()).max(1) as usize;
        let (own, given) = chain.split_at(kept.min(chain.len()));
        self.set_len(entry, len)?;
        let (Some(&last), false) = (own.last(), given.is_empty()) else { return Ok(()) };
        self.set(last, LAST_CLUSTER)?;
        self.close(Role::FatTable);
        for &cluster in given {
            self.set(cluster, 0)?;
        }
        self.close(Role::FatTable);
        self.copy_tables()?;
        Ok(())
    }
}

impl Stick<'_, '_> {
    /// The sectors without which nothing boots, as they are, in the order in which they are cleared.
    pub fn boot_sectors(&self) -> Result<Vec<(u64, Sector)>, ReadError> {
        let kinds = [range::SECTOR_0, range::BOOT_CODE, range::BOOT_COPY];
        let is_there = |&lba: &u64| {
            let mut ranges = self.manifest.ranges.iter();
            ranges.any(|range| range.lba.get() == lba && kinds.contains(&range.kind))
        };
        let lbas = SAVED_LBAS.into_iter().filter(is_there);
        lbas.map(|lba| Ok((lba, self.reader.sector(lba)?))).collect()
    }

    /// Whether the entry of `cluster` lies in two sectors, which cannot be exchanged at once.
    pub fn is_in_two_sectors(&self, cluster: u64) -> bool {
        self.volume.volume.bits() == FatBits::Fat12 && cluster * 3 / 2 % SECTOR_LEN == SECTOR_LEN - 1
    }

    /// The cluster that begins at sector `lba`.
    pub fn cluster_at(&self, lba: u64) -> u64 {
        let volume = &self.volume.volume;
        (lba - volume.cluster_lba(2)) / volume.cluster_sectors() + 2
    }

    /// The clusters of a capsule's file, in its order.
    pub fn chain(&self, entry: &Entry) -> Vec<u64> {
        let step = self.volume.volume.cluster_sectors();
        let lbas = entry.runs.iter().flat_map(|(lba, sectors)| (*lba..lba + sectors).step_by(step as usize));
        lbas.map(|lba| self.cluster_at(lba)).collect()
    }

    /// `count` free clusters for a file that ends with cluster `last`: those behind it, as far as they are free, and then the
    /// first ones.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NoRoom`].
    pub fn free_clusters(&self, last: u64, count: u64) -> Result<Vec<u64>, ChangeError> {
        let volume = &self.volume.volume;
        let (mut near, mut far, mut all) = (Vec::new(), Vec::new(), 0);
        volume.each_free(|(lba, sectors)| {
            let first = self.cluster_at(lba);
            let run = first..first + sectors / volume.cluster_sectors();
            for cluster in run.filter(|&cluster| !self.is_in_two_sectors(cluster)) {
                all += 1;
                let list = if cluster > last { &mut near } else { &mut far };
                if (list.len() as u64) < count {
                    list.push(cluster);
                }
            }
        })?;
        let usable = if self.is_in_two_sectors(last) { 0 } else { all };
        if usable < count {
            let len = volume.cluster_len();
            return Err(ChangeError::NoRoom { needed: count * len, free: usable * len });
        }
        Ok(near.into_iter().chain(far).take(count as usize).collect())
    }
}
