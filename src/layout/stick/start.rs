//! What lies before the tables of the file system: the boot area and its copy, copies of sector 0, and stamps.
//!
//! A BIOS may hide the first sectors of a stick, and then starts another one than sector 0; and it may be wrong about
//! heads and sectors per track. So sector 0's code stands wherever a track may begin, and each sector in which a second
//! track or cylinder may begin holds its own number.

use std::ops::Range;

use ramkey_format::memory::{
    BOOT_AREA_END_LBA, BOOT_LBA, CODE_COPIES, MANIFEST_2_LBA, MANIFEST_LBA, MANIFEST_SECTORS_MAX,
    PARTITION_LBA, STAGE1_END,
};

use super::fat::FatVolume;
use super::mbr::BPB;
use super::place::{base, copies_end, has_stage_1, place};
use crate::boot;
use crate::layout::extent::{Content, Extent, Role};
use crate::layout::extents::Extents;
use crate::plan::{Division, FatBits, LayoutKind};
use crate::units::SECTOR_LEN;

/// Where sector 0 stands again on a FAT32 whose view from there needs a copy of its boot sector: where the manifest of
/// the boot area's copy would be.
const SECTOR_0_COPY: u64 = (PARTITION_LBA + MANIFEST_LBA) as u64;
/// Sectors that mlabel of mtools writes there (docs/quirks.md#files).
const SECTOR_0_COPY_LEN: u64 = 8;
/// What the fields for the summary and the copy of the boot sector say when there is none.
const NO_SUMMARY: u16 = 0xFFFF;
const NO_COPY: u16 = 0;

/// Everything that the start of a stick is made of.
pub(super) struct Start<'a> {
    pub division: &'a Division,
    /// Sector 0 without BPB and table.
    pub code: &'a [u8; 512],
    /// Sector 0 as it is written.
    pub sector_0: &'a [u8; 512],
    pub boot_code: Vec<u8>,
    pub boot_checksum: u32,
}

/// Bytes of a boot sector that hold the volume's serial number. A copy of sector 0 has zeros there, because nothing that
/// is stamped depends on the images.
fn serial(bits: FatBits) -> Range<usize> {
    if bits == FatBits::Fat32 { 67..71 } else { 39..43 }
}

/// The file system's boot sector with the numbers that it has when it is seen from sector `lba`, which lies before the
/// first table.
pub(super) fn seen_from(division: &Division, boot_sector: &[u8; 512], lba: u64) -> [u8; 512] {
    let mut sector = *boot_sector;
    let volume = &division.volume;
    let mut put = |at: usize, bytes: &[u8]| sector[at..at + bytes.len()].copy_from_slice(bytes);
    let word = |at: usize| u64::from(u16::from_le_bytes([boot_sector[at], boot_sector[at + 1]]));
    let reserved = volume.lba + word(14) - lba;
    let sectors = (volume.lba + volume.sectors - lba) as u32;
    let (short, long) = if sectors < 0x1_0000 { (sectors as u16, 0) } else { (0, sectors) };
    put(14, &(reserved as u16).to_le_bytes());
    put(19, &short.to_le_bytes());
    put(28, &(lba as u32).to_le_bytes());
    put(32, &long.to_le_bytes());
    if volume.bits == FatBits::Fat32 && lba != volume.lba {
        let summary = (volume.lba + word(48)).checked_sub(lba).filter(|&number| number > 0);
        let copy = if lba == 0 { SECTOR_0_COPY as u16 } else { NO_COPY };
        put(48, &summary.map_or(NO_SUMMARY, |number| number as u16).to_le_bytes());
        put(50, &copy.to_le_bytes());
    }
    sector
}

impl Start<'_> {
    /// Adds every range before the tables of `volume` but sector 0, the table of a GPT, and the manifest.
    pub fn lay_out(self, volume: &FatVolume, extents: &mut Extents) {
        let stamped_end = self.division.layout.stamped_end(self.division.sectors);
        let own = self.division.volume.lba.max(1)..volume.own_end(stamped_end);
        if !own.is_empty() {
            extents.sparse(own, Role::FatReserved, |lba| volume.sector(lba));
        }
        let manifest_end = u64::from(MANIFEST_2_LBA + MANIFEST_SECTORS_MAX);
        let boot_lba = u64::from(BOOT_LBA);
        let boot_end = boot_lba + self.boot_code.len() as u64 / SECTOR_LEN;
        extents.zeros(boot_end..u64::from(MANIFEST_LBA), Role::Cleared);
        extents.zeros(manifest_end..u64::from(BOOT_AREA_END_LBA), Role::Cleared);
        if self.division.layout.has_boot_copy(self.division.sectors) {
            let copy_lba = u64::from(PARTITION_LBA + BOOT_LBA);
            extents.bytes(copy_lba, Role::BootCopy, self.boot_code.clone());
        }
        let is_universal = matches!(self.division.layout, LayoutKind::Universal { .. });
        if is_universal && self.division.volume.bits == FatBits::Fat32 {
            let mut copy = self.sector_0.to_vec();
            copy.resize((SECTOR_0_COPY_LEN * SECTOR_LEN) as usize, 0);
            extents.bytes(SECTOR_0_COPY, Role::FatReserved, copy);
        }
        extents.bytes(boot_lba, Role::BootCode, self.boot_code.clone());
        for range in [1..boot_lba, u64::from(BOOT_AREA_END_LBA)..stamped_end] {
            for free in gaps(&extents.0, range) {
                self.stamp(free, volume, extents);
            }
        }
    }

    /// Stamps every sector of `range`; those in which a track may begin are copies of sector 0, or of stage 1, too.
    fn stamp(&self, range: Range<u64>, volume: &FatVolume, extents: &mut Extents) {
        let copies = copies_end(self.division, 0);
        let partition = u64::from(PARTITION_LBA);
        let has_copy = self.division.layout.has_boot_copy(self.division.sectors);
        let again = if has_copy { partition..partition + u64::from(STAGE1_END) } else { 0..0 };
        let mut plain_from = range.start;
        for start in [0..copies, again] {
            let start = start.start.max(range.start)..start.end.min(range.end);
            if !start.is_empty() {
                self.plain(plain_from..start.start, extents);
                plain_from = start.end;
                let bytes = start.clone().flat_map(|lba| self.copy(lba, volume)).collect();
                extents.bytes(start.start, Role::Stamps, bytes);
            }
        }
        self.plain(plain_from..range.end, extents);
    }

    fn plain(&self, range: Range<u64>, extents: &mut Extents) {
        if !range.is_empty() {
            let content = Content::Stamps { boot_checksum: self.boot_checksum };
            let sectors = range.end - range.start;
            extents.0.push(Extent { lba: range.start, sectors, role: Role::Stamps, content });
        }
    }

    /// Stage 1, a copy of sector 0, or a stamp alone: what belongs into sector `lba`.
    fn copy(&self, lba: u64, volume: &FatVolume) -> [u8; 512] {
        let place = place(self.division, lba);
        if has_stage_1(self.division, lba) {
            return boot::stage_1(place.lba, place.boot_lba, self.boot_checksum);
        }
        if lba - base(self.division, lba) >= u64::from(CODE_COPIES) {
            return boot::stamp(place.lba, self.boot_checksum);
        }
        let mut sector = boot::copy(self.code, place);
        if self.division.layout.has_volume_in_sector_0() || lba > self.division.volume.lba {
            sector[BPB].copy_from_slice(&seen_from(self.division, &volume.boot_sector, lba)[BPB]);
            sector[serial(self.division.volume.bits)].fill(0);
        }
        sector
    }
}

/// The parts of `range` that no extent has.
fn gaps(extents: &[Extent], range: Range<u64>) -> Vec<Range<u64>> {
    let mut taken: Vec<Range<u64>> =
        extents.iter().map(|extent| extent.lba..extent.lba + extent.sectors).collect();
    taken.sort_by_key(|taken| taken.start);
    let mut gaps = Vec::new();
    let mut free_from = range.start;
    for taken in taken.iter().filter(|taken| taken.end > range.start && taken.start < range.end) {
        gaps.push(free_from..taken.start.max(free_from));
        free_from = free_from.max(taken.end);
    }
    gaps.push(free_from.min(range.end)..range.end);
    gaps.retain(|gap| !gap.is_empty());
    gaps
}
