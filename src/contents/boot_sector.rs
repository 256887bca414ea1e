//! The boot sector of a FAT or NTFS volume, as far as a geometry and a kind need it.

use super::bpb::BpbFields;
use super::bytes::u64_at;

/// Where the fields behind the BPB of a FAT12 or FAT16 begin.
const EXTENSION: usize = 36;
/// Drive 00h, a reserved byte, and the mark of these fields.
const FLOPPY_EXTENSION: [u8; 3] = [0x00, 0x00, 0x29];

/// What a volume's boot sector says about the disk that it was made on.
#[derive(Clone, Debug)]
pub(super) struct BootSector {
    pub system: FatOrNtfs,
    pub heads: u16,
    pub sectors_per_track: u16,
    /// Sectors on the disk before the volume.
    pub hidden: u32,
    /// Sectors of the volume.
    pub sectors: u64,
    /// Whether it says that it is on a floppy: by its media byte and by its drive number.
    pub says_floppy: bool,
    /// The label in the boot sector, if it has one.
    pub label: Option<String>,
}

/// File system of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FatOrNtfs {
    Fat12,
    Fat16,
    Fat32,
    Ntfs,
}

impl FatOrNtfs {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fat12 => "FAT12",
            Self::Fat16 => "FAT16",
            Self::Fat32 => "FAT32",
            Self::Ntfs => "NTFS",
        }
    }

    /// Type byte of a partition of `sectors` sectors that holds it.
    pub fn partition_type(self, sectors: u64) -> u8 {
        match self {
            Self::Fat12 => 0x01,
            Self::Fat16 if sectors < 0x1_0000 => 0x04,
            Self::Fat16 => 0x06,
            Self::Fat32 => 0x0C,
            Self::Ntfs => 0x07,
        }
    }
}

/// Reads the BIOS parameter block of a volume, or gives `None` if some field of it is one that no format program
/// writes. (Microsoft, FAT32 File System Specification 1.03.)
pub(super) fn read(sector: &[u8; 512]) -> Option<BootSector> {
    let bpb = BpbFields::read(sector);
    let (heads, sectors_per_track) = (bpb.heads, bpb.sectors_per_track);
    let sound = bpb.bytes_per_sector == 512
        && bpb.cluster_sectors.is_power_of_two()
        && (bpb.media == 0xF0 || bpb.media >= 0xF8)
        && (1..=255).contains(&heads)
        && (1..=63).contains(&sectors_per_track);
    if !sound {
        return None;
    }
    let volume = |system, hidden, sectors, label| {
        let says_floppy = bpb.media == 0xF0 && sector[EXTENSION..EXTENSION + 3] == FLOPPY_EXTENSION;
        Some(BootSector { system, heads, sectors_per_track, hidden, sectors, says_floppy, label })
    };
    if &sector[3..11] == b"NTFS    " {
        let sectors = u64_at(sector, 40);
        // NTFS counts without the copy of the boot sector behind it.
        return if sectors == 0 {
            None
        } else {
            volume(FatOrNtfs::Ntfs, bpb.hidden, sectors.saturating_add(1), None)
        };
    }
    let is_fat32 = bpb.is_fat32() && bpb.root_entries == 0;
    let fat_sectors =
        if is_fat32 { u64::from(bpb.long_fat_sectors) } else { u64::from(bpb.short_fat_sectors) };
    // The fields of 32 bits exist since DOS 3.31; before, the bytes behind are code.
    let hidden = match bpb.short_sectors {
        0 => bpb.hidden,
        _ if bpb.long_sectors == 0 => bpb.hidden,
        _ => bpb.hidden & 0xFFFF,
    };
    if bpb.reserved == 0 || !(1..=2).contains(&bpb.fats) || fat_sectors == 0 || bpb.data() >= bpb.sectors() {
        return None;
    }
    let system = match bpb.fat_bits()? {
        12 => FatOrNtfs::Fat12,
        16 => FatOrNtfs::Fat16,
        _ => FatOrNtfs::Fat32,
    };
    volume(system, hidden, bpb.sectors(), label(sector, if is_fat32 { 66 } else { 38 }))
}

/// The volume label behind an extended boot signature at `at`.
fn label(sector: &[u8; 512], at: usize) -> Option<String> {
    if sector[at] != 0x29 {
        return None;
    }
    let bytes = &sector[at + 5..at + 16];
    let text = std::str::from_utf8(bytes).ok()?.trim_end();
    let sound =
        text.bytes().all(|byte| (0x20..0x7F).contains(&byte)) && !text.is_empty() && text != "NO NAME";
    sound.then(|| text.to_owned())
}

/// Sectors of the volume, if `sector` is the boot sector of an exFAT. (Microsoft, exFAT file system specification, 3.1.)
pub(super) fn ex_fat_sectors(sector: &[u8; 512]) -> Option<u64> {
    (&sector[3..11] == b"EXFAT   ").then(|| u64_at(sector, 0x48))
}
