//! Entries of a table in a file, read through a small window.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::fault::Fault;
use crate::image::error::ImageError;
use crate::image::source::Source;

/// Bytes that are read at once.
const WINDOW_LEN: u64 = 4096;

/// The part of a table that was read last.
#[derive(Default)]
pub(super) struct Window {
    kept: Mutex<Option<(u64, Vec<u8>)>>,
}

impl Window {
    /// The `N` bytes at `offset` of `file`; `table` is for messages.
    pub fn read<const N: usize>(
        &self,
        file: &dyn Source,
        offset: u64,
        table: &str,
    ) -> Result<[u8; N], Fault> {
        let cut = || Fault::cut(file.len(), table);
        let end = offset.checked_add(N as u64).filter(|&end| end <= file.len()).ok_or_else(cut)?;
        let start = offset / WINDOW_LEN * WINDOW_LEN;
        let mut entry = [0; N];
        if end > start + WINDOW_LEN {
            read(file, offset, &mut entry)?;
            return Ok(entry);
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = match &mut *kept {
            Some((at, bytes)) if *at == start => bytes,
            other => {
                let mut bytes = vec![0; (file.len() - start).min(WINDOW_LEN) as usize];
                read(file, start, &mut bytes)?;
                &mut other.insert((start, bytes)).1
            }
        };
        let within = (offset - start) as usize;
        entry.copy_from_slice(&bytes[within..within + N]);
        Ok(entry)
    }
}

/// Fills `buffer` from `offset` of `file`.
pub(super) fn read(file: &dyn Source, offset: u64, buffer: &mut [u8]) -> Result<(), Fault> {
    file.read_at(offset, buffer).map_err(|source| Fault::Read { offset, source })
}

/// The `len` bytes of `file` at `offset`, which are `what`.
pub(super) fn bytes(file: &dyn Source, offset: u64, len: u64, what: &str) -> Result<Vec<u8>, Fault> {
    let end = offset.checked_add(len).filter(|&end| end <= file.len());
    end.ok_or_else(|| Fault::cut(file.len(), what))?;
    let mut bytes = vec![0; len as usize];
    read(file, offset, &mut bytes)?;
    Ok(bytes)
}

/// Whether `magic` stands at `offset` of `file`. `path` is for messages only.
pub(super) fn starts_with(
    path: &Path,
    file: &dyn Source,
    offset: u64,
    magic: &[u8],
) -> Result<bool, ImageError> {
    let mut found = vec![0; magic.len()];
    if offset + magic.len() as u64 > file.len() {
        return Ok(false);
    }
    let read = file.read_at(offset, &mut found);
    read.map_err(|source| ImageError::Read { path: path.to_owned(), offset, source })?;
    Ok(found == magic)
}
