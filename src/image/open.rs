//! The one way to the bytes of an image.

use std::fs::File;
use std::io;
use std::path::Path;

use super::containers;
use super::error::ImageError;
use super::file::FileSource;
use super::files::{Files, SourceFile};
use super::header::DiskHeader;
use super::source::Source;

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
    open_with(path, Files::by_name())
}

/// The same image in another process, from the descriptors that its source has.
///
/// # Errors
///
/// As [`open`]; [`ImageError::Open`] too if a descriptor is missing.
pub fn open_given(path: &Path, files: Vec<File>) -> Result<Box<dyn Source>, ImageError> {
    open_with(path, Files::given(files))
}

/// The image in `outer`, the bytes of something that is open already, whatever container it is in.
///
/// # Errors
///
/// As [`open`].
pub fn unwrapped<'s>(path: &Path, outer: Box<dyn Source + 's>) -> Result<Box<dyn Source + 's>, ImageError> {
    containers::open(path, outer, &mut Files::by_name())?.anywhere(path)
}

fn open_with(path: &Path, mut files: Files) -> Result<Box<dyn Source>, ImageError> {
    let outer = FileSource::take(path, files.open(path)?)?;
    let source = containers::open(path, Box::new(outer), &mut files)?.anywhere(path)?;
    let (files, descriptors) = files.into_parts();
    Ok(Box::new(Named { source, files, descriptors }))
}

/// An image, and the files that were opened for it.
struct Named {
    source: Box<dyn Source>,
    files: Vec<SourceFile>,
    descriptors: Vec<File>,
}

impl Source for Named {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.source.read_at(offset, buffer)
    }

    fn header(&self) -> Option<DiskHeader> {
        self.source.header()
    }

    fn files(&self) -> &[SourceFile] {
        &self.files
    }

    fn descriptors(&self) -> &[File] {
        &self.descriptors
    }
}
