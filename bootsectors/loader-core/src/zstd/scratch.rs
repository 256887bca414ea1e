//! The memory that the decoder works in.

use ramkey_format::capsule::{Codec, PACKED_BLOCK_LEN_MAX};
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes before a block, so that bits can be looked for before its start.
pub const FRONT: usize = 8;
/// Bytes behind it.
const BACK: usize = 8;

/// log2 of the longest tables (RFC 8878, sections 3.1.1.3.2.1.1 and 4.2.1).
pub const LITERAL_LENGTH_LOG: u32 = 9;
pub const OFFSET_LOG: u32 = 8;
pub const MATCH_LENGTH_LOG: u32 = 9;
pub const HUFFMAN_LOG: u32 = 11;

/// A compressed block, from [`FRONT`] on.
pub type Block = [u8; FRONT + PACKED_BLOCK_LEN_MAX + BACK];

/// Table of a Huffman code: for the next bits, the byte (bits 0 to 7) and the length of its code.
pub type HuffmanTable = [U16; 1 << HUFFMAN_LOG];

/// Literals that were decoded and not yet put.
pub type LiteralBuffer = [u8; 2048];

/// Everything.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Scratch {
    pub huffman: HuffmanTable,
    pub tables: Tables,
    pub literals: LiteralBuffer,
    pub block: Block,
}

/// The tables of the three codes of which sequences are made; entries as [`super::fse::Entry`] has them.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Tables {
    pub literal_lengths: [U32; 1 << LITERAL_LENGTH_LOG],
    pub offsets: [U32; 1 << OFFSET_LOG],
    pub match_lengths: [U32; 1 << MATCH_LENGTH_LOG],
}

const _: () = assert!(size_of::<Scratch>() <= Codec::SCRATCH_LEN);
