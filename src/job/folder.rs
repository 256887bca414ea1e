//! A folder in the place of an image.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::contents::{Kind, KindChoice};
use crate::folder::{FolderError, Form, Step, Wish, make};
use crate::image::{ImageError, Source, SourceFile, Unpacked};
use crate::sandbox::{LookError, Unpacking, made};
use crate::units::named;
use crate::windows::F6_LIST as LIST;

/// What is made of a folder where an image of this kind is wanted.
pub(super) fn form_of(kind: KindChoice) -> Form {
    match kind {
        KindChoice::Is(Kind::Floppy) => Form::Floppy,
        KindChoice::Is(Kind::Partition) => Form::Partition,
        _ => Form::HardDisk,
    }
}

/// The image of the folder at `path`, in a temporary file without a name; and the folder with every file that is in it.
///
/// # Errors
///
/// [`LookError`] with what is in the way.
pub(super) fn image_of(
    path: &Path,
    wish: Wish,
    tell: &dyn Fn(Unpacking),
) -> Result<(Box<dyn Source>, Vec<SourceFile>), LookError> {
    // A name such as `.` says nothing.
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut sources = Vec::new();
    let image = made(path, |file, room| {
        let seen = Cell::new(0);
        let tell = |step| {
            tell(match step {
                Step::Begin(bytes) => {
                    seen.set(bytes);
                    Unpacking::Begin(bytes)
                }
                Step::Advance(bytes) => Unpacking::Advance(bytes),
                Step::End => Unpacking::End,
            });
        };
        let image = make(&real, wish, file, &tell).map_err(|error| refused(path, room, error))?;
        sources = image.sources;
        let has_list = sources.iter().any(|file| is_list(&real, &file.path));
        Ok::<_, LookError>(Unpacked {
            container: match image.system {
                Some(system) => format!("folder with {system}").into(),
                None if has_list => "folder with a driver for F6".into(),
                None => "folder without a system that is known".into(),
            },
            packed_len: seen.get(),
            member: Some(format!("{}.img", named(real.file_name().unwrap_or(OsStr::new("disk"))))),
            len: image.len,
            rest: None,
        })
    })?;
    Ok((image, sources))
}

/// Whether the file at `path` is what setup of Windows reads of its floppy.
fn is_list(folder: &Path, path: &Path) -> bool {
    path.parent() == Some(folder) && path.file_name().is_some_and(|name| name.eq_ignore_ascii_case(LIST))
}

/// What is in the way of making an image of the folder at `path`, in a file in `room`.
pub(super) fn refused(path: &Path, room: &Path, error: FolderError) -> LookError {
    let (path, folder) = (path.to_owned(), room.to_owned());
    let error = match error {
        FolderError::Image(error) => error,
        FolderError::Write { source, .. } => ImageError::Room { path, folder, source },
        error => ImageError::Unusable { path, what: "a folder", why: error.to_string(), help: error.help() },
    };
    error.into()
}
