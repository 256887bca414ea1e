//! What changes in an image when its end moves.

use std::mem::offset_of;

use ramkey_format::boot::{SECTOR0_TABLE, Sector0};
use ramkey_format::bpb::{Bpb, PartitionEntry};

use super::error::NoCut;
use super::record::{Cut, Limit};
use super::used::Used;
use super::volume::Volume;
use crate::contents::bpb::BpbFields;
use crate::contents::bytes::{sector, u32_at};
use crate::contents::facts::ImageFacts;
use crate::contents::free::fat_table::Table;
use crate::image::{BOOT_SIGNATURE, Source};
use crate::units::{Chs, SECTOR_LEN};

/// The summary of free clusters of a FAT32: its three signatures, and where it counts free clusters and has the number
/// from which on a free one is looked for. (Microsoft, FAT32 File System Specification 1.03.)
const SUMMARY: [(usize, u32); 3] = [(0, 0x4161_5252), (484, 0x6141_7272), (508, 0xAA55_0000)];
const FREE_COUNT: usize = 488;
const NEXT_FREE: usize = 492;
/// Fewest sectors for which the field of 16 bits is too short.
const LONG_SECTORS: u64 = 1 << 16;
/// A partition's address in a table without any.
const NO_ADDRESS: [u8; 3] = [0; 3];

type Changes = Vec<(u64, Vec<u8>)>;

impl Volume<'_> {
    /// The image when it ends before sector `end`.
    pub(super) fn cut_at(
        &self,
        source: &dyn Source,
        end: u64,
        used: &Used,
        limit: Limit,
        facts: &ImageFacts,
    ) -> Result<Cut, NoCut> {
        let place = &self.place;
        let sectors = self.bpb.sectors().min(end - place.start);
        let clusters = (sectors - self.bpb.data()) / u64::from(self.bpb.cluster_sectors);
        let left = Used::of(&Table { entries: clusters + 2, ..self.table }).map_err(|_| NoCut::Unreadable)?;
        let free = clusters.saturating_sub(left.count + left.bad);
        let mut changes = self.sectors_fields(source, sectors);
        changes.extend(self.summaries(source, free, clusters));
        if let Some((number, slot)) = &place.partition {
            let entry = SECTOR0_TABLE as usize + (number - 1) * size_of::<PartitionEntry>();
            let field = |at: usize, bytes: &[u8]| ((entry + at) as u64, bytes.to_vec());
            let count = ((end - place.start) as u32).to_le_bytes();
            changes.push(field(offset_of!(PartitionEntry, sectors), &count));
            if slot.end_chs.to_bytes() != NO_ADDRESS {
                let last = Chs::from_lba(end - 1, &facts.geometry).to_bytes();
                changes.push(field(offset_of!(PartitionEntry, end_chs), &last));
            }
        }
        let (shared, cleared) = self.behind(source, clusters)?;
        changes.extend(shared);
        let cluster_len = u64::from(self.bpb.cluster_sectors) * SECTOR_LEN;
        Ok(Cut {
            len: end * SECTOR_LEN,
            changes,
            cleared,
            system: format!("FAT{}", self.table.bits),
            partition: place.partition.as_ref().map(|(number, _)| *number),
            sectors: (self.bpb.sectors(), sectors),
            free: free * cluster_len,
            gaps: used.clusters().saturating_sub(used.count).min(free) * cluster_len,
            used: used.count * cluster_len,
            limit,
            disk_sectors: (facts.disk_sectors, facts.disk_sectors),
            facts: facts.clone(),
        })
    }

    /// The number of sectors, in the boot sector and in its copy.
    fn sectors_fields(&self, source: &dyn Source, sectors: u64) -> Changes {
        let is_short = self.bpb.short_sectors != 0 || (!self.bpb.is_fat32() && sectors < LONG_SECTORS);
        let mut changes = Vec::new();
        let mut at = vec![self.place.start];
        if let Some(copy) = self.reserved_sector(self.bpb.backup) {
            let is_copy = |copy: [u8; 512]| {
                copy[510..] == BOOT_SIGNATURE && BpbFields::read(&copy).sectors() == self.bpb.sectors()
            };
            at.extend(sector(source, copy).is_some_and(is_copy).then_some(copy));
        }
        for lba in at {
            let field = |at: usize, bytes: &[u8]| (lba * SECTOR_LEN + at as u64, bytes.to_vec());
            let short = if is_short { sectors as u16 } else { 0 };
            changes.push(field(offset_of!(Bpb, short_sectors), &short.to_le_bytes()));
            // Before DOS 3.31 there was code at the place of the long field.
            if self.bpb.short_sectors == 0 {
                let long = if is_short { 0 } else { sectors as u32 };
                changes.push(field(offset_of!(Bpb, long_sectors), &long.to_le_bytes()));
            }
        }
        changes
    }

    /// What a FAT32 says of its free clusters, and its copy.
    fn summaries(&self, source: &dyn Source, free: u64, clusters: u64) -> Changes {
        let own = self.reserved_sector(self.bpb.fs_info);
        let copy = own.and_then(|_| self.reserved_sector(self.bpb.backup.checked_add(self.bpb.fs_info)?));
        let mut changes = Vec::new();
        for lba in own.into_iter().chain(copy) {
            let Some(summary) = sector(source, lba) else { continue };
            if SUMMARY.iter().any(|&(at, signature)| u32_at(&summary, at) != signature) {
                continue;
            }
            let field = |at: usize, value: u32| (lba * SECTOR_LEN + at as u64, value.to_le_bytes().to_vec());
            changes.push(field(FREE_COUNT, free as u32));
            let next = u64::from(u32_at(&summary, NEXT_FREE));
            // FFFFFFFFh stands for a number that is not known.
            if next > clusters + 1 {
                changes.push(field(NEXT_FREE, u32::MAX));
            }
        }
        changes
    }

    /// A sector before the tables of a FAT32 that its boot sector names; `None` if it names none.
    fn reserved_sector(&self, number: u16) -> Option<u64> {
        let is_there = self.bpb.is_fat32() && (1..self.bpb.reserved).contains(&number);
        is_there.then(|| self.place.start + u64::from(number))
    }

    /// The entries behind those of `clusters` clusters, in all tables: the bytes that they share with the last one that
    /// stays, and what becomes zeros.
    fn behind(
        &self,
        source: &dyn Source,
        clusters: u64,
    ) -> Result<(Changes, Vec<std::ops::Range<u64>>), NoCut> {
        let (mut changes, mut cleared) = (Vec::new(), Vec::new());
        let first = clusters + 2;
        let is_shared = self.table.bits == 12 && !first.is_multiple_of(2);
        for copy in 0..self.table.copies {
            let table = self.table.start + copy * self.table.len;
            let mut from = table + first * u64::from(self.table.bits) / 8;
            if is_shared {
                let mut byte = [0];
                source.read_at(from, &mut byte).map_err(|_| NoCut::Unreadable)?;
                changes.push((from, vec![byte[0] & 0x0F]));
                from += 1;
            }
            if from < table + self.table.len {
                cleared.push(from..table + self.table.len);
            }
        }
        Ok((changes, cleared))
    }
}

const _: () = assert!(size_of::<Sector0>() == SECTOR_LEN as usize, "the table lies within sector 0");
