//! The numbers of a boot sector of a FAT.

use super::kind::FatBits;
use crate::contents::BpbFields;
use crate::image::BOOT_SIGNATURE;
use crate::units::SECTOR_LEN;

/// Most clusters of a FAT32. What has them all needs 32 MiB here, a bit for each.
const CLUSTERS_MAX: u64 = 0x0FFF_FFF5;

/// The numbers of a boot sector that describes a FAT with sectors of 512 bytes. All lengths are in sectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bpb {
    /// Bits in an entry of the table, which follow from the number of clusters.
    pub bits: FatBits,
    /// Byte by which tables begin.
    pub media: u8,
    /// Sectors of a cluster: a power of two.
    pub cluster_sectors: u64,
    /// Sectors before the first table.
    pub reserved: u64,
    /// Tables: 1 or 2.
    pub fats: u64,
    /// Sectors of one table.
    pub fat_sectors: u64,
    /// Sectors of the root directory; 0 on a FAT32.
    pub root_sectors: u64,
    /// First cluster of the root directory of a FAT32; else 0.
    pub root_cluster: u64,
    /// Clusters.
    pub clusters: u64,
}

/// Why a boot sector describes no FAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BpbError {
    /// It does not end with a signature.
    NoSignature,
    /// Its sectors do not have 512 bytes.
    SectorLen,
    /// The length of a cluster is no power of two.
    ClusterLen,
    /// There is no table.
    NoTable,
    /// The tables take more sectors than there are.
    NoRoom,
    /// There are more clusters than a FAT32 can have.
    TooManyClusters,
    /// Some of its numbers are those of a FAT32, and some are not.
    TwoKinds,
}

impl Bpb {
    /// The numbers in `sector`.
    ///
    /// # Errors
    ///
    /// The first check that fails, in the order of [`BpbError`]'s variants.
    pub fn parse(sector: &[u8; 512]) -> Result<Self, BpbError> {
        let fields = BpbFields::read(sector);
        if sector[510..] != BOOT_SIGNATURE {
            return Err(BpbError::NoSignature);
        }
        if u64::from(fields.bytes_per_sector) != SECTOR_LEN {
            return Err(BpbError::SectorLen);
        }
        if !fields.cluster_sectors.is_power_of_two() {
            return Err(BpbError::ClusterLen);
        }
        if fields.reserved == 0 || !(1..=2).contains(&fields.fats) || fields.fat_sectors() == 0 {
            return Err(BpbError::NoTable);
        }
        let clusters = fields.clusters().ok_or(BpbError::NoRoom)?;
        if clusters > CLUSTERS_MAX {
            return Err(BpbError::TooManyClusters);
        }
        let bits = FatBits::of(clusters);
        let fat32 = bits == FatBits::Fat32;
        if fat32 != fields.is_fat32() || fat32 != (fields.root_entries == 0) {
            return Err(BpbError::TwoKinds);
        }
        Ok(Self {
            bits,
            media: fields.media,
            cluster_sectors: fields.cluster_sectors.into(),
            reserved: fields.reserved.into(),
            fats: fields.fats.into(),
            fat_sectors: fields.fat_sectors(),
            root_sectors: fields.root_sectors(),
            root_cluster: if fat32 { fields.root_cluster.into() } else { 0 },
            clusters,
        })
    }

    /// First sector of cluster 2, from the start of the volume.
    pub fn data(&self) -> u64 {
        self.reserved + self.fats * self.fat_sectors + self.root_sectors
    }

    /// Whether the table has an entry for each cluster.
    pub fn has_whole_table(&self) -> bool {
        self.fat_sectors * SECTOR_LEN * 8 / u64::from(self.bits.bits()) >= self.clusters + 2
    }

    /// Where the boot sector has its label.
    pub fn label(bits: FatBits) -> std::ops::Range<usize> {
        let start = if bits == FatBits::Fat32 { 0x47 } else { 0x2B };
        start..start + 11
    }
}
