//! What bytes lie on, by the kernel's numbers: a device or a file.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use crate::device::DeviceNumber;

/// Device and inode number of a file, as `stat` gives them: what a file is, whatever its names.
pub type FileIdentity = (u64, u64);

/// Something that bytes lie on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ground {
    /// A block device, or a file system by the number that its files have.
    Device(DeviceNumber),
    /// A regular file.
    File(FileIdentity),
    /// A character device that gives a disk SCSI commands: one of `/dev/sg*`.
    Generic(DeviceNumber),
}

impl Ground {
    /// What the metadata say: a block device, a regular file, or neither.
    pub fn of(meta: &fs::Metadata) -> Option<Self> {
        if meta.file_type().is_block_device() {
            Some(Self::Device(DeviceNumber::from_raw(meta.rdev())))
        } else {
            meta.is_file().then(|| Self::File((meta.dev(), meta.ino())))
        }
    }

    /// The device or file at a path, following links.
    pub fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().as_ref().and_then(Self::of)
    }

    /// The device or file that a mount names; those of the kernel's own file systems are none.
    pub fn of_source(path: &Path) -> Option<Self> {
        Self::at(path).filter(|_| path.is_absolute())
    }
}
