//! Finds files on a FAT12, FAT16 or FAT32 volume and says where their clusters lie.
//!
//! Reads only. Nothing on the stick is believed: clusters stay inside the volume, and a chain that runs in a circle
//! is noticed. Written from Microsoft's FAT specification, version 1.03.

use crate::drive::{ReadError, Sectors};

const SECTOR: usize = 512;
const ENTRY_LEN: usize = 32;
/// Most entries that a directory can have.
const DIRECTORY_ENTRIES_MAX: u32 = 1 << 16;
const ATTRIBUTE_LABEL: u8 = 0x08;
const ATTRIBUTE_FOLDER: u8 = 0x10;

/// Why a volume or a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FatError {
    /// The drive does not return a sector.
    Read(ReadError),
    /// The sector at the volume's start describes no FAT file system with 512-byte sectors.
    NoFileSystem,
    /// The root directory has no such folder.
    NoFolder,
    /// A chain of clusters is damaged.
    Broken {
        /// Cluster whose entry, or which itself, is wrong.
        cluster: u32,
    },
}

impl From<ReadError> for FatError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
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
pub struct Volume<'w> {
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

/// An ordinary file of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Name and extension as stored: padded with spaces, without the dot.
    pub name: [u8; 11],
    /// First cluster; 0 if the file is empty.
    pub first_cluster: u32,
    /// Length in bytes.
    pub len: u32,
}

impl FileEntry {
    /// The name without its extension, padded with spaces.
    pub fn stem(&self) -> [u8; 8] {
        let [stem @ .., _, _, _] = self.name;
        stem
    }
}

/// A walk over the entries of a directory.
#[derive(Clone, Copy, Debug)]
pub struct Folder {
    cursor: Option<Cursor>,
    next: u32,
}

/// A place in a chain of clusters.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    first: u32,
    cluster: u32,
    index: u32,
    /// The cluster at the last index that is a power of two: meeting it again is a circle (Brent).
    mark: u32,
}

impl Cursor {
    /// The start of the chain that begins with `first_cluster`.
    pub fn new(first_cluster: u32) -> Self {
        Self { first: first_cluster, cluster: first_cluster, index: 0, mark: first_cluster }
    }

    /// Clusters of the chain before this place.
    pub fn index(&self) -> u32 {
        self.index
    }

    fn step(&mut self, cluster: u32) -> Result<(), FatError> {
        if cluster == self.mark {
            return Err(FatError::Broken { cluster: self.cluster });
        }
        self.cluster = cluster;
        self.index += 1;
        if self.index.is_power_of_two() {
            self.mark = cluster;
        }
        Ok(())
    }
}

impl<'w> Volume<'w> {
    /// Reads the boot sector at `lba`. `window`, at least 512 bytes, will hold a part of the table.
    ///
    /// # Errors
    ///
    /// The sector cannot be read, or is no boot sector of a FAT volume.
    pub fn open(sectors: &mut impl Sectors, lba: u64, window: &'w mut [u8]) -> Result<Self, FatError> {
        let bpb = sectors.read(lba, 1)?;
        let byte = |at: usize| bpb.get(at).copied().unwrap_or(0);
        let u16_at = |at: usize| u32::from(u16::from_le_bytes([byte(at), byte(at + 1)]));
        let u32_at = |at: usize| u32_at(bpb, at);

        let (per_cluster, reserved, fats, root_entries) = (byte(13), u16_at(14), byte(16), u16_at(17));
        let total = if u16_at(19) != 0 { u16_at(19) } else { u32_at(32) };
        let long_layout = u16_at(22) == 0;
        let fat_sectors = if long_layout { u32_at(36) } else { u16_at(22) };
        if u16_at(510) != 0xAA55
            || u16_at(11) != SECTOR as u32
            || !per_cluster.is_power_of_two()
            || reserved == 0
            || fats == 0
            || fat_sectors == 0
            || window.len() < SECTOR
        {
            return Err(FatError::NoFileSystem);
        }
        let cluster_shift = per_cluster.trailing_zeros();
        let root_sectors = root_entries.div_ceil((SECTOR / ENTRY_LEN) as u32);
        let root_start = fat_sectors
            .checked_mul(u32::from(fats))
            .and_then(|sectors| sectors.checked_add(reserved))
            .ok_or(FatError::NoFileSystem)?;
        let data_start = root_start.checked_add(root_sectors).ok_or(FatError::NoFileSystem)?;
        let clusters = total.saturating_sub(data_start) >> cluster_shift;
        // The specification goes by the number of clusters alone, but formatters make small FAT32 volumes, and
        // only FAT32 has no 16-bit table length.
        let (width, in_table) = match clusters {
            _ if long_layout => (Width::Fat32, fat_sectors.saturating_mul(128)),
            0..4085 => (Width::Fat12, fat_sectors.saturating_mul(1024) / 3),
            _ => (Width::Fat16, fat_sectors.saturating_mul(256)),
        };
        let clusters = clusters.min(in_table.saturating_sub(2)).min(0x0FFF_FFF0);
        if clusters == 0 || (long_layout && root_entries != 0) {
            return Err(FatError::NoFileSystem);
        }
        // FAT32 may keep only one of its tables up to date.
        let flags = if long_layout { u16_at(40) } else { 0 };
        let active = if flags & 0x80 != 0 { (flags & 0x0F).min(u32::from(fats) - 1) } else { 0 };
        Ok(Self {
            lba,
            width,
            cluster_shift,
            fat_lba: lba + u64::from(reserved + active * fat_sectors),
            fat_sectors,
            root_lba: lba + u64::from(root_start),
            root_sectors,
            root_cluster: if long_layout { u32_at(44) } else { 0 },
            data_lba: lba + u64::from(data_start),
            clusters,
            window,
            window_first: 0,
            window_count: 0,
        })
    }

    /// Forgets the part of the table that is in memory: it may have been read wrong without an error.
    pub fn invalidate(&mut self) {
        self.window_count = 0;
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

    /// The root directory's folder `name`, stored as 11 bytes.
    ///
    /// # Errors
    ///
    /// [`FatError::NoFolder`] if there is none; a read error, or a damaged root directory.
    pub fn find_folder(&mut self, sectors: &mut impl Sectors, name: &[u8; 11]) -> Result<Folder, FatError> {
        let cursor = (self.width == Width::Fat32).then(|| Cursor::new(self.root_cluster));
        let mut root = Folder { cursor, next: 0 };
        while let Some(entry) = self.next_entry(sectors, &mut root)? {
            if entry[..11] == name[..] && entry[11] & ATTRIBUTE_FOLDER != 0 {
                return Ok(Folder { cursor: Some(Cursor::new(self.first_cluster(&entry))), next: 0 });
            }
        }
        Err(FatError::NoFolder)
    }

    /// The next ordinary file of `folder` with this extension, or `None` behind the last.
    ///
    /// # Errors
    ///
    /// A read error, or a damaged directory.
    pub fn next_file(
        &mut self,
        sectors: &mut impl Sectors,
        folder: &mut Folder,
        extension: &[u8; 3],
    ) -> Result<Option<FileEntry>, FatError> {
        while let Some(entry) = self.next_entry(sectors, folder)? {
            if entry[8..11] == extension[..] && entry[11] & ATTRIBUTE_FOLDER == 0 {
                let mut name = [0; 11];
                name.copy_from_slice(&entry[..11]);
                let first_cluster = self.first_cluster(&entry);
                return Ok(Some(FileEntry { name, first_cluster, len: u32_at(&entry, 28) }));
            }
        }
        Ok(None)
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
        folder: &mut Folder,
    ) -> Result<Option<[u8; ENTRY_LEN]>, FatError> {
        while folder.next < DIRECTORY_ENTRIES_MAX {
            let sector = folder.next >> 4;
            let (lba, run) = match &mut folder.cursor {
                None if sector >= self.root_sectors => return Ok(None),
                None => (self.root_lba + u64::from(sector), self.root_sectors - sector),
                Some(cursor) => match self.run(sectors, cursor, sector, 1)? {
                    Some((lba, _)) => (lba, self.cluster_sectors() - (sector & (self.cluster_sectors() - 1))),
                    None => return Ok(None),
                },
            };
            let bytes = sectors.read(lba, run as u16)?;
            let at = (folder.next & 15) as usize * ENTRY_LEN;
            folder.next += 1;
            let Some(entry) = bytes.get(at..).and_then(|bytes| bytes.first_chunk::<ENTRY_LEN>()) else {
                return Err(FatError::NoFileSystem);
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

    /// Where sector number `sector` of a chain lies, and how many sectors, at most `max`, follow one another
    /// from there on; `None` behind the end of the chain.
    ///
    /// Fastest in ascending order; going back walks from the chain's start.
    ///
    /// # Errors
    ///
    /// A read error, or a cluster that no chain may hold.
    pub fn run(
        &mut self,
        sectors: &mut impl Sectors,
        cursor: &mut Cursor,
        sector: u32,
        max: u16,
    ) -> Result<Option<(u64, u16)>, FatError> {
        let index = sector >> self.cluster_shift;
        if index >= self.clusters {
            return Ok(None);
        }
        if index < cursor.index {
            *cursor = Cursor::new(cursor.first);
        }
        self.check(cursor.cluster)?;
        while cursor.index < index {
            match self.next_cluster(sectors, cursor.cluster)? {
                Some(cluster) => cursor.step(cluster)?,
                None => return Ok(None),
            }
        }
        let within = sector & (self.cluster_sectors() - 1);
        let lba = self.data_lba + (u64::from(cursor.cluster - 2) << self.cluster_shift) + u64::from(within);
        let mut run = self.cluster_sectors() - within;
        while run < u32::from(max) {
            match self.next_cluster(sectors, cursor.cluster) {
                Ok(Some(cluster)) if cluster == cursor.cluster + 1 => {
                    cursor.step(cluster)?;
                    run += self.cluster_sectors();
                }
                // Damage behind this run is met when somebody asks for it.
                _ => break,
            }
        }
        Ok(Some((lba, run.min(u32::from(max)) as u16)))
    }

    fn check(&self, cluster: u32) -> Result<(), FatError> {
        let sound = cluster >= 2 && cluster - 2 < self.clusters;
        if sound { Ok(()) } else { Err(FatError::Broken { cluster }) }
    }

    /// The cluster behind `cluster`, or `None` if that is the last of its chain.
    fn next_cluster(&mut self, sectors: &mut impl Sectors, cluster: u32) -> Result<Option<u32>, FatError> {
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
            return Err(FatError::Broken { cluster });
        }
        Ok(Some(value))
    }

    fn table_u16(&mut self, sectors: &mut impl Sectors, offset: u32) -> Result<u32, FatError> {
        let low = self.table_byte(sectors, offset)?;
        Ok(u32::from(u16::from_le_bytes([low, self.table_byte(sectors, offset + 1)?])))
    }

    fn table_byte(&mut self, sectors: &mut impl Sectors, offset: u32) -> Result<u8, FatError> {
        let sector = offset / SECTOR as u32;
        if sector.wrapping_sub(self.window_first) >= self.window_count {
            self.window_count = 0;
            let left = self.fat_sectors.saturating_sub(sector);
            let room = ((self.window.len() / SECTOR) as u32).min(left).min(0xFFFF);
            if room == 0 {
                return Err(FatError::NoFileSystem);
            }
            let bytes = sectors.read(self.fat_lba + u64::from(sector), room as u16)?;
            for (to, from) in self.window.chunks_exact_mut(SECTOR).zip(bytes.chunks_exact(SECTOR)) {
                to.copy_from_slice(from);
                self.window_count += 1;
            }
            self.window_first = sector;
        }
        let at = offset as usize - self.window_first as usize * SECTOR;
        self.window.get(at).copied().ok_or(FatError::NoFileSystem)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..).and_then(|bytes| bytes.first_chunk::<4>());
    word.map_or(0, |word| u32::from_le_bytes(*word))
}
