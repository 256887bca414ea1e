//! Reserved sectors of a file system, without what systems do to them.

use std::ops::Range;

use ramkey_format::manifest::{RangeEntry, range};

use super::bpb::Bpb;
use super::kind::FatBits;
use super::reader::Reader;
use crate::units::SECTOR_LEN;

/// Where the boot sector names the system that formatted it, which some systems replace; and the name as written.
pub(crate) const OEM_NAME: Range<usize> = 3..11;
const OEM_NAME_WRITTEN: &[u8; 8] = b"MSWIN4.1";
/// Sectors of a FAT32: summary of free clusters, copy of the boot sector, copy of the summary.
pub(crate) const FS_INFO: u64 = 1;
pub(crate) const BACKUP_BOOT: u64 = 6;
/// Sectors in which a file system keeps these.
const OWN_SECTORS: u64 = 16;
const FS_INFO_MAGIC: &[u8; 4] = b"RRaA";
/// Most numbers of bad clusters that are tried.
const BAD_TRIED: u64 = 1 << 8;
/// Where the summary has its counts.
pub(crate) const FS_INFO_COUNTS: Range<usize> = 488..496;

/// The reserved sectors of a volume, or what stands for them at the start of the stick.
pub(crate) struct Reserved<'r> {
    pub reader: &'r Reader<'r>,
    pub bpb: &'r Bpb,
    /// First sector of the volume.
    pub volume_lba: u64,
    /// Label of the volume as it was written.
    pub label: [u8; 11],
    /// The counts of free clusters as they were written.
    pub counts: [u8; 8],
}

impl Reserved<'_> {
    /// Undoes in `bytes`, which begin with sector `start`, what systems do: they mark the volume as mounted, name it, and count
    /// free clusters; mtools also copies the first eight sectors of a FAT32 behind the copy of the boot sector. Says what
    /// was undone. A label is no change of its own here: the root directory has it too.
    pub fn undo(&self, start: u64, bytes: &mut [u8]) -> Vec<&'static str> {
        let sectors = bytes.len() as u64 / SECTOR_LEN;
        // A universal stick has boot sectors of the whole stick too, in sector 0 and in its copy.
        let is_own = (self.volume_lba..self.volume_lba + OWN_SECTORS).contains(&start);
        let base = if is_own { self.volume_lba } else { start };
        let at = |number: u64| {
            let sector = (base + number).checked_sub(start).filter(|&sector| sector < sectors)?;
            Some((sector * SECTOR_LEN) as usize..((sector + 1) * SECTOR_LEN) as usize)
        };
        let fat32 = self.bpb.bits == FatBits::Fat32;
        // On a FAT32 the first eight sectors, their copy, and what mtools makes of the copy.
        let copies: &[u64] = if fat32 && is_own { &[0, BACKUP_BOOT, 2 * BACKUP_BOOT] } else { &[0] };
        let mut changes = Vec::new();
        let mut change = |what| {
            if !changes.contains(&what) {
                changes.push(what);
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
            sector[Bpb::label(self.bpb.bits)].copy_from_slice(&self.label);
            if sector[OEM_NAME] != *OEM_NAME_WRITTEN {
                change("another system put its name into the file system's boot sector");
                sector[OEM_NAME].copy_from_slice(OEM_NAME_WRITTEN);
            }
        }
        for range in copies.iter().filter_map(|&number| at(number + FS_INFO)) {
            let sector = &mut bytes[range];
            if fat32 && sector.starts_with(FS_INFO_MAGIC) && sector[FS_INFO_COUNTS] != self.counts {
                change("the count of free clusters is another");
                sector[FS_INFO_COUNTS].copy_from_slice(&self.counts);
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
            self.undo_mlabel(bytes);
        }
        changes
    }

    /// Undoes what mlabel writes behind the copy of sector 0: the sectors behind sector 0, where zeros were.
    fn undo_mlabel(&self, bytes: &mut [u8]) {
        for (number, sector) in (0..).zip(bytes.chunks_exact_mut(SECTOR_LEN as usize)).skip(1) {
            if self.reader.sector(number).is_ok_and(|original| *sector == original) {
                sector.fill(0);
            }
        }
    }
}

/// The summary of free clusters as it is written with `ranges`, which tell which clusters are taken; `data` is the first sector
/// of clusters.
pub(crate) fn written_counts(bpb: &Bpb, ranges: &[RangeEntry], data: u64) -> [u8; 8] {
    let in_data = |entry: &&RangeEntry| {
        matches!(entry.kind, range::CAPSULE | range::DIRECTORY | range::TEXT) && entry.lba.get() >= data
    };
    let (mut used, mut end) = (0, 2);
    for entry in ranges.iter().filter(in_data) {
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

/// The same counts, where `bad` more clusters are not free because they are marked as bad.
pub(crate) fn with_bad(mut counts: [u8; 8], bad: u64) -> [u8; 8] {
    let free = u32::from_le_bytes([counts[0], counts[1], counts[2], counts[3]]);
    counts[..4].copy_from_slice(&free.saturating_sub(bad as u32).to_le_bytes());
    counts
}

/// How many clusters may have been bad when the counts were written, on a volume where `marked` are now, the likeliest first: a
/// system may have marked some since.
pub(crate) fn bad_then(marked: u64) -> impl Iterator<Item = u64> {
    let likely = (marked.saturating_sub(BAD_TRIED)..=marked).rev();
    likely.chain((marked > BAD_TRIED).then_some(0))
}
