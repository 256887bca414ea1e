//! The files that an image consists of: how they are opened, and who they are.

use std::fs::{self, File, FileType, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::error::ImageError;

/// A file that an image consists of, as it was when it was opened: a name may lead to another file later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The name by which it was opened.
    pub path: PathBuf,
    /// Number of the device that its file system lies on, as `stat` gives it.
    pub device: u64,
    /// Its number in that file system.
    pub inode: u64,
}

impl SourceFile {
    /// The file that `path` leads to now.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn look(path: &Path) -> io::Result<Self> {
        Ok(Self::new(path, &fs::metadata(path)?))
    }

    /// Device and inode: what it is, whatever its name is.
    pub fn identity(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    fn new(path: &Path, metadata: &Metadata) -> Self {
        Self { path: path.to_owned(), device: metadata.dev(), inode: metadata.ino() }
    }
}

/// Where a container gets its files from. Each file that goes through here is one of the image's, so that no container
/// can forget to name one.
#[derive(Debug, Default)]
pub struct Files {
    opened: Vec<SourceFile>,
    /// Copies of the descriptors, in the same order; none of an image whose descriptors were given.
    descriptors: Vec<File>,
    /// Files that are taken instead of being opened, in the order in which the container asks for them.
    given: Option<std::vec::IntoIter<File>>,
}

impl Files {
    /// Opens files by their names.
    pub fn by_name() -> Self {
        Self::default()
    }

    /// Takes `files`, which another process has opened for the same container, and opens none.
    pub fn given(files: Vec<File>) -> Self {
        Self { given: Some(files.into_iter()), ..Self::default() }
    }

    /// Opens `path` for reading; it must be a regular file.
    ///
    /// # Errors
    ///
    /// [`ImageError::Open`] if it cannot be opened, [`ImageError::NotAFile`] if it is something else than a regular file.
    pub fn open(&mut self, path: &Path) -> Result<File, ImageError> {
        let open_error = |source| ImageError::Open { path: path.to_owned(), source };
        if let Some(given) = &mut self.given {
            return given.next().ok_or_else(|| open_error(io::ErrorKind::NotFound.into()));
        }
        // Looked at by name first: opening a pipe would wait for its other end.
        let kind = fs::metadata(path).map_err(open_error)?.file_type();
        if let Some(found) = not_regular(kind) {
            return Err(ImageError::NotAFile { path: path.to_owned(), found });
        }
        let file = File::open(path).map_err(open_error)?;
        let metadata = file.metadata().map_err(open_error)?;
        if let Some(found) = not_regular(metadata.file_type()) {
            return Err(ImageError::NotAFile { path: path.to_owned(), found });
        }
        self.opened.push(SourceFile::new(path, &metadata));
        self.descriptors.push(file.try_clone().map_err(open_error)?);
        Ok(file)
    }

    /// The files that were opened, and a descriptor of each.
    pub(super) fn into_parts(self) -> (Vec<SourceFile>, Vec<File>) {
        (self.opened, self.descriptors)
    }
}

fn not_regular(kind: FileType) -> Option<&'static str> {
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some("a directory")
    } else if kind.is_block_device() || kind.is_char_device() {
        Some("a device")
    } else {
        Some("a pipe or socket")
    }
}
