//! Sector 0 of every layout: our boot code, and the table that this layout has.

use std::io::Cursor;

use gpt::mbr::ProtectiveMBR;
use mbrman::{BOOT_ACTIVE, BOOT_INACTIVE, CHS, MBRHeader, MBRPartitionEntry};
use ramkey_format::boot::{SECTOR0_CODE, SECTOR0_DISK_SIGNATURE, SECTOR0_MAGIC, SECTOR0_TABLE};

use super::identity::Identity;
use crate::layout::error::LayoutError;
use crate::plan::{Division, FatBits, LayoutKind, Slot};
use crate::units::Chs;

/// First byte of a boot sector that belongs to its file system, and one past the last on a FAT32.
pub(super) const BPB: std::ops::Range<usize> = 3..SECTOR0_CODE as usize;
/// Type of the second partition: it holds no file system, and no system asks to format it.
const NO_FILE_SYSTEM: u8 = 0xDA;

/// Makes sector 0 from its code; `volume` is the file system's boot sector as seen from sector 0.
///
/// # Errors
///
/// [`LayoutError::InMemory`] if a table cannot be made.
pub(super) fn sector_0(
    division: &Division,
    identity: &Identity,
    code: &[u8; 512],
    volume: &[u8; 512],
) -> Result<[u8; 512], LayoutError> {
    let mut sector = *code;
    if division.layout.has_volume_in_sector_0() {
        sector[BPB].copy_from_slice(&volume[BPB]);
    }
    let table = match division.layout {
        LayoutKind::Universal { slot } => partitions(division, identity, slot)?,
        LayoutKind::Zip => partitions(division, identity, Slot::Fourth)?,
        LayoutKind::Hdd | LayoutKind::TwoPartitions => partitions(division, identity, Slot::First)?,
        LayoutKind::Gpt => protective(division, identity),
        LayoutKind::Fdd | LayoutKind::Superfloppy => {
            let mut table = [0; 512];
            let signature = SECTOR0_DISK_SIGNATURE as usize;
            table[signature..signature + 4].copy_from_slice(&identity.disk_signature);
            table[SECTOR0_MAGIC as usize..].copy_from_slice(&[0x55, 0xAA]);
            table
        }
    };
    let tail = SECTOR0_DISK_SIGNATURE as usize..;
    sector[tail.clone()].copy_from_slice(&table[tail]);
    debug_assert_eq!(sector.len(), SECTOR0_MAGIC as usize + 2);
    Ok(sector)
}

/// The table of a master boot record: the active partition in `slot`, and with two the other behind it.
pub(super) fn partitions(
    division: &Division,
    identity: &Identity,
    slot: Slot,
) -> Result<[u8; 512], LayoutError> {
    let (start, end) = (division.volume.lba, division.volume.lba + division.volume.sectors);
    let chs = |lba| {
        let chs = Chs::from_lba(lba, &division.geometry);
        CHS::new(chs.cylinder, chs.head, chs.sector)
    };
    let entry = |boot, sys, range: std::ops::Range<u64>| MBRPartitionEntry {
        boot,
        first_chs: chs(range.start),
        sys,
        last_chs: chs(range.end - 1),
        starting_lba: range.start as u32,
        sectors: (range.end - range.start) as u32,
    };
    let mut header = MBRHeader::new(identity.disk_signature);
    let number = match slot {
        Slot::First => 1,
        Slot::Fourth => 4,
    };
    header[number] = entry(BOOT_ACTIVE, partition_type(division), start..end);
    if division.layout == LayoutKind::TwoPartitions {
        header[2] = entry(BOOT_INACTIVE, NO_FILE_SYSTEM, end..end + division.geometry.cylinder_sectors());
    }
    let mut bytes = Cursor::new(vec![0; 512]);
    let written = header.write_into(&mut bytes);
    written.map_err(|error| LayoutError::InMemory {
        what: "partition table",
        source: std::io::Error::other(error),
    })?;
    Ok(bytes.into_inner().try_into().expect("a sector"))
}

/// Type byte: the one that says FAT by CHS while CHS reaches its end, because old boot code trusts it. On a ZIP disk, and
/// on what may be taken for one, a FAT16 of any size is 06h.
pub(super) fn partition_type(division: &Division) -> u8 {
    let end = division.volume.lba + division.volume.sectors;
    let by_chs = end <= 1024 * division.geometry.cylinder_sectors();
    let is_zip = matches!(division.layout, LayoutKind::Universal { .. } | LayoutKind::Zip);
    let is_small = division.volume.sectors < 0x1_0000;
    match (division.volume.bits, by_chs) {
        (FatBits::Fat12, _) if is_small => 0x01,
        (FatBits::Fat16, true) if is_small && !is_zip => 0x04,
        (FatBits::Fat12 | FatBits::Fat16, true) => 0x06,
        (FatBits::Fat12 | FatBits::Fat16, false) => 0x0E,
        (FatBits::Fat32, true) => 0x0B,
        (FatBits::Fat32, false) => 0x0C,
    }
}

/// One entry of type EEh over everything, so that tools that know no GPT keep their hands off.
fn protective(division: &Division, identity: &Identity) -> [u8; 512] {
    let sectors = u32::try_from(division.sectors - 1).unwrap_or(u32::MAX);
    let mut mbr = ProtectiveMBR::with_lb_size(sectors);
    mbr.set_disk_signature(identity.disk_signature);
    mbr.to_bytes()
}

const _: () = assert!(SECTOR0_DISK_SIGNATURE + 6 == SECTOR0_TABLE, "the table follows the disk signature");
