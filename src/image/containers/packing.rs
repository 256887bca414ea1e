//! What every packed form can do, what its decoder reads, and where what comes out goes.

use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom};

use super::ahead::Ahead;
use super::fault::Fault;
use super::member::Choice;
use crate::image::source::Source;
use crate::image::wrapping::DISK_LEN_MAX;

/// Most bytes that are unpacked only to reach those behind them, as many times as an image may have.
const SKIPPED_MAX: u64 = 16;
/// Bytes that a decoder gets at once, and that are taken from it.
const PIECE: usize = 1 << 18;
/// Bytes of zeros in a piece that are not written, but left out as a hole.
const HOLE: usize = 1 << 14;
static ZEROS: [u8; HOLE] = [0; HOLE];

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

/// What takes the bytes that come out.
pub(super) struct Sink<'a> {
    put: &'a mut dyn FnMut(u64, &[u8]) -> io::Result<()>,
    piece: Vec<u8>,
    len: u64,
    most: u64,
    skipped: u64,
    sum: Option<crc32fast::Hasher>,
}

impl<'a> Sink<'a> {
    /// `put` gets offsets and the bytes there, ascending, but no zeros; and at most `most` bytes.
    pub fn new(most: u64, put: &'a mut dyn FnMut(u64, &[u8]) -> io::Result<()>) -> Self {
        Self { put, piece: vec![0; PIECE], len: 0, most, skipped: 0, sum: None }
    }

    /// Bytes that came out, with the zeros.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Begins to sum up what comes out.
    pub fn count_sum(&mut self) {
        self.sum = Some(crc32fast::Hasher::new());
    }

    /// CRC-32 of what came out since then.
    pub fn sum(&self) -> u32 {
        self.sum.clone().map_or(0, crc32fast::Hasher::finalize)
    }

    /// Takes everything that `from` gives.
    pub fn take(&mut self, from: &mut dyn Read) -> Result<(), Fault> {
        loop {
            let count = fill(from, &mut self.piece)?;
            self.put_piece(count)?;
            if count < self.piece.len() {
                return Ok(());
            }
        }
    }

    /// Takes `bytes`.
    pub fn take_bytes(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        self.take(&mut bytes)
    }

    /// Reads everything that `from` gives, and drops it.
    pub fn skip(&mut self, from: &mut dyn Read) -> Result<(), Fault> {
        loop {
            let count = fill(from, &mut self.piece)?;
            self.skipped += count as u64;
            if self.skipped / SKIPPED_MAX > self.most {
                return Err(Fault::TooLong);
            }
            if count < self.piece.len() {
                return Ok(());
            }
        }
    }

    fn put_piece(&mut self, count: usize) -> Result<(), Fault> {
        if self.len + count as u64 > self.most {
            return Err(Fault::TooLong);
        }
        if let Some(sum) = &mut self.sum {
            sum.update(&self.piece[..count]);
        }
        let (put, start) = (&mut self.put, self.len);
        for (number, bytes) in (0..).zip(self.piece[..count].chunks(HOLE)) {
            if bytes != &ZEROS[..bytes.len()] {
                put(start + number * HOLE as u64, bytes).map_err(Fault::Put)?;
            }
        }
        self.len += count as u64;
        Ok(())
    }
}

/// Fills `buffer`, but for what `from` does not have any more.
fn fill(from: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match from.read(&mut buffer[count..]) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
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
