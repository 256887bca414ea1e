//! The one way to the bytes of an image.

use std::fs::File;
use std::io;
use std::path::Path;

use super::containers;
use super::error::ImageError;
use super::file::FileSource;
use super::files::{Files, SourceFile};
use super::source::Source;
use super::wrapping::Wrapping;

/// Opens the image at `path`, whatever container it is in.
///
/// The source names every file that was opened for it.
///
/// # Errors
///
/// [`ImageError::Open`] or [`ImageError::NotAFile`] for a file that cannot be opened, [`ImageError::Read`] if it cannot
/// be read, [`ImageError::Header`] for a container that makes no sense, [`ImageError::ForwardOnly`] for one that cannot
/// be read anywhere.
pub fn open(path: &Path) -> Result<Box<dyn Source>, ImageError> {
    open_with(path, Files::by_name(path)?)
}

/// The same image in another process, from the descriptors that its source has.
///
/// # Errors
///
/// As [`open`]; [`ImageError::Open`] too if a descriptor is missing.
pub fn open_given(path: &Path, files: Vec<File>) -> Result<Box<dyn Source>, ImageError> {
    open_with(path, Files::given(path, files)?)
}

/// The image in `outer`, the bytes of something that is open already, whatever container it is in.
///
/// The source names the files of `outer` and those that were opened for the image.
///
/// # Errors
///
/// As [`open`].
pub fn unwrapped<'s>(path: &Path, outer: Box<dyn Source + 's>) -> Result<Box<dyn Source + 's>, ImageError> {
    let files = Files::of(path, outer.descriptors())?;
    open_in(path, outer, files)
}

fn open_with(path: &Path, (files, first): (Files, File)) -> Result<Box<dyn Source>, ImageError> {
    open_in(path, Box::new(FileSource::take(path, first)?), files)
}

fn open_in<'s>(
    path: &Path,
    outer: Box<dyn Source + 's>,
    mut files: Files,
) -> Result<Box<dyn Source + 's>, ImageError> {
    let source = containers::open(path, outer, &mut files)?.anywhere(path)?;
    let (files, descriptors) = files.into_parts();
    Ok(Box::new(Named { source, files, descriptors }))
}

/// An image, and the files that were opened for it.
struct Named<'s> {
    source: Box<dyn Source + 's>,
    files: Vec<SourceFile>,
    descriptors: Vec<File>,
}

impl Source for Named<'_> {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.source.read_at(offset, buffer)
    }

    fn wrapping(&self) -> Option<&Wrapping> {
        self.source.wrapping()
    }

    fn files(&self) -> &[SourceFile] {
        &self.files
    }

    fn descriptors(&self) -> &[File] {
        &self.descriptors
    }
}
