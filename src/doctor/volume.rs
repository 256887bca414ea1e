//! The boot sector of a file system: what kind it is, and what it says. One field of it may be wrong.

use crate::contents::BpbFields;

/// A kind of file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoundSystem {
    /// A FAT of so many bits, by the number of its clusters.
    Fat(u8),
    Ntfs,
    ExFat,
}

impl FoundSystem {
    pub fn name(self) -> &'static str {
        match self {
            Self::Fat(12) => "FAT12",
            Self::Fat(16) => "FAT16",
            Self::Fat(_) => "FAT32",
            Self::Ntfs => "NTFS",
            Self::ExFat => "exFAT",
        }
    }
}

/// A boot sector that describes a file system.
#[derive(Clone, Debug)]
pub(super) struct FoundVolume {
    pub lba: u64,
    pub sector: [u8; 512],
    pub bpb: BpbFields,
    pub system: FoundSystem,
}

impl FoundVolume {
    /// Looks whether `sector`, at `lba`, describes a file system. One field may be wrong: it is what is looked for.
    pub fn read(lba: u64, sector: &[u8; 512]) -> Option<Self> {
        let bpb = BpbFields::read(sector);
        let system = match &sector[3..11] {
            b"NTFS    " => FoundSystem::Ntfs,
            b"EXFAT   " => FoundSystem::ExFat,
            _ if looks_like_fat(sector, &bpb) => FoundSystem::Fat(bits(&bpb)),
            _ => return None,
        };
        Some(Self { lba, sector: *sector, bpb, system })
    }

    /// Whether the fields behind the BPB are there: drive number, serial number, label.
    pub fn has_extension(&self) -> bool {
        matches!(self.sector[self.extension() + 2], 0x28 | 0x29)
    }

    /// Where these fields begin: the drive number.
    pub fn extension(&self) -> usize {
        if self.bpb.is_fat32() { 0x40 } else { 0x24 }
    }

    /// Sectors that it says it has.
    pub fn sectors(&self) -> u64 {
        let long = |at: usize| {
            u64::from_le_bytes(self.sector[at..at + 8].try_into().expect("eight bytes of the sector"))
        };
        match self.system {
            FoundSystem::Fat(_) => self.bpb.sectors(),
            // The last sector holds the copy of the boot sector and is not counted.
            FoundSystem::Ntfs => long(0x28).saturating_add(1),
            FoundSystem::ExFat => long(0x48),
        }
    }

    /// Sectors that it says are before it.
    pub fn hidden(&self) -> u64 {
        match self.system {
            FoundSystem::ExFat => {
                u64::from_le_bytes(self.sector[0x40..0x48].try_into().expect("eight bytes of the sector"))
            }
            // Before DOS 3.31 the field had 16 bits, and code was behind it.
            FoundSystem::Fat(_) if self.bpb.short_sectors != 0 && !self.has_extension() => {
                u64::from(self.bpb.hidden & 0xFFFF)
            }
            FoundSystem::Fat(_) | FoundSystem::Ntfs => u64::from(self.bpb.hidden),
        }
    }
}

/// Whether all but one of the fields are such as a format program writes, and something else says FAT too if one is not.
fn looks_like_fat(sector: &[u8; 512], bpb: &BpbFields) -> bool {
    let old = bpb.short_fat_sectors != 0 && bpb.root_entries != 0;
    let new = bpb.short_fat_sectors == 0 && bpb.root_entries == 0 && bpb.long_fat_sectors != 0;
    let fields = [
        matches!(bpb.bytes_per_sector, 512 | 1024 | 2048 | 4096),
        bpb.cluster_sectors.is_power_of_two(),
        bpb.reserved != 0,
        (1..=2).contains(&bpb.fats),
        bpb.media == 0xF0 || bpb.media >= 0xF8,
        old || new,
        bpb.sectors() != 0,
    ];
    let has_name = sector[0x36..0x39] == *b"FAT" || sector[0x52..0x55] == *b"FAT";
    match fields.iter().filter(|&&sound| !sound).count() {
        0 => true,
        1 => has_name || matches!(sector[0x26], 0x28 | 0x29) || sector[0x42] == 0x29,
        _ => false,
    }
}

/// Bits of a table entry, by the number of clusters; by the arrangement where they cannot be counted.
fn bits(bpb: &BpbFields) -> u8 {
    match (bpb.fat_bits(), bpb.clusters()) {
        (Some(bits), _) => bits,
        (None, Some(_)) => 12,
        (None, None) if !bpb.is_fat32() => 16,
        (None, None) => 32,
    }
}
