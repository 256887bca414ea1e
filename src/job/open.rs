//! Opens what a job reads: the one place where an image or a stick becomes bytes.

use std::io;
use std::path::Path;

use crate::device::{ReadOnly, System, TargetPath};
use crate::image::{FileSource, ImageError, Source, Stripped};
use crate::job::JobError;

impl Source for ReadOnly {
    fn len(&self) -> u64 {
        self.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.read_at(offset, buffer)
    }
}

/// Opens a stick, or anything that may be one, for reading.
///
/// # Errors
///
/// [`JobError::Open`].
pub fn open(path: &Path) -> Result<ReadOnly, JobError> {
    let target = TargetPath::look(&System::default(), path).map_err(JobError::Open)?;
    ReadOnly::open(&target).map_err(JobError::Open)
}

/// Opens an image that is to be written, without a header in front of its disk.
///
/// # Errors
///
/// Why it is no image.
pub(super) fn open_image(path: &Path) -> Result<Box<dyn Source>, ImageError> {
    Ok(Box::new(Stripped::new(path, FileSource::open(path)?)?))
}
