//! Why a tree cannot be written as ISO 9660.

use std::path::PathBuf;

use ramkey_format::capsule::DISC_DIRECTORY_LEN_MAX;

use super::limits::{FILE_LEN_MAX, FOLDERS_MAX, LEVELS_MAX};
use crate::units::{Bytes, named, shell_word};

/// Why a tree of files cannot be put on a disc. Paths count from the root of the disc.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IsoError {
    /// A folder lies deeper than ISO 9660 has levels for.
    #[error("the folder {} lies on level {found} and a disc has {LEVELS_MAX}", named(path))]
    TooDeep {
        /// The folder.
        path: PathBuf,
        /// Its level; the root is level 1.
        found: usize,
    },
    /// A file is longer than a length field can say.
    #[error("the file {} has {len} bytes and a file of a disc at most {FILE_LEN_MAX}", named(path))]
    FileTooLong {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        len: u64,
    },
    /// There are more folders than the path table can number.
    #[error("there are {found} folders and a disc has at most {FOLDERS_MAX}")]
    TooManyFolders {
        /// Number of folders, with the root.
        found: usize,
    },
    /// A name that no file or folder can have.
    #[error("{} has a name that no file of a disc can have", named(path))]
    Name {
        /// The file or folder.
        path: PathBuf,
    },
    /// Two files or folders have one name.
    #[error("{} is there twice", named(path))]
    Twice {
        /// The second of them.
        path: PathBuf,
    },
    /// The user's files have the name of the folder of the images.
    #[error("the extra files have {} too, which is the folder of the images", named(path))]
    Taken {
        /// The file or folder of the user.
        path: PathBuf,
    },
    /// The directory in which the machine looks for the images, or theirs, has too many names.
    #[error(
        "the directory {} has {len} bytes and the one that a machine looks through at most {DISC_DIRECTORY_LEN_MAX}",
        named(path)
    )]
    DirectoryTooLong {
        /// The folder.
        path: PathBuf,
        /// Bytes of its directory.
        len: u64,
    },
}

impl IsoError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> String {
        match self {
            Self::TooDeep { .. } => {
                "move the folder up, or pack it into one archive: old systems read no deeper folders".into()
            }
            Self::FileTooLong { path, .. } => {
                let most = Bytes(FILE_LEN_MAX + 1);
                format!(
                    "cut it into files of less than {most}, for example with `split -b 2G {}`",
                    shell_word(path)
                )
            }
            Self::TooManyFolders { .. } => "pack folders into archives, or leave some out".into(),
            Self::Name { .. } | Self::Twice { .. } | Self::Taken { .. } => "give it another name".into(),
            Self::DirectoryTooLong { .. } => "move the files into a folder of the folder".into(),
        }
    }
}
