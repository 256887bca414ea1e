//! Packed pieces of a disk: each is unpacked alone, and the last ones are kept.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use flate2::{Decompress, FlushDecompress, Status};

use crate::image::source::Source;

/// Most bytes that are kept.
const KEPT_MAX: usize = 8 << 20;
/// Most bytes of a piece, packed or not.
const PACKED_MAX: u64 = 5 << 20;

/// How a piece is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// Deflate alone. (RFC 1951.)
    Deflate,
    /// Deflate between a header and a sum. (RFC 1950.)
    Zlib,
    /// Zstandard. (RFC 8878.)
    Zstd,
}

/// A piece that is packed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packed {
    /// Number of the file.
    pub file: usize,
    /// Where it begins there.
    pub offset: u64,
    /// Bytes that it takes there, or that it and what follows it take.
    pub len: u64,
    pub codec: Codec,
    /// Most bytes of it when it is unpacked.
    pub plain_len: u64,
    /// Bytes of these that lie before those that are asked for.
    pub skip: u64,
}

impl Packed {
    /// Where it lies in its file.
    pub fn range(&self) -> Range<u64> {
        self.offset..self.offset.saturating_add(self.len)
    }

    fn unpack(&self, file: &dyn Source) -> io::Result<Vec<u8>> {
        if self.len > PACKED_MAX || self.plain_len > PACKED_MAX {
            return Err(damaged());
        }
        let mut packed = vec![0; self.len as usize];
        file.read_at(self.offset, &mut packed)?;
        let mut plain = vec![0; self.plain_len as usize];
        let len = match self.codec {
            Codec::Zstd => unzstd(&packed, &mut plain),
            codec => inflate(&packed, &mut plain, codec == Codec::Zlib),
        };
        // The last one may be as short as the disk leaves it.
        plain.truncate(len.ok_or_else(damaged)?);
        Ok(plain)
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a packed piece of the disk is damaged")
}

/// How many bytes `packed` gives. Where it has a sum, all of it is looked at and the sum is right; else those behind the
/// first that fit are not looked at.
fn inflate(packed: &[u8], plain: &mut [u8], has_sum: bool) -> Option<usize> {
    let mut inflater = Decompress::new(has_sum);
    let mut status = inflater.decompress(packed, plain, FlushDecompress::Finish).ok()?;
    let len = inflater.total_out();
    if has_sum && status != Status::StreamEnd {
        // What ends the stream may not have been looked at, because there was no room; nothing may come before it.
        let rest = packed.get(inflater.total_in() as usize..)?;
        status = inflater.decompress(rest, &mut [0], FlushDecompress::Finish).ok()?;
    }
    let is_whole = !has_sum || (status == Status::StreamEnd && inflater.total_out() == len);
    is_whole.then_some(len as usize)
}

fn unzstd(packed: &[u8], plain: &mut [u8]) -> Option<usize> {
    let mut context = zstd_safe::DCtx::try_create()?;
    let mut input = zstd_safe::InBuffer::around(packed);
    let mut output = zstd_safe::OutBuffer::around(plain);
    // A piece may be more than one frame, and padding follows it; each turn takes a byte at least.
    while output.pos() < output.capacity() {
        let before = (input.pos(), output.pos());
        context.decompress_stream(&mut output, &mut input).ok()?;
        if (input.pos(), output.pos()) == before {
            break;
        }
    }
    Some(output.pos())
}

/// A piece that was unpacked: its file, its place there, and its bytes.
type Kept = (usize, u64, Arc<[u8]>);

/// The pieces that were unpacked last.
#[derive(Default)]
pub(super) struct Unpacked {
    kept: Mutex<VecDeque<Kept>>,
}

impl Unpacked {
    /// Fills `buffer` with bytes of a piece in `file`.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is damaged.
    pub fn read(&self, file: &dyn Source, packed: &Packed, buffer: &mut [u8]) -> io::Result<()> {
        let plain = self.plain(file, packed)?;
        let start = packed.skip as usize;
        let part = plain.get(start..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(part.ok_or_else(damaged)?);
        Ok(())
    }

    fn plain(&self, file: &dyn Source, packed: &Packed) -> io::Result<Arc<[u8]>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |(number, offset, _): &Kept| (*number, *offset) == (packed.file, packed.offset);
        if let Some((_, _, plain)) = kept.iter().find(|kept| is_it(kept)) {
            return Ok(Arc::clone(plain));
        }
        let plain: Arc<[u8]> = packed.unpack(file)?.into();
        kept.push_back((packed.file, packed.offset, Arc::clone(&plain)));
        let mut len: usize = kept.iter().map(|(_, _, plain)| plain.len()).sum();
        while len > KEPT_MAX {
            len -= kept.pop_front().map_or(0, |(_, _, plain)| plain.len());
        }
        Ok(plain)
    }
}
