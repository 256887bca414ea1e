//! The committed boot code, and the few fields of it that are this stick's own.

mod disc;
mod dos;
mod prebuilt;
mod start;

use ramkey_format::boot::{
    BootHeader, HEADER_IS_DISC, SECTOR0_BOOT_CHECKSUM, SECTOR0_BOOT_LBA, SECTOR0_CODE,
    SECTOR0_DISK_SIGNATURE, SECTOR0_MAGIC, SECTOR0_STAGE1, SECTOR0_STAGE1_CHECKSUM, SECTOR0_STAMP,
    STAGE1_LEN, VOLUME_FAT, VOLUME_ISO9660,
};
use ramkey_format::checksum::checksum;
use ramkey_format::memory::{BOOT_LBA, BOOT_SECTORS_MAX, SECTOR_SIZE, STAGE2_SECTORS};
use zerocopy::FromBytes;

pub use disc::disc_image;
pub use dos::{DosStart, dos_record, dos_sector};
pub use prebuilt::prebuilt;
pub use start::{Language, StartOptions};

/// Sector 0 as it was assembled.
const SECTOR_0: &[u8] = include_bytes!("../../bootsectors/prebuilt/sector0.bin");
/// Sector 0 of a stick that starts nothing.
const PLAIN: &[u8] = include_bytes!("../../bootsectors/prebuilt/plain.bin");
/// Stage 1 as it was assembled.
const STAGE_1: &[u8] = include_bytes!("../../bootsectors/prebuilt/stage1.bin");
/// Boot header, stage 2 and loader as they were built.
const BOOT: &[u8] = include_bytes!("../../bootsectors/prebuilt/boot.bin");
/// Bytes of the boot header and stage 2, which stage 1 proves.
const STAGE2_LEN: usize = (STAGE2_SECTORS * SECTOR_SIZE) as usize;

/// What the boot header says about one stick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Derived from the size and the options of the stick.
    pub options: [u8; 8],
    /// The file system in which the loader finds the capsules.
    pub volume: BootVolume,
    /// Whether the medium is a disc as well, which the loader turns to if the BIOS shows too little of the file system.
    pub is_disc: bool,
    /// How the machine starts.
    pub start: StartOptions,
}

/// The file system from which the loader reads capsules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootVolume {
    /// A FAT.
    Fat {
        /// Its first sector; 0 for a superfloppy.
        lba: u32,
    },
    /// ISO 9660, from the first block of the disc on.
    Iso9660,
}

/// Where a sector of boot code lies, and where it finds the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// LBA of the sector itself: its stamp.
    pub lba: u32,
    /// First LBA of the boot area, or of its copy, that it leads to.
    pub boot_lba: u32,
    /// Where it begins to look for stage 1, counted from the first sector that the BIOS shows.
    pub stage1: u8,
}

/// Sector 0 without a table, for a boot area whose first sectors have `boot_checksum`; it looks for stage 1 from sector
/// `stage1` on.
///
/// # Errors
///
/// What is wrong with the committed files.
pub fn sector_0(boot_checksum: u32, stage1: u8) -> Result<[u8; 512], &'static str> {
    let mut sector: [u8; 512] = SECTOR_0.try_into().map_err(|_| "sector0.bin is not one sector")?;
    let magic = SECTOR0_MAGIC as usize;
    if sector[magic..] != [0x55, 0xAA] {
        return Err("sector0.bin has no boot signature");
    }
    let code = STAGE_1.get(..STAGE1_LEN as usize).ok_or("stage1.bin is too short")?;
    sector[SECTOR0_STAGE1 as usize] = stage1;
    put(&mut sector, SECTOR0_STAGE1_CHECKSUM, checksum(code));
    put(&mut sector, SECTOR0_STAMP, 0);
    put(&mut sector, SECTOR0_BOOT_LBA, BOOT_LBA);
    put(&mut sector, SECTOR0_BOOT_CHECKSUM, boot_checksum);
    Ok(sector)
}

/// Puts code into `sector`, whose table has no active partition, that says so and lets the BIOS go on.
pub fn start_nothing(sector: &mut [u8; 512]) {
    let code = ..SECTOR0_DISK_SIGNATURE as usize;
    sector[code].copy_from_slice(&PLAIN[code]);
}

/// Whether the code of `sector` is that of [`start_nothing`].
pub fn starts_nothing(sector: &[u8; 512]) -> bool {
    let code = ..SECTOR0_DISK_SIGNATURE as usize;
    sector[code] == PLAIN[code]
}

/// Puts the code of `sector_0` into the boot sector of a FAT volume that is not at sector 0, for BIOSes that start
/// there: it finds the boot area by itself, wherever it was started from. The BPB stays.
pub fn start_volume(boot_sector: &mut [u8; 512], sector_0: &[u8; 512], place: Place) {
    let code = SECTOR0_CODE as usize..SECTOR0_DISK_SIGNATURE as usize;
    boot_sector[..3].copy_from_slice(&sector_0[..3]);
    boot_sector[code.clone()].copy_from_slice(&sector_0[code]);
    boot_sector[SECTOR0_STAGE1 as usize] = place.stage1;
    put(boot_sector, SECTOR0_STAMP, place.lba);
    put(boot_sector, SECTOR0_BOOT_LBA, place.boot_lba);
}

/// A sector that boots as `sector_0` does, and is nothing else: no BPB, no disk signature, no table.
pub fn copy(sector_0: &[u8; 512], place: Place) -> [u8; 512] {
    let mut sector = [0; 512];
    start_volume(&mut sector, sector_0, place);
    let magic = SECTOR0_MAGIC as usize;
    sector[magic..].copy_from_slice(&sector_0[magic..]);
    sector
}

/// Stage 1 in the sector at `lba`, where it leads to the boot area at `boot_lba`.
pub fn stage_1(lba: u32, boot_lba: u32, boot_checksum: u32) -> [u8; 512] {
    let mut sector = stamp(lba, boot_checksum);
    let code = ..STAGE1_LEN as usize;
    sector[code].copy_from_slice(&STAGE_1[code]);
    put(&mut sector, SECTOR0_BOOT_LBA, boot_lba);
    sector
}

/// A sector that holds its own number `lba`, and the checksum by which the stick's own code knows it; zeros else.
pub fn stamp(lba: u32, boot_checksum: u32) -> [u8; 512] {
    let mut sector = [0; 512];
    put(&mut sector, SECTOR0_STAMP, lba);
    put(&mut sector, SECTOR0_BOOT_CHECKSUM, boot_checksum);
    sector
}

fn put(sector: &mut [u8; 512], offset: u32, value: u32) {
    let offset = offset as usize;
    sector[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
}

/// The boot area of one stick: header, stage 2 and loader, in whole sectors.
///
/// # Errors
///
/// What is wrong with the committed file: its length, its header, or the checksum of its loader.
pub fn boot_area(patch: &Patch) -> Result<Vec<u8>, &'static str> {
    boot_area_at(patch, BOOT_LBA)
}

/// The same at another LBA.
fn boot_area_at(patch: &Patch, boot_lba: u32) -> Result<Vec<u8>, &'static str> {
    let sectors = BOOT.len() / SECTOR_SIZE as usize;
    if !BOOT.len().is_multiple_of(SECTOR_SIZE as usize) || sectors > BOOT_SECTORS_MAX as usize {
        return Err("boot.bin is not whole sectors, or too many");
    }
    let header = BootHeader::parse(BOOT).map_err(|_| "boot.bin has no boot header of this version")?;
    let loader_sectors = usize::from(header.loader_sectors.get());
    if sectors != STAGE2_SECTORS as usize + loader_sectors {
        return Err("boot.bin is not as long as its header says");
    }
    if checksum(&BOOT[STAGE2_LEN..]) != header.loader_checksum.get() {
        return Err("the loader in boot.bin has another checksum than its header says");
    }
    let mut bytes = BOOT.to_vec();
    let (header, _) = BootHeader::mut_from_prefix(&mut bytes).map_err(|_| "boot.bin is too short")?;
    header.boot_lba = boot_lba.into();
    let (kind, volume_lba) = match patch.volume {
        BootVolume::Fat { lba } => (VOLUME_FAT, lba),
        BootVolume::Iso9660 => (VOLUME_ISO9660, 0),
    };
    header.volume_kind = kind as u8;
    header.volume_lba = volume_lba.into();
    header.flags = if patch.is_disc { HEADER_IS_DISC } else { 0 }.into();
    header.options = patch.options;
    let StartOptions { start_timeout, menu_timeout, language } = patch.start;
    header.start_timeout = start_timeout;
    header.menu_timeout = menu_timeout;
    header.language = language.code();
    Ok(bytes)
}

/// Checksum and sectors of the loader, by which one of another version is told; `None` if the committed file has no header.
pub fn loader_sum() -> Option<(u32, u64)> {
    let header = BootHeader::parse(BOOT).ok()?;
    Some((header.loader_checksum.get(), header.loader_sectors.get().into()))
}

/// The checksum that sector 0 holds of the sectors it loads from `boot_area`.
///
/// # Panics
///
/// If the boot area is shorter than that.
pub fn stage2_checksum(boot_area: &[u8]) -> u32 {
    checksum(&boot_area[..STAGE2_LEN])
}
