//! Reads a file in any order, in transfers as long as the drive and the file's fragments allow.
//!
//! What was read stays in the drive's buffer and goes from there to its place in one copy.

use ramkey_format::memory::{SECTOR_SHIFT, SECTOR_SIZE, TRANSFER_SECTORS_MAX};

use crate::drive::{ReadError, Sectors};
use crate::volume::{FileEntry, Volume, VolumeError};

/// Why bytes of a file cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError {
    /// The drive or the file system.
    Volume(VolumeError),
    /// The bytes lie behind the end of the file.
    PastEnd,
}

impl From<VolumeError> for FileError {
    fn from(error: VolumeError) -> Self {
        Self::Volume(error)
    }
}

impl From<ReadError> for FileError {
    fn from(error: ReadError) -> Self {
        Self::Volume(VolumeError::Read(error))
    }
}

/// Sectors of a file that follow one another on the drive: number in the file, LBA, count.
type Run = (u32, u64, u16);

/// One file of a volume.
pub struct FileReader<'r, S, V: Volume> {
    sectors: &'r mut S,
    volume: &'r mut V,
    file: FileEntry,
    cursor: V::Cursor,
    /// The sectors that the last transfer brought.
    transfer: Run,
    /// The sectors that it was asked for: as long as the volume said that they follow one another.
    run: Run,
}

impl<'r, S: Sectors, V: Volume> FileReader<'r, S, V> {
    /// Reads `file` of `volume`.
    pub fn new(sectors: &'r mut S, volume: &'r mut V, file: FileEntry) -> Self {
        let cursor = volume.cursor(&file);
        Self { sectors, volume, file, cursor, transfer: (0, 0, 0), run: (0, 0, 0) }
    }

    /// Length of the file in bytes.
    pub fn len(&self) -> u64 {
        u64::from(self.file.len)
    }

    /// Whether the file has no bytes.
    pub fn is_empty(&self) -> bool {
        self.file.len == 0
    }

    /// The file.
    pub fn entry(&self) -> &FileEntry {
        &self.file
    }

    /// The bytes from `offset` on that are in the buffer after at most one transfer: at least one, at most `max`.
    ///
    /// # Errors
    ///
    /// The drive or the file system fails, or the file ends before `offset`.
    pub fn piece(&mut self, offset: u64, max: usize) -> Result<&[u8], FileError> {
        let left = self.len().saturating_sub(offset);
        if left == 0 || max == 0 {
            return Err(FileError::PastEnd);
        }
        let sector = (offset >> SECTOR_SHIFT) as u32;
        let within = offset as usize & (SECTOR_SIZE as usize - 1);
        let kept = within_run(self.transfer, sector);
        let (lba, run) = match kept {
            Some(place) => place,
            None => self.place(sector)?,
        };
        let bytes = self.sectors.read(lba, run)?;
        if kept.is_none() {
            self.transfer = (sector, lba, (bytes.len() >> SECTOR_SHIFT) as u16);
        }
        let len = bytes.len().saturating_sub(within).min(max).min(usize::try_from(left).unwrap_or(max));
        bytes.get(within..within + len).ok_or(FileError::PastEnd)
    }

    /// The first sector of the file, read again and alone.
    ///
    /// # Errors
    ///
    /// As [`FileReader::piece`].
    pub fn first_sector(&mut self) -> Result<&[u8], FileError> {
        let (lba, _) = self.locate(0)?;
        self.sectors.invalidate();
        self.transfer = (0, lba, 1);
        Ok(self.sectors.read(lba, 1)?)
    }

    /// Fills `out` with the bytes from `offset` on.
    ///
    /// # Errors
    ///
    /// As [`FileReader::piece`]; `out` then holds a part.
    pub fn read_exact(&mut self, mut offset: u64, mut out: &mut [u8]) -> Result<(), FileError> {
        while !out.is_empty() {
            let piece = self.piece(offset, out.len())?;
            let (head, rest) = out.split_at_mut(piece.len());
            head.copy_from_slice(piece);
            offset += head.len() as u64;
            out = rest;
        }
        Ok(())
    }

    /// Where on the drive the byte at `offset` is, for messages.
    pub fn lba_of(&mut self, offset: u64) -> Option<u64> {
        self.locate((offset >> SECTOR_SHIFT) as u32).ok().map(|(lba, _)| lba)
    }

    /// Forgets what was read, of the file and of where it lies, so that the next read asks the drive again.
    pub fn invalidate(&mut self) {
        self.sectors.invalidate();
        self.volume.invalidate();
        self.cursor = self.volume.cursor(&self.file);
        (self.transfer, self.run) = ((0, 0, 0), (0, 0, 0));
    }

    /// Asks for smaller transfers; `false` if they cannot be smaller.
    pub fn shrink(&mut self) -> bool {
        self.sectors.shrink()
    }

    /// LBA of a sector that is read next, and how many follow it.
    fn place(&mut self, sector: u32) -> Result<(u64, u16), FileError> {
        let (_, _, brought) = self.transfer;
        // The end of a run must not make the next transfer a short one.
        match within_run(self.run, sector).filter(|(_, left)| (1..=*left).contains(&brought)) {
            Some(place) => Ok(place),
            None => {
                let (lba, count) = self.locate(sector)?;
                self.run = (sector, lba, count);
                Ok((lba, count))
            }
        }
    }

    /// LBA of any sector, and how many, up to a full transfer, follow one another from there on.
    fn locate(&mut self, sector: u32) -> Result<(u64, u16), FileError> {
        let in_file = self.file.len.div_ceil(SECTOR_SIZE);
        let max = in_file.saturating_sub(sector).min(TRANSFER_SECTORS_MAX) as u16;
        if max == 0 {
            return Err(FileError::PastEnd);
        }
        let found = self.volume.run(self.sectors, &mut self.cursor, sector, max)?;
        Ok(found.ok_or(VolumeError::Broken { cluster: self.file.start })?)
    }
}

/// LBA of a sector of a run, and how many of the run are left from there on.
fn within_run((first, lba, count): Run, sector: u32) -> Option<(u64, u16)> {
    let skip = sector.wrapping_sub(first);
    (skip < u32::from(count)).then(|| (lba + u64::from(skip), count - skip as u16))
}
