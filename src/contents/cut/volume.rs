//! The volume that is cut: what must be so before that, and how short it can be.

use ramkey_format::bpb::{FAT16_CLUSTERS, FAT32_CLUSTERS, Fat32Start};

use super::error::NoCut;
use super::place::Place;
use super::used::Used;
use crate::contents::boot_sector::{self, FatOrNtfs};
use crate::contents::bpb::BpbFields;
use crate::contents::bytes::sector;
use crate::contents::files::{FilesError, VolumeFiles};
use crate::contents::free::fat_table::Table;
use crate::contents::free::sleep;
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// Clusters by which Microsoft's specification wants volumes to stay away from the border of another FAT.
const DISTANCE: u64 = 16;
/// Bytes that are read together.
const PIECE_LEN: u64 = 1 << 20;
/// Marks of entry 1, where set bits are good: closed, and without errors. FAT12 has none.
const GOOD_16: u32 = 0xC000;
const GOOD_32: u32 = 0x0C00_0000;
/// The same in the boot sector, where set bits are bad, if the byte behind it says that there are such fields.
const BAD_IN_SECTOR: u8 = 0x03;
const EXTENDED: [u8; 2] = [0x28, 0x29];

/// A FAT that can be cut.
pub(super) struct Volume<'s> {
    pub place: Place,
    pub bpb: BpbFields,
    pub boot: [u8; 512],
    pub table: Table<'s>,
    /// Clusters that it has.
    pub clusters: u64,
}

impl<'s> Volume<'s> {
    /// Reads the boot sector.
    pub fn open(source: &'s dyn Source, place: Place) -> Result<Self, NoCut> {
        let boot = sector(source, place.start).ok_or(NoCut::Unreadable)?;
        let read = boot_sector::read(&boot).ok_or(NoCut::NoVolume)?;
        if read.system == FatOrNtfs::Ntfs {
            return Err(NoCut::Other { system: read.system.name().into() });
        }
        if read.sectors > place.room {
            return Err(if place.partition.is_some() { NoCut::BeyondPartition } else { NoCut::Short });
        }
        let bpb = BpbFields::read(&boot);
        let (clusters, bits) = bpb.clusters().zip(bpb.fat_bits()).ok_or(NoCut::BootSector)?;
        match (bits, bpb.is_fat32()) {
            (12 | 16, true) => return Err(NoCut::SmallFat32),
            (32, false) => return Err(NoCut::BootSector),
            _ => {}
        }
        if bpb.is_fat32() && Fat32Start::of(&boot).version.get() != 0 {
            return Err(NoCut::BootSector);
        }
        let table = Table {
            source,
            start: (place.start + u64::from(bpb.reserved)) * SECTOR_LEN,
            len: bpb.fat_sectors() * SECTOR_LEN,
            copies: bpb.fats.into(),
            bits,
            entries: clusters + 2,
        };
        if !table.has_room() {
            return Err(NoCut::BootSector);
        }
        Ok(Self { place, bpb, boot, table, clusters })
    }

    /// What its tables say, if the volume was closed and is sound as far as they tell.
    pub fn used(&self) -> Result<Used, NoCut> {
        let used = Used::of(&self.table).map_err(|_| NoCut::Unreadable)?;
        let good = match self.table.bits {
            12 => 0,
            16 => GOOD_16,
            _ => GOOD_32,
        };
        if !self.table.are_equal().map_err(|_| NoCut::Unreadable)? {
            return Err(NoCut::TablesDiffer);
        }
        if used.marks & good != good || self.is_marked_in_sector() {
            return Err(NoCut::NotClosed);
        }
        if used.is_damaged || used.reached > used.last {
            return Err(NoCut::Damaged { what: "a cluster leads to one that is free, or to none".into() });
        }
        Ok(used)
    }

    fn is_marked_in_sector(&self) -> bool {
        let flags = if self.bpb.is_fat32() {
            std::mem::offset_of!(Fat32Start, reserved_2)
        } else {
            std::mem::offset_of!(ramkey_format::bpb::Fat16Start, reserved)
        };
        EXTENDED.contains(&self.boot[flags + 1]) && self.boot[flags] & BAD_IN_SECTOR != 0
    }

    /// The fewest clusters that it can have: all up to the last one that is used, and so many that it stays the same FAT.
    pub fn clusters_needed(&self, used: &Used) -> u64 {
        let least = match self.table.bits {
            12 => 1,
            16 => u64::from(FAT16_CLUSTERS) + DISTANCE,
            _ => u64::from(FAT32_CLUSTERS) + DISTANCE,
        };
        used.clusters().max(least.min(self.clusters))
    }

    /// Refuses a volume on which a system sleeps.
    pub fn is_awake(&self, files: &VolumeFiles) -> Result<(), NoCut> {
        for file in sleep::FILES.map(sleep::path) {
            let start = files.read_start(&file, sleep::START_LEN as u64).map_err(|error| damaged(&error))?;
            if start.is_some_and(|start| !sleep::is_dead(&start)) {
                return Err(NoCut::Sleeps { file });
            }
        }
        Ok(())
    }

    /// Refuses an image with anything but zeros behind the volume.
    pub fn is_clear_behind(&self, source: &dyn Source) -> Result<(), NoCut> {
        let mut at = (self.place.start + self.bpb.sectors()) * SECTOR_LEN;
        let mut piece = Vec::new();
        while at < source.len() {
            piece.resize((source.len() - at).min(PIECE_LEN) as usize, 0);
            source.read_at(at, &mut piece).map_err(|_| NoCut::Unreadable)?;
            if let Some(found) = piece.iter().position(|&byte| byte != 0) {
                return Err(NoCut::DataBehind { offset: at + found as u64 });
            }
            at += piece.len() as u64;
        }
        Ok(())
    }
}

/// What is wrong with a file or folder.
pub(super) fn damaged(error: &FilesError) -> NoCut {
    NoCut::Damaged { what: error.to_string() }
}
