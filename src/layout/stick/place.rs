//! Where a sector of boot code finds itself, stage 1 and the boot area.

use ramkey_format::memory::{BOOT_LBA, CODE_COPIES, PARTITION_LBA, STAGE1_END, STAGE1_FIRST, STAGE1_STEP};

use crate::boot;
use crate::plan::{BLOCK_SECTORS, DESCRIPTORS, Division, FatBits, GPT_SECTORS, LayoutKind};

/// First sectors of a FAT32 that are its own: mlabel of mtools writes 14 with the boot sector (docs/quirks.md#files).
const FAT32_OWN: u64 = 16;

/// What code in sector `lba` must know: itself, the boot area, and the first stage 1 behind it. From where a partition
/// begins those are copies, on a stick that has them.
pub(super) fn place(division: &Division, lba: u64) -> boot::Place {
    let base = base(division, lba);
    let view = if lba < base + u64::from(CODE_COPIES) { lba } else { base };
    let stage1 = (view..).find(|&lba| has_stage_1(division, lba)).expect("one of them is never taken");
    boot::Place { lba: lba as u32, boot_lba: base as u32 + BOOT_LBA, stage1: (stage1 - view) as u8 }
}

/// Where the boot code that sector `lba` belongs to begins.
pub(super) fn base(division: &Division, lba: u64) -> u64 {
    let has_copy = division.layout.has_boot_copy(division.sectors);
    if has_copy && lba >= u64::from(PARTITION_LBA) { PARTITION_LBA.into() } else { 0 }
}

/// Whether sector `lba` holds stage 1: one in each first track, unless a table or the file system is there.
pub(super) fn has_stage_1(division: &Division, lba: u64) -> bool {
    let number = lba - base(division, lba);
    let volume = division.volume.lba..division.volume.lba + own_sectors(division.volume.bits);
    let table = if division.layout == LayoutKind::Gpt { 1 + GPT_SECTORS } else { 1 };
    number < copies_end(division, lba)
        && !is_descriptor(division, lba)
        && number % u64::from(STAGE1_STEP) == u64::from(STAGE1_FIRST)
        && lba >= table
        && !volume.contains(&lba)
}

/// One past the last sector that may hold stage 1, counted from where the boot code begins to which sector `lba` belongs.
/// The descriptors of a disc take one of the places, so there are more behind them.
pub(super) fn copies_end(division: &Division, lba: u64) -> u64 {
    let is_taken = division.disc.is_some() && base(division, lba) == 0;
    if is_taken { BOOT_LBA.into() } else { STAGE1_END.into() }
}

/// Whether sector `lba` holds a descriptor of ISO 9660.
fn is_descriptor(division: &Division, lba: u64) -> bool {
    division.disc.is_some()
        && (DESCRIPTORS.start * BLOCK_SECTORS..DESCRIPTORS.end * BLOCK_SECTORS).contains(&lba)
}

/// Sectors from the boot sector on that belong to a file system alone: on a FAT32, those that systems write beside it.
pub(super) fn own_sectors(bits: FatBits) -> u64 {
    if bits == FatBits::Fat32 { FAT32_OWN } else { 1 }
}
