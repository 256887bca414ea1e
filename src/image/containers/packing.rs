//! What every packed form can do, and what its decoder reads.

use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom};

use super::ahead::Ahead;
use super::bundle::Bundle;
use super::fault::{BY_HAND, Fault};
use super::member::Choice;
use super::sink::PIECE;
pub(super) use super::sink::Sink;
use crate::image::source::Source;
use crate::image::wrapping::DISK_LEN_MAX;

/// How much may come out, and what a decoder may take for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most bytes that come out.
    pub len: u64,
    /// Most memory for a dictionary or window, in bytes.
    pub memory: u64,
}

impl Default for Bounds {
    /// The largest disk that can be in RAM. What 7-Zip and xz choose themselves needs no more memory.
    fn default() -> Self {
        Self { len: DISK_LEN_MAX, memory: 256 << 20 }
    }
}

/// A form in which bytes are packed: they come out of it from the first to the last.
pub(super) trait Packing: Sync {
    /// As in `gzip`.
    fn name(&self) -> &'static str;

    /// Extensions that such files have beside that of what is in them.
    fn extensions(&self) -> &'static [&'static str];

    /// Whether `head`, the first bytes of a file, are those of one.
    fn detect(&self, head: &[u8]) -> bool;

    /// Puts what is in `input` into `sink`. Of an archive that is the file that `choice` asks for, which is told its name.
    ///
    /// # Errors
    ///
    /// [`Fault`].
    fn unpack(&self, input: &Input<'_>, choice: &mut Choice<'_>, sink: &mut Sink<'_>) -> Result<(), Fault>;

    /// Puts the files of an archive into `bundle`, and the bytes of those that it wants.
    ///
    /// # Errors
    ///
    /// [`Fault`]; also of what is no archive.
    fn unpack_all(&self, _: &Input<'_>, _: &mut Bundle<'_>) -> Result<(), Fault> {
        Err(Fault::Other("it is no archive".into(), BY_HAND))
    }
}

/// What is unpacked. A failure to read it is kept, because a decoder may make something else of it.
pub(super) struct Input<'a> {
    source: &'a dyn Source,
    memory: u64,
    failed: RefCell<Option<(u64, io::Error)>>,
    told: Cell<u64>,
    progress: &'a dyn Fn(u64),
}

impl<'a> Input<'a> {
    /// All of `source`, whose decoder may take so much `memory`. `progress` is told how many more bytes of it were read.
    pub fn new(source: &'a dyn Source, memory: u64, progress: &'a dyn Fn(u64)) -> Self {
        Self { source, memory, failed: RefCell::new(None), told: Cell::new(0), progress }
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.source.len()
    }

    /// Most memory for a dictionary or window, in bytes.
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// A reader of all of it.
    pub fn reader(&self) -> Bytes<'_> {
        self.range(0, self.len())
    }

    /// A reader of `len` bytes from `start` on, or of as many as there are.
    pub fn range(&self, start: u64, len: u64) -> Bytes<'_> {
        let start = start.min(self.len());
        let end = start.saturating_add(len).min(self.len());
        Ahead::new(PIECE, Cursor { input: self, at: start, end })
    }

    /// Where it could not be read, and why.
    pub fn failure(self) -> Option<(u64, io::Error)> {
        self.failed.into_inner()
    }
}

/// A part of an input, read with a buffer.
pub(super) type Bytes<'i> = Ahead<Cursor<'i>>;

/// A place in an input.
pub(super) struct Cursor<'i> {
    input: &'i Input<'i>,
    at: u64,
    end: u64,
}

impl Read for Cursor<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.end.saturating_sub(self.at).min(buffer.len() as u64) as usize;
        if let Err(error) = self.input.source.read_at(self.at, &mut buffer[..count]) {
            let kind = error.kind();
            self.input.failed.borrow_mut().get_or_insert((self.at, error));
            return Err(kind.into());
        }
        self.at += count as u64;
        let told = self.input.told.get();
        if self.at > told {
            self.input.told.set(self.at);
            (self.input.progress)(self.at - told);
        }
        Ok(count)
    }
}

impl Seek for Cursor<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let wanted = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = wanted.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// What stands behind a stream.
#[derive(PartialEq, Eq)]
pub(super) enum Behind {
    /// Nothing but zeros, with which tapes and sectors are filled.
    Nothing,
    /// One more stream.
    Stream,
    /// Something else.
    Other,
}

/// Reads zeros, and says what stands behind them; a stream `begins` with its first bytes.
pub(super) fn behind(reader: &mut dyn BufRead, begins: fn(&[u8]) -> bool) -> io::Result<Behind> {
    loop {
        let bytes = reader.fill_buf()?;
        let Some(zeros) = bytes.iter().position(|&byte| byte != 0) else {
            let all = bytes.len();
            if all == 0 {
                return Ok(Behind::Nothing);
            }
            reader.consume(all);
            continue;
        };
        reader.consume(zeros);
        // As many as it takes: the reader looks ahead.
        let bytes = reader.fill_buf()?;
        return Ok(if begins(bytes) { Behind::Stream } else { Behind::Other });
    }
}
