//! Opens the images of a command, each once.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::image::Source;
use crate::job::{Event, Observer, Part, observer};
use crate::sandbox::{self, LookError, Unpacking};

/// Opens images and unpacks them. One that is asked for again is the same one: what is packed is unpacked once, and standard input
/// read once.
pub struct Opener<'o> {
    observer: &'o dyn Observer,
    opened: Mutex<Vec<(PathBuf, Arc<dyn Source>)>>,
    /// What could not be opened, and nobody was told of.
    failed: Mutex<Vec<(PathBuf, LookError)>>,
}

impl<'o> Opener<'o> {
    /// Nothing was opened yet. `observer` is told what is unpacked.
    pub fn new(observer: &'o dyn Observer) -> Self {
        Self { observer, opened: Mutex::default(), failed: Mutex::default() }
    }

    /// The image at `path`, whatever container it is in.
    ///
    /// # Errors
    ///
    /// As [`sandbox::open`].
    pub fn open(&self, path: &Path) -> Result<Box<dyn Source>, LookError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, source)) = opened.iter().find(|(known, _)| known == path) {
            return Ok(Box::new(Arc::clone(source)));
        }
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = failed.iter().position(|(known, _)| known == path) {
            return Err(failed.swap_remove(place).1);
        }
        let source: Arc<dyn Source> = sandbox::open(path, &telling(self.observer))?.into();
        opened.push((path.to_owned(), Arc::clone(&source)));
        Ok(Box::new(source))
    }

    /// Does `work` as a part of what the observer is told of.
    pub(super) fn part<T>(&self, part: Part, bytes: u64, work: impl FnOnce(&dyn Fn(u64)) -> T) -> T {
        observer::part(self.observer, part, bytes, work)
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
