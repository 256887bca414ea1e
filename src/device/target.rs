//! What the path that a user gave is: a device, a file, or nothing yet.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;
use std::{fs, io};

use crate::device::lend::Words;
use crate::device::safety::refused_path;
use crate::device::{DeviceFacts, DeviceNumber, FileIdentity, InUse, Refusal, System, refusal};
use crate::image::SourceFile;
use crate::units::{SECTOR_LEN, named, shell_word};

/// What to do about a file that has the wrong length for a stick.
pub const NEW_FILE: &str =
    "name another file, or remove this one first: a new one gets the size that it needs";

/// How often a target is looked at that something has open for writing.
const OPEN_TRIES: u32 = 4;
const OPEN_PAUSE: Duration = Duration::from_millis(100);

/// Why a target cannot be opened. It was not touched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It must not be written.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such device, and none is made up.
    #[error("{} does not exist, and ramkey makes no files under /dev", named(path))]
    NoDevice {
        /// The path.
        path: PathBuf,
    },
    /// There is nothing at the path.
    #[error("{} does not exist", named(path))]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// It is a directory, a pipe, a terminal or the like.
    #[error("{} is {kind}, neither a block device nor a regular file", named(path))]
    Kind {
        /// The path.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The file or device has another length.
    #[error("{} has {found} bytes, and --size asks for {wanted}", named(path))]
    Size {
        /// The path.
        path: PathBuf,
        /// Its length in bytes.
        found: u64,
        /// The length asked for.
        wanted: u64,
    },
    /// The file can be no stick as it is.
    #[error("{} is there already, and its {len} bytes are no multiple of {SECTOR_LEN}", named(path))]
    PartialSector {
        /// The path.
        path: PathBuf,
        /// Its length in bytes.
        len: u64,
    },
    /// Another program has claimed it.
    #[error("{} is in use by another program", named(path))]
    Busy {
        /// The path.
        path: PathBuf,
    },
    /// A file system of it is not unmounted.
    #[error("{} stays mounted on {}, and nothing was written", named(path), named(folder))]
    Unmount {
        /// The device.
        path: PathBuf,
        /// Where it is mounted.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not what was checked a moment ago.
    #[error("{} changed since it was checked", named(path))]
    Changed {
        /// The path.
        path: PathBuf,
    },
    /// Another process was to open it, and did not.
    #[error("{} was not opened: {why}", named(path))]
    NotLent {
        /// The path.
        path: PathBuf,
        /// Why.
        why: String,
        /// What the system said.
        source: Option<io::Error>,
    },
    /// The process with rights says that it must not be written.
    #[error("{what}")]
    Lender {
        /// What it says.
        what: String,
        /// What that comes from.
        #[source]
        because: Option<Words>,
        /// What the user can do.
        help: String,
    },
    /// The system refuses.
    #[error("opening {}", named(path))]
    Open {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl OpenError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.help(),
            Self::NoDevice { .. } => {
                "plug the stick in; `ramkey list` shows the sticks that can be written".into()
            }
            Self::Missing { .. } => "check the path".into(),
            Self::Kind { .. } => "name a stick (`ramkey list` shows them) or a file".into(),
            Self::Size { path, .. } if path.starts_with("/dev") => {
                "leave --size out, and all of the stick is taken".into()
            }
            Self::Size { .. } => "leave --size out, or remove the file first".into(),
            Self::PartialSector { .. } => NEW_FILE.into(),
            Self::Busy { .. } => {
                "close what uses it: `lsof` names a program, and a mounted file system may have its journal there".into()
            },
            Self::Unmount { folder, source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => "run the command as root".into(),
                _ => format!("close what uses it: `fuser --verbose --mount {}` shows that", shell_word(folder)),
            },
            Self::Changed { .. } => "repeat the command".into(),
            Self::NotLent { .. } => "run the command as root, or choose another way with --as-root".into(),
            Self::Lender { help, .. } => help.clone(),
            Self::Open { path, source } => match source.kind() {
                io::ErrorKind::PermissionDenied if path.starts_with("/dev") => {
                    "run the command as root".into()
                }
                io::ErrorKind::PermissionDenied => {
                    format!("`ls -ld {}` shows who may read and write it", shell_word(permissions_of(path)))
                }
                io::ErrorKind::NotFound => "check the path, or make the folder first".into(),
                io::ErrorKind::FileTooLarge => {
                    "choose a smaller --size; `ulimit -f` shows whether a limit is set, and `ulimit -f unlimited` lifts it"
                        .into()
                }
                io::ErrorKind::ReadOnlyFilesystem => "name a file that can be written".into(),
                _ => "check the path and the device".into(),
            },
        }
    }
}

/// The file, or the folder that it would be made in.
fn permissions_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !path.exists() => {
            if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            }
        }
        _ => path,
    }
}

/// The thing at a path, looked at and not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetPath {
    /// A block device.
    Block(Box<DeviceFacts>),
    /// A regular file.
    File {
        /// Its path.
        path: PathBuf,
        /// Its length in bytes.
        len: u64,
        /// Its device and inode number.
        identity: FileIdentity,
    },
    /// Nothing; a file can be made there.
    New {
        /// The path.
        path: PathBuf,
    },
}

impl TargetPath {
    /// Finds out what `path` is, following links.
    ///
    /// # Errors
    ///
    /// [`OpenError::NoDevice`] if nothing is there and the folder is one of devices, [`OpenError::Kind`] if it
    /// can be no target, [`OpenError::Open`] if the system does not tell.
    pub fn look(system: &System, path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Open { path: path.into(), source };
        let meta = match fs::metadata(path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Self::look_at_nothing(system, path);
            }
            Err(error) => return Err(failed(error)),
        };
        let kind = meta.file_type();
        if kind.is_block_device() {
            let mut facts = system.facts(DeviceNumber::from_raw(meta.rdev())).map_err(failed)?;
            facts.node = fs::canonicalize(path).map_err(failed)?;
            return Ok(Self::Block(Box::new(facts)));
        }
        if kind.is_file() {
            let identity = (meta.dev(), meta.ino());
            return Ok(Self::File { path: path.into(), len: meta.len(), identity });
        }
        let kind = match () {
            () if kind.is_dir() => "a directory",
            () if kind.is_fifo() => "a pipe",
            () if kind.is_char_device() => "a character device",
            () if kind.is_socket() => "a socket",
            () => "something else",
        };
        Err(OpenError::Kind { path: path.into(), kind })
    }

    fn look_at_nothing(system: &System, path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Open { path: path.into(), source };
        if fs::symlink_metadata(path).is_ok() {
            // A link to nothing: what it points to could be anywhere.
            return Err(OpenError::Missing { path: path.into() });
        }
        let folder = match path.parent() {
            Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
            Some(folder) => folder,
            None => return Err(OpenError::Missing { path: path.into() }),
        };
        let folder = fs::canonicalize(folder).map_err(|source| {
            let devices = path.starts_with(&system.dev) && source.kind() == io::ErrorKind::NotFound;
            if devices { OpenError::NoDevice { path: path.into() } } else { failed(source) }
        })?;
        // /dev/shm is memory that any program may keep files in.
        if folder.starts_with(&system.dev) && !folder.starts_with(system.dev.join("shm")) {
            return Err(OpenError::NoDevice { path: path.into() });
        }
        if path.file_name().is_none() || path.to_string_lossy().ends_with('/') {
            return Err(OpenError::Missing { path: path.into() });
        }
        Ok(Self::New { path: path.into() })
    }

    /// The path, as messages name it.
    pub fn path(&self) -> &Path {
        match self {
            Self::Block(facts) => &facts.node,
            Self::File { path, .. } | Self::New { path } => path,
        }
    }

    /// Length in bytes that the stick will have, given what the user asked for; `None` if any will do. Of a device it may be
    /// less than all: what is behind it is left alone.
    ///
    /// # Errors
    ///
    /// [`OpenError::Size`] if a file that exists has another length or a device is shorter, [`OpenError::PartialSector`] if a file's is no
    /// length of a stick.
    pub fn stick_len(&self, wanted: Option<u64>) -> Result<Option<u64>, OpenError> {
        let found = match self {
            // An empty file is as good as none: `mktemp` makes such.
            Self::New { .. } | Self::File { len: 0, .. } => return Ok(wanted),
            Self::Block(facts) => facts.len,
            Self::File { path, len, .. } if !len.is_multiple_of(SECTOR_LEN) => {
                return Err(OpenError::PartialSector { path: path.clone(), len: *len });
            }
            Self::File { len, .. } => *len,
        };
        match wanted {
            Some(wanted) if wanted < found && matches!(self, Self::Block(_)) => Ok(Some(wanted)),
            Some(wanted) if wanted != found => {
                Err(OpenError::Size { path: self.path().into(), found, wanted })
            }
            _ => Ok(Some(found)),
        }
    }

    /// Refuses a target that must not be written. `images` are the files that are to be written to it.
    ///
    /// # Errors
    ///
    /// The [`Refusal`], the worst reason first.
    pub fn admit(&self, system: &System, images: &[SourceFile]) -> Result<(), Refusal> {
        self.admit_and_know(system, images).map(drop)
    }

    /// The same, and what was found in use on the machine at that moment, if it was asked. `images` were looked for, too.
    ///
    /// # Errors
    ///
    /// As [`Self::admit`].
    pub fn admit_and_know(&self, system: &System, images: &[SourceFile]) -> Result<Option<InUse>, Refusal> {
        // Whoever has just closed it, or is a copy of a process that has it, is gone in a moment.
        for _ in 1..OPEN_TRIES {
            match self.refusal(system, images) {
                (_, Some(Refusal::Open { .. } | Refusal::OpenSomewhere { .. })) => sleep(OPEN_PAUSE),
                (in_use, refusal) => return refusal.map_or(Ok(in_use), Err),
            }
        }
        let (in_use, refusal) = self.refusal(system, images);
        refusal.map_or(Ok(in_use), Err)
    }

    fn refusal(&self, system: &System, images: &[SourceFile]) -> (Option<InUse>, Option<Refusal>) {
        match self {
            Self::Block(facts) => {
                let in_use = system.in_use(images);
                let (uses, _) = system.without_what_others_tell(in_use.of_device(facts.number, images));
                let refusal = refusal(facts, &uses, system.allowed).or_else(|| {
                    let hard = system.hard_verify.filter(|hard| system.way(*hard, facts).is_none());
                    let hard = hard.filter(|_| system.lender.is_none());
                    hard.map(|_| Refusal::KeepsCache { node: facts.node.clone(), is_file: false })
                });
                (Some(in_use), refusal)
            }
            Self::File { path, identity, .. } => {
                let (device, inode) = *identity;
                let target = SourceFile { path: path.clone(), device, inode };
                let files: Vec<SourceFile> = images.iter().chain([&target]).cloned().collect();
                let in_use = system.in_use(&files);
                let uses = in_use.of_file(path, *identity, images);
                let used = uses.first().map(|used| refused_path(path, used));
                (Some(in_use), used.or_else(|| file_keeps_cache(system, path)))
            }
            Self::New { path } => (None, file_keeps_cache(system, path)),
        }
    }
}

/// A file has no cache that could be emptied.
fn file_keeps_cache(system: &System, path: &Path) -> Option<Refusal> {
    system.hard_verify.map(|_| Refusal::KeepsCache { node: path.into(), is_file: true })
}
