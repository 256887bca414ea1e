//! Reads a stick by sectors; a sector that cannot be read is found and named.

use std::cell::Cell;
use std::io;

use crate::image::Source;
use crate::units::SECTOR_LEN;

/// Bytes in one request while hashing.
pub(crate) const RUN_LEN: usize = 1 << 20;

/// A sector that cannot be read: the first one of what was to be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("LBA {lba} cannot be read ({message})")]
pub struct ReadError {
    /// The sector.
    pub lba: u64,
    /// What the system says of it, or why there is none.
    pub message: String,
}

/// A medium that is only read, by sectors of 512 bytes.
pub struct Reader<'a> {
    stick: &'a dyn Source,
    observe: &'a dyn Fn(u64),
    bytes_read: Cell<u64>,
}

impl<'a> Reader<'a> {
    /// Reads `stick`; `observe` is told of bytes that were read.
    pub fn new(stick: &'a dyn Source, observe: &'a dyn Fn(u64)) -> Self {
        Self { stick, observe, bytes_read: Cell::new(0) }
    }

    /// The stick itself, of which nothing that is read is counted.
    pub fn stick(&self) -> &'a dyn Source {
        self.stick
    }

    /// Whole sectors that the stick has.
    pub fn sectors(&self) -> u64 {
        self.stick.len() / SECTOR_LEN
    }

    /// Bytes that were read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.get()
    }

    /// Fills `buffer`, whole sectors, from `lba` on.
    ///
    /// # Errors
    ///
    /// The first sector of them that cannot be read, also one at a time.
    pub fn read(&self, lba: u64, buffer: &mut [u8]) -> Result<(), ReadError> {
        let Err(error) = self.read_once(lba, buffer) else {
            self.count(buffer.len() as u64);
            return Ok(());
        };
        // One bad sector spoils the whole request: find it, or find that it was a passing fault.
        for (number, sector) in (0..).zip(buffer.chunks_mut(SECTOR_LEN as usize)) {
            // A stick can name sectors that no disk has.
            let lba = lba.saturating_add(number);
            if let Err(error) = self.read_once(lba, sector) {
                return Err(ReadError { lba, message: error.to_string() });
            }
        }
        if buffer.is_empty() {
            return Err(ReadError { lba, message: error.to_string() });
        }
        self.count(buffer.len() as u64);
        Ok(())
    }

    /// Fills `buffer` from `lba` on with sectors that were read before, and are not counted again.
    ///
    /// # Errors
    ///
    /// The first sector of the request if any of them cannot be read.
    pub(super) fn again(&self, lba: u64, buffer: &mut [u8]) -> Result<(), ReadError> {
        self.read_once(lba, buffer).map_err(|error| ReadError { lba, message: error.to_string() })
    }

    /// One sector.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn sector(&self, lba: u64) -> Result<[u8; 512], ReadError> {
        let mut sector = [0; 512];
        self.read(lba, &mut sector).map(|()| sector)
    }

    /// `sectors` sectors in memory. Their number is bounded by the caller, and by nothing that stands on the stick.
    ///
    /// # Errors
    ///
    /// The first sector of them that cannot be read.
    pub fn bytes(&self, lba: u64, sectors: u64) -> Result<Vec<u8>, ReadError> {
        let mut bytes = vec![0; (sectors * SECTOR_LEN) as usize];
        self.read(lba, &mut bytes).map(|()| bytes)
    }

    /// BLAKE3 of a run of sectors.
    ///
    /// # Errors
    ///
    /// The first sector of them that cannot be read.
    pub fn hash(&self, lba: u64, sectors: u64) -> Result<blake3::Hash, ReadError> {
        let mut hasher = blake3::Hasher::new();
        self.each(lba, sectors, |bytes| {
            hasher.update(bytes);
        })?;
        Ok(hasher.finalize())
    }

    /// Gives a run of sectors to `take`, in order, at most 1 MiB at a time.
    ///
    /// # Errors
    ///
    /// The first sector of them that cannot be read; what comes before it was given.
    pub fn each(&self, lba: u64, sectors: u64, mut take: impl FnMut(&[u8])) -> Result<(), ReadError> {
        let step = RUN_LEN as u64 / SECTOR_LEN;
        let mut buffer = vec![0; (sectors.min(step) * SECTOR_LEN) as usize];
        for first in (0..sectors).step_by(step as usize) {
            let len = ((sectors - first).min(step) * SECTOR_LEN) as usize;
            self.read(lba + first, &mut buffer[..len])?;
            take(&buffer[..len]);
        }
        Ok(())
    }

    fn read_once(&self, lba: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = lba.checked_add(buffer.len() as u64 / SECTOR_LEN);
        if end.is_none_or(|end| end > self.sectors()) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "behind the end of the stick"));
        }
        self.stick.read_at(lba * SECTOR_LEN, buffer)
    }

    fn count(&self, bytes: u64) {
        self.bytes_read.set(self.bytes_read.get() + bytes);
        (self.observe)(bytes);
    }
}
