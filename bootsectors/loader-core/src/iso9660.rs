//! Finds files on a disc with ISO 9660, by the names of its primary volume descriptor.
//!
//! Reads only. Nothing on the disc is believed: what is written in both byte orders must agree, files stay inside the
//! volume, and a directory has an end. Path tables, Joliet and Rock Ridge are not needed. Written from ECMA-119.

use ramkey_format::capsule::DISC_DIRECTORY_LEN_MAX;
use ramkey_format::memory::BLOCK_SHIFT;

use crate::drive::Sectors;
use crate::volume::{FileEntry, FileSystem, Volume, VolumeError};

const SECTOR: usize = 512;
/// Bytes of a block.
const BLOCK: u32 = 2048;
/// Block of the primary volume descriptor.
const DESCRIPTOR_BLOCK: u32 = 16;

/// How a primary volume descriptor begins: its type, the standard's name, and its version.
const DESCRIPTOR: &[u8] = b"\x01CD001\x01";
const VOLUME_BLOCKS: usize = 80;
const SET_SIZE: usize = 120;
const SEQUENCE: usize = 124;
const BLOCK_LEN: usize = 128;
const ROOT_RECORD: usize = 156;
/// In the second sector of the descriptor: byte 881.
const FILE_STRUCTURE_VERSION: usize = 881 - SECTOR;

/// Bytes of a directory record before the name.
const RECORD_LEN: usize = 33;
const EXTENDED_ATTRIBUTE_BLOCKS: usize = 1;
const EXTENT: usize = 2;
const DATA_LEN: usize = 10;
const FLAGS: usize = 25;
const UNIT_BLOCKS: usize = 26;
const GAP_BLOCKS: usize = 27;
const RECORD_SEQUENCE: usize = 28;
const NAME_LEN: usize = 32;

const FLAG_DIRECTORY: u8 = 0x02;
const FLAG_ASSOCIATED: u8 = 0x04;
const FLAG_MORE_EXTENTS: u8 = 0x80;

/// Longest name that is read: `NAME8901.EXT;32767`.
const NAME_LEN_MAX: usize = 18;

/// ISO 9660.
pub struct Iso9660;

impl FileSystem for Iso9660 {
    type Volume<'w> = IsoVolume<'w>;

    fn open<'w>(
        sectors: &mut impl Sectors,
        lba: u64,
        window: &'w mut [u8],
    ) -> Result<IsoVolume<'w>, VolumeError> {
        IsoVolume::open(sectors, lba, window)
    }
}

/// An ISO 9660 volume, with a piece of a directory in memory.
pub struct IsoVolume<'w> {
    lba: u64,
    blocks: u32,
    sequence: u16,
    root: Extent,
    window: &'w mut [u8],
    window_lba: u64,
    window_sectors: u32,
}

/// Bytes of the volume that follow one another from a block on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    block: u32,
    len: u32,
}

/// A walk over the records of a directory.
#[derive(Clone, Copy, Debug)]
pub struct IsoFolder {
    extent: Extent,
    next: u32,
}

/// A directory record and its name, as far as that is read.
struct Record {
    bytes: [u8; RECORD_LEN + NAME_LEN_MAX],
}

impl<'w> IsoVolume<'w> {
    /// Reads the primary volume descriptor of the volume that begins at `lba`. `window`, at least 512 bytes, will hold a
    /// part of a directory.
    ///
    /// # Errors
    ///
    /// The descriptor cannot be read, or describes no volume of blocks of 2048 bytes that can be read.
    pub fn open(sectors: &mut impl Sectors, lba: u64, window: &'w mut [u8]) -> Result<Self, VolumeError> {
        let at = lba + (u64::from(DESCRIPTOR_BLOCK) << BLOCK_SHIFT);
        let descriptor = sectors.read(at, 1)?.first_chunk::<SECTOR>().ok_or(VolumeError::NoFileSystem)?;
        let is_one = descriptor.starts_with(DESCRIPTOR)
            && both_16(descriptor, BLOCK_LEN) == Some(BLOCK as u16)
            && window.len() >= SECTOR;
        let numbers = (
            both_32(descriptor, VOLUME_BLOCKS),
            both_16(descriptor, SET_SIZE),
            both_16(descriptor, SEQUENCE),
        );
        let (Some(blocks), Some(set_size), Some(sequence)) = numbers else {
            return Err(VolumeError::NoFileSystem);
        };
        let record = Record::of(descriptor.get(ROOT_RECORD..).unwrap_or(&[]));
        if !is_one || !(1..=set_size).contains(&sequence) || !record.is_directory() {
            return Err(VolumeError::NoFileSystem);
        }
        let root = Extent { block: 0, len: 0 };
        let mut volume = Self { lba, blocks, sequence, root, window, window_lba: 0, window_sectors: 0 };
        volume.root = volume.directory(&record).map_err(|_| VolumeError::NoFileSystem)?;
        if sectors.read(at + 1, 1)?.get(FILE_STRUCTURE_VERSION) != Some(&1) {
            return Err(VolumeError::NoFileSystem);
        }
        Ok(volume)
    }

    /// First sector of the volume.
    pub fn lba(&self) -> u64 {
        self.lba
    }

    /// The next record of `folder`.
    fn next_record(
        &mut self,
        sectors: &mut impl Sectors,
        folder: &mut IsoFolder,
    ) -> Result<Option<Record>, VolumeError> {
        let Extent { block, len } = folder.extent;
        while folder.next < len {
            let start = folder.next;
            let left_in_block = BLOCK - start % BLOCK;
            let record_len = u32::from(self.byte(sectors, folder.extent, start)?);
            if record_len == 0 {
                // The rest of the block is not used: no record crosses its end.
                folder.next = start + left_in_block;
                continue;
            }
            if (record_len as usize) <= RECORD_LEN || record_len > left_in_block.min(len - start) {
                return Err(VolumeError::BrokenBlock { block: block + start / BLOCK });
            }
            folder.next = start + record_len;
            let mut record = Record::of(&[]);
            for (at, byte) in (start..folder.next).zip(&mut record.bytes) {
                *byte = self.byte(sectors, folder.extent, at)?;
            }
            if RECORD_LEN + usize::from(record.byte(NAME_LEN)) > record_len as usize {
                return Err(VolumeError::BrokenBlock { block: block + start / BLOCK });
            }
            return Ok(Some(record));
        }
        Ok(None)
    }

    /// A byte of a directory, by way of the window.
    fn byte(&mut self, sectors: &mut impl Sectors, extent: Extent, at: u32) -> Result<u8, VolumeError> {
        let sector = at / SECTOR as u32;
        let lba = self.lba_of(extent.block) + u64::from(sector);
        if lba < self.window_lba || lba - self.window_lba >= u64::from(self.window_sectors) {
            self.window_sectors = 0;
            let left = extent.len.div_ceil(SECTOR as u32).saturating_sub(sector);
            let room = ((self.window.len() / SECTOR) as u32).min(left).min(u32::from(u16::MAX));
            let bytes = sectors.read(lba, room as u16)?;
            for (to, from) in self.window.chunks_exact_mut(SECTOR).zip(bytes.chunks_exact(SECTOR)) {
                to.copy_from_slice(from);
                self.window_sectors += 1;
            }
            self.window_lba = lba;
        }
        let at = (lba - self.window_lba) as usize * SECTOR + at as usize % SECTOR;
        self.window.get(at).copied().ok_or(VolumeError::NoFileSystem)
    }

    fn lba_of(&self, block: u32) -> u64 {
        self.lba + (u64::from(block) << BLOCK_SHIFT)
    }

    /// Where the bytes are that `record` is about: in one piece, and inside the volume.
    fn extent(&self, record: &Record) -> Result<Extent, VolumeError> {
        let told = u32::from_le_bytes(record.bytes[EXTENT..][..4].try_into().unwrap_or_default());
        let broken = VolumeError::BrokenBlock { block: told };
        let (block, len) =
            both_32(&record.bytes, EXTENT).zip(both_32(&record.bytes, DATA_LEN)).ok_or(broken)?;
        let is_whole = record.byte(FLAGS) & FLAG_MORE_EXTENTS == 0
            && (record.byte(UNIT_BLOCKS), record.byte(GAP_BLOCKS)) == (0, 0)
            && both_16(&record.bytes, RECORD_SEQUENCE) == Some(self.sequence);
        if !is_whole {
            return Err(broken);
        }
        if len == 0 {
            return Ok(Extent { block: 0, len });
        }
        let before = u32::from(record.byte(EXTENDED_ATTRIBUTE_BLOCKS));
        let extent = Extent { block: block.checked_add(before).ok_or(broken)?, len };
        if self.holds(extent) { Ok(extent) } else { Err(broken) }
    }

    /// Whether `extent` is behind the descriptor and inside the volume.
    fn holds(&self, extent: Extent) -> bool {
        let end = extent.block.checked_add(extent.len.div_ceil(BLOCK));
        extent.block > DESCRIPTOR_BLOCK && end.is_some_and(|end| end <= self.blocks)
    }

    /// Where the directory is that `record` is about.
    fn directory(&self, record: &Record) -> Result<Extent, VolumeError> {
        let extent = self.extent(record)?;
        let is_sound = (1..=DISC_DIRECTORY_LEN_MAX).contains(&extent.len);
        if is_sound { Ok(extent) } else { Err(VolumeError::BrokenBlock { block: extent.block }) }
    }
}

impl Record {
    /// The record at the start of `bytes`; zeros where they end.
    fn of(bytes: &[u8]) -> Self {
        let mut record = Self { bytes: [0; RECORD_LEN + NAME_LEN_MAX] };
        for (to, from) in record.bytes.iter_mut().zip(bytes) {
            *to = *from;
        }
        record
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn is_directory(&self) -> bool {
        self.byte(FLAGS) & FLAG_DIRECTORY != 0
    }

    /// The name as a FAT stores it; `None` if a FAT has no such name, as for a directory itself and the one above it.
    fn name(&self) -> Option<[u8; 11]> {
        let name = self.bytes.get(RECORD_LEN..)?.get(..self.byte(NAME_LEN).into())?;
        let mut parts = name.split(|&byte| byte == b';');
        let (name, version) = (parts.next()?, parts.next().unwrap_or(b"1"));
        if parts.next().is_some() || version.is_empty() || !version.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut parts = name.split(|&byte| byte == b'.');
        let (stem, extension) = (parts.next()?, parts.next().unwrap_or(b""));
        if parts.next().is_some() || !(1..=8).contains(&stem.len()) || extension.len() > 3 {
            return None;
        }
        let mut padded = [b' '; 11];
        let (to_stem, to_extension) = padded.split_at_mut(8);
        let pairs = to_stem.iter_mut().zip(stem).chain(to_extension.iter_mut().zip(extension));
        for (to, from) in pairs {
            *to = Some(from.to_ascii_uppercase()).filter(u8::is_ascii_graphic)?;
        }
        Some(padded)
    }
}

impl Volume for IsoVolume<'_> {
    type Folder = IsoFolder;
    type Cursor = Extent;
    const BY_NAME: bool = true;

    fn find_folder(&mut self, sectors: &mut impl Sectors, name: &[u8; 11]) -> Result<IsoFolder, VolumeError> {
        let mut root = IsoFolder { extent: self.root, next: 0 };
        while let Some(record) = self.next_record(sectors, &mut root)? {
            if record.is_directory() && record.name() == Some(*name) {
                return Ok(IsoFolder { extent: self.directory(&record)?, next: 0 });
            }
        }
        Err(VolumeError::NoFolder)
    }

    fn next_file(
        &mut self,
        sectors: &mut impl Sectors,
        folder: &mut IsoFolder,
        extension: &[u8; 3],
    ) -> Result<Option<FileEntry>, VolumeError> {
        while let Some(record) = self.next_record(sectors, folder)? {
            let Some(name) = record.name().filter(|name| name.ends_with(extension)) else { continue };
            if record.byte(FLAGS) & (FLAG_DIRECTORY | FLAG_ASSOCIATED) == 0 {
                let Extent { block, len } = self.extent(&record)?;
                return Ok(Some(FileEntry { name, start: block, len }));
            }
        }
        Ok(None)
    }

    fn cursor(&self, file: &FileEntry) -> Extent {
        Extent { block: file.start, len: file.len }
    }

    fn run(
        &mut self,
        _sectors: &mut impl Sectors,
        file: &mut Extent,
        sector: u32,
        max: u16,
    ) -> Result<Option<(u64, u16)>, VolumeError> {
        let left = file.len.div_ceil(SECTOR as u32).saturating_sub(sector);
        if left == 0 {
            return Ok(None);
        }
        if !self.holds(*file) {
            return Err(VolumeError::BrokenBlock { block: file.block });
        }
        let lba = self.lba_of(file.block) + u64::from(sector);
        Ok(Some((lba, left.min(u32::from(max)) as u16)))
    }

    fn invalidate(&mut self) {
        self.window_sectors = 0;
    }
}

/// A number that is written in both byte orders; `None` if they do not agree.
fn both_16(bytes: &[u8], at: usize) -> Option<u16> {
    let [l0, l1, b0, b1] = *bytes.get(at..)?.first_chunk::<4>()?;
    let number = u16::from_le_bytes([l0, l1]);
    (number == u16::from_be_bytes([b0, b1])).then_some(number)
}

/// A number that is written in both byte orders; `None` if they do not agree.
fn both_32(bytes: &[u8], at: usize) -> Option<u32> {
    let [l0, l1, l2, l3, b0, b1, b2, b3] = *bytes.get(at..)?.first_chunk::<8>()?;
    let number = u32::from_le_bytes([l0, l1, l2, l3]);
    (number == u32::from_be_bytes([b0, b1, b2, b3])).then_some(number)
}
