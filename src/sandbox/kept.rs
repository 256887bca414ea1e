//! Images in temporary files.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::error::LookError;
use super::progress::Unpacking;
use super::room::{for_reading, room};
use crate::image::{FileSource, ImageError, Source, SourceFile, Unpacked};

/// Bytes that are copied at once.
const PIECE: usize = 1 << 18;

/// An image in a file without a name: it is gone once it is closed, however the program ends.
pub(super) struct Kept {
    source: FileSource,
    file: [File; 1],
    name: [SourceFile; 1],
    unpacked: Vec<Unpacked>,
}

impl Kept {
    /// The bytes of `file`; `path` is for messages.
    pub fn of(path: &Path, file: File) -> Result<Self, ImageError> {
        let open_error = |source| ImageError::Open { path: path.to_owned(), source };
        let file = for_reading(file);
        let name = SourceFile::of(path, &file).map_err(open_error)?;
        let source = FileSource::take(path, file.try_clone().map_err(open_error)?)?;
        Ok(Self { source, file: [file], name: [name], unpacked: Vec::new() })
    }
}

impl Source for Kept {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.source.read_at(offset, buffer)
    }

    fn unpacked(&self) -> &[Unpacked] {
        &self.unpacked
    }

    fn files(&self) -> &[SourceFile] {
        &self.name
    }

    fn descriptors(&self) -> &[File] {
        &self.file
    }
}

/// A copy of `source` in a temporary file without a name, which nobody else may read.
///
/// # Errors
///
/// [`ImageError::Read`] if `source` cannot be read, [`ImageError::Room`] if there is no room for it.
pub fn kept(
    path: &Path,
    source: &dyn Source,
    tell: &dyn Fn(Unpacking),
) -> Result<Box<dyn Source>, LookError> {
    let (file, folder) = room(path)?;
    tell(Unpacking::Begin(source.len()));
    let copied = copy(path, source, (&file, &folder), tell);
    tell(Unpacking::End);
    copied?;
    Ok(Box::new(Kept::of(path, file)?))
}

/// The image that `make` writes into a temporary file without a name, and says what it made it of.
///
/// # Errors
///
/// [`ImageError::Room`] if there is no place for it, and what `make` gives.
pub fn made<E: From<ImageError>>(
    path: &Path,
    make: impl FnOnce(&File, &Path) -> Result<Unpacked, E>,
) -> Result<Box<dyn Source>, E> {
    let (file, folder) = room(path)?;
    let unpacked = make(&file, &folder)?;
    Ok(Box::new(Kept { unpacked: vec![unpacked], ..Kept::of(path, file)? }))
}

fn copy(
    path: &Path,
    source: &dyn Source,
    (file, folder): (&File, &Path),
    tell: &dyn Fn(Unpacking),
) -> Result<(), ImageError> {
    let (mut piece, len) = (vec![0; PIECE], source.len());
    let failed = |source| ImageError::Room { path: path.to_owned(), folder: folder.to_owned(), source };
    for offset in (0..len).step_by(PIECE) {
        let piece = &mut piece[..(len - offset).min(PIECE as u64) as usize];
        let read = source.read_at(offset, piece);
        read.map_err(|source| ImageError::Read { path: path.to_owned(), offset, source })?;
        // The file is all holes.
        if piece.iter().any(|&byte| byte != 0) {
            file.write_all_at(piece, offset).map_err(failed)?;
        }
        tell(Unpacking::Advance(piece.len() as u64));
    }
    file.set_len(len).map_err(failed)
}
