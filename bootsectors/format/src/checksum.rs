//! The checksum that each boot stage proves the next one with.
//!
//! It must fit a few bytes of real-mode code, and notice what a bad read does: a sector of other bytes, zeros,
//! sectors in another order. The images themselves are proven with BLAKE3.

/// Bits that the sum is rotated left before each addition.
pub const ROTATE: u32 = 5;

/// Sum of `bytes`, read as little-endian 32-bit words: rotate left by [`ROTATE`], then add.
///
/// Each step is a bijection of the sum, so any damage inside one word is noticed.
///
/// # Panics
///
/// If the length is no multiple of four.
pub fn checksum(bytes: &[u8]) -> u32 {
    assert!(bytes.len().is_multiple_of(4), "the checksum is over whole words");
    bytes.chunks_exact(4).fold(0, |sum: u32, word| {
        sum.rotate_left(ROTATE).wrapping_add(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
    })
}

#[cfg(test)]
mod tests {
    use super::checksum;

    #[test]
    fn order_value_and_zeros_all_matter() {
        assert_eq!(checksum(&[1, 0, 0, 0]), 1);
        assert_eq!(checksum(&[1, 0, 0, 0, 2, 0, 0, 0]), 34);
        assert_eq!(checksum(&[2, 0, 0, 0, 1, 0, 0, 0]), 65);
        assert_eq!(checksum(&[1, 0, 0, 0, 0, 0, 0, 0]), 32);
    }
}
