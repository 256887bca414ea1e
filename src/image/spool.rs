//! Where packed bytes wait until they were written to every stick.

use std::fmt::Debug;
use std::io;

/// A place for packed bytes that is no memory. What comes out of it is proven as an image is.
pub trait Spool: Debug + Send + Sync {
    /// Puts bytes behind those that are there; gives their offset, or `None` if there is no room.
    fn put(&self, bytes: &[u8]) -> Option<u64>;

    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn get(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}
