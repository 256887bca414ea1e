//! What lies on a disc: folders and files by their names.

use std::ops::Range;
use std::path::PathBuf;

use ramkey_format::capsule::FOLDER;

use super::error::IsoError;
use crate::image::ExtraFiles;

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its name as the user wrote it; the root's is empty.
    pub name: String,
    /// Number of the folder that it lies in; the root lies in itself.
    pub parent: usize,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name as the user wrote it.
    pub name: String,
    /// Number of the folder that it lies in.
    pub folder: usize,
    /// Its length in bytes.
    pub len: u64,
}

/// Folders and files by number. A folder has a higher number than the one that it lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    folders: Vec<Folder>,
    files: Vec<File>,
    /// How many files, the first ones, are capsules.
    capsules: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            folders: vec![Folder { name: String::new(), parent: Self::ROOT }],
            files: Vec::new(),
            capsules: 0,
        }
    }
}

impl Tree {
    /// Number of the root.
    pub const ROOT: usize = 0;
    /// Number of the folder of the capsules in a tree that has them.
    pub const CAPSULES: usize = 1;

    /// The folder of the capsules with these files, each by name and length in bytes. They are the first files, in this order.
    ///
    /// On every level they keep their names, because capsules name each other: what a FAT has as `A-B~1.RKC` is that on the
    /// disc, too, although level 1 has neither of these two signs. All readers take them.
    pub fn of_capsules<'c>(capsules: impl IntoIterator<Item = (&'c str, u64)>) -> Self {
        let mut tree = Self::default();
        let folder = tree.add_folder(Self::ROOT, FOLDER);
        debug_assert_eq!(folder, Self::CAPSULES);
        for (name, len) in capsules {
            tree.add_file(folder, name, len);
        }
        tree.capsules = tree.files.len();
        tree
    }

    /// Adds the user's files, and says which numbers they have: in the order in which they are in `extra`.
    ///
    /// # Errors
    ///
    /// [`IsoError::Taken`] if one of them in the root has the name of a folder that is there already.
    pub fn add_extra(&mut self, extra: &ExtraFiles) -> Result<Range<usize>, IsoError> {
        let taken = |name: &str| {
            self.folders[1..]
                .iter()
                .any(|folder| folder.parent == Self::ROOT && folder.name.eq_ignore_ascii_case(name))
        };
        let of_root = |parent: usize| parent == Self::ROOT;
        let folders =
            extra.folders().iter().skip(1).filter(|folder| of_root(folder.parent)).map(|folder| &folder.name);
        let files = extra.files().iter().filter(|file| of_root(file.folder)).map(|file| &file.name);
        if let Some(name) = folders.chain(files).find(|name| taken(name)) {
            return Err(IsoError::Taken { path: name.into() });
        }
        let mut numbers = vec![Self::ROOT];
        for folder in extra.folders().iter().skip(1) {
            let parent = numbers[folder.parent];
            numbers.push(self.add_folder(parent, &folder.name));
        }
        let first = self.files.len();
        for file in extra.files() {
            self.add_file(numbers[file.folder], &file.name, file.len);
        }
        Ok(first..self.files.len())
    }

    /// Adds a folder, and says its number.
    ///
    /// # Panics
    ///
    /// If there is no folder `parent`.
    pub fn add_folder(&mut self, parent: usize, name: &str) -> usize {
        assert!(parent < self.folders.len(), "a folder lies in one that is there");
        self.folders.push(Folder { name: name.into(), parent });
        self.folders.len() - 1
    }

    /// Adds a file of `len` bytes, and says its number.
    ///
    /// # Panics
    ///
    /// If there is no folder `folder`.
    pub fn add_file(&mut self, folder: usize, name: &str, len: u64) -> usize {
        assert!(folder < self.folders.len(), "a file lies in a folder that is there");
        self.files.push(File { name: name.into(), folder, len });
        self.files.len() - 1
    }

    /// The folders; the root is the first.
    pub fn folders(&self) -> &[Folder] {
        &self.folders
    }

    /// The files.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// Whether the loader looks through folder number `folder`.
    pub(super) fn is_searched(&self, folder: usize) -> bool {
        folder == Self::ROOT || (folder == Self::CAPSULES && self.capsules > 0)
    }

    /// Whether file number `file` is a capsule.
    pub(super) fn is_capsule(&self, file: usize) -> bool {
        file < self.capsules
    }

    /// Where `name` in folder number `folder` lies, from the root of the disc on.
    pub(super) fn path(&self, folder: usize, name: &str) -> PathBuf {
        let mut names = vec![name];
        let mut at = folder;
        // Each folder has a lower number than what lies in it, so this ends.
        while at != Self::ROOT {
            names.push(&self.folders[at].name);
            at = self.folders[at].parent;
        }
        names.iter().rev().collect()
    }
}
