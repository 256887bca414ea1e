//! Opens the images of a command, each once.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::folder::{Form, Wish};
use crate::image::{BundledFile, ImageName, Seen, Source, SourceFile};
use crate::job::folder::image_of;
use crate::job::{Event, Observer, Part, observer};
use crate::sandbox::{self, LookError, Unpacking};

/// An image by its name, and what was made if that is a folder's.
type OpenedImage = (PathBuf, Form, Arc<dyn Source>);

/// Opens images and unpacks them. One that is asked for again is the same one: what is packed is unpacked once, and standard input
/// read once.
pub struct Opener<'o> {
    observer: &'o dyn Observer,
    opened: Mutex<Vec<OpenedImage>>,
    /// The folders of which images were made, and what is in them.
    made_of: Mutex<Vec<SourceFile>>,
    /// The images' own files, as they were before they were read.
    seen: Mutex<Vec<Seen>>,
    /// What could not be opened, and nobody was told of.
    failed: Mutex<Vec<(PathBuf, LookError)>>,
}

impl<'o> Opener<'o> {
    /// Nothing was opened yet. `observer` is told what is unpacked.
    pub fn new(observer: &'o dyn Observer) -> Self {
        Self {
            observer,
            opened: Mutex::default(),
            made_of: Mutex::default(),
            seen: Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// The image at `path`, whatever container it is in. Of a folder a hard disk is made.
    ///
    /// # Errors
    ///
    /// As [`sandbox::open`].
    pub fn open(&self, path: &Path) -> Result<Box<dyn Source>, LookError> {
        self.open_as(path, Wish::default())
    }

    /// The same; of a folder that is made which is asked for.
    ///
    /// # Errors
    ///
    /// As [`sandbox::open`].
    pub(super) fn open_as(&self, path: &Path, wish: Wish) -> Result<Box<dyn Source>, LookError> {
        let is_folder = is_folder(path);
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |known: &PathBuf, made: Form| known == path && (made == wish.form || !is_folder);
        if let Some((.., source)) = opened.iter().find(|(known, made, _)| is_it(known, *made)) {
            return Ok(Box::new(Arc::clone(source)));
        }
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = failed.iter().position(|(known, _)| known == path) {
            return Err(failed.swap_remove(place).1);
        }
        let tell = telling(self.observer);
        let source: Arc<dyn Source> = match is_folder {
            true => {
                let (image, sources) = image_of(path, wish, &tell)?;
                self.add_made_of(sources);
                image.into()
            }
            false => {
                // By its name, because what is packed is unpacked as it is opened.
                let seen = fs::metadata(ImageName::find(path).file).map(|metadata| Seen::of(&metadata));
                self.seen.lock().unwrap_or_else(PoisonError::into_inner).extend(seen);
                sandbox::open(path, &tell)?.into()
            }
        };
        opened.push((path.to_owned(), wish.form, Arc::clone(&source)));
        Ok(Box::new(source))
    }

    /// The images' own files, as they were before they were read.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The folders of which images were made, and every file in them: none of them may be written.
    pub(super) fn made_of(&self) -> Vec<SourceFile> {
        self.made_of.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says that an image was made of the files of this folder.
    pub(super) fn add_made_of(&self, sources: Vec<SourceFile>) {
        self.made_of.lock().unwrap_or_else(PoisonError::into_inner).extend(sources);
    }

    /// Does `work` as a part of what the observer is told of.
    pub(super) fn part<T>(&self, part: Part, bytes: u64, work: impl FnOnce(&dyn Fn(u64)) -> T) -> T {
        observer::part(self.observer, part, bytes, work)
    }

    /// The files of the archive at `path`, and the bytes of small ones; `None` of what is none.
    ///
    /// # Errors
    ///
    /// As [`sandbox::files_of_archive`].
    pub(super) fn files_of_archive(&self, path: &Path) -> Result<Option<Vec<BundledFile>>, LookError> {
        sandbox::files_of_archive(path, &telling(self.observer))
    }

    /// A copy of `source` in a temporary file without a name.
    ///
    /// # Errors
    ///
    /// As [`sandbox::kept`].
    pub(super) fn keep(&self, path: &Path, source: &dyn Source) -> Result<Box<dyn Source>, LookError> {
        sandbox::kept(path, source, &telling(self.observer))
    }

    /// The same; `None` of what cannot be opened. The next who opens it is told why, because standard input cannot be
    /// read again.
    pub fn open_if_possible(&self, path: &Path) -> Option<Box<dyn Source>> {
        // It is made when it is known what of.
        if is_folder(path) {
            return None;
        }
        match self.open(path) {
            Ok(source) => Some(source),
            Err(error) => {
                let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
                failed.push((path.to_owned(), error));
                None
            }
        }
    }
}

/// Whether `path` is a folder, of which an image is made.
pub(super) fn is_folder(path: &Path) -> bool {
    !ImageName::is_input(path) && path.is_dir()
}

/// Tells `observer` of the steps of unpacking.
pub(super) fn telling(observer: &dyn Observer) -> impl Fn(Unpacking) {
    |step| {
        observer.tell(match step {
            Unpacking::Begin(bytes) => Event::Begin { part: Part::Unpack, bytes },
            Unpacking::Advance(bytes) => Event::Advance { bytes },
            Unpacking::End => Event::End,
        });
    }
}
