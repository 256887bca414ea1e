//! A hive as a whole: taken if it is sound, and given back closed.

use super::cells::Cells;
use super::error::HiveEditError;
use crate::contents::bytes::get_u32;
use crate::contents::windows::hive::regf::{CHECKSUM, HEADER_LEN, MINOR, ROOT, SEQUENCES, checksum};
use crate::contents::windows::hive::{Hive, HiveError};

/// Offsets of further fields of the header.
const KIND: usize = 28;
const CELLS_LEN: usize = 40;
/// Oldest version that is written: lists have letters or hashes beside their keys.
const MINOR_MIN: u32 = 3;

/// A hive in memory that can be changed.
///
/// After an error it is of no use: a change may be half made.
pub struct HiveEdit {
    header: Vec<u8>,
    pub(super) cells: Cells,
    pub(super) root: u32,
    pub(super) minor: u32,
}

impl HiveEdit {
    /// Takes the bytes of a hive's file and goes through all of it.
    ///
    /// # Errors
    ///
    /// [`HiveEditError::Hive`] if it is none, [`HiveEditError::Dirty`] if it was not closed,
    /// [`HiveEditError::Damaged`] if a part of it is not where it should be.
    pub fn open(mut bytes: Vec<u8>) -> Result<Self, HiveEditError> {
        // The reader judges the header; it needs no more than that.
        let header = bytes.get(..HEADER_LEN.min(bytes.len())).unwrap_or_default().to_vec();
        let seen = Hive::parse(header.clone())?;
        if seen.is_dirty() {
            return Err(HiveEditError::Dirty);
        }
        let field = |at| get_u32(&header, at).unwrap_or_default();
        let (minor, root, end) = (field(MINOR), field(ROOT), field(CELLS_LEN) as usize);
        if minor < MINOR_MIN {
            return Err(HiveError::Version { major: 1, minor }.into());
        }
        if field(KIND) != 0 {
            return Err(HiveEditError::Damaged { offset: KIND, wanted: "the kind of a hive" });
        }
        bytes.drain(..HEADER_LEN);
        let edit = Self { header, cells: Cells::new(bytes, end)?, root, minor };
        edit.check()?;
        Ok(edit)
    }

    /// The bytes of the file: closed, and one change further.
    pub fn finish(self) -> Vec<u8> {
        let (cells, end) = self.cells.into_parts();
        let mut bytes = self.header;
        let sequence = get_u32(&bytes, SEQUENCES[0]).unwrap_or_default().wrapping_add(1);
        let mut put = |at: usize, value: u32| bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        for at in SEQUENCES {
            put(at, sequence);
        }
        put(CELLS_LEN, end as u32);
        let sum = checksum(&bytes);
        bytes[CHECKSUM..CHECKSUM + 4].copy_from_slice(&sum.to_le_bytes());
        bytes.extend(cells);
        bytes
    }
}
