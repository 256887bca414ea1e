//! A stick, read sector by sector.

use super::error::DoctorError;
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// A stick that is only read.
pub(super) struct Disk<'a> {
    pub stick: &'a dyn Source,
    pub sectors: u64,
}

impl Disk<'_> {
    /// One sector; `lba` is below `sectors`.
    pub fn sector(&self, lba: u64) -> Result<[u8; 512], DoctorError> {
        let mut sector = [0; 512];
        let read = self.stick.read_at(lba * SECTOR_LEN, &mut sector);
        read.map(|()| sector).map_err(|source| DoctorError::Read { lba, source })
    }
}
