//! The bytes of a file, wherever its chain lies.

use std::cell::Cell;
use std::io;
use std::ops::Range;

use super::reader::{RUN_LEN, ReadError, Reader};
use super::tree::Entry;
use super::volume::Run;
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// A file of a tree. Of what is no capsule only the first run is known.
pub struct StickFile<'a> {
    reader: &'a Reader<'a>,
    /// Its entry.
    pub entry: &'a Entry,
    /// The run that was used last, and its first sector in the file.
    run: Cell<(usize, u64)>,
}

impl<'a> StickFile<'a> {
    /// The file of `entry`.
    pub fn new(reader: &'a Reader<'a>, entry: &'a Entry) -> Self {
        Self { reader, entry, run: Cell::default() }
    }

    /// The number of the run in which sector `wanted` of the file lies, and the run's first sector in the file. Fastest in
    /// ascending order, as parts of a file are read.
    fn run_of(&self, wanted: u64) -> Option<(usize, u64)> {
        let (mut index, mut start) = self.run.get();
        if wanted < start {
            (index, start) = (0, 0);
        }
        while let Some((_, sectors)) = self.entry.runs.get(index) {
            if wanted < start + sectors {
                self.run.set((index, start));
                return Some((index, start));
            }
            (index, start) = (index + 1, start + sectors);
        }
        None
    }

    /// `len` bytes from byte `offset` on.
    ///
    /// # Errors
    ///
    /// The first sector that cannot be read; behind the end of the chain the one that would follow.
    pub fn read(&self, offset: u64, len: u64) -> Result<Vec<u8>, ReadError> {
        let first = offset / SECTOR_LEN;
        let end = (offset + len).div_ceil(SECTOR_LEN);
        let mut bytes = vec![0; ((end - first) * SECTOR_LEN) as usize];
        let mut done = first;
        while done < end {
            let Some((index, start)) = self.run_of(done) else {
                let lba = self.entry.runs.last().map_or(0, |(lba, sectors)| lba + sectors);
                return Err(ReadError { lba, message: "its chain ends before its bytes".into() });
            };
            let (lba, sectors) = self.entry.runs[index];
            let part = (start + sectors).min(end) - done;
            let at = ((done - first) * SECTOR_LEN) as usize;
            self.reader.read(lba + done - start, &mut bytes[at..at + (part * SECTOR_LEN) as usize])?;
            done += part;
        }
        bytes.drain(..(offset % SECTOR_LEN) as usize);
        bytes.truncate(len as usize);
        Ok(bytes)
    }

    /// Bytes that its chain has room for.
    pub fn room(&self) -> u64 {
        self.entry.runs.iter().map(|(_, sectors)| sectors).sum::<u64>() * SECTOR_LEN
    }

    /// The first byte of `range` that is not zero.
    ///
    /// # Errors
    ///
    /// A sector before it cannot be read.
    pub fn first_byte(&self, range: Range<u64>) -> Result<Option<u64>, ReadError> {
        for start in range.clone().step_by(RUN_LEN) {
            let bytes = self.read(start, (range.end - start).min(RUN_LEN as u64))?;
            if let Some(at) = bytes.iter().position(|&byte| byte != 0) {
                return Ok(Some(start + at as u64));
            }
        }
        Ok(None)
    }

    /// The sectors in which `len` bytes from byte `offset` on lie, as far as its chain reaches, in the order of the file.
    pub fn places(&self, offset: u64, len: u64) -> Vec<Run> {
        let mut done = offset / SECTOR_LEN;
        let end = (offset + len).div_ceil(SECTOR_LEN);
        let mut places = Vec::new();
        while done < end {
            let Some((index, start)) = self.run_of(done) else { break };
            let (lba, sectors) = self.entry.runs[index];
            let part = (start + sectors).min(end) - done;
            places.push((lba + done - start, part));
            done += part;
        }
        places
    }
}

/// The bytes of a file as a source; what is behind the runs that are known counts as zeros.
pub struct FileBytes<'a> {
    stick: &'a dyn Source,
    entry: &'a Entry,
}

impl<'a> FileBytes<'a> {
    /// The file of `entry`; nothing that is read through it is counted.
    pub fn new(reader: &Reader<'a>, entry: &'a Entry) -> Self {
        Self { stick: reader.stick(), entry }
    }
}

impl Source for FileBytes<'_> {
    fn len(&self) -> u64 {
        self.entry.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let (mut start, mut rest, mut skip) = (0, buffer, offset);
        for (lba, sectors) in &self.entry.runs {
            let len = sectors * SECTOR_LEN;
            if skip < start + len {
                let within = skip - start;
                let count = rest.len().min((len - within) as usize);
                let (part, others) = rest.split_at_mut(count);
                self.stick.read_at(lba * SECTOR_LEN + within, part)?;
                (rest, skip) = (others, skip + count as u64);
            }
            if rest.is_empty() {
                return Ok(());
            }
            start += len;
        }
        rest.fill(0);
        Ok(())
    }
}
