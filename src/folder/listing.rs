//! What an image is made of: the files of a folder, or those that somebody else has.

use std::io::Read;
use std::path::Path;

use super::error::FolderError;
use super::tree::Tree;
use crate::image::{ImageError, SourceFile};

/// A folder that was looked through, or that was made up.
pub struct Listing {
    pub(super) tree: Tree,
}

/// A file of the topmost folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed<'l> {
    /// Its number.
    pub number: usize,
    /// Its name.
    pub name: &'l str,
    /// Length in bytes.
    pub len: u64,
}

impl Listing {
    /// Looks through the folder at `path`, and reads no file.
    ///
    /// # Errors
    ///
    /// [`FolderError`] for what cannot be in an image.
    pub fn look(path: &Path) -> Result<Self, FolderError> {
        Tree::look(path).map(|tree| Self { tree })
    }

    /// A folder `path` that is nowhere, with these files by their names in it, which have `/` behind each folder.
    ///
    /// # Errors
    ///
    /// [`FolderError`] for a name that cannot be in an image, and for two that are one there.
    pub fn of_files(path: &Path, files: Vec<(String, Vec<u8>)>) -> Result<Self, FolderError> {
        Tree::of_files(path, files).map(|tree| Self { tree })
    }

    /// The files of the topmost folder, in the order of their names.
    pub fn topmost(&self) -> impl Iterator<Item = Listed<'_>> {
        let files = self.tree.files.iter().enumerate().filter(|(_, file)| file.folder == 0);
        files.map(|(number, file)| Listed { number, name: &file.name, len: file.len })
    }

    /// The folder, and every file in it and below.
    pub fn sources(&self) -> Vec<SourceFile> {
        self.tree.sources()
    }

    /// The bytes of a file. No link is followed to it.
    ///
    /// # Errors
    ///
    /// [`ImageError::Open`], [`ImageError::Read`], and [`ImageError::Changed`] if it is another than was seen.
    pub fn read(&self, file: &Listed<'_>) -> Result<Vec<u8>, ImageError> {
        let mut opened = self.tree.open_file(file.number)?;
        let mut bytes = Vec::new();
        let read = (&mut opened).take(file.len).read_to_end(&mut bytes);
        read.map_err(|source| ImageError::Read {
            path: self.tree.file_path(file.number),
            offset: 0,
            source,
        })?;
        self.tree.check(file.number, &opened)?;
        Ok(bytes)
    }
}
