//! All files of an archive, one behind the other: a record of each, its name, and its bytes if it is small.

use std::io::{self, Read};

use super::fault::{BY_HAND, Fault};
use super::sink::Sink;
use crate::image::field::{u32_at, u64_at};
use crate::image::source::Source;

/// What is asked of an archive of which all files are wanted. No file has such a name.
pub const ALL: &str = "\0all";
/// Most files, most bytes of one that is taken, and of all that comes out.
const FILES_MAX: usize = 65_535;
const FILE_MAX: u64 = 4 << 20;
const ALL_MAX: u64 = 32 << 20;
/// The part of it that is left to records and names of files whose bytes are not taken: one of so many.
const NAMES_PART: u64 = 8;
/// Bytes that are unpacked at most only to reach those behind them.
const SKIPPED_MAX: u64 = 512 << 20;
/// Bytes of a record: the length of the name, and that of the file.
const RECORD_LEN: usize = 12;
/// Longest name.
const NAME_MAX: usize = 4096;
/// Stands beside the length of the name if no bytes follow.
const WITHOUT_BYTES: u32 = 1 << 31;

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundledFile {
    /// Its name, with its folders.
    pub name: String,
    /// Its length in bytes.
    pub len: u64,
    /// Its bytes; `None` if it has more than 4 MiB, or there are too many of others.
    pub bytes: Option<Vec<u8>>,
}

/// What takes the files.
pub(super) struct Bundle<'b> {
    put: &'b mut dyn FnMut(u64, &[u8]) -> io::Result<()>,
    len: u64,
    count: usize,
    skipped: u64,
    most: u64,
}

impl<'b> Bundle<'b> {
    /// `put` gets offsets and the bytes there, ascending, and no more than `most` bytes.
    pub fn new(most: u64, put: &'b mut dyn FnMut(u64, &[u8]) -> io::Result<()>) -> Self {
        Self { put, len: 0, count: 0, skipped: 0, most: most.min(ALL_MAX) }
    }

    /// Bytes of what was put.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the bytes of a file of this name and length are taken; else it is [named](Self::name) alone.
    pub fn wants(&self, name: &str, len: u64) -> bool {
        let most = self.most - self.most / NAMES_PART;
        len <= FILE_MAX && self.len + (RECORD_LEN + name.len()) as u64 + len <= most
    }

    /// Says that there is a file of so many bytes, which are not taken.
    pub fn name(&mut self, name: &str, len: u64) -> Result<(), Fault> {
        self.record(name, len, WITHOUT_BYTES)
    }

    fn record(&mut self, name: &str, len: u64, mark: u32) -> Result<(), Fault> {
        if !(1..=NAME_MAX).contains(&name.len()) {
            let why = format!("a file in it has a name of {} bytes", name.len());
            return Err(Fault::Other(why, BY_HAND));
        }
        let record_len = (RECORD_LEN + name.len()) as u64;
        if self.count == FILES_MAX || self.len + record_len > self.most {
            return Err(Fault::Other(format!("there are more than {} files in it", self.count), BY_HAND));
        }
        let mut record = (name.len() as u32 | mark).to_le_bytes().to_vec();
        record.extend(len.to_le_bytes());
        record.extend(name.as_bytes());
        (self.put)(self.len, &record).map_err(Fault::Put)?;
        self.len += record_len;
        self.count += 1;
        Ok(())
    }

    /// Takes a file of so many bytes, which `take` gives.
    pub fn add(
        &mut self,
        name: &str,
        len: u64,
        take: impl FnOnce(&mut Sink<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.record(name, len, 0)?;
        let start = self.len;
        let put = &mut *self.put;
        let mut shifted = |offset: u64, bytes: &[u8]| put(start + offset, bytes);
        let mut sink = Sink::new(len, &mut shifted);
        take(&mut sink)?;
        if sink.len() != len {
            return Err(Fault::Damaged("a file in it has another length than its list says".into()));
        }
        self.len = start + len;
        Ok(())
    }

    /// Reads everything that `from` gives, and drops it.
    pub fn skip(&mut self, mut from: &mut dyn Read) -> Result<(), Fault> {
        let mut rest = (&mut from).take(SKIPPED_MAX - self.skipped);
        self.skipped += io::copy(&mut rest, &mut io::sink())?;
        if self.skipped < SKIPPED_MAX { Ok(()) } else { Err(Fault::TooLong) }
    }
}

/// The files in what came out of an archive.
///
/// # Errors
///
/// What the system says; and that it makes no sense, because who unpacked it is not believed.
pub fn bundled(source: &dyn Source) -> io::Result<Vec<BundledFile>> {
    let unsound = || io::Error::from(io::ErrorKind::InvalidData);
    let read = |at: u64, len: u64| {
        let end = at.checked_add(len).filter(|end| *end <= source.len());
        let mut bytes = vec![0; end.map(|_| len as usize).ok_or_else(unsound)?];
        source.read_at(at, &mut bytes)?;
        Ok::<_, io::Error>(bytes)
    };
    let (mut files, mut at) = (Vec::new(), 0);
    while at < source.len() && files.len() < FILES_MAX {
        let record = read(at, RECORD_LEN as u64)?;
        let (start, len) = (u32_at(&record, 0), u64_at(&record, 4));
        let (name_len, has_bytes) = ((start & !WITHOUT_BYTES) as usize, start & WITHOUT_BYTES == 0);
        if name_len > NAME_MAX || has_bytes && len > FILE_MAX {
            return Err(unsound());
        }
        at += RECORD_LEN as u64;
        let name = String::from_utf8(read(at, name_len as u64)?).map_err(|_| unsound())?;
        at += name_len as u64;
        let bytes = has_bytes.then(|| read(at, len)).transpose()?;
        at += bytes.as_ref().map_or(0, |_| len);
        files.push(BundledFile { name, len, bytes });
    }
    Ok(files)
}
