//! Unpacks into a file that is open, with rights or without.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::image::{ImageError, Unpacked, Wrapped};

/// Unpacks into `file`, which is empty.
pub(super) fn into_file(
    wrapped: &Wrapped<'_>,
    file: &File,
    progress: &dyn Fn(u64),
) -> Result<Unpacked, ImageError> {
    let room = |source| ImageError::Room {
        path: wrapped.path.to_owned(),
        folder: wrapped.folder.to_owned(),
        source,
    };
    let unpacked = wrapped.unpack(&mut |offset, bytes| file.write_all_at(bytes, offset), progress)?;
    // Zeros at the end are a hole.
    file.set_len(unpacked.len).map_err(room)?;
    Ok(unpacked)
}
