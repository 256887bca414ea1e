//! A registry hive, read only: keys by path, values by name.
//!
//! Nothing in the file is believed: every offset is checked against the end of the hive, every list has a limit,
//! nothing calls itself, and only so much is looked at, however often a list names the same key. A hive that Windows
//! did not close is read as it is, and says so. The logs beside a hive are not applied. (Format: the public description
//! of `regf`, versions 1.3 to 1.5.)

mod cell;
mod key;

use std::cell::Cell;

use crate::units::Bytes;
use cell::{u16_at, u32_at};
pub use key::{Key, Value, ValueData};

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

/// Length of the header. Offsets in a hive count from its end.
const HEADER_LEN: usize = 4096;
/// Offset of the version's two halves.
const MAJOR: usize = 20;
const MINOR: usize = 24;
/// Offset of the root key's own offset.
const ROOT: usize = 36;
/// Offset of the checksum, which is over all before it.
const CHECKSUM: usize = 508;
/// Bytes of records, lists, names and contents that are looked at. A Windows with a thousand services needs a tenth.
const LOOKED_AT_MAX: usize = 16 << 20;
/// Most names in a path.
const PATH_NAMES_MAX: usize = 32;

/// A hive in memory.
#[derive(Clone)]
pub struct Hive {
    /// What follows the header.
    cells: Vec<u8>,
    root: u32,
    minor: u32,
    dirty: bool,
    checksum_matches: bool,
    /// What is left of [`LOOKED_AT_MAX`].
    left: Cell<usize>,
}

impl Hive {
    /// Takes the bytes of a hive's file.
    ///
    /// # Errors
    ///
    /// [`HiveError::Short`], [`HiveError::NotAHive`] or [`HiveError::Version`].
    pub fn parse(mut bytes: Vec<u8>) -> Result<Self, HiveError> {
        let signature = bytes.get(..4) == Some(b"regf");
        if !signature {
            return Err(HiveError::NotAHive);
        }
        if bytes.len() < HEADER_LEN {
            return Err(HiveError::Short { len: bytes.len() });
        }
        let field = |at| u32_at(&bytes, at).unwrap_or_default();
        let (major, minor) = (field(MAJOR), field(MINOR));
        if major != 1 || !(2..=6).contains(&minor) {
            return Err(HiveError::Version { major, minor });
        }
        let sum = bytes[..CHECKSUM]
            .chunks_exact(4)
            .fold(0, |sum, word| sum ^ u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        // Neither of these two values is ever stored.
        let sum = match sum {
            0 => 1,
            u32::MAX => u32::MAX - 1,
            sum => sum,
        };
        let dirty = field(4) != field(8);
        let (root, checksum_matches) = (field(ROOT), sum == field(CHECKSUM));
        bytes.drain(..HEADER_LEN);
        Ok(Self { cells: bytes, root, minor, dirty, checksum_matches, left: Cell::new(LOOKED_AT_MAX) })
    }

    /// Counts `len` bytes that are looked at; once they are spent there are no more cells.
    fn spend(&self, len: usize) {
        self.left.set(self.left.get().saturating_sub(len));
    }

    /// Fails once too much was looked at: what was found until then may not be all that is there.
    ///
    /// # Errors
    ///
    /// [`HiveError::TooMuch`].
    pub fn check(&self) -> Result<(), HiveError> {
        if self.left.get() == 0 { Err(HiveError::TooMuch { limit: LOOKED_AT_MAX }) } else { Ok(()) }
    }

    /// Whether Windows was writing it when it was copied: its two sequence numbers differ, or its header does not
    /// match its checksum. Changes may then be in a log that is not read.
    pub fn is_dirty(&self) -> bool {
        self.dirty || !self.checksum_matches
    }

    /// Minor version: 3 of NT 4, 5 of XP.
    pub fn minor_version(&self) -> u32 {
        self.minor
    }

    /// The key that all others are below.
    ///
    /// # Errors
    ///
    /// [`HiveError::Damaged`] if there is none.
    pub fn root(&self) -> Result<Key<'_>, HiveError> {
        Key::at(self, self.root)
    }

    /// The key at `path`: names with `\` between them, upper or lower case. `None` if there is no such key.
    ///
    /// # Errors
    ///
    /// [`HiveError::Damaged`] if the way there is damaged.
    pub fn key(&self, path: &str) -> Result<Option<Key<'_>>, HiveError> {
        let mut key = self.root()?;
        for name in path.split('\\').filter(|name| !name.is_empty()).take(PATH_NAMES_MAX) {
            match key.subkey(name)? {
                Some(below) => key = below,
                None => return Ok(None),
            }
        }
        Ok(Some(key))
    }
}
