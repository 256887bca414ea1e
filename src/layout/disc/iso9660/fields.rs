//! Numbers and texts as ISO 9660 writes them.

use ramkey_format::capsule::DISC_SECTOR_LEN;

/// Bytes of a logical block, which is a sector of the disc.
pub const BLOCK_LEN: u64 = DISC_SECTOR_LEN;
/// The same as a length in memory.
pub(super) const BLOCK: usize = BLOCK_LEN as usize;

/// A 16-bit number, low byte first and then high byte first. (ECMA-119 section 7.2.3.)
pub(super) fn both_16(number: u16) -> [u8; 4] {
    let mut bytes = [0; 4];
    bytes[..2].copy_from_slice(&number.to_le_bytes());
    bytes[2..].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// A 32-bit number, low byte first and then high byte first. (ECMA-119 section 7.3.3.)
pub(super) fn both_32(number: u32) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    bytes[4..].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// Zeros up to the end of a block, if `bytes` does not end with one.
pub(super) fn pad_block(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
}

/// Whole blocks that `len` bytes take.
pub(super) fn blocks_of(len: usize) -> u32 {
    len.div_ceil(BLOCK) as u32
}

/// A character that the d-characters have, for any other an underscore. (ECMA-119 section 7.4.1.)
pub(super) fn d_character(c: char) -> char {
    let c = c.to_ascii_uppercase();
    if c.is_ascii_uppercase() || c.is_ascii_digit() { c } else { '_' }
}
