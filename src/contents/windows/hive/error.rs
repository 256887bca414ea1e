//! Why a hive cannot be read.

use crate::units::Bytes;

/// Why a hive cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HiveError {
    /// It does not begin like a hive.
    #[error("it is no registry hive")]
    NotAHive,
    /// It is shorter than its own header.
    #[error("it has {len} bytes, fewer than the header of a hive")]
    Short {
        /// Its length.
        len: usize,
    },
    /// It has a version that this reader does not know.
    #[error("its version is {major}.{minor}, and 1.2 to 1.6 are known")]
    Version {
        /// Major version.
        major: u32,
        /// Minor version.
        minor: u32,
    },
    /// Its lists name so much that it is not looked through.
    #[error("its keys and values lead to more than {} of lists, names and contents", Bytes(*limit as u64))]
    TooMuch {
        /// Most bytes.
        limit: usize,
    },
    /// An offset in it leads nowhere, or to something of another kind.
    #[error("byte {offset:#x} of it should hold {wanted}")]
    Damaged {
        /// Offset in the file.
        offset: usize,
        /// What should be there.
        wanted: &'static str,
    },
}
