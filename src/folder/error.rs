//! Why no image can be made of a folder.

use std::io;
use std::path::PathBuf;

use crate::image::ImageError;
use crate::units::{Bytes, named, shell_word};

/// Why no image can be made of a folder. Nothing has been written but a part of a temporary file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// Something in it cannot be read, or was changed meanwhile.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// There is nothing in it.
    #[error("there is nothing in it")]
    Empty,
    /// There is no system in it that is known, and it was to start one.
    #[error("no DOS that is known is in it, so that it would boot nothing")]
    NoSystem,
    /// Something in it has a name that a FAT or DOS cannot have.
    #[error("{} has a name that an image for DOS cannot have: {why}", named(path))]
    Name {
        /// What.
        path: PathBuf,
        /// Why.
        why: &'static str,
    },
    /// Two names are one to DOS.
    #[error("{} and {} have one name to DOS, which knows no small letters", named(one), named(other))]
    SameName {
        /// The first by name.
        one: PathBuf,
        /// The other.
        other: PathBuf,
    },
    /// Something in it is neither a file nor a folder.
    #[error("{} is {what}, and an image has only files and folders", named(path))]
    NoFile {
        /// What.
        path: PathBuf,
        /// What it is, with an article.
        what: &'static str,
    },
    /// Another file system is mounted below it, whose disk may be the one that is to be written.
    #[error("{} is another file system, which is mounted there, and one alone is taken", named(path))]
    Mount {
        /// Where.
        path: PathBuf,
    },
    /// A file is longer than a FAT can say.
    #[error("{} has {}, and a file on a FAT has less than 4 GiB", named(path), Bytes(*len))]
    LongFile {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        len: u64,
    },
    /// Folders lie in each other too often.
    #[error("{} lies {limit} folders deep, and what is in it is not taken", named(path))]
    Deep {
        /// The folder.
        path: PathBuf,
        /// Deepest level.
        limit: usize,
    },
    /// A folder has more entries than a FAT has room for.
    #[error("{} has too many names: {needed} entries of a FAT, where {limit} is the limit", named(path))]
    FullFolder {
        /// The folder.
        path: PathBuf,
        /// Entries that the names take.
        needed: usize,
        /// Most entries.
        limit: usize,
    },
    /// The files need more room than there is.
    #[error("its files and the free space need {}, and {what} has {}", Bytes(*needed), Bytes(*limit))]
    TooLarge {
        /// What the image is, with an article.
        what: &'static str,
        /// Bytes that the files take, and the free space.
        needed: u64,
        /// Most bytes.
        limit: u64,
    },
    /// The temporary file cannot be written.
    #[error("the image of {} is made in a temporary file, which cannot be written", named(path))]
    Write {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The committed boot code is not what it should be.
    #[error("{what}")]
    Code {
        /// What is wrong.
        what: &'static str,
    },
}

impl FolderError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> String {
        match self {
            Self::Image(error) => error.help(),
            Self::Empty => "name the image, or a folder that has files".into(),
            Self::NoSystem => {
                "name the image, or put the files of a DOS into the folder; beside others, --with takes it as it is".into()
            }
            Self::Name { .. } | Self::SameName { .. } => {
                "give it another name, or take it out of the folder".into()
            }
            Self::NoFile { .. } => "put what it leads to into its place, or take it out of the folder".into(),
            Self::Mount { path } => {
                format!("unmount it, as by `umount {}`, or copy the files that are wanted into another folder", shell_word(path))
            }
            Self::LongFile { .. } => "take it out of the folder".into(),
            Self::Deep { .. } => "pack what is in it into an archive, or take it out of the folder".into(),
            Self::FullFolder { .. } => "put some of it into folders, or give shorter names".into(),
            Self::TooLarge { what: "a floppy", .. } => {
                "leave out what makes it a floppy, or some of the files".into()
            }
            Self::TooLarge { .. } => "leave some of the files out".into(),
            Self::Write { .. } => {
                "make room there, or name another folder: `TMPDIR=FOLDER ramkey ...`".into()
            }
            Self::Code { .. } => "install ramkey again".into(),
        }
    }
}
