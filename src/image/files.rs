//! The files that an image consists of: how they are opened, and who they are.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, FileType, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use super::error::ImageError;
use super::standard_input::is_standard_input;

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

    /// The file that is open, under the name `path`.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn of(path: &Path, file: &File) -> io::Result<Self> {
        Ok(Self::new(path, &file.metadata()?))
    }

    /// Device and inode: what it is, whatever its name is.
    pub fn identity(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    pub(super) fn new(path: &Path, metadata: &Metadata) -> Self {
        Self { path: path.to_owned(), device: metadata.dev(), inode: metadata.ino() }
    }
}

/// Most files of an image.
pub const FILES_MAX: usize = 64;

/// Where a container gets its files from. Each file that goes through here is one of the image's, so that no container
/// can forget to name one.
#[derive(Debug)]
pub struct Files {
    /// The name of the image's own file.
    path: PathBuf,
    opened: Vec<SourceFile>,
    /// Copies of the descriptors, in the same order; none of an image whose descriptors were given.
    descriptors: Vec<File>,
    /// Files that are taken instead of being opened, in the order in which the container asks for them.
    given: Option<std::vec::IntoIter<File>>,
    /// The name of the file that was not given, if one was not.
    wanted: Option<OsString>,
    /// Whether the image's own file is a regular one.
    is_regular: bool,
    /// Whether the image was unpacked, so that its bytes are in the last file.
    is_unpacked: bool,
}

impl Files {
    /// Opens the image's own file at `path` for reading; it must be a regular file.
    ///
    /// # Errors
    ///
    /// [`ImageError::Open`] if it cannot be opened, [`ImageError::NotAFile`] if it is something else than a regular file.
    pub fn by_name(path: &Path) -> Result<(Self, File), ImageError> {
        let open_error = |source| ImageError::Open { path: path.to_owned(), source };
        // Looked at by name first: opening a pipe would wait for its other end.
        check_regular(path, &fs::metadata(path).map_err(open_error)?)?;
        let file = File::open(path).map_err(open_error)?;
        check_regular(path, &file.metadata().map_err(open_error)?)?;
        let mut files = Self { is_regular: true, ..Self::none(path) };
        files.record(path, &file)?;
        Ok((files, file))
    }

    /// Takes `files`, which another process has opened for the same container, and opens none; the first is the image's
    /// own.
    ///
    /// # Errors
    ///
    /// [`ImageError::Open`] if there is none.
    pub fn given(path: &Path, files: Vec<File>) -> Result<(Self, File), ImageError> {
        let mut files = Self { given: Some(files.into_iter()), ..Self::none(path) };
        let first = files.next_given(path).unwrap_or_else(|| Err(not_given(path)))?;
        files.is_regular = first.metadata().is_ok_and(|metadata| metadata.is_file());
        Ok((files, first))
    }

    /// Those behind `descriptors`, which are open already; the first is the image's own.
    ///
    /// # Errors
    ///
    /// [`ImageError::Open`] if a descriptor cannot be copied.
    pub fn of(path: &Path, descriptors: &[File]) -> Result<Self, ImageError> {
        let mut files = Self::none(path);
        for file in descriptors {
            files.record(path, file)?;
        }
        let first = descriptors.first().and_then(|file| file.metadata().ok());
        files.is_regular = first.is_some_and(|metadata| metadata.is_file());
        // What came by standard input has no folder.
        files.is_unpacked = is_standard_input(path);
        Ok(files)
    }

    /// Opens the file `name` for reading, which the image's own file names and which lies in the folder of that.
    ///
    /// That name is input: it may name nothing outside of the folder, no link, and no file of somebody else than the
    /// owner of the image's own file.
    ///
    /// # Errors
    ///
    /// [`ImageError::Beside`] if it is not opened for the image, [`ImageError::Open`] and [`ImageError::NotAFile`] as for
    /// every image.
    pub fn open_beside(&mut self, name: &OsStr) -> Result<File, ImageError> {
        let (own, beside) = (self.path.clone(), Path::new(name).to_owned());
        let refused = |why| ImageError::Beside { path: own.clone(), name: beside.clone(), why };
        if !matches!(beside.components().next(), Some(Component::Normal(only)) if only == name) {
            return Err(refused("it is more than a plain name"));
        }
        let path = own.with_file_name(name);
        if let Some(given) = self.next_given(&path) {
            return given;
        }
        if self.is_unpacked {
            return Err(refused(
                "the image was unpacked, and what lies beside the packed file is not its own",
            ));
        }
        if self.opened.len() >= FILES_MAX {
            return Err(refused("there are too many files"));
        }
        let open_error = |source| ImageError::Open { path: path.clone(), source };
        let first = self.descriptors.first().ok_or_else(|| refused("the image is in no file"))?;
        let first = first.metadata().map_err(open_error)?;
        if !first.is_file() {
            return Err(refused("the image is in no regular file"));
        }
        let seen = fs::symlink_metadata(&path).map_err(open_error)?;
        if seen.is_symlink() {
            return Err(refused("it is a symbolic link"));
        }
        check_regular(&path, &seen)?;
        let file = File::open(&path).map_err(open_error)?;
        let found = file.metadata().map_err(open_error)?;
        check_regular(&path, &found)?;
        if (found.dev(), found.ino()) != (seen.dev(), seen.ino()) {
            return Err(refused("it was exchanged while it was opened"));
        }
        if found.uid() != first.uid() {
            return Err(refused("it belongs to another user than the image"));
        }
        self.record(&path, &file)?;
        Ok(file)
    }

    /// Whether the image's own file is a regular one. What is packed on a device stays so.
    pub(super) fn is_regular(&self) -> bool {
        self.is_regular
    }

    /// A descriptor of each file that was opened, in their order.
    pub fn descriptors(&self) -> &[File] {
        &self.descriptors
    }

    /// The file that has the image's bytes now; none where files are given.
    pub(super) fn last(&self) -> Option<&File> {
        self.descriptors.last()
    }

    /// The file that has what was unpacked, if files are given; `path` is for messages.
    pub(super) fn given_unpacked(&mut self, path: &Path) -> Option<Result<File, ImageError>> {
        self.next_given(path)
    }

    /// Records `file` in `folder`, into which the image was unpacked. One that was recorded before is not the image's any more.
    pub(super) fn record_unpacked(&mut self, folder: &Path, file: &File) -> Result<(), ImageError> {
        if std::mem::replace(&mut self.is_unpacked, true) {
            self.opened.pop();
            self.descriptors.pop();
        }
        self.record(folder, file)
    }

    /// The name of the file that was not given, if files were and one more was needed.
    pub(super) fn wanted(&mut self) -> Option<OsString> {
        self.wanted.take()
    }

    /// The files that were opened, and a descriptor of each.
    pub(super) fn parts(&mut self) -> (Vec<SourceFile>, Vec<File>) {
        (std::mem::take(&mut self.opened), std::mem::take(&mut self.descriptors))
    }

    fn none(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            opened: Vec::new(),
            descriptors: Vec::new(),
            given: None,
            wanted: None,
            is_regular: false,
            is_unpacked: false,
        }
    }

    /// The next file that was given, unless files are opened by their names.
    fn next_given(&mut self, path: &Path) -> Option<Result<File, ImageError>> {
        let given = self.given.as_mut()?.next();
        if given.is_none() {
            self.wanted = path.file_name().map(OsStr::to_owned);
        }
        Some(given.ok_or_else(|| not_given(path)))
    }

    fn record(&mut self, path: &Path, file: &File) -> Result<(), ImageError> {
        let open_error = |source| ImageError::Open { path: path.to_owned(), source };
        self.opened.push(SourceFile::new(path, &file.metadata().map_err(open_error)?));
        self.descriptors.push(file.try_clone().map_err(open_error)?);
        Ok(())
    }
}

fn not_given(path: &Path) -> ImageError {
    ImageError::Open { path: path.to_owned(), source: io::ErrorKind::NotFound.into() }
}

fn check_regular(path: &Path, metadata: &Metadata) -> Result<(), ImageError> {
    match not_regular(metadata.file_type()) {
        Some(found) => Err(ImageError::NotAFile { path: path.to_owned(), found }),
        None => Ok(()),
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
