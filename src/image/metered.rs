//! A source of which only so much is looked at.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use super::source::Source;

/// What every request costs beside its bytes.
const REQUEST: u64 = 512;

/// An image whose readers may ask for so many bytes together and no more, however often its structures lead to the same
/// place. Who gets an error asks [`Metered::is_spent`]: then nothing can be said about the image.
pub struct Metered<'s> {
    source: &'s dyn Source,
    left: AtomicU64,
}

impl<'s> Metered<'s> {
    /// The image in `source`, of which `limit` bytes may be looked at.
    pub fn new(source: &'s dyn Source, limit: u64) -> Self {
        Self { source, left: AtomicU64::new(limit) }
    }

    /// Whether a reader was refused.
    pub fn is_spent(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }
}

impl Source for Metered<'_> {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let cost = REQUEST + buffer.len() as u64;
        let left = self.left.load(Ordering::Relaxed).saturating_sub(cost);
        self.left.store(left, Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other("too much of it would have to be looked at"));
        }
        self.source.read_at(offset, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::{Metered, REQUEST, Source};
    use std::io;

    struct Zeros;

    impl Source for Zeros {
        fn len(&self) -> u64 {
            1 << 20
        }

        fn read_at(&self, _: u64, buffer: &mut [u8]) -> io::Result<()> {
            buffer.fill(0);
            Ok(())
        }
    }

    #[test]
    fn the_same_bytes_cost_as_much_each_time_and_nothing_is_read_behind_the_limit() {
        let metered = Metered::new(&Zeros, 3 * (REQUEST + 100));
        let mut buffer = [0xD1; 100];
        assert!(metered.read_at(0, &mut buffer).is_ok() && metered.read_at(0, &mut buffer).is_ok());
        assert!(!metered.is_spent());
        buffer.fill(0xD1);
        assert!(metered.read_at(0, &mut buffer).is_err() && metered.is_spent());
        assert_eq!(buffer, [0xD1; 100]);
        assert!(metered.read_at(0, &mut []).is_err(), "a spent one stays spent");
    }
}
