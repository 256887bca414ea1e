//! A hive as a whole: its header, and how much of it may be looked at.

use std::cell::Cell;

use super::error::HiveError;
use super::regf::{CHECKSUM, HEADER_LEN, MAJOR, MINOR, ROOT, SEQUENCES, checksum};
use crate::contents::bytes::get_u32;

/// Bytes of records, lists, names and contents that are looked at. A Windows with a thousand services needs a tenth.
const LOOKED_AT_MAX: usize = 16 << 20;

/// A hive in memory.
#[derive(Clone)]
pub struct Hive {
    /// What follows the header.
    pub(super) cells: Vec<u8>,
    /// Offset of the root key.
    pub(super) root: u32,
    pub(super) minor: u32,
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
        let field = |at| get_u32(&bytes, at).unwrap_or_default();
        let (major, minor) = (field(MAJOR), field(MINOR));
        if major != 1 || !(2..=6).contains(&minor) {
            return Err(HiveError::Version { major, minor });
        }
        let dirty = field(SEQUENCES[0]) != field(SEQUENCES[1]);
        let (root, checksum_matches) = (field(ROOT), checksum(&bytes) == field(CHECKSUM));
        bytes.drain(..HEADER_LEN);
        Ok(Self { cells: bytes, root, minor, dirty, checksum_matches, left: Cell::new(LOOKED_AT_MAX) })
    }

    /// Counts `len` bytes that are looked at; once they are spent there are no more cells.
    pub(super) fn spend(&self, len: usize) {
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
}
