//! Why a write does not go on.

use std::path::Path;

use crate::units::shell_word;

/// Why a write is not gone on with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotResumed {
    /// Nothing says that it was begun there.
    #[error("the manifest of this write is not on it")]
    Nothing,
    /// A sector is neither clear nor what it would be.
    #[error("sector {lba} holds something else")]
    Other {
        /// Its number.
        lba: u64,
    },
    /// The stick was finished, and is not what it was.
    #[error("it was finished, and was changed since, from sector {lba} on")]
    Finished {
        /// First sector of the first piece that differs.
        lba: u64,
    },
    /// Somebody put files on it.
    #[error("it is {what}")]
    Files {
        /// What it is, in a few words.
        what: String,
    },
}

impl NotResumed {
    /// What a person can do about the stick at `path`.
    pub(super) fn help(&self, path: &Path) -> String {
        match self {
            Self::Finished { .. } => format!(
                "`ramkey verify {}` tells what changed; without --resume it is written anew",
                shell_word(path)
            ),
            _ => "leave --resume out: then it is written anew, and everything on it is lost".into(),
        }
    }
}
