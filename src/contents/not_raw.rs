//! Whether a file is no raw image but something else, by its first and last bytes and by what they lack.

use std::path::Path;

use super::boot_sector;
use super::error::ProbeError;
use super::iso;
use super::kind::KindChoice;
use crate::image::containers::named::{self, Named, Sample};
use crate::image::{BOOT_SIGNATURE, Source};

/// Refuses a file that is no raw image. One of which nothing is known but that its bytes are letters is an image if the
/// user says so, by a `choice` of its kind.
///
/// # Errors
///
/// [`ProbeError::NotRaw`], or [`ProbeError::Image`] if it cannot be read.
pub(super) fn refuse(path: &Path, source: &dyn Source, choice: KindChoice) -> Result<(), ProbeError> {
    let sample = Sample::read(path, source)?;
    let found = found(&sample, source);
    let is_asked_for = |found: &Named| choice != KindChoice::Auto && named::is_plain_text(found);
    match found.filter(|found| !is_asked_for(found)) {
        Some(found) => {
            let help = named::help(&found, &sample, path);
            Err(ProbeError::NotRaw { path: path.to_owned(), what: found.what, help })
        }
        None => Ok(()),
    }
}

/// What a file is that is no raw image, as in `compressed (gzip)`; `None` if it may be one or cannot be read.
pub(crate) fn no_raw(source: &dyn Source) -> Option<&'static str> {
    found(&Sample::read(Path::new(""), source).ok()?, source).map(|found| found.what)
}

fn found(sample: &Sample, source: &dyn Source) -> Option<Named> {
    named::beyond_doubt(sample).or_else(|| named::by_its_start(sample).filter(|_| !is_disk(sample, source)))
}

/// Whether it has what a BIOS boots, or a file system.
fn is_disk(sample: &Sample, source: &dyn Source) -> bool {
    let Some(first) = sample.first() else { return false };
    first[510..] == BOOT_SIGNATURE
        || boot_sector::read(first).is_some()
        || !matches!(iso::read(source), Ok(None))
}
