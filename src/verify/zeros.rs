//! The hashes of zeros, each computed once.
//!
//! A chunk of zeros takes a few bytes on a stick, and as long to hash as any other. Its value depends on its place in the
//! image alone, so many images of zeros need no more work than the longest of them.

use std::cell::RefCell;

use blake3::hazmat::ChainingValue;

use crate::image::{chunk_value, joined};

/// Bytes whose value is kept: the shortest chunk.
const PIECE_LEN: u64 = 1 << 14;

/// The values of the pieces of an image of zeros, as far as they were needed.
#[derive(Default)]
pub(super) struct Zeros {
    pieces: RefCell<Vec<Option<ChainingValue>>>,
}

impl Zeros {
    /// The value of `len` zeros at byte `offset` of an image of `count` chunks. All chunks but the last of an image have a
    /// power of two of bytes, from [`PIECE_LEN`] on, and begin at a multiple of it.
    pub fn chunk_value(&self, offset: u64, len: u64, count: usize) -> ChainingValue {
        if count == 1 || !len.is_power_of_two() || len < PIECE_LEN {
            return chunk_value(&vec![0; len as usize], offset, count);
        }
        self.subtree(offset, len)
    }

    fn subtree(&self, offset: u64, len: u64) -> ChainingValue {
        if len == PIECE_LEN {
            return self.piece(offset);
        }
        let half = len / 2;
        joined(&self.subtree(offset, half), &self.subtree(offset + half, half))
    }

    fn piece(&self, offset: u64) -> ChainingValue {
        let index = (offset / PIECE_LEN) as usize;
        let mut pieces = self.pieces.borrow_mut();
        if pieces.len() <= index {
            pieces.resize(index + 1, None);
        }
        // It is not the only one: the value is that of a part.
        *pieces[index].get_or_insert_with(|| chunk_value(&[0; PIECE_LEN as usize], offset, 2))
    }
}

#[cfg(test)]
mod tests {
    use super::{PIECE_LEN, Zeros};
    use crate::image::chunk_value;

    #[test]
    fn zeros_have_the_value_that_their_bytes_have_wherever_they_lie() {
        let zeros = Zeros::default();
        for shift in 14..=20 {
            let len = 1u64 << shift;
            for (index, len, count) in
                [(0, len, 3), (1, len, 3), (5, len, 6), (2, len - 512, 3), (0, len, 1), (0, 100, 1)]
            {
                let offset = index << shift;
                let expected = chunk_value(&vec![0; len as usize], offset, count);
                assert_eq!(zeros.chunk_value(offset, len, count), expected, "{len} at {offset}");
            }
        }
        assert_eq!(zeros.pieces.borrow().len() as u64, (6 << 20) / PIECE_LEN);
    }
}
