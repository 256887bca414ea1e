//! The boot code of an image that is made of a folder: its master boot record, and the boot sector of its volume.

use ramkey_format::bpb::{BOOT_SIGNATURE_WORD, Fat16Start, PartitionEntry};
use ramkey_format::dos::{DOS_MOVED, DosSector};
use zerocopy::{FromBytes, IntoBytes};

use super::{SECTOR0_DISK_SIGNATURE, put};
use ramkey_format::boot::SECTOR0_TABLE;

/// The boot sector as it was assembled.
pub(super) const SECTOR: &[u8] = include_bytes!("../../bootsectors/prebuilt/dos.bin");
/// The master boot record as it was assembled.
pub(super) const RECORD: &[u8] = include_bytes!("../../bootsectors/prebuilt/dos_mbr.bin");
/// Where the code is behind the BIOS parameter block: the jump over it.
const JUMP: [u8; 3] = [0xEB, Fat16Start::LEN as u8 - 2, 0x90];

/// How a system is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DosStart {
    /// The name of its file, as a directory has it: among the first entries of the topmost one.
    pub name: [u8; 11],
    /// Most sectors of it that are loaded.
    pub sectors_max: u16,
    /// Segment that it is loaded to.
    pub segment: u16,
    /// Offset in it where it begins.
    pub offset: u16,
    /// Whether it may be loaded over the boot sector, which gets out of its way.
    pub is_whole: bool,
}

/// The boot sector of a volume with these fields, which starts a system, or nothing.
///
/// # Errors
///
/// What is wrong with the committed file.
pub fn dos_sector(fields: &Fat16Start, start: Option<&DosStart>) -> Result<[u8; 512], &'static str> {
    let mut sector = [0; 512];
    if let Some(start) = start {
        let mut code = DosSector::read_from_bytes(SECTOR).map_err(|_| "dos.bin is not one sector")?;
        code.name = start.name;
        code.sectors_max.set(start.sectors_max);
        code.entry_offset.set(start.offset);
        code.entry_segment.set(start.segment);
        code.own_segment.set(if start.is_whole { DOS_MOVED as u16 } else { 0 });
        sector.copy_from_slice(code.as_bytes());
    }
    sector[..Fat16Start::LEN].copy_from_slice(fields.as_bytes());
    sector[..JUMP.len()].copy_from_slice(&JUMP);
    sector[510..].copy_from_slice(&(BOOT_SIGNATURE_WORD as u16).to_le_bytes());
    Ok(sector)
}

/// Sector 0 of a disk with one partition.
///
/// # Errors
///
/// What is wrong with the committed file.
pub fn dos_record(signature: u32, partition: &PartitionEntry) -> Result<[u8; 512], &'static str> {
    let mut sector: [u8; 512] = RECORD.try_into().map_err(|_| "dos_mbr.bin is not one sector")?;
    put(&mut sector, SECTOR0_DISK_SIGNATURE, signature);
    let table = SECTOR0_TABLE as usize;
    sector[table..table + PartitionEntry::LEN].copy_from_slice(partition.as_bytes());
    Ok(sector)
}
