//! The volumes of an image whose free space may be looked for, and what speaks against some of them.

use super::space::KeptPlace;
use super::volume;
use super::why::Why;
use crate::contents::bytes::sector;
use crate::contents::guid_table::{GuidPart, GuidTable};
use crate::contents::kind::Kind;
use crate::contents::mbr::{self, EXTENDED, TableEntry};
use crate::contents::parts::{LOGICAL_MAX, Logical, logical};
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// Types of partitions that hold a FAT, an NTFS or an ext2, ext3 or ext4 and nothing else: those of DOS and Windows, the
/// same hidden, those of Linux and of EFI. Others can hold a part of something, or what a sleeping machine had in memory.
const TYPES: [u8; 18] = [
    0x01, 0x04, 0x06, 0x07, 0x0B, 0x0C, 0x0E, 0x11, 0x12, 0x14, 0x16, 0x17, 0x1B, 0x1C, 0x1E, 0x27, 0x83,
    0xEF,
];
/// The same in a GUID partition table: data and recovery of Windows, EFI, data of Linux, its root on 32 and 64 bits, as a table
/// has them. (UEFI Specification; Microsoft, `PARTITION_INFORMATION_GPT`; the Discoverable Partitions Specification.)
const GUIDS: [u128; 6] = [
    0xC799_26B7_B668_C087_4433_B9E5_EBD0_A0A2,
    0xACD6_7901_D5BF_6AA1_4D40_06D1_DE94_BBA4,
    0x3BC9_3EC9_A000_4BBA_11D2_F81F_C12A_7328,
    0xE47D_47D8_693D_798E_4772_8483_0FC6_3DAF,
    0x8A45_F0D5_31D1_F79A_41B2_F297_4447_9540,
    0x09B7_84F9_CAFB_E796_4DB1_E8CD_4F68_BCE3,
];
/// Type of a swap partition of Linux, where a sleeping one has its memory.
const LINUX_SWAP: u8 = 0x82;
/// First sector behind a GUID partition table of the usual size.
const BEHIND_GUID_TABLE: u64 = 34;
/// Most partitions of an image.
const VOLUMES_MAX: usize = 256;

/// A part of the image with one file system.
pub(super) struct Volume {
    pub place: KeptPlace,
    /// First byte.
    pub start: u64,
    /// Bytes.
    pub len: u64,
    /// Why nothing of it is to be given up, whatever is on it.
    pub doubt: Option<Why>,
}

impl Volume {
    fn part(number: usize, start: u64, sectors: u64) -> Self {
        let (start, len) = (start.saturating_mul(SECTOR_LEN), sectors.saturating_mul(SECTOR_LEN));
        Self { place: KeptPlace::Partition(number), start, len, doubt: None }
    }

    fn typed(number: usize, start: u64, entry: &TableEntry) -> Self {
        let mut volume = Self::part(number, start, entry.sectors);
        if entry.type_byte != LINUX_SWAP && !TYPES.contains(&entry.type_byte) {
            volume.doubt = Some(Why::PartitionType(entry.type_byte));
        }
        volume
    }

    fn of_guid_part(part: &GuidPart) -> Self {
        let mut volume = Self::part(part.number, part.lba, part.sectors);
        if !GUIDS.contains(&u128::from_le_bytes(part.type_guid)) {
            volume.doubt = Some(Why::PartitionGuid);
        }
        volume
    }

    fn end(&self) -> u64 {
        self.start.saturating_add(self.len)
    }

    /// Whether it has a byte of `start..end`.
    fn meets(&self, start: u64, end: u64) -> bool {
        self.start < end && start < self.end()
    }
}

/// The volumes of an image of this kind; or why it has none.
pub(super) fn volumes(source: &dyn Source, kind: Kind) -> Result<Vec<Volume>, Why> {
    let first = sector(source, 0).ok_or(Why::Unreadable)?;
    let table = mbr::read(&first);
    if volume::begins(source, 0)? {
        let whole = Volume {
            place: KeptPlace::Image,
            start: 0,
            len: source.len() / SECTOR_LEN * SECTOR_LEN,
            doubt: None,
        };
        // One that begins where the table is can be the volume alone; mtools writes that.
        let others = table.iter().any(|entry| entry.start > 0);
        return if others { Err(Why::TableAndVolume) } else { Ok(vec![whole]) };
    }
    if kind != Kind::HardDisk || table.is_empty() {
        return Err(Why::Unknown);
    }
    let mut volumes = if table.iter().any(TableEntry::is_protective) {
        of_guid_table(source, &table)?
    } else {
        of_table(source, &table)?
    };
    if volumes.len() > VOLUMES_MAX {
        return Err(Why::Partitions);
    }
    for at in 0..volumes.len() {
        let (start, end) = (volumes[at].start, volumes[at].end());
        let mut others = volumes.iter().enumerate();
        if others.any(|(other, volume)| other != at && volume.meets(start, end)) {
            volumes[at].doubt = Some(Why::Overlap);
        }
    }
    Ok(volumes)
}

/// The partitions of a master boot record, and those within an extended one.
fn of_table(source: &dyn Source, table: &[TableEntry]) -> Result<Vec<Volume>, Why> {
    let (extended, primary): (Vec<&TableEntry>, Vec<&TableEntry>) =
        table.iter().partition(|entry| EXTENDED.contains(&entry.type_byte));
    let mut volumes: Vec<Volume> =
        primary.iter().map(|entry| Volume::typed(entry.number, entry.start, entry)).collect();
    let mut tables = vec![0];
    if extended.len() > 1 {
        return Err(Why::Partitions);
    }
    if let Some(extended) = extended.first() {
        let (start, end) = (extended.start * SECTOR_LEN, extended.end() * SECTOR_LEN);
        for volume in volumes.iter_mut().filter(|volume| volume.meets(start, end)) {
            volume.doubt = Some(Why::Overlap);
        }
        let logical = logical(source, extended.start);
        if logical.len() >= LOGICAL_MAX {
            return Err(Why::Partitions);
        }
        tables.push(extended.start);
        for (number, Logical { table, start, entry }) in (5..).zip(&logical) {
            let mut volume = Volume::typed(number, *start, entry);
            if volume.start < start_of(extended.start) || volume.end() > end {
                volume.doubt = Some(Why::BeyondPartition);
            }
            volumes.push(volume);
            tables.push(*table);
        }
    }
    for volume in &mut volumes {
        let holds = |&lba: &u64| volume.meets(start_of(lba), start_of(lba) + SECTOR_LEN);
        if tables.iter().any(holds) {
            volume.doubt = Some(Why::Overlap);
        }
    }
    Ok(volumes)
}

fn start_of(lba: u64) -> u64 {
    lba.saturating_mul(SECTOR_LEN)
}

/// The partitions of a GUID partition table, and those that stand in the master boot record beside it.
fn of_guid_table(source: &dyn Source, table: &[TableEntry]) -> Result<Vec<Volume>, Why> {
    let guid_table = GuidTable::of(source).ok_or(Why::GuidTable)?;
    let mut volumes: Vec<Volume> = guid_table.parts.iter().map(Volume::of_guid_part).collect();
    for entry in table.iter().filter(|entry| !entry.is_protective()) {
        let volume = Volume::typed(entry.number, entry.start, entry);
        // A hybrid table names a partition a second time.
        let is_same = |other: &Volume| (other.start, other.len) == (volume.start, volume.len);
        if !volumes.iter().any(is_same) {
            volumes.push(volume);
        }
    }
    // The copy of the header, and its entries before it.
    let copy = start_of(guid_table.copy_lba.saturating_sub(BEHIND_GUID_TABLE - 2));
    let end = start_of(guid_table.copy_lba).saturating_add(SECTOR_LEN);
    for volume in &mut volumes {
        if volume.start < start_of(BEHIND_GUID_TABLE) || volume.meets(copy, end) {
            volume.doubt = Some(Why::Overlap);
        }
    }
    Ok(volumes)
}
