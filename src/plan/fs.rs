//! Which FAT, with which clusters, for how many sectors.

use super::disc::BLOCK_SECTORS;
use super::error::PlanError;
use super::request::FsChoice;
use crate::stick::{FAT16_CLUSTERS, FAT32_CLUSTERS, FatBits, LayoutKind};
use crate::units::SECTOR_LEN;

/// Sectors of the smallest file system: 512 KiB.
pub(super) const VOLUME_SECTORS_MIN: u64 = 1024;
/// Distance that a number of clusters keeps from where FAT12 ends and FAT16 begins, and from the next such border,
/// because programs differ by a few clusters there.
const BORDER: u64 = 16;
/// One past the largest number of clusters of a FAT32.
const CLUSTERS_END: u64 = 0x0FFF_FFF5;
/// Sectors of the root directory of a FAT12 or FAT16: 512 entries.
const ROOT_SECTORS: u64 = 32;
/// Reserved sectors of a FAT32: as many as every format program makes, and some tools write 14 sectors with the boot
/// sector without asking how many there are (docs/quirks.md#files).
const FAT32_RESERVED: u64 = 32;
/// Most sectors in a cluster that every system reads: 32 KiB.
const CLUSTER_SECTORS_MAX: u8 = 64;
/// Sectors of volumes where the choice by size changes: 16 MiB and 1 GiB.
const AUTO_FAT16_SECTORS: u64 = (16 << 20) / SECTOR_LEN;
const AUTO_FAT32_SECTORS: u64 = (1 << 30) / SECTOR_LEN + 1;

impl FatBits {
    /// Numbers of clusters that this program makes it with.
    fn clusters(self) -> std::ops::Range<u64> {
        match self {
            Self::Fat12 => 1..FAT16_CLUSTERS - BORDER,
            Self::Fat16 => FAT16_CLUSTERS + BORDER..FAT32_CLUSTERS - BORDER,
            Self::Fat32 => FAT32_CLUSTERS + BORDER..CLUSTERS_END - BORDER,
        }
    }

    /// Reserved sectors that the format program makes, boot sector included.
    fn formatted_reserved(self) -> u64 {
        if self == Self::Fat32 { 8 } else { 1 }
    }

    /// Sectors of the root directory, where it is no chain of clusters.
    fn root_sectors(self) -> u64 {
        if self == Self::Fat32 { 0 } else { ROOT_SECTORS }
    }

    /// Sectors of one of the two tables for `rest` sectors that they and the clusters share, as the format program counts
    /// them.
    fn table_sectors(self, rest: u64, cluster: u8) -> u64 {
        let cluster = u64::from(cluster);
        // A FAT sector describes 4096 / bits clusters, and there are two tables.
        (rest + 2 * cluster).div_ceil(cluster * 4096 / u64::from(self.bits()) + 2)
    }
}

/// The file system of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Bits in an entry of its file allocation table.
    pub bits: FatBits,
    /// First sector on the stick; 0 for a superfloppy.
    pub lba: u64,
    /// Sectors, with everything reserved; at most `u32::MAX`.
    pub sectors: u64,
    /// Sectors in a cluster: a power of two, 1 to 64.
    pub cluster_sectors: u8,
    /// Reserved sectors beside those that the format program makes.
    pub added_reserved: u64,
}

/// The room for a file system.
pub(super) struct FatSize {
    pub layout: LayoutKind,
    /// First sector on the stick.
    pub lba: u64,
    pub sectors: u64,
    /// Sectors of the stick that are not in it.
    pub outside: u64,
    /// One past the last sector of what a disc has in the reserved sectors, if it is a disc as well.
    pub structures_end: Option<u64>,
}

impl FatSize {
    /// The file system for this room.
    pub fn choose(&self, choice: FsChoice) -> Result<Volume, PlanError> {
        let bits = match choice {
            FsChoice::Is(bits) => bits,
            FsChoice::Auto if self.sectors < AUTO_FAT16_SECTORS => FatBits::Fat12,
            FsChoice::Auto if self.sectors < AUTO_FAT32_SECTORS => FatBits::Fat16,
            FsChoice::Auto => FatBits::Fat32,
        };
        let range = bits.clusters();
        let fits = |&cluster: &u8| range.contains(&self.clusters(bits, self.sectors, cluster));
        match self.cluster_sizes(bits).into_iter().find(fits) {
            Some(cluster_sectors) => {
                let (lba, sectors) = (self.lba, self.sectors);
                let added_reserved = self.added_reserved(bits, sectors, cluster_sectors);
                Ok(Volume { bits, lba, sectors, cluster_sectors, added_reserved })
            }
            None => Err(PlanError::FsSize {
                bits,
                least: self.least(|sectors| self.clusters(bits, sectors, 1) >= range.start) * SECTOR_LEN,
                most: (self.least(|sectors| self.clusters(bits, sectors, CLUSTER_SECTORS_MAX) >= range.end)
                    - 1)
                    * SECTOR_LEN,
                found: self.sectors * SECTOR_LEN,
            }),
        }
    }

    /// What is stamped behind the start of a volume of `sectors` sectors is reserved; the boot area lies in that, or its
    /// copy. On a disc its structures are reserved too, and the clusters begin with a block.
    fn added_reserved(&self, bits: FatBits, sectors: u64, cluster: u8) -> u64 {
        let stamped_end = self.layout.stamped_end(sectors + self.outside);
        let taken = self.structures_end.unwrap_or(stamped_end).saturating_sub(self.lba);
        let reserved = match bits {
            _ if taken > 0 => taken,
            FatBits::Fat32 => FAT32_RESERVED,
            FatBits::Fat12 | FatBits::Fat16 => bits.formatted_reserved(),
        };
        let added = reserved - bits.formatted_reserved();
        if self.structures_end.is_none() {
            return added;
        }
        let data = |added: &u64| {
            let fixed = added + bits.formatted_reserved() + bits.root_sectors();
            self.lba + fixed + 2 * bits.table_sectors(sectors.saturating_sub(fixed), cluster)
        };
        // A table that gets shorter by what is added moves the clusters back by two sectors, so four may not do.
        let aligned =
            (added..added + 2 * BLOCK_SECTORS).find(|added| data(added).is_multiple_of(BLOCK_SECTORS));
        aligned.unwrap_or(added)
    }

    /// Sectors in a cluster, the best first.
    fn cluster_sizes(&self, bits: FatBits) -> Vec<u8> {
        let gib = (self.sectors * SECTOR_LEN) >> 30;
        let best: u8 = match (bits, gib) {
            (FatBits::Fat12, _) => 1,
            (FatBits::Fat16, _) => 4,
            (FatBits::Fat32, ..8) => 8,
            (FatBits::Fat32, 8..16) => 16,
            (FatBits::Fat32, 16..32) => 32,
            (FatBits::Fat32, _) => 64,
        };
        // A file of a disc begins with a block, so a cluster is one or more.
        let least = if self.structures_end.is_some() { BLOCK_SECTORS as u8 } else { 1 };
        let best = best.max(least);
        let sizes = [1, 2, 4, 8, 16, 32, CLUSTER_SECTORS_MAX].into_iter().filter(move |&size| size >= least);
        let larger = sizes.clone().filter(|&size| size >= best);
        larger.chain(sizes.rev().filter(|&size| size < best)).collect()
    }

    /// Clusters of a volume of `sectors` sectors, as the format program counts them.
    fn clusters(&self, bits: FatBits, sectors: u64, cluster: u8) -> u64 {
        let fixed =
            self.added_reserved(bits, sectors, cluster) + bits.formatted_reserved() + bits.root_sectors();
        let rest = sectors.saturating_sub(fixed);
        rest.saturating_sub(2 * bits.table_sectors(rest, cluster)) / u64::from(cluster)
    }

    /// The smallest number of sectors for which `large_enough` holds; it holds for all larger ones.
    fn least(&self, large_enough: impl Fn(u64) -> bool) -> u64 {
        let (mut low, mut high) = (VOLUME_SECTORS_MIN, u64::from(u32::MAX) + 1);
        while low < high {
            let middle = (low + high) / 2;
            if large_enough(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}
