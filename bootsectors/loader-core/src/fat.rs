//! Finds files on a FAT12, FAT16 or FAT32 volume and says where their clusters lie.
//!
//! Reads only. Nothing on the stick is believed: clusters stay inside the volume, and a chain that runs in a circle
//! is noticed. Written from Microsoft's FAT specification, version 1.03.

use ramkey_format::boot::Sector0;
use ramkey_format::bpb::{BOOT_SIGNATURE_WORD, FAT16_CLUSTERS, Fat32Start};

use crate::drive::Sectors;
use crate::trail::Chain;
pub use crate::trail::Trail;
use crate::volume::{FileEntry, FileSystem, Volume, VolumeError};

const SECTOR: usize = 512;
const ENTRY_LEN: usize = 32;
/// Most entries that a directory can have.
const DIRECTORY_ENTRIES_MAX: u32 = 1 << 16;
const ATTRIBUTE_LABEL: u8 = 0x08;
const ATTRIBUTE_FOLDER: u8 = 0x10;

/// FAT12, FAT16 and FAT32.
pub struct Fat;

impl FileSystem for Fat {
    type Volume<'w> = FatVolume<'w>;

    fn open<'w>(
        sectors: &mut impl Sectors,
        lba: u64,
        window: &'w mut [u8],
    ) -> Result<FatVolume<'w>, VolumeError> {
        FatVolume::open(sectors, lba, window)
    }
}

/// Width of an entry in the file allocation table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 12 bits.
    Fat12,
    /// 16 bits.
    Fat16,
    /// 32 bits, of which 28 count.
    Fat32,
}

/// A FAT volume, with a window of its file allocation table in memory.
pub struct FatVolume<'w> {
    lba: u64,
    width: Width,
    cluster_shift: u32,
    fat_lba: u64,
    fat_sectors: u32,
    root_lba: u64,
    root_sectors: u32,
    root_cluster: u32,
    data_lba: u64,
    clusters: u32,
    window: &'w mut [u8],
    window_first: u32,
    window_count: u32,
}

/// A walk over the entries of a directory.
#[derive(Clone, Copy, Debug)]
pub struct FatFolder {
    chain: Option<Chain>,
    next: u32,
}

impl<'w> FatVolume<'w> {
    /// Reads the boot sector at `lba`. `window`, at least 512 bytes, will hold a part of the table.
    ///
    /// # Errors
    ///
    /// The sector cannot be read, or is no boot sector of a FAT volume.
    pub fn open(sectors: &mut impl Sectors, lba: u64, window: &'w mut [u8]) -> Result<Self, VolumeError> {
        let sector = sectors.read(lba, 1)?.first_chunk::<SECTOR>().ok_or(VolumeError::NoFileSystem)?;
        let start = Fat32Start::of(sector);
        let bpb = &start.common;
        let (per_cluster, fats) = (bpb.cluster_sectors, bpb.fats);
        let (reserved, root_entries) = (u32::from(bpb.reserved.get()), u32::from(bpb.root_entries.get()));
        let (total, fat_sectors, long_layout) = (bpb.sectors(), start.fat_sectors(), bpb.is_fat32());
        if u32::from(Sector0::of(sector).magic.get()) != BOOT_SIGNATURE_WORD
            || usize::from(bpb.bytes_per_sector.get()) != SECTOR
            || !per_cluster.is_power_of_two()
            || reserved == 0
            || fats == 0
            || fat_sectors == 0
            || window.len() < SECTOR
        {
            return Err(VolumeError::NoFileSystem);
        }
        let cluster_shift = per_cluster.trailing_zeros();
        let root_sectors = root_entries.div_ceil((SECTOR / ENTRY_LEN) as u32);
        let root_start = fat_sectors
            .checked_mul(u32::from(fats))
            .and_then(|sectors| sectors.checked_add(reserved))
            .ok_or(VolumeError::NoFileSystem)?;
        let data_start = root_start.checked_add(root_sectors).ok_or(VolumeError::NoFileSystem)?;
        let clusters = total.saturating_sub(data_start) >> cluster_shift;
        // The specification goes by the number of clusters alone, but formatters make small FAT32 volumes, and
        // only FAT32 has no 16-bit table length.
        let (width, in_table) = match clusters {
            _ if long_layout => (Width::Fat32, fat_sectors.saturating_mul(128)),
            0..FAT16_CLUSTERS => (Width::Fat12, fat_sectors.saturating_mul(1024) / 3),
            _ => (Width::Fat16, fat_sectors.saturating_mul(256)),
        };
        let clusters = clusters.min(in_table.saturating_sub(2)).min(0x0FFF_FFF0);
        if clusters == 0 || (long_layout && root_entries != 0) {
            return Err(VolumeError::NoFileSystem);
        }
        // FAT32 may keep only one of its tables up to date.
        let flags = if long_layout { u32::from(start.flags.get()) } else { 0 };
        let active = if flags & 0x80 != 0 { (flags & 0x0F).min(u32::from(fats) - 1) } else { 0 };
        Ok(Self {
            lba,
            width,
            cluster_shift,
            fat_lba: lba + u64::from(reserved + active * fat_sectors),
            fat_sectors,
            root_lba: lba + u64::from(root_start),
            root_sectors,
            root_cluster: if long_layout { start.root_cluster.get() } else { 0 },
            data_lba: lba + u64::from(data_start),
            clusters,
            window,
            window_first: 0,
            window_count: 0,
        })
    }

    /// First sector of the volume.
    pub fn lba(&self) -> u64 {
        self.lba
    }

    /// Width of the table's entries.
    pub fn width(&self) -> Width {
        self.width
    }

    /// Sectors in a cluster.
    pub fn cluster_sectors(&self) -> u32 {
        1 << self.cluster_shift
    }

    fn first_cluster(&self, entry: &[u8; ENTRY_LEN]) -> u32 {
        // The high half means something else on FAT12 and FAT16.
        let high = if self.width == Width::Fat32 { [entry[20], entry[21]] } else { [0; 2] };
        u32::from_le_bytes([entry[26], entry[27], high[0], high[1]])
    }

    /// The next entry that is in use and no volume label (long names look like labels).
    fn next_entry(
        &mut self,
        sectors: &mut impl Sectors,
        folder: &mut FatFolder,
    ) -> Result<Option<[u8; ENTRY_LEN]>, VolumeError> {
        while folder.next < DIRECTORY_ENTRIES_MAX {
            let sector = folder.next >> 4;
            let (lba, run) = match &mut folder.chain {
                None if sector >= self.root_sectors => return Ok(None),
                None => (self.root_lba + u64::from(sector), self.root_sectors - sector),
                Some(chain) => match self.run_from(sectors, chain, sector, 1)? {
                    Some((lba, _)) => (lba, self.cluster_sectors() - (sector & (self.cluster_sectors() - 1))),
                    None => return Ok(None),
                },
            };
            let bytes = sectors.read(lba, run as u16)?;
            let at = (folder.next & 15) as usize * ENTRY_LEN;
            folder.next += 1;
            let Some(entry) = bytes.get(at..).and_then(|bytes| bytes.first_chunk::<ENTRY_LEN>()) else {
                return Err(VolumeError::NoFileSystem);
            };
            match entry[0] {
                0 => {
                    folder.next = DIRECTORY_ENTRIES_MAX;
                }
                0xE5 => {}
                _ if entry[11] & ATTRIBUTE_LABEL != 0 => {}
                _ => return Ok(Some(*entry)),
            }
        }
        Ok(None)
    }

    fn check(&self, cluster: u32) -> Result<(), VolumeError> {
        let sound = cluster >= 2 && cluster - 2 < self.clusters;
        if sound { Ok(()) } else { Err(VolumeError::Broken { cluster }) }
    }

    /// The cluster behind `cluster`, or `None` if that is the last of its chain.
    fn next_cluster(&mut self, sectors: &mut impl Sectors, cluster: u32) -> Result<Option<u32>, VolumeError> {
        let (value, last) = match self.width {
            Width::Fat12 => {
                let at = cluster + (cluster >> 1);
                let low = u32::from(self.table_byte(sectors, at)?);
                let pair = low | u32::from(self.table_byte(sectors, at + 1)?) << 8;
                (if cluster & 1 == 0 { pair & 0xFFF } else { pair >> 4 }, 0xFF8)
            }
            Width::Fat16 => (self.table_u16(sectors, cluster << 1)?, 0xFFF8),
            Width::Fat32 => {
                let low = self.table_u16(sectors, cluster << 2)?;
                let high = self.table_u16(sectors, (cluster << 2) + 2)?;
                ((low | high << 16) & 0x0FFF_FFFF, 0x0FFF_FFF8)
            }
        };
        if value >= last {
            return Ok(None);
        }
        if self.check(value).is_err() {
            return Err(VolumeError::Broken { cluster });
        }
        Ok(Some(value))
    }

    fn table_u16(&mut self, sectors: &mut impl Sectors, offset: u32) -> Result<u32, VolumeError> {
        let low = self.table_byte(sectors, offset)?;
        Ok(u32::from(u16::from_le_bytes([low, self.table_byte(sectors, offset + 1)?])))
    }

    fn table_byte(&mut self, sectors: &mut impl Sectors, offset: u32) -> Result<u8, VolumeError> {
        let sector = offset / SECTOR as u32;
        if sector.wrapping_sub(self.window_first) >= self.window_count {
            self.window_count = 0;
            let left = self.fat_sectors.saturating_sub(sector);
            let room = ((self.window.len() / SECTOR) as u32).min(left).min(0xFFFF);
            if room == 0 {
                return Err(VolumeError::NoFileSystem);
            }
            let bytes = sectors.read(self.fat_lba + u64::from(sector), room as u16)?;
            for (to, from) in self.window.chunks_exact_mut(SECTOR).zip(bytes.chunks_exact(SECTOR)) {
                to.copy_from_slice(from);
                self.window_count += 1;
            }
            self.window_first = sector;
        }
        let at = offset as usize - self.window_first as usize * SECTOR;
        self.window.get(at).copied().ok_or(VolumeError::NoFileSystem)
    }

    /// As [`Volume::run`], from a place in the file's chain of clusters, which goes along. Slow backwards: the way begins
    /// again at the start.
    ///
    /// # Errors
    ///
    /// As [`Volume::run`].
    pub fn run_from(
        &mut self,
        sectors: &mut impl Sectors,
        chain: &mut Chain,
        sector: u32,
        max: u16,
    ) -> Result<Option<(u64, u16)>, VolumeError> {
        let index = sector >> self.cluster_shift;
        if index >= self.clusters {
            return Ok(None);
        }
        if index < chain.index() {
            *chain = Chain::new(chain.first());
        }
        self.check(chain.cluster())?;
        while chain.index() < index {
            match self.next_cluster(sectors, chain.cluster())? {
                Some(cluster) => chain.step(cluster)?,
                None => return Ok(None),
            }
        }
        let within = sector & (self.cluster_sectors() - 1);
        let lba = self.data_lba + (u64::from(chain.cluster() - 2) << self.cluster_shift) + u64::from(within);
        let mut run = self.cluster_sectors() - within;
        while run < u32::from(max) {
            match self.next_cluster(sectors, chain.cluster()) {
                Ok(Some(cluster)) if cluster == chain.cluster() + 1 => {
                    chain.step(cluster)?;
                    run += self.cluster_sectors();
                }
                // Damage behind this run is met when somebody asks for it.
                _ => break,
            }
        }
        Ok(Some((lba, run.min(u32::from(max)) as u16)))
    }
}

impl Volume for FatVolume<'_> {
    type Folder = FatFolder;
    type Cursor = Trail;

    fn find_folder(&mut self, sectors: &mut impl Sectors, name: &[u8; 11]) -> Result<FatFolder, VolumeError> {
        let chain = (self.width == Width::Fat32).then(|| Chain::new(self.root_cluster));
        let mut root = FatFolder { chain, next: 0 };
        while let Some(entry) = self.next_entry(sectors, &mut root)? {
            if entry[..11] == name[..] && entry[11] & ATTRIBUTE_FOLDER != 0 {
                return Ok(FatFolder { chain: Some(Chain::new(self.first_cluster(&entry))), next: 0 });
            }
        }
        Err(VolumeError::NoFolder)
    }

    fn next_file(
        &mut self,
        sectors: &mut impl Sectors,
        folder: &mut FatFolder,
        extension: &[u8; 3],
    ) -> Result<Option<FileEntry>, VolumeError> {
        while let Some(entry) = self.next_entry(sectors, folder)? {
            if entry[8..11] == extension[..] && entry[11] & ATTRIBUTE_FOLDER == 0 {
                let mut name = [0; 11];
                name.copy_from_slice(&entry[..11]);
                let start = self.first_cluster(&entry);
                return Ok(Some(FileEntry { name, start, len: u32_at(&entry, 28) }));
            }
        }
        Ok(None)
    }

    fn cursor(&self, file: &FileEntry) -> Trail {
        let clusters = file.len.div_ceil(SECTOR as u32).div_ceil(self.cluster_sectors());
        Trail::new(file.start, clusters)
    }

    fn run(
        &mut self,
        sectors: &mut impl Sectors,
        trail: &mut Trail,
        sector: u32,
        max: u16,
    ) -> Result<Option<(u64, u16)>, VolumeError> {
        let cluster_sectors = self.cluster_sectors();
        trail.run(cluster_sectors, sector, max, &mut |chain, sector, max| {
            self.run_from(sectors, chain, sector, max)
        })
    }

    fn invalidate(&mut self) {
        self.window_count = 0;
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..).and_then(|bytes| bytes.first_chunk::<4>());
    word.map_or(0, |word| u32::from_le_bytes(*word))
}
