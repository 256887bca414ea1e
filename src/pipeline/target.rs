//! What the pipeline writes to.

use std::io;

/// A stick, or a file that stands for one. Offsets and lengths are in bytes and multiples of 512.
pub trait Target: Send + Sync {
    /// Length in bytes.
    fn len(&self) -> u64;

    /// Whether it has no room at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Address alignment that buffers must have, in bytes.
    fn alignment(&self) -> usize;

    /// Fills `buffer` from byte `offset` on, from the device itself and no cache.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Writes all of `buffer` at byte `offset`.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn write_at(&self, offset: u64, buffer: &[u8]) -> io::Result<()>;

    /// Returns when everything written is on the medium.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn flush(&self) -> io::Result<()>;

    /// Whether every byte reads as zero until it is written, so that zeros need no writing.
    fn is_fresh(&self) -> bool {
        false
    }

    /// Proves that the device is still the one that was checked and opened.
    ///
    /// # Errors
    ///
    /// What changed.
    fn same_device(&self) -> io::Result<()> {
        Ok(())
    }
}
