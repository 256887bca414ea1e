//! Why a write does not go on.

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
