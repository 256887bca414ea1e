//! What the pipeline writes to.

use std::io;

use crate::pipeline::VerifyLevel;

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

    /// How many requests it gains from having at once. A USB stick takes one, and the next one waits in the system meanwhile.
    fn in_flight(&self) -> usize {
        2
    }

    /// Bytes so far that were to be written and were not, because they were there already.
    fn skipped(&self) -> u64 {
        0
    }

    /// Called once everything is written and flushed: from now on what is read must come from as near to the medium as
    /// this target can bring it.
    ///
    /// # Errors
    ///
    /// What the system says, or that another device is there now.
    fn begin_read_back(&self) -> io::Result<()> {
        Ok(())
    }

    /// Where what was read since [`Target::begin_read_back`] came from, at worst.
    fn level(&self) -> VerifyLevel {
        VerifyLevel::Direct
    }

    /// Whether it goes through this system's cache because the device refuses direct I/O.
    fn is_buffered(&self) -> bool {
        false
    }

    /// Whether it may have less than it says, as a stick may and a file may not.
    fn may_lie(&self) -> bool {
        false
    }

    /// Whether it was gone since it was opened, and found anew: it is alike, and what it holds must show that it is the same.
    fn is_found_anew(&self) -> bool {
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
