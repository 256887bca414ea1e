//! What is asked of a volume: a path, and how much of the file there.

use super::error::FilesError;

/// How much of a file is wanted.
#[derive(Clone, Copy)]
pub(super) enum Portion {
    /// All of it, if it has at most so many bytes.
    Whole { limit: u64 },
    /// Its start.
    Start { len: u64 },
}

impl Portion {
    /// Bytes to read of a file of `len` bytes.
    pub fn of(self, len: u64) -> Result<u64, FilesError> {
        match self {
            Self::Whole { limit } if len > limit => Err(FilesError::TooLong { len, limit }),
            Self::Whole { .. } => Ok(len),
            Self::Start { len: wanted } => Ok(len.min(wanted)),
        }
    }
}

/// The names of a path.
pub(super) fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('\\').filter(|name| !name.is_empty())
}
