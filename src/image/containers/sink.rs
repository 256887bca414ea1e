//! Where goes what comes out.

use std::io::{self, ErrorKind, Read};

use super::fault::Fault;

/// Most bytes that are unpacked only to reach those behind them, as many times as an image may have.
const SKIPPED_MAX: u64 = 16;
/// Bytes that a decoder gets at once, and that are taken from it.
pub(super) const PIECE: usize = 1 << 18;
/// Bytes of zeros in a piece that are not written, but left out as a hole.
const HOLE: usize = 1 << 14;
static ZEROS: [u8; HOLE] = [0; HOLE];

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
