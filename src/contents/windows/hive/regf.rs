//! The numbers of the format, for whoever reads a hive and whoever changes one.

/// Length of the header. Offsets in a hive count from its end.
pub(crate) const HEADER_LEN: usize = 4096;
/// Offsets of the two sequence numbers, which are equal in a hive that was closed.
pub(crate) const SEQUENCES: [usize; 2] = [4, 8];
/// Offsets of the version's two halves.
pub(crate) const MAJOR: usize = 20;
pub(crate) const MINOR: usize = 24;
/// Offset of the root key's own offset.
pub(crate) const ROOT: usize = 36;
/// Offset of the checksum, which is over all before it.
pub(crate) const CHECKSUM: usize = 508;
/// No offset: there is no such thing.
pub(crate) const NOWHERE: u32 = u32::MAX;
/// Length of a key's record before its name.
pub(crate) const KEY_LEN: usize = 76;
/// Bit of a key's flags: its name has one byte for each letter.
pub(crate) const KEY_NAME_IS_NARROW: u16 = 0x20;
/// Length of a value's record before its name.
pub(crate) const VALUE_LEN: usize = 20;
/// Bit of a value's flags: its name has one byte for each letter.
pub(crate) const VALUE_NAME_IS_NARROW: u16 = 1;
/// Bit of a value's length: its bytes are in its record, in place of their offset.
pub(crate) const INLINE: u32 = 1 << 31;
/// Longest value in one cell; a longer one is in pieces of so many bytes, from version 1.4 on.
pub(crate) const PIECE_LEN: usize = 16344;

/// The checksum of a header.
pub(crate) fn checksum(header: &[u8]) -> u32 {
    let words = header[..CHECKSUM].chunks_exact(4);
    let sum = words.fold(0, |sum, word| sum ^ u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    // Neither of these two values is ever stored.
    match sum {
        0 => 1,
        u32::MAX => u32::MAX - 1,
        sum => sum,
    }
}
