//! Bits of a block.

use super::scratch::Block;
use super::section::Section;

/// A stream of bits that is read from its end (RFC 8878, section 4): the bits that are read first are the highest ones of
/// its last byte, below the highest bit that is set.
///
/// More than it has can be read, and has no meaning: whoever reads looks at [`Bits::left`] now and then.
#[derive(Clone, Copy, Default)]
pub struct Bits {
    /// Number of the lowest bit of the block that was read.
    at: u32,
    /// Number of its last one.
    start: u32,
}

/// Most bits that are read at once.
pub const READ_MAX: u32 = 25;

impl Bits {
    /// The bits of `section`. `None` if its last byte is zero, or is not there.
    pub fn new(block: &Block, section: Section) -> Option<Self> {
        let last = section.end.checked_sub(1).filter(|last| *last >= section.at)?;
        let at = last as u32 * 8 + block.get(last)?.checked_ilog2()?;
        Some(Self { at, start: section.at as u32 * 8 })
    }

    /// How many are left; less than 0 if more were read than there are.
    pub fn left(&self) -> i32 {
        self.at.wrapping_sub(self.start) as i32
    }

    /// The next `count` bits, at most [`READ_MAX`].
    #[inline(always)]
    pub fn read(&mut self, block: &Block, count: u32) -> u32 {
        self.skip(count);
        self.word(block) & ((1 << count) - 1)
    }

    /// The next `count` bits, at most [`READ_MAX`], and whatever above them; they can be read again.
    #[inline(always)]
    pub fn peek(&self, block: &Block, count: u32) -> u32 {
        Self { at: self.at.wrapping_sub(count), ..*self }.word(block)
    }

    /// Goes on behind the next `count` bits.
    #[inline(always)]
    pub fn skip(&mut self, count: u32) {
        self.at = self.at.wrapping_sub(count);
    }

    /// At least [`READ_MAX`] bits from the last one that was read on; zeros outside the block.
    #[inline(always)]
    fn word(&self, block: &Block) -> u32 {
        let byte = (self.at >> 3) as usize;
        if byte > block.len() - 4 {
            return 0;
        }
        let bytes = [block[byte], block[byte + 1], block[byte + 2], block[byte + 3]];
        u32::from_le_bytes(bytes) >> (self.at & 7)
    }
}

/// Bits that are read from the lowest of the first byte on.
pub struct ForwardBits<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> ForwardBits<'b> {
    /// The bits of `section`.
    pub fn new(block: &'b Block, section: Section) -> Option<Self> {
        Some(Self { bytes: block.get(section.at..section.end)?, at: 0 })
    }

    /// The next `count` bits, at most 16, and zeros behind the last one; they can be read again.
    pub fn peek(&self, count: u32) -> u32 {
        let byte = |index| u32::from(self.bytes.get(self.at / 8 + index).copied().unwrap_or(0));
        ((byte(0) | byte(1) << 8 | byte(2) << 16) >> (self.at % 8)) & ((1 << count) - 1)
    }

    /// Goes on behind the next `count` bits.
    pub fn skip(&mut self, count: u32) {
        self.at += count as usize;
    }

    /// Bytes of which a bit was read. `None` if they are more than there are.
    pub fn bytes_read(&self) -> Option<usize> {
        Some(self.at.div_ceil(8)).filter(|count| *count <= self.bytes.len())
    }
}
