//! The boot sector of a file system: what kind it is, and whether it fits its place on the stick.

use ramkey_format::bpb::fat_bits;

use crate::doctor::{Disk, DoctorError, Findings, Kind, Part, boot_code, fat};
use crate::image::{BOOT_SIGNATURE, BpbFields};

/// Sectors that a volume may be smaller than its place without a word: a cylinder of 255/63.
const SLACK: u64 = 255 * 63;

/// A kind of file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    /// A FAT of so many bits, by the number of its clusters.
    Fat(u8),
    Ntfs,
    ExFat,
}

impl System {
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
pub(super) struct Volume {
    pub lba: u64,
    pub sector: [u8; 512],
    pub bpb: BpbFields,
    pub system: System,
}

impl Volume {
    /// Looks whether `sector`, at `lba`, describes a file system. One field may be wrong: it is what is looked for.
    pub fn read(lba: u64, sector: &[u8; 512]) -> Option<Self> {
        let bpb = BpbFields::read(sector);
        let system = match &sector[3..11] {
            b"NTFS    " => System::Ntfs,
            b"EXFAT   " => System::ExFat,
            _ if looks_like_fat(sector, &bpb) => System::Fat(bits(&bpb)),
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
    fn sectors(&self) -> u64 {
        let long = |at: usize| {
            u64::from_le_bytes(self.sector[at..at + 8].try_into().expect("eight bytes of the sector"))
        };
        match self.system {
            System::Fat(_) => self.bpb.sectors(),
            // The last sector holds the copy of the boot sector and is not counted.
            System::Ntfs => long(0x28).saturating_add(1),
            System::ExFat => long(0x48),
        }
    }

    /// Sectors that it says are before it.
    pub fn hidden(&self) -> u64 {
        match self.system {
            System::ExFat => {
                u64::from_le_bytes(self.sector[0x40..0x48].try_into().expect("eight bytes of the sector"))
            }
            // Before DOS 3.31 the field had 16 bits, and code was behind it.
            System::Fat(_) if self.bpb.short_sectors != 0 && !self.has_extension() => {
                u64::from(self.bpb.hidden & 0xFFFF)
            }
            System::Fat(_) | System::Ntfs => u64::from(self.bpb.hidden),
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
    match bpb.clusters() {
        Some(clusters) => fat_bits(clusters),
        None if !bpb.is_fat32() => 16,
        None => 32,
    }
}

/// Checks `volume` against its place `part`, and against the `geometry` of the partition table.
pub(super) fn check(
    disk: &Disk,
    volume: &Volume,
    part: &Part,
    geometry: Option<(u16, u16)>,
    findings: &mut Findings,
) -> Result<(), DoctorError> {
    let name = part.name();
    let lba = volume.lba;
    if volume.sector[510..] != BOOT_SIGNATURE && lba != 0 {
        let what = format!("the boot sector of {name} has no 55 AA at its end");
        findings.add(Kind::NoSignature, lba, what);
    }
    boot_code::check_volume(volume, &name, findings);
    if volume.hidden() != lba {
        let what = match part.number {
            Some(_) => {
                format!("{name} begins at sector {lba}, and its boot sector says {}", volume.hidden())
            }
            None => {
                format!("the file system begins at sector 0, and its boot sector says {}", volume.hidden())
            }
        };
        findings.add(Kind::HiddenSectors, lba, what);
    }
    let (sectors, room) = (volume.sectors(), part.sectors);
    if sectors > room {
        let what = format!("{name} has {room} sectors, and its file system {sectors}");
        findings.add(Kind::TotalSectors, lba, what);
    } else if room - sectors > SLACK && sectors != 0 {
        let what = format!("{name} has {room} sectors, and its file system uses {sectors}");
        findings.add(Kind::VolumeSmaller, lba, what);
    }
    if volume.system == System::ExFat {
        return Ok(());
    }
    let bpb = &volume.bpb;
    let (heads, track) = (bpb.heads, bpb.sectors_per_track);
    if !(1..=255).contains(&heads) || !(1..=63).contains(&track) {
        let what = format!(
            "{name}: the BPB has {heads} heads and {track} sectors per track; 1 to 255 and 1 to 63 are allowed"
        );
        findings.add(Kind::BpbValue, lba, what);
    } else if let Some((table_heads, table_track)) = geometry.filter(|&table| table != (heads, track)) {
        let what = format!(
            "{name}: the BPB has {heads} heads and {track} sectors per track, the partition table {table_heads} and \
             {table_track}"
        );
        findings.add(Kind::Geometry, lba, what);
    }
    match volume.system {
        System::Fat(bits) => fat::check(disk, volume, bits, part, findings),
        System::Ntfs | System::ExFat => Ok(()),
    }
}
