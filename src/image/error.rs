//! Why an image cannot be opened or read.

use std::io;
use std::path::PathBuf;

use crate::units::{Bytes, named, shell_word};

/// Why an image cannot be opened or read. Nothing has been written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file cannot be opened.
    #[error("opening {}", named(path))]
    Open {
        /// The image.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is a directory, a device or a pipe.
    #[error("{} is {found} and no regular file", named(path))]
    NotAFile {
        /// The image.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// It is no folder, and files are to be taken from one.
    #[error("{} is no folder", named(path))]
    NotAFolder {
        /// What was named.
        path: PathBuf,
    },
    /// There are more files and folders in a folder than are taken.
    #[error("there are more than {limit} files and folders up to {}", named(path))]
    TooManyFiles {
        /// The folder that was looked through last.
        path: PathBuf,
        /// Most files and folders.
        limit: usize,
    },
    /// It is another file than before, or has other bytes.
    #[error("{} was changed after it was looked at", named(path))]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// What a container says of itself makes no sense.
    #[error("{} has a damaged {container}: {why}", named(path))]
    Header {
        /// The image.
        path: PathBuf,
        /// What is damaged, with the name of the container.
        container: &'static str,
        /// What is wrong.
        why: String,
        /// What can be done about it.
        help: String,
    },
    /// It is a container that is known, and cannot be used.
    #[error("{} is {what} that cannot be used: {why}", named(path))]
    Unusable {
        /// The image.
        path: PathBuf,
        /// What it is, with an article.
        what: &'static str,
        /// Why it cannot be used.
        why: String,
        /// What can be done about it.
        help: String,
    },
    /// It names a file beside it that is not opened for it.
    #[error("{} wants the file {}, which is not opened for it: {why}", named(path), named(name))]
    Beside {
        /// The image.
        path: PathBuf,
        /// The name that it gives.
        name: PathBuf,
        /// Why.
        why: &'static str,
    },
    /// It cannot be unpacked.
    #[error("{} is packed with {container} and cannot be unpacked: {why}", named(path))]
    Packed {
        /// The file.
        path: PathBuf,
        /// How it is packed.
        container: &'static str,
        /// Why.
        why: String,
        /// What can be done about it.
        help: String,
    },
    /// There is no room for what is unpacked, or for what comes from standard input.
    #[error("{} is kept in a temporary file, and there is no place for it in {}", named(path), named(folder))]
    Room {
        /// The file.
        path: PathBuf,
        /// The folder for temporary files.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file in an archive is named, and there is no archive.
    #[error("{} is no archive, so there is no file {member} in it", named(path))]
    NoArchive {
        /// The file.
        path: PathBuf,
        /// The name behind the `#`.
        member: String,
    },
    /// There is more on standard input than an image can be.
    #[error("there are more than {} on standard input", Bytes(*limit))]
    LongInput {
        /// Most bytes.
        limit: u64,
    },
    /// Standard input is a keyboard.
    #[error("- is standard input, and that is the terminal")]
    Keyboard,
    /// It can be read from start to end alone, and has to be read anywhere.
    #[error(
        "{} can only be read from its start to its end, and what is in it is looked up anywhere",
        named(path)
    )]
    ForwardOnly {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("reading {} at byte {offset:#x}", named(path))]
    Read {
        /// The image.
        path: PathBuf,
        /// First byte that was wanted.
        offset: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl ImageError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> String {
        match self {
            Self::Open { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the name; a relative name counts from the current directory".into()
            }
            Self::Open { path, .. } => format!("`ls -l {}` shows who may read it", shell_word(path)),
            Self::NotAFile { found: "a directory", .. } => "name the image, which is a file in it".into(),
            Self::NotAFile { .. } => "copy the disk into a file first, for example with `dd`".into(),
            Self::NotAFolder { .. } => "name the folder that the files lie in".into(),
            Self::TooManyFiles { .. } => "pack some of them into an archive, and give that".into(),
            Self::Changed { .. } => "close the programs that write to it, and try again".into(),
            Self::Header { help, .. } | Self::Unusable { help, .. } => help.clone(),
            Self::Beside { .. } => {
                "put all files of the image into one folder, as regular files of the same owner".into()
            }
            Self::Packed { help, .. } => help.clone(),
            Self::Room { .. } => "make room there, or name another folder: `TMPDIR=FOLDER ramkey ...`".into(),
            Self::NoArchive { path, .. } => format!("name the file alone: {}", shell_word(path)),
            Self::LongInput { .. } => "that is more than a disk in RAM can have: send a smaller image".into(),
            Self::Keyboard => "send the image there, as in `cat dos.img | ramkey ...`, or name a file".into(),
            Self::ForwardOnly { .. } => "unpack it into a file first, and give that".into(),
            Self::Read { .. } => "copy the image to a healthy disk and try again".into(),
        }
    }
}
