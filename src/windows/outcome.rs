//! What becomes of an image.

use super::registry::Attach;
use super::volume::{NtfsFile, Sectors};

/// What becomes of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// How a driver that is added gets its device.
    pub attach: Option<Attach>,
    /// What is changed, a line each.
    pub notes: Vec<String>,
    /// The sectors that become others.
    pub sectors: Sectors,
    /// The files that `ntfscp` is to write.
    pub ntfs: Vec<NtfsFile>,
}

impl Edit {
    /// Whether the image stays as it is.
    pub fn is_empty(&self) -> bool {
        self.sectors.is_empty() && self.ntfs.is_empty()
    }
}
