//! Why files cannot be read.

use std::io;

/// Why a file or a volume cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum FilesError {
    /// The image cannot be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// A record of the file system is damaged.
    #[error("{what} is damaged at byte {offset:#x} of the image")]
    Damaged {
        /// What it is.
        what: &'static str,
        /// Where it begins.
        offset: u64,
    },
    /// The file is longer than its reader can use.
    #[error("it has {len} bytes, and at most {limit} can be read")]
    TooLong {
        /// Its length in bytes.
        len: u64,
        /// Most bytes.
        limit: u64,
    },
    /// The volume has more files or folders than are looked at, or in more pieces.
    #[error("it has more files or folders than are looked at")]
    TooMany,
    /// The file can be read on its own Windows alone.
    #[error("it is encrypted")]
    Encrypted,
}
