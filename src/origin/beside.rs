//! Lists of hashes as files: those that were named, and those that lie beside an image.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::OriginError;
use super::list::{LIST_LEN_MAX, List};

/// Names of lists of many files.
const OF_MANY: [&str; 8] = [
    "SHA256SUMS",
    "SHA256SUMS.txt",
    "sha256sum.txt",
    "SHA1SUMS",
    "sha1sum.txt",
    "MD5SUMS",
    "md5sum.txt",
    "B3SUMS",
];
/// What the list of one file has behind the name of that.
const OF_ONE: [&str; 6] = [".sha256", ".sha256sum", ".sha1", ".md5", ".b3", ".blake3"];

/// A list beside an image.
pub(super) struct Beside {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub list: List,
    /// Whether it is of this image alone.
    pub is_own: bool,
}

/// The lists that lie beside the file at `path`.
///
/// # Errors
///
/// [`OriginError::Read`] or [`OriginError::TooLong`] if one cannot be read.
pub(super) fn beside(path: &Path) -> Result<Vec<Beside>, OriginError> {
    let Some(name) = path.file_name() else { return Ok(Vec::new()) };
    let of_many = OF_MANY.iter().map(|list| (path.with_file_name(list), false));
    let of_one = OF_ONE.iter().map(|ending| {
        let mut name = name.to_owned();
        name.push(ending);
        (path.with_file_name(name), true)
    });
    let mut found = Vec::new();
    for (path, is_own) in of_many.chain(of_one) {
        // A folder of that name is no list, and a pipe would wait for its other end.
        if fs::metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
            found.push(Beside { list: read(&path, true)?, path, is_own });
        }
    }
    Ok(found)
}

/// The list at `path`. `is_beside` says that nobody named it.
///
/// # Errors
///
/// [`OriginError::Read`] if it cannot be read, [`OriginError::TooLong`] if it is longer than a list is.
pub(super) fn read(path: &Path, is_beside: bool) -> Result<List, OriginError> {
    let read = |source: io::Error| OriginError::Read { list: path.to_owned(), is_beside, source };
    if !fs::metadata(path).map_err(read)?.is_file() {
        return Err(read(io::Error::other("it is no regular file")));
    }
    let mut text = Vec::new();
    let file = File::open(path).map_err(read)?;
    file.take(LIST_LEN_MAX + 1).read_to_end(&mut text).map_err(read)?;
    if text.len() as u64 > LIST_LEN_MAX {
        return Err(OriginError::TooLong { list: path.to_owned(), is_beside });
    }
    Ok(List::parse(&text))
}
