//! A folder as it was seen: its files and folders, by name.
//!
//! Each is opened from the folder above it and never by a path, and no symbolic link is followed: whoever exchanges something
//! meanwhile leads nowhere else.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, open, openat, statat};

use super::error::FolderError;
use super::names;
use crate::image::{ImageError, Seen, SourceFile};

/// Most files and folders, and how deep they may lie.
pub const ENTRIES_MAX: usize = 65_535;
pub const DEPTH_MAX: usize = 32;
/// Longest file of a FAT.
const LEN_MAX: u64 = u32::MAX as u64;

/// A folder.
pub(super) struct SeenFolder {
    /// Its name; that of the first one, which is the whole, is empty.
    pub name: String,
    /// Number of the folder that it lies in, which is lower than its own; the first lies in itself.
    pub parent: usize,
    /// Folders above it.
    depth: usize,
}

/// A file.
pub(super) struct SeenFile {
    /// Its name.
    pub name: String,
    /// Number of the folder that it lies in.
    pub folder: usize,
    /// Length in bytes.
    pub len: u64,
    /// When it was written, in seconds since 1970.
    pub written: i64,
    content: Content,
}

/// Where the bytes of a file are.
enum Content {
    /// In the file that was seen.
    Seen(Seen),
    /// Here.
    Given(Vec<u8>),
}

/// A file that is open.
pub(super) enum Opened<'t> {
    /// One that was seen.
    Seen(File),
    /// The bytes of one that was given.
    Given(&'t [u8]),
}

impl Read for Opened<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Seen(file) => file.read(buffer),
            Self::Given(bytes) => bytes.read(buffer),
        }
    }
}

/// What must be the same when a file is opened, and when it was read.
// The types of the fields are others on other processors.
#[allow(clippy::unnecessary_cast, clippy::useless_conversion)]
fn seen(stat: &Stat) -> Seen {
    Seen {
        identity: (stat.st_dev as u64, stat.st_ino as u64),
        len: stat.st_size as u64,
        changed: [
            (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        ],
    }
}

/// A folder, looked through once. Folders come before those in them, and both they and files by name.
pub(super) struct Tree {
    path: PathBuf,
    /// The folder; none of files that were given.
    root: Option<(OwnedFd, Seen)>,
    pub folders: Vec<SeenFolder>,
    pub files: Vec<SeenFile>,
}

impl Tree {
    /// Looks through the folder at `path`, and through no other file system that is mounted below it. A symbolic link of that name is
    /// followed, because the user named it.
    ///
    /// # Errors
    ///
    /// [`FolderError::Image`] for what cannot be read, and for each thing that cannot be in an image what names it.
    pub fn look(path: &Path) -> Result<Self, FolderError> {
        let failed = |source: io::Error| ImageError::Open { path: path.to_owned(), source };
        if !fs::metadata(path).map_err(failed)?.is_dir() {
            return Err(ImageError::NotAFolder { path: path.to_owned() }.into());
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = open(path, flags, Mode::empty()).map_err(|errno| failed(errno.into()))?;
        let seen = seen(&fstat(&root).map_err(|errno| failed(errno.into()))?);
        let first = SeenFolder { name: String::new(), parent: 0, depth: 0 };
        let mut tree =
            Self { path: path.to_owned(), root: Some((root, seen)), folders: vec![first], files: Vec::new() };
        let mut number = 0;
        // Each pass takes a folder, and there is a limit to them.
        while number < tree.folders.len() {
            tree.enter(number)?;
            number += 1;
        }
        Ok(tree)
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder `path` that is nowhere: these files by their names in it, which have `/` behind each folder.
    ///
    /// # Errors
    ///
    /// [`FolderError`] for a name that cannot be in an image, and for two that are one there.
    pub fn of_files(path: &Path, mut given: Vec<(String, Vec<u8>)>) -> Result<Self, FolderError> {
        let first = SeenFolder { name: String::new(), parent: 0, depth: 0 };
        let mut tree = Self { path: path.to_owned(), root: None, folders: vec![first], files: Vec::new() };
        given.sort();
        let mut known: HashMap<(usize, String), (Option<usize>, PathBuf)> = HashMap::new();
        for (whole, bytes) in given {
            let (mut folder, mut at) = (0, path.to_owned());
            let mut parts = whole.split('/').peekable();
            while let Some(part) = parts.next() {
                at.push(if part.is_empty() { "/" } else { part });
                names::check(part).map_err(|why| FolderError::Name { path: PathBuf::from(&whole), why })?;
                let is_folder = parts.peek().is_some();
                let key = (folder, part.to_uppercase());
                let same = |one: &Path| FolderError::SameName { one: one.to_owned(), other: at.clone() };
                match known.get(&key) {
                    Some((Some(number), _)) if is_folder => folder = *number,
                    Some((_, one)) => return Err(same(one)),
                    None if tree.folders.len() + tree.files.len() > ENTRIES_MAX => {
                        return Err(ImageError::TooManyFiles { path: at, limit: ENTRIES_MAX }.into());
                    }
                    None if tree.folders[folder].depth == DEPTH_MAX => {
                        return Err(FolderError::Deep { path: tree.folder_path(folder), limit: DEPTH_MAX });
                    }
                    None if is_folder => {
                        let depth = tree.folders[folder].depth + 1;
                        known.insert(key, (Some(tree.folders.len()), at.clone()));
                        tree.folders.push(SeenFolder { name: part.to_owned(), parent: folder, depth });
                        folder = tree.folders.len() - 1;
                    }
                    None => {
                        known.insert(key, (None, at.clone()));
                    }
                }
            }
            let name = whole.rsplit('/').next().unwrap_or_default().to_owned();
            let (len, content) = (bytes.len() as u64, Content::Given(bytes));
            tree.files.push(SeenFile { name, folder, len, written: 0, content });
        }
        Ok(tree)
    }

    /// The folder itself, and then its files, as they were seen.
    pub fn sources(&self) -> Vec<SourceFile> {
        let source = |path, seen: &Seen| {
            let (device, inode) = seen.identity;
            SourceFile { path, device, inode }
        };
        let root = self.root.as_ref().map(|(_, seen)| source(self.path.clone(), seen));
        let files = self.files.iter().enumerate().filter_map(|(number, file)| match &file.content {
            Content::Seen(seen) => Some(source(self.file_path(number), seen)),
            Content::Given(_) => None,
        });
        root.into_iter().chain(files).collect()
    }

    /// The path of the folder with this number, for people.
    pub fn folder_path(&self, number: usize) -> PathBuf {
        self.way(number)
            .into_iter()
            .fold(self.path.clone(), |path, number| path.join(&self.folders[number].name))
    }

    /// The path of the file with this number, for people.
    pub fn file_path(&self, number: usize) -> PathBuf {
        let file = &self.files[number];
        self.folder_path(file.folder).join(&file.name)
    }

    /// The file with this number, open.
    ///
    /// # Errors
    ///
    /// [`ImageError::Open`], and [`ImageError::Changed`] if it is another than was seen.
    pub fn open_file(&self, number: usize) -> Result<Opened<'_>, ImageError> {
        let failed = |source| ImageError::Open { path: self.file_path(number), source };
        let file = &self.files[number];
        if let Content::Given(bytes) = &file.content {
            return Ok(Opened::Given(bytes));
        }
        let folder = self.open_folder(file.folder).map_err(failed)?;
        // A pipe in its place would wait for its other end.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened =
            openat(&folder, &*file.name, flags, Mode::empty()).map_err(|errno| failed(errno.into()))?;
        let opened = Opened::Seen(opened.into());
        self.check(number, &opened)?;
        Ok(opened)
    }

    /// Refuses the file with this number, which is open, if it is another than was seen.
    ///
    /// # Errors
    ///
    /// [`ImageError::Changed`].
    pub fn check(&self, number: usize, opened: &Opened<'_>) -> Result<(), ImageError> {
        let is_it = match (&self.files[number].content, opened) {
            (Content::Seen(seen), Opened::Seen(file)) => {
                fstat(file).is_ok_and(|now| self::seen(&now) == *seen)
            }
            _ => true,
        };
        if is_it { Ok(()) } else { Err(ImageError::Changed { path: self.file_path(number) }) }
    }

    /// The numbers of the folders from the topmost to this one, without the topmost.
    fn way(&self, number: usize) -> Vec<usize> {
        let mut way = Vec::new();
        let mut at = number;
        // Ends: the number of a folder is higher than that of the one that it lies in.
        while at != 0 {
            way.push(at);
            at = self.folders[at].parent;
        }
        way.reverse();
        way
    }

    fn open_folder(&self, number: usize) -> io::Result<OwnedFd> {
        let (root, _) = self.root.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let mut folder = root.try_clone()?;
        for number in self.way(number) {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            folder = openat(&folder, &*self.folders[number].name, flags, Mode::empty())?;
        }
        Ok(folder)
    }

    /// Adds what is in the folder with this number.
    fn enter(&mut self, number: usize) -> Result<(), FolderError> {
        let path = self.folder_path(number);
        let failed = |source: io::Error| ImageError::Open { path: path.clone(), source };
        let folder = self.open_folder(number).map_err(failed)?;
        let depth = self.folders[number].depth + 1;
        let entries = self.entries(&folder, &path)?;
        if depth > DEPTH_MAX && !entries.is_empty() {
            return Err(FolderError::Deep { path, limit: DEPTH_MAX });
        }
        for name in entries {
            let inner = path.join(&name);
            let failed = |source: io::Error| ImageError::Open { path: inner.clone(), source };
            let stat = statat(folder.as_fd(), &*name, AtFlags::SYMLINK_NOFOLLOW)
                .map_err(|errno| failed(errno.into()))?;
            match FileType::from_raw_mode(stat.st_mode) {
                // Files of an overlay have other numbers than its folders.
                FileType::Directory if self.is_mounted(&stat) => {
                    return Err(FolderError::Mount { path: inner });
                }
                FileType::Directory => self.folders.push(SeenFolder { name, parent: number, depth }),
                FileType::RegularFile => {
                    let seen = seen(&stat);
                    if seen.len > LEN_MAX {
                        return Err(FolderError::LongFile { path: inner, len: seen.len });
                    }
                    let (len, written) = (seen.len, seen.changed[0].0);
                    let content = Content::Seen(seen);
                    self.files.push(SeenFile { name, folder: number, len, written, content });
                }
                kind => return Err(FolderError::NoFile { path: inner, what: named_kind(kind) }),
            }
        }
        Ok(())
    }

    /// Whether a folder below lies in another file system.
    fn is_mounted(&self, stat: &Stat) -> bool {
        self.root.as_ref().is_some_and(|(_, seen)| seen.identity.0 != self::seen(stat).identity.0)
    }

    /// The names in `folder`, in their order, each of which DOS can have, and no two of which are one to it.
    fn entries(&self, folder: &OwnedFd, path: &Path) -> Result<Vec<String>, FolderError> {
        let failed =
            |errno: rustix::io::Errno| ImageError::Open { path: path.to_owned(), source: errno.into() };
        let mut entries: Vec<(String, String)> = Vec::new();
        for entry in Dir::read_from(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            if entries.len() + self.folders.len() + self.files.len() > ENTRIES_MAX {
                return Err(ImageError::TooManyFiles { path: path.to_owned(), limit: ENTRIES_MAX }.into());
            }
            let refused = |why| FolderError::Name { path: path.join(name), why };
            let name = name.to_str().ok_or_else(|| refused("it is not UTF-8"))?;
            names::check(name).map_err(refused)?;
            entries.push((name.to_uppercase(), name.to_owned()));
        }
        entries.sort();
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(FolderError::SameName { one: path.join(&pair[0].1), other: path.join(&pair[1].1) });
        }
        Ok(entries.into_iter().map(|(_, name)| name).collect())
    }
}

fn named_kind(kind: FileType) -> &'static str {
    match kind {
        FileType::Symlink => "a symbolic link",
        FileType::BlockDevice | FileType::CharacterDevice => "a device",
        _ => "a pipe or socket",
    }
}
