//! Cells: the pieces of which a hive is made, each with its length before it.

use super::error::HiveError;
use super::regf::HEADER_LEN;
use super::whole::Hive;
use crate::contents::bytes::get_u32;

/// What looking at a cell costs, beside the bytes of it that are gone through.
const CELL: usize = 64;

impl Hive {
    /// What the cell at `offset` holds, if that is a cell in use.
    pub(super) fn cell(&self, offset: u32, wanted: &'static str) -> Result<&[u8], HiveError> {
        self.spend(CELL);
        self.check()?;
        let start = offset as usize;
        let damaged = || HiveError::Damaged { offset: HEADER_LEN.saturating_add(start), wanted };
        // A cell in use has a negative length, which counts the length itself too.
        let stored = get_u32(&self.cells, start).ok_or_else(damaged)?.cast_signed();
        let len = stored.checked_neg().and_then(|len| usize::try_from(len).ok()).ok_or_else(damaged)?;
        let content = start.checked_add(4).zip(start.checked_add(len));
        content.and_then(|(from, to)| self.cells.get(from..to)).ok_or_else(damaged)
    }

    /// The same, of a cell that begins with `signature` and has at least `len` bytes.
    pub(super) fn record(
        &self,
        offset: u32,
        signature: &[u8; 2],
        len: usize,
        wanted: &'static str,
    ) -> Result<&[u8], HiveError> {
        let cell = self.cell(offset, wanted)?;
        if cell.len() < len || !cell.starts_with(signature) {
            return Err(HiveError::Damaged { offset: HEADER_LEN.saturating_add(offset as usize), wanted });
        }
        Ok(cell)
    }

    /// Most records of at least `len` bytes that the hive has room for: more of them than that are a circle.
    pub(super) fn room_for(&self, len: usize) -> usize {
        self.cells.len() / len
    }
}
