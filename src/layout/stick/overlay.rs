//! A disk in memory that holds only what is not zero.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::units::SECTOR_LEN;

/// Compared with to find zeros, and written to give files their lengths.
pub(super) static ZEROS: [u8; 1 << 17] = [0; 1 << 17];

/// A disk of any size. A sector that was never written, or only with zeros, takes no memory.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    sectors: BTreeMap<u64, Box<[u8; 512]>>,
    len: u64,
    position: u64,
}

impl Overlay {
    /// A disk of `sectors` sectors of zeros.
    pub fn new(sectors: u64) -> Self {
        Self { len: sectors * SECTOR_LEN, ..Self::default() }
    }

    /// Sector `lba`.
    pub fn sector(&self, lba: u64) -> &[u8; 512] {
        self.sectors.get(&lba).map_or(&[0; 512], |sector| sector)
    }

    /// Sector `lba`, to be changed.
    pub fn sector_mut(&mut self, lba: u64) -> &mut [u8; 512] {
        self.sectors.entry(lba).or_insert_with(|| Box::new([0; 512]))
    }

    /// The sectors of `start..end` that hold something, ascending.
    pub fn present(&self, start: u64, end: u64) -> impl Iterator<Item = (u64, &[u8; 512])> {
        self.sectors.range(start..end).map(|(&lba, sector)| (lba, &**sector))
    }

    /// Bytes that are left behind the position, at most `wanted`.
    fn room(&self, wanted: usize) -> usize {
        (self.len.saturating_sub(self.position)).min(wanted as u64) as usize
    }

    /// Calls `piece` with each sector that the next `len` bytes touch: its LBA, the offset in it, and the range of
    /// the bytes.
    fn pieces(&mut self, len: usize, mut piece: impl FnMut(&mut Self, u64, usize, std::ops::Range<usize>)) {
        let mut done = 0;
        while done < len {
            let at = (self.position % SECTOR_LEN) as usize;
            let n = (512 - at).min(len - done);
            piece(self, self.position / SECTOR_LEN, at, done..done + n);
            self.position += n as u64;
            done += n;
        }
    }
}

impl Read for Overlay {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.room(buffer.len());
        self.pieces(len, |disk, lba, at, range| match disk.sectors.get(&lba) {
            Some(sector) => buffer[range.clone()].copy_from_slice(&sector[at..at + range.len()]),
            None => buffer[range].fill(0),
        });
        Ok(len)
    }
}

impl Write for Overlay {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let len = self.room(buffer.len().min(ZEROS.len()));
        let buffer = &buffer[..len];
        let end = self.position + len as u64;
        if buffer == &ZEROS[..len] {
            let touched = self.position / SECTOR_LEN..end.div_ceil(SECTOR_LEN);
            if self.sectors.range(touched).next().is_none() {
                self.position = end;
                return Ok(len);
            }
        }
        self.pieces(len, |disk, lba, at, range| {
            disk.sector_mut(lba)[at..at + range.len()].copy_from_slice(&buffer[range]);
        });
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Overlay {
    fn seek(&mut self, from: SeekFrom) -> io::Result<u64> {
        let target = match from {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        let outside = || io::Error::new(io::ErrorKind::InvalidInput, "a seek outside the disk");
        self.position = target.filter(|&target| target <= self.len).ok_or_else(outside)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_take_no_memory_but_erase_what_was_there() {
        let mut disk = Overlay::new(4);
        disk.write_all(&[0; 2048]).unwrap();
        assert_eq!(disk.present(0, 4).count(), 0);
        disk.seek(SeekFrom::Start(510)).unwrap();
        disk.write_all(&[1, 2, 3, 4]).unwrap();
        assert_eq!(disk.present(0, 4).map(|(lba, _)| lba).collect::<Vec<_>>(), [0, 1]);
        disk.seek(SeekFrom::Start(511)).unwrap();
        disk.write_all(&[0; 2]).unwrap();
        let mut back = [9; 6];
        disk.seek(SeekFrom::Start(509)).unwrap();
        disk.read_exact(&mut back).unwrap();
        assert_eq!(back, [0, 1, 0, 0, 4, 0]);
    }

    #[test]
    fn nothing_is_read_or_written_behind_the_end() {
        let mut disk = Overlay::new(1);
        disk.seek(SeekFrom::End(-2)).unwrap();
        assert_eq!(disk.write(&[1; 4]).unwrap(), 2);
        assert_eq!(disk.write(&[1; 4]).unwrap(), 0);
        assert_eq!(disk.read(&mut [0; 4]).unwrap(), 0);
        assert!(disk.seek(SeekFrom::Start(513)).is_err());
    }
}
