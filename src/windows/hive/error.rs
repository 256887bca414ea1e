//! Why a hive cannot be changed.

use crate::contents::windows::hive::HiveError;
use crate::units::Bytes;

/// Most bytes behind the header of a hive.
pub(super) const CELLS_LEN_MAX: usize = 64 << 20;

/// Why a hive cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HiveEditError {
    /// It cannot be read.
    #[error(transparent)]
    Hive(#[from] HiveError),
    /// Windows was writing it when it was copied.
    #[error("it was not closed: it was copied while Windows ran, or Windows was switched off")]
    Dirty,
    /// Something in it leads nowhere, or twice to the same place.
    #[error("byte {offset:#x} of it should hold {wanted}")]
    Damaged {
        /// Offset in the file.
        offset: usize,
        /// What should be there.
        wanted: &'static str,
    },
    /// A name is longer than Windows allows, or empty.
    #[error("`{name}` cannot be the name of a key or value")]
    Name {
        /// The name.
        name: String,
    },
    /// It would become longer than it may.
    #[error("it would become longer than {}", Bytes(CELLS_LEN_MAX as u64))]
    Full,
}
