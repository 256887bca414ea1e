//! An image with sectors that are changed in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::image::{Source, SourceFile, Unpacked, Wrapping};
use crate::units::SECTOR_LEN;

const SECTOR: usize = SECTOR_LEN as usize;

/// The sectors that differ, by their number.
pub type Sectors = BTreeMap<u64, [u8; SECTOR]>;

/// An image as it will be. It can be read like any other.
pub struct Changed<'s> {
    source: &'s dyn Source,
    sectors: Sectors,
}

impl<'s> Changed<'s> {
    /// The image in `source` with these sectors changed.
    pub fn new(source: &'s dyn Source, sectors: Sectors) -> Self {
        Self { source, sectors }
    }

    /// The sectors that differ.
    pub fn into_sectors(self) -> Sectors {
        self.sectors
    }

    /// Changes the bytes from `offset` on. A sector that becomes what it was is changed no longer.
    ///
    /// # Errors
    ///
    /// What the system says when the image is read; also at its end.
    pub(in crate::windows) fn write_at(&mut self, mut offset: u64, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (number, within) = (offset / SECTOR_LEN, (offset % SECTOR_LEN) as usize);
            let (mut old, mut new) = ([0; SECTOR], [0; SECTOR]);
            // The last sector of an image may be a part of one.
            let len = self.source.len().saturating_sub(number * SECTOR_LEN).min(SECTOR_LEN) as usize;
            let part = bytes.len().min(len.saturating_sub(within));
            if part == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.source.read_at(number * SECTOR_LEN, &mut old[..len])?;
            new.copy_from_slice(self.sectors.get(&number).unwrap_or(&old));
            new[within..within + part].copy_from_slice(&bytes[..part]);
            if new == old {
                self.sectors.remove(&number)
            } else {
                self.sectors.insert(number, new)
            };
            (offset, bytes) = (offset + part as u64, &bytes[part..]);
        }
        Ok(())
    }
}

impl Source for Changed<'_> {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.source.read_at(offset, buffer)?;
        let end = offset + buffer.len() as u64;
        for (&number, sector) in self.sectors.range(offset / SECTOR_LEN..end.div_ceil(SECTOR_LEN)) {
            let start = number * SECTOR_LEN;
            let (from, to) = (start.max(offset), (start + SECTOR_LEN).min(end));
            let part = &sector[(from - start) as usize..(to - start) as usize];
            buffer[(from - offset) as usize..(to - offset) as usize].copy_from_slice(part);
        }
        Ok(())
    }

    fn wrapping(&self) -> Option<&Wrapping> {
        self.source.wrapping()
    }

    fn unpacked(&self) -> &[Unpacked] {
        self.source.unpacked()
    }

    fn files(&self) -> &[SourceFile] {
        self.source.files()
    }

    fn descriptors(&self) -> &[File] {
        self.source.descriptors()
    }
}

/// One volume of it, as fatfs wants a disk.
pub(super) struct VolumeDisk<'c, 's> {
    changed: &'c mut Changed<'s>,
    start: u64,
    at: u64,
}

impl<'c, 's> VolumeDisk<'c, 's> {
    pub fn new(changed: &'c mut Changed<'s>, start: u64) -> Self {
        Self { changed, start, at: 0 }
    }

    fn len(&self) -> u64 {
        self.changed.len().saturating_sub(self.start)
    }
}

impl Read for VolumeDisk<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.len().saturating_sub(self.at).min(buffer.len() as u64) as usize;
        self.changed.read_at(self.start + self.at, &mut buffer[..len])?;
        self.at += len as u64;
        Ok(len)
    }
}

impl Write for VolumeDisk<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.changed.write_at(self.start + self.at, bytes)?;
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for VolumeDisk<'_, '_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.len().checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
