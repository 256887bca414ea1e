//! Why a stick cannot be looked at.

use std::io;

/// The stick cannot be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DoctorError {
    /// It is shorter than one sector.
    #[error("it has {len} bytes, and a stick has at least one sector of 512")]
    TooShort {
        /// Its length in bytes.
        len: u64,
    },
    /// A sector cannot be read.
    #[error("reading sector {lba}")]
    Read {
        /// The sector.
        lba: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl DoctorError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "name a stick, or a whole image of one",
            Self::Read { .. } => "try another port; a stick that cannot be read must be replaced",
        }
    }
}
