//! The numbers of a FAT's boot sector against each other and against its table.

use std::mem::offset_of;

use ramkey_format::bpb::{Bpb, FAT16_CLUSTERS, FAT32_CLUSTERS, Fat32Start};

use crate::doctor::disk::Disk;
use crate::doctor::error::DoctorError;
use crate::doctor::finding::Findings;
use crate::doctor::kinds::Kind;
use crate::doctor::part::Part;
use crate::doctor::volume::FoundVolume;
use crate::units::SECTOR_LEN;

/// First numbers of clusters that make a FAT16 and a FAT32.
const BORDERS: [u64; 2] = [FAT16_CLUSTERS as u64, FAT32_CLUSTERS as u64];
/// Distance from a border where programs differ.
const BORDER: u64 = 10;
/// Where a boot sector says that the volume is mounted, which its copy need not.
const STATE: usize = offset_of!(Fat32Start, reserved_2);
/// The fields of a FAT32. Before them are the jump and a name, which installers of boot code change.
const FIELDS: std::ops::Range<usize> = offset_of!(Bpb, bytes_per_sector)..Fat32Start::LEN;

/// Checks the fields of a FAT of `bits` bits.
pub(super) fn check(
    disk: &Disk,
    volume: &FoundVolume,
    bits: u8,
    part: &Part,
    findings: &mut Findings,
) -> Result<(), DoctorError> {
    let name = part.name();
    check_extension(volume, part, findings);
    if let Some(what) = wrong_value(volume) {
        // Without it nothing else can be counted.
        findings.add(Kind::BpbValue, volume.lba, format!("{name}: {what}"));
        return Ok(());
    }
    let bpb = &volume.bpb;
    if u64::from(bpb.bytes_per_sector) != SECTOR_LEN {
        let what = format!("{name}: the BPB says {} bytes in a sector", bpb.bytes_per_sector);
        findings.add(Kind::SectorSize, volume.lba, what);
        return Ok(());
    }
    if bpb.cluster_sectors == 128 {
        let what = format!("{name}: a cluster has 128 sectors");
        findings.add(Kind::LargeCluster, volume.lba, what);
    }
    check_totals(volume, &name, findings);
    check_clusters(volume, bits, &name, findings);
    let fat_lba = volume.lba + u64::from(bpb.reserved);
    if fat_lba < disk.sectors {
        let found = disk.sector(fat_lba)?[0];
        if found != bpb.media {
            let what = format!(
                "{name}: the media byte is {:02X} in the BPB and {found:02X} in the file allocation table",
                bpb.media
            );
            findings.add(Kind::MediaFat, fat_lba, what);
        }
    }
    if bpb.is_fat32() { check_reserved(disk, volume, &name, findings) } else { Ok(()) }
}

/// Signature, drive number and media byte.
fn check_extension(volume: &FoundVolume, part: &Part, findings: &mut Findings) {
    let (name, lba, media) = (part.name(), volume.lba, volume.bpb.media);
    let at = volume.extension();
    let (drive, signature) = (volume.sector[at], volume.sector[at + 2]);
    if signature != 0x29 {
        let what = format!("{name}: the byte at {:02X}h is {signature:02X}", at + 2);
        findings.add(Kind::ExtendedSignature, lba, what);
    }
    let mut wrong_drive = |expected: &str| {
        let what = format!("{name}: the drive number is {drive:02X}h, and {expected} is expected");
        findings.add(Kind::DriveNumber, lba, what);
    };
    match (volume.has_extension(), part.number, drive) {
        // A ZIP disk is a floppy drive to a BIOS, and its partition is the fourth.
        (false, ..) | (_, _, 0x80) | (_, None | Some(4), 0x00) => {}
        (_, _, 0xFF) => findings.add(Kind::AskDrive, lba, format!("{name}: the drive number is FFh")),
        (_, Some(_), _) => wrong_drive("80h"),
        (_, None, _) => wrong_drive("80h or 00h"),
    }
    let what = match (part.number, media, drive) {
        (Some(_), 0xF0, _) => format!("{name}: the media byte is F0, that of a floppy"),
        (Some(_), 0xF9..=0xFF, _) => format!("{name}: the media byte is {media:02X}, that of an old floppy"),
        (None, 0xF0, 0x80) if volume.has_extension() => {
            "the media byte is that of a floppy (F0), and the drive number that of a hard disk (80h)".into()
        }
        (None, 0xF8, 0x00) if volume.has_extension() => {
            "the media byte is that of a hard disk (F8), and the drive number that of a floppy (00h)".into()
        }
        _ => return,
    };
    findings.add(Kind::Media, lba, what);
}

/// A field with which nothing can be counted, or that no system accepts.
fn wrong_value(volume: &FoundVolume) -> Option<String> {
    let bpb = &volume.bpb;
    if !bpb.cluster_sectors.is_power_of_two() {
        Some(format!("a cluster has {} sectors, which is no power of two", bpb.cluster_sectors))
    } else if !matches!(bpb.bytes_per_sector, 512 | 1024 | 2048 | 4096) {
        Some(format!("a sector has {} bytes", bpb.bytes_per_sector))
    } else if bpb.reserved == 0 {
        Some("there are no reserved sectors, and the boot sector is one".into())
    } else if !(1..=2).contains(&bpb.fats) {
        Some(format!("there are {} file allocation tables", bpb.fats))
    } else if bpb.media != 0xF0 && bpb.media < 0xF8 {
        Some(format!("the media byte is {:02X}; F0 and F8 to FF are allowed", bpb.media))
    } else if bpb.fat_sectors() == 0 {
        Some("the file allocation table has no sectors".into())
    } else if bpb.is_fat32() && bpb.root_entries != 0 {
        Some("it is arranged as a FAT32 and has a root directory of fixed size".into())
    } else if !bpb.is_fat32() && (bpb.root_entries == 0 || !bpb.root_entries.is_multiple_of(16)) {
        Some(format!("the root directory has {} entries, and 16 fill a sector", bpb.root_entries))
    } else if bpb.clusters().is_none_or(|clusters| clusters == 0) {
        Some(format!("its {} sectors have no room for its tables and one cluster", bpb.sectors()))
    } else {
        None
    }
}

fn check_totals(volume: &FoundVolume, name: &str, findings: &mut Findings) {
    let (short, long) = (volume.bpb.short_sectors, volume.bpb.long_sectors);
    let what = if volume.bpb.is_fat32() && short != 0 {
        format!("{name}: a FAT32 whose short field says {short} sectors")
    } else if short != 0 && long != 0 && volume.has_extension() {
        format!("{name}: the short field says {short} sectors and the long one {long}")
    } else {
        return;
    };
    findings.add(Kind::TotalFields, volume.lba, what);
}

/// The number of clusters against the kind of FAT, its name, and the length of its table.
fn check_clusters(volume: &FoundVolume, bits: u8, name: &str, findings: &mut Findings) {
    let bpb = &volume.bpb;
    let clusters = bpb.clusters().unwrap_or(0);
    let text = &volume.sector[if bpb.is_fat32() { 0x52 } else { 0x36 }..][..5];
    let named = [(b"FAT12", 12), (b"FAT16", 16), (b"FAT32", 32)].into_iter().find(|(name, _)| text == *name);
    // The width that the table has, if the name says it; clusters alone say what systems take it for.
    let arranged = match (bpb.is_fat32(), named) {
        (true, _) => 32,
        (false, Some((_, bits @ (12 | 16)))) => bits,
        (false, _) => bits.min(16),
    };
    if (bits == 32) != bpb.is_fat32() {
        let kind = if bpb.is_fat32() { "FAT32" } else { "FAT12 or FAT16" };
        let what =
            format!("{name}: {clusters} clusters make it a FAT{bits}, and its BPB is that of a {kind}");
        findings.add(Kind::FatType, volume.lba, what);
    } else if let Some((text, _)) = named.filter(|(_, named)| *named != bits) {
        let text = String::from_utf8_lossy(text);
        let what =
            format!("{name}: {clusters} clusters make it a FAT{bits}, and the boot sector says \"{text}\"");
        findings.add(Kind::FatText, volume.lba, what);
    } else if BORDERS.iter().any(|border| clusters.abs_diff(*border) < BORDER) {
        findings.add(Kind::FatBorder, volume.lba, format!("{name}: it has {clusters} clusters"));
    }
    // Two entries are before the first cluster.
    let needed = ((clusters + 2) * u64::from(arranged)).div_ceil(8).div_ceil(SECTOR_LEN);
    if bpb.fat_sectors() < needed {
        let found = bpb.fat_sectors();
        let what =
            format!("{name}: {clusters} clusters need a table of {needed} sectors, and it has {found}");
        findings.add(Kind::FatLength, volume.lba, what);
    }
}

/// The copy of the boot sector, and the summary of free clusters.
fn check_reserved(
    disk: &Disk,
    volume: &FoundVolume,
    name: &str,
    findings: &mut Findings,
) -> Result<(), DoctorError> {
    let inside = |number: u16| {
        let lba = volume.lba + u64::from(number);
        ((1..volume.bpb.reserved).contains(&number) && lba < disk.sectors).then_some(lba)
    };
    if let Some(lba) = inside(volume.bpb.backup) {
        let copy = disk.sector(lba)?;
        let differs = |&at: &usize| at != STATE && copy[at] != volume.sector[at];
        if let Some(at) = FIELDS.into_iter().find(differs) {
            let what = format!("{name}: the copy in sector {lba} differs at byte {at:02X}h");
            findings.add(Kind::BootCopy, lba, what);
        }
    }
    if let Some(lba) = inside(volume.bpb.fs_info) {
        let summary = disk.sector(lba)?;
        if !summary.starts_with(b"RRaA") || !summary[484..].starts_with(b"rrAa") {
            findings.add(Kind::FsInfo, lba, format!("{name}: sector {lba} is no summary of free clusters"));
        }
    }
    Ok(())
}
