//! Packs with libzstd, and unpacks with what the loader has.

use std::convert::Infallible;

use ramkey_format::capsule::{Codec, Form};
use ramkey_loader_core::decode::{Encoded, Stored, decode};
use zstd_safe::{CCtx, CParameter};

/// Stored bytes that come in pieces of at most so many, as those of a drive's buffer do.
pub struct Pieces<'b>(pub &'b [u8], pub usize);

impl Stored for Pieces<'_> {
    type Error = Infallible;

    fn piece(&mut self, offset: u64, max: usize) -> Result<&[u8], Infallible> {
        let bytes = &self.0[offset as usize..];
        Ok(&bytes[..max.min(self.1).min(bytes.len())])
    }
}

/// One frame that holds `data` and may refer to `before`, with the compressor's own parameters beside `level`.
pub fn pack_with(data: &[u8], before: &[u8], level: i32, parameters: &[CParameter]) -> Vec<u8> {
    let mut context = CCtx::create();
    let own = [
        CParameter::CompressionLevel(level),
        CParameter::ContentSizeFlag(true),
        CParameter::ChecksumFlag(false),
        CParameter::DictIdFlag(false),
        CParameter::WindowLog(25),
    ];
    for parameter in own.iter().chain(parameters) {
        context.set_parameter(*parameter).unwrap();
    }
    if !before.is_empty() {
        context.ref_prefix(before).unwrap();
    }
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(data.len()));
    context.compress2(&mut frame, data).unwrap();
    frame
}

/// The same in blocks that are short enough for any data.
pub fn pack(data: &[u8], before: &[u8], level: i32) -> Vec<u8> {
    pack_with(data, before, level, &[CParameter::MaxBlockSize(48 << 10)])
}

/// What the loader makes of `frame` for a chunk of `len` bytes, in memory that held something else.
pub fn unpack(frame: &[u8], before: &[u8], len: usize, piece: usize) -> Vec<u8> {
    let form = Form::Packed { codec: Codec::Zstd, before: 0 };
    let chunk = Encoded { form, stored: 0..frame.len() as u64, before };
    let mut room = vec![0xD1; len];
    let mut scratch = vec![0xD1; Codec::SCRATCH_LEN];
    let mut told = 0;
    let Ok(()) =
        decode(&chunk, &mut Pieces(frame, piece), &mut scratch, &mut room[..], &mut |put| told += put);
    assert_eq!(told, len, "progress is told of every byte once");
    room
}

/// A frame that is written by hand: blocks behind the header of one with `len` bytes.
pub fn frame_of(len: usize, blocks: &[&[u8]]) -> Vec<u8> {
    let mut frame = [&0xFD2F_B528_u32.to_le_bytes()[..], &[0xA0], &(len as u32).to_le_bytes()].concat();
    for (index, block) in blocks.iter().enumerate() {
        let is_last = u32::from(index == blocks.len() - 1);
        let header = u32::from_le_bytes([block[0], block[1], block[2], 0]) | is_last;
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.extend_from_slice(&block[3..]);
    }
    frame
}

/// A block of a kind, with its bytes, whose header says `len`.
pub fn block_of(kind: u32, len: usize, bytes: &[u8]) -> Vec<u8> {
    [&(kind << 1 | (len as u32) << 3).to_le_bytes()[..3], bytes].concat()
}
