//! Which sectors of a file belong to what: no two things can have the same one.

use std::ops::Range;

use crate::units::SECTOR_LEN;

/// Most sectors that are looked after, of all files of a disk together: a bit each, 2 MiB.
const SECTORS_MAX: u64 = 1 << 24;

/// The sectors of a file that belong to something.
pub(super) struct Claims {
    /// A bit for each sector; `None` of a file that is too long.
    taken: Option<Vec<u64>>,
}

impl Claims {
    /// For a file of `len` bytes, with which the files of the disk have `all` bytes.
    pub fn new(len: u64, all: u64) -> Self {
        let fits = all.div_ceil(SECTOR_LEN) <= SECTORS_MAX;
        Self { taken: fits.then(|| vec![0; len.div_ceil(SECTOR_LEN).div_ceil(64) as usize]) }
    }

    /// Takes the sectors of a range of bytes, which lies in the file. Says whether none was taken before.
    #[must_use]
    pub fn take(&mut self, bytes: Range<u64>) -> bool {
        let Some(taken) = &mut self.taken else { return true };
        (bytes.start / SECTOR_LEN..bytes.end.div_ceil(SECTOR_LEN)).all(|sector| {
            let Some(word) = taken.get_mut((sector / 64) as usize) else { return true };
            let bit = 1 << (sector % 64);
            let was_free = *word & bit == 0;
            *word |= bit;
            was_free
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Claims;

    #[test]
    fn a_sector_is_given_once_and_a_file_that_is_too_long_is_not_looked_after() {
        let mut claims = Claims::new(100 * 512, 100 * 512);
        assert!(claims.take(0..512) && claims.take(1024..64 * 512) && claims.take(64 * 512..100 * 512));
        assert!(!claims.take(99 * 512 + 511..100 * 512) && !claims.take(0..1) && claims.take(512..1024));
        assert!(claims.take(0..0), "nothing belongs to anything");
        let mut long = Claims::new(1 << 40, 1 << 40);
        assert!(long.take(0..512) && long.take(0..512));
    }
}
