//! How far a child is, and that it is alive.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

/// The last place in a file.
const PLACE_MAX: u64 = i64::MAX.cast_unsigned();

/// The place in an empty file that two processes share: the child that can say nothing else before its answer tells by it.
///
/// The lowest bit changes with each sign of life; above it the bytes that are done are counted.
pub(super) struct Gauge {
    file: File,
    place: AtomicU64,
}

impl Gauge {
    /// Nothing is done yet.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let file = memfd_create("ramkey", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        // It stays empty, whatever the other process does.
        fcntl_add_seals(&file, SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL)?;
        Ok(Self::of(File::from(file)))
    }

    /// The one that the other process has.
    pub fn of(file: File) -> Self {
        Self { file, place: AtomicU64::new(0) }
    }

    /// The file, for the other process.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Tells that this process is alive.
    pub fn beat(&self) {
        self.tell(self.place.fetch_xor(1, Ordering::Relaxed) ^ 1);
    }

    /// Tells that so many more bytes are done.
    pub fn advance(&self, bytes: u64) {
        let more = bytes.saturating_mul(2).min(PLACE_MAX);
        self.tell(self.place.fetch_add(more, Ordering::Relaxed).saturating_add(more));
    }

    fn tell(&self, place: u64) {
        // That it cannot be told keeps nothing from being done.
        let _ = (&self.file).seek(SeekFrom::Start(place.min(PLACE_MAX)));
    }

    /// What the other process told since this was asked the last time: how many more bytes are done, at most up to `most` in all;
    /// `None` if it gave no sign of life.
    pub fn told(&self, most: u64) -> Option<u64> {
        let now = (&self.file).stream_position().unwrap_or(0);
        let before = self.place.swap(now, Ordering::Relaxed);
        (now != before).then(|| (now / 2).min(most).saturating_sub((before / 2).min(most)))
    }
}

#[cfg(test)]
mod tests {
    use super::Gauge;

    #[test]
    fn what_one_process_does_the_other_is_told_once() {
        let ours = Gauge::new().unwrap();
        let theirs = Gauge::of(ours.file().try_clone().unwrap());
        assert_eq!(ours.told(1000), None);
        theirs.beat();
        assert_eq!(ours.told(1000), Some(0));
        assert_eq!(ours.told(1000), None);
        theirs.advance(300);
        theirs.beat();
        theirs.advance(300);
        assert_eq!(ours.told(1000), Some(600));
        theirs.advance(u64::MAX);
        assert_eq!(ours.told(1000), Some(400), "more than there is was not done");
    }
}
