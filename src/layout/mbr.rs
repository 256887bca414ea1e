//! Sector 0 of every layout: our boot code, and the table that this layout has.

use std::io::Cursor;

use gpt::mbr::ProtectiveMBR;
use mbrman::{BOOT_ACTIVE, CHS, MBRHeader, MBRPartitionEntry};
use ramkey_format::boot::{SECTOR0_CODE, SECTOR0_DISK_SIGNATURE, SECTOR0_MAGIC, SECTOR0_TABLE};

use super::LayoutError;
use super::identity::Identity;
use crate::plan::{FatBits, LayoutKind, Plan};
use crate::units::{Chs, Geometry};

/// First byte of a boot sector that belongs to its file system, and one past the last on a FAT32.
const BPB: std::ops::Range<usize> = 3..SECTOR0_CODE as usize;

/// Makes sector 0 from its code; `volume` is the file system's boot sector.
///
/// # Errors
///
/// [`LayoutError::InMemory`] if a table cannot be made.
pub(super) fn sector_0(
    plan: &Plan,
    identity: &Identity,
    code: &[u8; 512],
    volume: &[u8; 512],
) -> Result<[u8; 512], LayoutError> {
    let mut sector = *code;
    let mut put = |offset: u32, bytes: &[u8]| {
        let offset = offset as usize;
        sector[offset..offset + bytes.len()].copy_from_slice(bytes);
    };
    let table = match plan.layout {
        LayoutKind::Mbr => one_partition(plan, identity)?,
        LayoutKind::Gpt => protective(plan, identity),
        LayoutKind::Superfloppy => {
            put(BPB.start as u32, &volume[BPB]);
            let mut table = [0; 512];
            let signature = SECTOR0_DISK_SIGNATURE as usize;
            table[signature..signature + 4].copy_from_slice(&identity.disk_signature);
            table[SECTOR0_MAGIC as usize..].copy_from_slice(&[0x55, 0xAA]);
            table
        }
    };
    put(SECTOR0_DISK_SIGNATURE, &table[SECTOR0_DISK_SIGNATURE as usize..]);
    debug_assert_eq!(sector.len(), SECTOR0_MAGIC as usize + 2);
    Ok(sector)
}

fn one_partition(plan: &Plan, identity: &Identity) -> Result<[u8; 512], LayoutError> {
    let end = plan.volume.lba + plan.volume.sectors;
    let chs = |lba| {
        let chs = Chs::from_lba(lba, &plan.geometry);
        CHS::new(chs.cylinder, chs.head, chs.sector)
    };
    let mut header = MBRHeader::new(identity.disk_signature);
    header[1] = MBRPartitionEntry {
        boot: BOOT_ACTIVE,
        first_chs: chs(plan.volume.lba),
        sys: partition_type(plan.volume.bits, plan.volume.sectors, end, &plan.geometry),
        last_chs: chs(end - 1),
        starting_lba: plan.volume.lba as u32,
        sectors: plan.volume.sectors as u32,
    };
    let mut bytes = Cursor::new(vec![0; 512]);
    let written = header.write_into(&mut bytes);
    written.map_err(|error| LayoutError::InMemory {
        what: "partition table",
        source: std::io::Error::other(error),
    })?;
    Ok(bytes.into_inner().try_into().expect("a sector"))
}

/// Type byte: the one that says FAT by CHS while CHS reaches its end, because old boot code trusts it.
fn partition_type(bits: FatBits, sectors: u64, end: u64, geometry: &Geometry) -> u8 {
    let by_chs = end <= 1024 * geometry.cylinder_sectors();
    match (bits, by_chs) {
        (FatBits::Fat12, _) if sectors < 0x1_0000 => 0x01,
        (FatBits::Fat16, true) if sectors < 0x1_0000 => 0x04,
        (FatBits::Fat12 | FatBits::Fat16, true) => 0x06,
        (FatBits::Fat12 | FatBits::Fat16, false) => 0x0E,
        (FatBits::Fat32, true) => 0x0B,
        (FatBits::Fat32, false) => 0x0C,
    }
}

/// One entry of type EEh over everything, so that tools that know no GPT keep their hands off.
fn protective(plan: &Plan, identity: &Identity) -> [u8; 512] {
    let sectors = u32::try_from(plan.stick_sectors - 1).unwrap_or(u32::MAX);
    let mut mbr = ProtectiveMBR::with_lb_size(sectors);
    mbr.set_disk_signature(identity.disk_signature);
    mbr.to_bytes()
}

const _: () = assert!(SECTOR0_DISK_SIGNATURE + 6 == SECTOR0_TABLE, "the table follows the disk signature");
