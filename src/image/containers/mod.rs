//! The forms in which an image can lie in a file: one file of this folder for each that is opened, and tables of those
//! that are only known by name (`named`).

mod container;
mod dosemu;
pub mod named;
mod raw;

use std::path::Path;

use container::Container;

pub use container::Opened;

use super::error::ImageError;
use super::files::Files;
use super::source::Source;

/// Those that are opened, in the order in which they are looked for. The last one is every file.
const CONTAINERS: [&dyn Container; 2] = [&dosemu::Dosemu, &raw::Raw];

/// Opens the image in `outer`, all bytes of the file at `path`.
pub(super) fn open<'s>(
    path: &Path,
    outer: Box<dyn Source + 's>,
    files: &mut Files,
) -> Result<Opened<'s>, ImageError> {
    for container in CONTAINERS {
        if container.detect(path, &*outer)? {
            return container.open(path, outer, files);
        }
    }
    Ok(Opened::Anywhere(outer))
}
