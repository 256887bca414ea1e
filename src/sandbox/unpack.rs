//! Opens images, and unpacks them on the way: as root by a child without rights, which gets the packed file and an empty
//! one. What lies in a container with much to read, such as a virtual machine's disk, another one reads and serves.

use std::path::Path;

use super::error::LookError;
use super::input::of_input;
use super::into_file::into_file;
use super::parent::{ask_to_unpack, has_rights};
use super::progress::Unpacking;
use super::room::{for_reading, room};
use super::served::serve;
use crate::image::{
    ALL, Bounds, BundledFile, FileSource, Files, ImageError, ImageName, PackedFile, Room, Source, Wrapped,
    bundled, open_by, packed_as, unwrapped_by,
};

/// The forms that have several files.
const ARCHIVES: [&str; 2] = ["zip", "7z"];

/// The image at `path`, whatever container it is in, and however it is packed; `-` is standard input, and the file of an
/// archive that is meant stands behind a `#`. What is unpacked lies in a temporary file without a name.
///
/// # Errors
///
/// As [`image::open_by`](open_by), and that there is no child or no answer.
pub fn open(path: &Path, tell: &dyn Fn(Unpacking)) -> Result<Box<dyn Source>, LookError> {
    match ImageName::is_input(path) {
        true => unwrapped(path, Box::new(of_input(path, tell)?), tell),
        false => {
            let mut serve = serve;
            open_by(path, &mut |packed| unpack(packed, tell), has_rights().then_some(&mut serve))
        }
    }
}

/// The same of an image in the bytes of something that is open already.
///
/// # Errors
///
/// As [`open`].
pub fn unwrapped<'s>(
    path: &Path,
    outer: Box<dyn Source + 's>,
    tell: &dyn Fn(Unpacking),
) -> Result<Box<dyn Source + 's>, LookError> {
    let mut serve = serve;
    unwrapped_by(path, outer, &mut |packed| unpack(packed, tell), has_rights().then_some(&mut serve))
}

/// The files of the archive at `path`, and the bytes of small ones; `None` of what is no zip and no 7z.
///
/// # Errors
///
/// As [`open`].
pub fn files_of_archive(
    path: &Path,
    tell: &dyn Fn(Unpacking),
) -> Result<Option<Vec<BundledFile>>, LookError> {
    let failed = |source| ImageError::Open { path: path.to_owned(), source };
    let (_, file) = Files::by_name(path)?;
    let outer = FileSource::take(path, file.try_clone().map_err(failed)?)?;
    let Some(container) = packed_as(&outer).filter(|form| ARCHIVES.contains(form)) else { return Ok(None) };
    let packed = PackedFile { path, outer: &outer, file: &file, container, member: Some(ALL) };
    let source = FileSource::take(path, unpack(&packed, tell)?.file)?;
    let files =
        bundled(&source).map_err(|source| ImageError::Read { path: path.to_owned(), offset: 0, source });
    Ok(Some(files?))
}

fn unpack(packed: &PackedFile<'_>, tell: &dyn Fn(Unpacking)) -> Result<Room, LookError> {
    let (file, folder) = room(packed.path)?;
    let PackedFile { path, outer, member, .. } = *packed;
    let wrapped = Wrapped { path, outer, member, folder: &folder, bounds: Bounds::default() };
    tell(Unpacking::Begin(packed.outer.len()));
    let progress = |count| tell(Unpacking::Advance(count));
    let unpacked = match has_rights() {
        true => ask_to_unpack(packed, &file, &folder, &progress),
        false => into_file(&wrapped, &file, &progress).map_err(LookError::from),
    };
    tell(Unpacking::End);
    Ok(Room { file: for_reading(file), folder, unpacked: unpacked? })
}
