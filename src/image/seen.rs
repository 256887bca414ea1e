//! How a file was when somebody looked at it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// Who a file is, how long it is, and when its bytes and its record were changed: whatever is written to it changes this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Numbers of its device and of its inode.
    pub identity: (u64, u64),
    /// Length in bytes.
    pub len: u64,
    /// Seconds and nanoseconds of the last change of its bytes, and of its record.
    pub changed: [(i64, i64); 2],
}

impl Seen {
    /// The file with this metadata.
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            identity: (metadata.dev(), metadata.ino()),
            len: metadata.len(),
            changed: [(metadata.mtime(), metadata.mtime_nsec()), (metadata.ctime(), metadata.ctime_nsec())],
        }
    }
}
