//! An image out of a stick, as it was before it was written: unpacked, and proven chunk by chunk.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::device::{FileTarget, ReadOnly, TargetPath};
use crate::job::observer::part;
use crate::job::{Destination, JobError, Observer, Part, open};
use crate::pipeline::{Buffer, Phase, Target};
use crate::sandbox::{self, LookError};
use crate::units::named;
use crate::verify::{NotTaken, TakenImage};

/// Alignment of the buffer that is read back into, and its length.
const ALIGNMENT: usize = 4096;
const PIECE: usize = 1 << 20;

/// An image that was taken out of a stick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Extracted {
    /// The stick.
    pub path: String,
    /// The capsule's file on it.
    pub file: String,
    /// Title in the boot menu.
    pub title: String,
    /// Kind and geometry in words.
    pub words: String,
    /// The file that was made.
    pub to: String,
    /// Length of the image in bytes.
    pub len: u64,
    /// BLAKE3 of the original image, as `b3sum` prints it.
    pub blake3: String,
    /// BLAKE3 of the file that was made if bytes were left out when the stick was written: zeros stand for them.
    pub ram_blake3: Option<String>,
}

/// A stick with an image that can be taken out of it.
pub struct Extraction {
    path: PathBuf,
    stick: ReadOnly,
    /// Title or file of the image, if it is not the only one.
    name: Option<String>,
    found: TakenImage,
}

impl Extraction {
    /// Opens the stick and finds the image: the only one, or that with this title or file. As root a process without rights looks
    /// for it.
    ///
    /// # Errors
    ///
    /// [`JobError::Open`], [`JobError::NoStick`], [`JobError::NotExtracted`], [`JobError::DamagedImage`], or [`JobError::Doctor`] if the
    /// stick is not read.
    pub fn find(path: &Path, name: Option<String>) -> Result<Self, JobError> {
        let stick = open(path)?;
        let unread = |source| JobError::Doctor { path: path.to_owned(), source };
        let found = sandbox::find_image(path, &stick, name.as_deref()).map_err(unread)?;
        let found = found.map_err(|why| not_taken(path, path, why))?;
        Ok(Self { path: path.to_owned(), stick, name, found })
    }

    /// Takes the image out into the file of the destination, and reads that back. As root a process without rights unpacks it: it
    /// has nothing but the stick and that file. A file that is there is overwritten; it is gone if the image cannot be finished.
    ///
    /// # Errors
    ///
    /// [`JobError::Target`] or [`JobError::ExtractDevice`] for the destination, [`JobError::NotExtracted`],
    /// [`JobError::DamagedImage`], [`JobError::Write`], [`JobError::Doctor`], and [`JobError::ExtractStopped`] when `stop` is set.
    pub fn extract(
        &self,
        destination: Destination,
        stop: &AtomicBool,
        observer: &dyn Observer,
    ) -> Result<Extracted, JobError> {
        let Destination { system, target } = destination;
        let to = target.path().to_owned();
        let is_same = is_same(&self.stick, target);
        if is_same.map_err(|source| JobError::Read { path: self.path.clone(), source })? {
            return Err(JobError::Exists { path: to });
        }
        target.admit(system, &[])?;
        if matches!(target, TargetPath::Block(_)) {
            return Err(JobError::ExtractDevice { node: to });
        }
        let mut made = FileTarget::open_anew(target, self.found.len).map_err(JobError::Target)?;
        let work = Work { job: self, to: &to, stop, observer };
        let done = made.empty().map_err(|source| work.failed(source)).and_then(|_| work.run(&made));
        done.inspect_err(|_| {
            // A part of an image is of no use. What is in the way of that is in the way of the error's cause, too.
            let _ = fs::remove_file(&to);
        })?;
        let TakenImage { file, title, words, len, blake3, ram_blake3 } = self.found.clone();
        let (path, to) = (named(&self.path).into_owned(), named(&to).into_owned());
        Ok(Extracted { path, file, title, words, to, len, blake3, ram_blake3 })
    }
}

/// What became of an image that was to be taken out of the stick at `path` into `to`.
fn not_taken(path: &Path, to: &Path, why: NotTaken) -> JobError {
    let (path, to) = (path.to_owned(), to.to_owned());
    match why {
        NotTaken::NoStick => JobError::NoStick { path },
        NotTaken::NotOne(found) => JobError::NotExtracted { path, found },
        NotTaken::Damaged { file, places } => JobError::DamagedImage { path, file, places },
        NotTaken::Unwritten { why, code } => {
            let source = code.map_or_else(|| io::Error::other(why), io::Error::from_raw_os_error);
            JobError::Write { path: to, source }
        }
        NotTaken::Stopped => JobError::ExtractStopped { path: to },
    }
}

/// Whether the file of `stick` is what `target` names, by whatever name.
fn is_same(stick: &ReadOnly, target: &TargetPath) -> io::Result<bool> {
    let TargetPath::File { identity, .. } = target else { return Ok(false) };
    let stick = stick.descriptor().metadata()?;
    Ok((stick.dev(), stick.ino()) == *identity)
}

/// An image on its way.
struct Work<'w> {
    job: &'w Extraction,
    to: &'w Path,
    stop: &'w AtomicBool,
    observer: &'w dyn Observer,
}

impl Work<'_> {
    fn run(&self, made: &FileTarget) -> Result<(), JobError> {
        self.take_out(made)?;
        part(self.observer, Part::Write(Phase::Flush), 0, |_| made.flush())
            .map_err(|error| self.failed(error))?;
        self.read_back(made)
    }

    fn failed(&self, source: io::Error) -> JobError {
        JobError::Write { path: self.to.to_owned(), source }
    }

    fn is_wanted(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Puts the image into the file.
    fn take_out(&self, made: &FileTarget) -> Result<(), JobError> {
        let Extraction { path, stick, name, found } = self.job;
        let unread = |source| JobError::Doctor { path: path.clone(), source };
        let taken = part(self.observer, Part::Extract, found.len, |count| {
            let go_on = || self.is_wanted();
            sandbox::take_out(path, stick, name.as_deref(), made.descriptor(), (&go_on, count))
        });
        let taken = taken.map_err(unread)?.map_err(|why| not_taken(path, self.to, why))?;
        let len = made.descriptor().metadata().map_err(|error| self.failed(error))?.len();
        match taken == *found && len == found.len {
            true => Ok(()),
            false => Err(unread(LookError::Answer { path: path.clone() })),
        }
    }

    /// Proves the file that was made by the hash of the image.
    fn read_back(&self, made: &FileTarget) -> Result<(), JobError> {
        let mut buffer = Buffer::new(PIECE, ALIGNMENT);
        let len = self.job.found.len;
        part(self.observer, Part::Write(Phase::ReadBack), len, |count| -> Result<(), JobError> {
            let mut hasher = blake3::Hasher::new();
            for start in (0..len).step_by(PIECE) {
                if !self.is_wanted() {
                    return Err(JobError::ExtractStopped { path: self.to.to_owned() });
                }
                let found = &mut buffer.bytes_mut()[..(len - start).min(PIECE as u64) as usize];
                made.read_at(start, found).map_err(|error| self.failed(error))?;
                hasher.update(found);
                count(found.len() as u64);
            }
            let (found, wanted) = (hasher.finalize().to_hex(), self.job.found.hash_in_file());
            match found.as_str() == wanted {
                true => Ok(()),
                false => {
                    let changed = format!("it read back changed: expected {wanted}, found {found}");
                    Err(self.failed(io::Error::other(changed)))
                }
            }
        })
    }
}
