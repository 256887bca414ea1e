//! Files that came with a request.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::image::ImageError;

/// The next file that came with the request.
///
/// # Errors
///
/// [`ImageError::Open`] if there is none.
pub(super) fn next(path: &Path, files: &mut dyn Iterator<Item = File>) -> Result<File, ImageError> {
    let missing = || ImageError::Open { path: path.to_owned(), source: io::ErrorKind::NotFound.into() };
    files.next().ok_or_else(missing)
}
