//! Opens what a job reads: the one place where an image or a stick becomes bytes.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::device::{ReadOnly, System, TargetPath};
use crate::image::Source;
use crate::job::JobError;

impl Source for ReadOnly {
    fn len(&self) -> u64 {
        self.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.read_at(offset, buffer)
    }

    fn descriptors(&self) -> &[File] {
        std::slice::from_ref(self.descriptor())
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
