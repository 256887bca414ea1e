//! Memory that direct I/O accepts.

/// Zeroed bytes at an aligned address.
///
/// Holds more than it shows and slices it, so no unsafe code is needed; the vector is never resized.
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    len: usize,
}

impl Buffer {
    /// `len` zeros at a multiple of `alignment` bytes.
    ///
    /// # Panics
    ///
    /// If `alignment` is no power of two.
    pub fn new(len: usize, alignment: usize) -> Self {
        assert!(alignment.is_power_of_two(), "an alignment is a power of two");
        let bytes = vec![0; len + alignment - 1];
        let start = bytes.as_ptr().align_offset(alignment);
        Self { bytes, start, len }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.len]
    }

    /// The bytes, to be filled.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::Buffer;

    #[test]
    fn every_buffer_starts_at_its_alignment() {
        for alignment in [1, 512, 4096, 65536] {
            for len in [1, 512, 1000, 4096] {
                let mut buffer = Buffer::new(len, alignment);
                assert_eq!(buffer.bytes().as_ptr().addr() % alignment, 0);
                assert_eq!(buffer.bytes_mut().len(), len);
            }
        }
    }
}
