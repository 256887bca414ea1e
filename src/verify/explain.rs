//! Explains reserved sectors of the file system that are not as written by the changes that systems make to them.

use std::ops::Range;

use ramkey_format::manifest::{RangeEntry, range};

use crate::stick::{Bpb, FatBits, LayoutKind, Reader};
use crate::units::SECTOR_LEN;
use crate::verify::boot_area::BootArea;
use crate::verify::fault::Change;

/// Where the boot sector names the system that formatted it, which some systems replace; and the name as written.
const OEM_NAME: Range<usize> = 3..11;
const OEM_NAME_WRITTEN: &[u8; 8] = b"MSWIN4.1";
/// Sectors of a FAT32: summary of free clusters, copy of the boot sector, copy of the summary.
const FS_INFO: u64 = 1;
const BACKUP_BOOT: u64 = 6;
/// Sectors in which a file system keeps these.
const OWN_SECTORS: u64 = 16;
const FS_INFO_MAGIC: &[u8; 4] = b"RRaA";
/// Where the summary has its counts.
const FS_INFO_COUNTS: Range<usize> = 488..496;
/// Most sectors of a range that is explained; those that are written have a few hundred.
const EXPLAINED_MAX: u64 = 1 << 10;

/// Tries to explain a boot sector or reserved sectors that are not as written by what systems do to them: they
/// mark the volume as mounted, name it, and count free clusters; mtools also copies the first eight sectors of a FAT32
/// behind the copy of the boot sector.
///
/// Undoes each of these; if that gives the bytes that were written, nothing else changed. A label is no change of its
/// own here: the root directory has it too.
pub(super) fn explain(reader: &Reader, area: &BootArea, entry: &RangeEntry) -> Option<Vec<Change>> {
    let lba = area.volume_lba?;
    let (start, sectors) = (entry.lba.get(), entry.sectors.get());
    if sectors > EXPLAINED_MAX {
        return None;
    }
    let mut bytes = reader.bytes(start, sectors).ok()?;
    let bpb = Bpb::parse(&reader.sector(lba).ok()?).ok()?;
    // A universal stick has boot sectors of the whole stick too, in sector 0 and in its copy.
    let is_own = (lba..lba + OWN_SECTORS).contains(&start);
    let base = if is_own { lba } else { start };
    let at = |number: u64| {
        let sector = (base + number).checked_sub(start).filter(|&sector| sector < sectors)?;
        Some((sector * SECTOR_LEN) as usize..((sector + 1) * SECTOR_LEN) as usize)
    };
    let fat32 = bpb.bits == FatBits::Fat32;
    // On a FAT32 the first eight sectors, their copy, and what mtools makes of the copy.
    let copies: &[u64] = if fat32 && is_own { &[0, BACKUP_BOOT, 2 * BACKUP_BOOT] } else { &[0] };
    let mut changes = Vec::new();
    let mut change = |what| {
        let change = Change::Volume { what };
        if !changes.contains(&change) {
            changes.push(change);
        }
    };
    for range in copies.iter().filter_map(|&number| at(number)) {
        let sector = &mut bytes[range];
        if sector.iter().all(|&byte| byte == 0) {
            continue;
        }
        let state = &mut sector[if fat32 { 0x41 } else { 0x25 }];
        if *state & 3 != 0 {
            change("the file system's boot sector says that it is mounted");
            *state &= !3;
        }
        sector[Bpb::label(bpb.bits)].copy_from_slice(&area.label);
        if sector[OEM_NAME] != *OEM_NAME_WRITTEN {
            change("another system put its name into the file system's boot sector");
            sector[OEM_NAME].copy_from_slice(OEM_NAME_WRITTEN);
        }
    }
    let counts = written_counts(&bpb, area, lba);
    for range in copies.iter().filter_map(|&number| at(number + FS_INFO)) {
        let sector = &mut bytes[range];
        if fat32 && sector.starts_with(FS_INFO_MAGIC) && sector[FS_INFO_COUNTS] != counts {
            change("the count of free clusters is another");
            sector[FS_INFO_COUNTS].copy_from_slice(&counts);
        }
    }
    for number in [BACKUP_BOOT, BACKUP_BOOT + FS_INFO] {
        if fat32
            && let (Some(copy), Some(second)) = (at(number), at(number + BACKUP_BOOT))
            && bytes[copy] == bytes[second.clone()]
        {
            bytes[second].fill(0);
        }
    }
    if !is_own {
        undo_mlabel(reader, &mut bytes);
    }
    (*blake3::hash(&bytes).as_bytes() == entry.blake3).then_some(changes)
}

/// Undoes what mlabel writes behind the copy of sector 0: the sectors behind sector 0, where zeros were.
fn undo_mlabel(reader: &Reader, bytes: &mut [u8]) {
    for (number, sector) in (0..).zip(bytes.chunks_exact_mut(SECTOR_LEN as usize)).skip(1) {
        if reader.sector(number).is_ok_and(|original| *sector == original) {
            sector.fill(0);
        }
    }
}

/// The summary of free clusters as it was written: the manifest tells which clusters were taken.
fn written_counts(bpb: &Bpb, area: &BootArea, lba: u64) -> [u8; 8] {
    let data = lba + bpb.data();
    let in_data = |entry: &&RangeEntry| {
        matches!(entry.kind, range::CAPSULE | range::DIRECTORY) && entry.lba.get() >= data
    };
    let (mut used, mut end) = (0, 2);
    for entry in area.ranges.iter().filter(in_data) {
        let clusters = entry.sectors.get().div_ceil(bpb.cluster_sectors);
        used += clusters;
        end = end.max(2 + (entry.lba.get() - data) / bpb.cluster_sectors + clusters);
    }
    let free = bpb.clusters.saturating_sub(used) as u32;
    let next = end.min(bpb.clusters + 1) as u32;
    let mut counts = [0; 8];
    counts[..4].copy_from_slice(&free.to_le_bytes());
    counts[4..].copy_from_slice(&next.to_le_bytes());
    counts
}

/// Whether sector 0 is a boot sector of the file system.
pub(super) fn is_in_sector_0(area: &BootArea) -> bool {
    LayoutKind::from_code(area.layout).is_some_and(LayoutKind::has_volume_in_sector_0)
}
