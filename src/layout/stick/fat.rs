//! The FAT file system of a stick: formatted and filled by fatfs in memory, then repaired.
//!
//! fatfs 0.3.6 writes long-name slots before `.` and `..`, dates of month 0, no hidden sectors, and only one reserved
//! sector; what it leaves is corrected here. The capsules' bytes never pass through: fatfs writes zeros of their
//! length, which the overlay does not keep, and their place is taken from the allocation table.

mod directory;
mod moved;
mod table;
mod text;

use std::io::{self, Write};
use std::ops::Range;

use fatfs::{FileSystem, FormatVolumeOptions, FsOptions};
use ramkey_format::boot::SECTOR0_MAGIC;
use ramkey_format::bpb::{Bpb, Fat16Start, Fat32Start};
use ramkey_format::capsule::{FOLDER, README};
use zerocopy::FromBytes;

use super::overlay::{Overlay, ZEROS};
use super::place::{own_sectors, place};
use crate::boot;
use crate::layout::error::LayoutError;
use crate::plan::{Division, FatBits, LayoutKind};
use crate::units::SECTOR_LEN;
use table::Fat;
use text::Text;

/// Reserved sectors of a FAT32: the copy of the boot sector is at 6, FSInfo at 1, its copy at 7.
const BACKUP_BOOT: u64 = 6;
const FS_INFO: u64 = 1;
const FS_INFO_FREE: usize = 488;
/// BIOS drive numbers in the boot sector.
const HARD_DISK: u8 = 0x80;
const FLOPPY: u8 = 0x00;
/// Media descriptors in the boot sector and the first table entry.
const HARD_DISK_MEDIA: u8 = 0xF8;
const FLOPPY_MEDIA: u8 = 0xF0;

/// A file of the folder that holds the capsules.
pub(super) struct NewFile<'n> {
    /// Name in 8.3 form.
    pub name: &'n str,
    /// Length in bytes.
    pub len: u64,
}

/// A volume that is ready to be laid out. LBAs count from the start of the stick.
pub(super) struct FatVolume {
    disk: Overlay,
    volume_lba: u64,
    added_reserved: u64,
    bits: FatBits,
    /// Reserved sectors, as they were formatted.
    reserved: u64,
    /// Boot sector, as it is written.
    pub boot_sector: [u8; 512],
    /// Both file allocation tables.
    pub tables: Range<u64>,
    /// Every directory, ascending.
    pub directories: Vec<Range<u64>>,
    /// The sectors of each file, in the order in which they were given.
    pub files: Vec<Vec<Range<u64>>>,
    /// The text about the images, if there is one and it has room.
    pub text: Option<Text>,
}

impl FatVolume {
    /// Formats the volume of `division` and gives each of `files` its room in the folder, in their order; behind them, if there is
    /// room, a text of `text_len` bytes, unless it has none. `boot_code` is sector 0's. The clusters of the sectors `bad` of the
    /// stick are marked bad and hold nothing.
    pub fn make(
        division: &Division,
        (files, text_len): (&[NewFile], u64),
        serial: u32,
        boot_code: &[u8; 512],
        bad: &[u64],
    ) -> Result<Self, LayoutError> {
        let mut disk = formatted(division, serial)?;
        let fat = read(&disk, division)?;
        check_room(&fat, files)?;
        fill(&mut disk, files).map_err(in_memory)?;
        let shift = division.volume.lba + division.volume.added_reserved;
        let bad: Option<Vec<u64>> = bad.iter().map(|lba| lba.checked_sub(shift)).collect();
        let places = walk(&mut disk, &fat, (files, text_len), &bad.ok_or(LayoutError::Fixed)?)?;
        let boot_sector = finish_boot_sector(&mut disk, division, Some(boot_code));
        Ok(Self::of(disk, division, &fat, places, boot_sector))
    }

    /// Formats the volume of `division`, and puts nothing on it, not even boot code.
    pub fn empty(division: &Division, serial: u32) -> Result<Self, LayoutError> {
        let mut disk = formatted(division, serial)?;
        let fat = read(&disk, division)?;
        let root = fat.root(&disk)?;
        directory::repair(&mut disk, &root);
        let boot_sector = finish_boot_sector(&mut disk, division, None);
        Ok(Self::of(disk, division, &fat, (root, Vec::new(), None), boot_sector))
    }

    fn of(
        mut disk: Overlay,
        division: &Division,
        fat: &Fat,
        (directories, files, text): Places,
        boot_sector: [u8; 512],
    ) -> Self {
        if fat.bits == FatBits::Fat32 {
            finish_fs_info(&mut disk, fat);
        }
        let shift = division.volume.lba + division.volume.added_reserved;
        let shifted = |range: &Range<u64>| range.start + shift..range.end + shift;
        Self {
            volume_lba: division.volume.lba,
            added_reserved: division.volume.added_reserved,
            bits: fat.bits,
            reserved: fat.reserved,
            boot_sector,
            tables: shifted(&(fat.reserved..fat.tables_end)),
            directories: directories.iter().map(shifted).collect(),
            files: files.iter().map(|file| file.iter().map(shifted).collect()).collect(),
            text: text.map(|text| Text {
                sectors: shifted(&text.sectors),
                named_in: text.named_in + shift,
                ..text
            }),
            disk,
        }
    }

    /// Keeps the copy of the boot sector on a FAT32 equal to `sector_0`, where that is the boot sector.
    pub fn copy_sector_0(&mut self, sector_0: &[u8; 512]) {
        if self.volume_lba == 0 && self.reserved > BACKUP_BOOT {
            *self.disk.sector_mut(BACKUP_BOOT) = *sector_0;
        }
    }

    /// Sector `lba` of the stick, which lies in the reserved sectors, a table or a directory.
    pub fn sector(&self, lba: u64) -> [u8; 512] {
        let in_volume = lba - self.volume_lba;
        if in_volume < self.reserved {
            return *self.disk.sector(in_volume);
        }
        match in_volume.checked_sub(self.added_reserved) {
            Some(formatted) if formatted >= self.reserved => *self.disk.sector(formatted),
            // Between them lie the reserved sectors that the format program knows nothing of.
            _ => [0; 512],
        }
    }

    /// One past the last sector of its start that belongs to the file system alone: the boot sector, and on a FAT32 what
    /// systems write beside it. Nothing else is behind it up to the tables where nothing is stamped.
    pub fn own_end(&self, stamped_end: u64) -> u64 {
        let own_end = self.volume_lba + own_sectors(self.bits);
        if self.volume_lba < stamped_end { own_end } else { self.tables.start }
    }

    /// The sectors of `range` on the stick that are not zeros, ascending; `range` lies in a table or a directory.
    pub fn present(&self, range: &Range<u64>) -> impl Iterator<Item = (u64, &[u8; 512])> {
        let shift = self.volume_lba + self.added_reserved;
        let sectors = self.disk.present(range.start - shift, range.end - shift);
        sectors.map(move |(lba, sector)| (lba + shift, sector))
    }
}

fn in_memory(source: io::Error) -> LayoutError {
    LayoutError::InMemory { what: "file system", source }
}

/// The volume of `division`, formatted and empty.
fn formatted(division: &Division, serial: u32) -> Result<Overlay, LayoutError> {
    let formatted = division.volume.sectors - division.volume.added_reserved;
    let mut disk = Overlay::new(formatted);
    fatfs::format_volume(&mut disk, options(division, formatted, serial)).map_err(in_memory)?;
    Ok(disk)
}

/// Its parts.
fn read(disk: &Overlay, division: &Division) -> Result<Fat, LayoutError> {
    let fat = Fat::read(disk).ok_or(LayoutError::Unsound { what: "its boot sector" })?;
    if fat.bits == division.volume.bits {
        return Ok(fat);
    }
    let (sectors, found) = (division.volume.sectors, fat.bits.bits());
    Err(LayoutError::OtherFat { sectors, found, planned: division.volume.bits })
}

fn options(division: &Division, sectors: u64, serial: u32) -> FormatVolumeOptions {
    let (media, drive) = match division.layout {
        LayoutKind::Zip => (HARD_DISK_MEDIA, FLOPPY),
        LayoutKind::Fdd => (FLOPPY_MEDIA, FLOPPY),
        _ => (HARD_DISK_MEDIA, HARD_DISK),
    };
    FormatVolumeOptions::new()
        .total_sectors(sectors as u32)
        .bytes_per_cluster(u32::from(division.volume.cluster_sectors) * SECTOR_LEN as u32)
        .sectors_per_track(division.geometry.sectors_per_track)
        .heads(division.geometry.heads)
        .media(media)
        .drive_num(drive)
        .volume_id(serial)
        .volume_label(division.label)
}

/// Refuses capsules that do not fit, to the cluster.
fn check_room(fat: &Fat, files: &[NewFile]) -> Result<(), LayoutError> {
    let cluster_len = fat.cluster_sectors * SECTOR_LEN;
    // fatfs gives every name a long-name slot, the dot entries too.
    let folder_len = (4 + 2 * files.len() as u64) * directory::SLOT_LEN as u64;
    let root = u64::from(fat.bits == FatBits::Fat32);
    let files: u64 = files.iter().map(|file| file.len.div_ceil(cluster_len)).sum();
    let clusters = root + folder_len.div_ceil(cluster_len) + files;
    if clusters > fat.clusters {
        let (needed, available) = (clusters * cluster_len, fat.clusters * cluster_len);
        return Err(LayoutError::TooLarge { needed, available });
    }
    Ok(())
}

/// Makes the folder and the files; directories come first, so that they are never between capsules.
fn fill(disk: &mut Overlay, files: &[NewFile]) -> io::Result<()> {
    let fs = FileSystem::new(disk, FsOptions::new())?;
    {
        let folder = fs.root_dir().create_dir(FOLDER)?;
        for file in files {
            folder.create_file(file.name)?;
        }
        for NewFile { name, len } in files {
            let mut file = folder.open_file(name)?;
            let mut left = *len;
            while left > 0 {
                let n = left.min(ZEROS.len() as u64);
                file.write_all(&ZEROS[..n as usize])?;
                left -= n;
            }
            file.flush()?;
        }
    }
    fs.unmount()
}

/// The sectors of all directories, and of each capsule, and where the text about them is.
type Places = (Vec<Range<u64>>, Vec<Vec<Range<u64>>>, Option<Text>);

/// Repairs the directories, and finds out where everything is.
fn walk(
    disk: &mut Overlay,
    fat: &Fat,
    (new, text_len): (&[NewFile], u64),
    bad: &[u64],
) -> Result<Places, LayoutError> {
    let root = fat.root(disk)?;
    directory::repair(disk, &root);
    let missing = LayoutError::Unsound { what: "its folder is missing" };
    let folder = directory::find(disk, &root, &directory::short_name(FOLDER)).ok_or(missing)?;
    let folder = fat.chain(disk, folder.cluster)?;
    directory::repair(disk, &folder);
    moved::move_away(disk, fat, &folder, bad)?;
    let mut files = Vec::with_capacity(new.len());
    for file in new {
        let missing = LayoutError::Unsound { what: "a capsule is missing" };
        let entry = directory::find(disk, &folder, &directory::short_name(file.name)).ok_or(missing)?;
        files.push(fat.chain(disk, entry.cluster)?);
    }
    let text = match text_len {
        0 => None,
        len => text::put(disk, fat, &folder, &files, (README, len)),
    };
    let mut directories = [root, folder].concat();
    directories.sort_by_key(|range| range.start);
    Ok((directories, files, text))
}

/// Corrects the boot sector, and its copy on a FAT32, to what the volume is on the stick.
fn finish_boot_sector(disk: &mut Overlay, division: &Division, boot_code: Option<&[u8; 512]>) -> [u8; 512] {
    let is_fat32 = division.volume.bits == FatBits::Fat32;
    let sector = disk.sector_mut(0);
    let (bpb, _) = Bpb::mut_from_prefix(&mut sector[..]).expect("a sector is longer");
    bpb.reserved += division.volume.added_reserved as u16;
    let sectors = division.volume.sectors as u32;
    let short = if sectors < 0x1_0000 { sectors as u16 } else { 0 };
    bpb.short_sectors.set(short);
    bpb.long_sectors.set(if short == 0 { sectors } else { 0 });
    bpb.hidden.set(division.volume.lba as u32);
    let code = if is_fat32 { Fat32Start::LEN } else { Fat16Start::LEN };
    sector[code..SECTOR0_MAGIC as usize].fill(0);
    // Sector 0 brings its own code; see `mbr`.
    if let Some(boot_code) = boot_code.filter(|_| division.volume.lba != 0) {
        boot::start_volume(sector, boot_code, place(division, division.volume.lba));
    }
    let sector = *sector;
    if is_fat32 {
        *disk.sector_mut(BACKUP_BOOT) = sector;
    }
    sector
}

/// Fills in the summary of free clusters, and its copy.
fn finish_fs_info(disk: &mut Overlay, fat: &Fat) {
    let (used, last) = fat.allocated(disk);
    let free = (fat.clusters - used) as u32;
    let next = (last + 1).min(fat.clusters + 1) as u32;
    let sector = disk.sector_mut(FS_INFO);
    sector[FS_INFO_FREE..FS_INFO_FREE + 4].copy_from_slice(&free.to_le_bytes());
    sector[FS_INFO_FREE + 4..FS_INFO_FREE + 8].copy_from_slice(&next.to_le_bytes());
    let sector = *sector;
    *disk.sector_mut(BACKUP_BOOT + FS_INFO) = sector;
}
