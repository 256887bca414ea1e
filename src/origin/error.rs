//! Why an image is not taken for what it was said to be.

use std::io;
use std::path::PathBuf;

use crate::units::{counted, named, shown};

/// Why an image is not taken. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// The file has another hash.
    #[error("{} is not what {said} says: {found}, and {expected} is expected", named(path))]
    Differs {
        /// The file.
        path: PathBuf,
        /// Who says it.
        said: String,
        /// Its hash, with the name of the function.
        found: String,
        /// The one that was expected.
        expected: String,
        /// Whether the list lies beside the image and nobody named it.
        is_beside: bool,
    },
    /// A list that was named does not name an image.
    #[error("{} does not name {}{}", named(list), named(name), names_words(names, *more))]
    NotNamed {
        /// The list.
        list: PathBuf,
        /// The image's name.
        name: PathBuf,
        /// Some of those that it names.
        names: Vec<String>,
        /// How many more.
        more: usize,
    },
    /// A list has two hashes for an image.
    #[error("{} has different hashes of the same kind for {}", named(list), named(name))]
    Contradicts {
        /// The list.
        list: PathBuf,
        /// The image's name.
        name: PathBuf,
        /// Whether nobody named the list.
        is_beside: bool,
    },
    /// A list has only hashes that are not known here.
    #[error("{} names {} with hashes that are not known here", named(list), named(name))]
    UnknownHash {
        /// The list.
        list: PathBuf,
        /// The image's name.
        name: PathBuf,
    },
    /// There is no hash in what was named.
    #[error("{} is no list of hashes, and no hash", named(list))]
    NoList {
        /// The file.
        list: PathBuf,
    },
    /// A list is longer than lists are.
    #[error("{} is longer than a list of hashes is", named(list))]
    TooLong {
        /// The list.
        list: PathBuf,
        /// Whether nobody named it.
        is_beside: bool,
    },
    /// A list cannot be read.
    #[error("reading {}", named(list))]
    Read {
        /// The list.
        list: PathBuf,
        /// Whether nobody named it.
        is_beside: bool,
        /// What the system said.
        source: io::Error,
    },
    /// There is not one hash for each image.
    #[error("{} given for {}", given(*hashes), counted(*images as u64, "image"))]
    Count {
        /// Hashes.
        hashes: usize,
        /// Images.
        images: usize,
    },
    /// The image is in no file that has a hash.
    #[error("image {} is in no file, and a hash is that of a file", number + 1)]
    NoFile {
        /// Its number among the images.
        number: usize,
    },
    /// The file was changed between the first look at it and the last.
    #[error("{} was changed while it was read", named(path))]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The image's file cannot be read.
    #[error("reading {}", named(path))]
    Image {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// How many hashes there were.
fn given(hashes: usize) -> String {
    match hashes {
        1 => "1 hash was".into(),
        hashes => format!("{hashes} hashes were"),
    }
}

/// Which names a list has.
fn names_words(names: &[String], more: usize) -> String {
    let quoted: Vec<String> = names.iter().map(|name| shown(name).into_owned()).collect();
    match (&quoted[..], more) {
        ([], _) => ", nor any other file".into(),
        (names, 0) => format!("; it names {}", names.join(", ")),
        (names, more) => format!("; it names {} and {more} more", names.join(", ")),
    }
}

impl OriginError {
    /// What a person can do next.
    pub fn help(&self) -> Option<String> {
        let beside = "; --no-lists does without the lists that lie beside an image";
        Some(match self {
            Self::Differs { is_beside, .. } => {
                let beside = if *is_beside { beside } else { "" };
                format!(
                    "the download was cut off or damaged, or is another version, or somebody changed it: get the image and \
                     the hash again from where they are published{beside}"
                )
            }
            Self::NotNamed { .. } => {
                "give the file the name that the list has, or give the hash itself: --expect HASH".into()
            }
            Self::Contradicts { is_beside: true, .. } => {
                format!("give the hash that counts: --expect HASH{beside}")
            }
            Self::Contradicts { .. } => "give the hash that counts: --expect HASH".into(),
            Self::UnknownHash { .. } => "give a list, or a hash, of SHA-256, BLAKE3, SHA-1 or MD5".into(),
            Self::NoList { .. } => {
                "a list has lines as `sha256sum` or `b3sum` print them; a hash has 64, 40 or 32 hexadecimal digits".into()
            }
            Self::TooLong { is_beside: true, .. } | Self::Read { is_beside: true, .. } => {
                format!("move it away{beside}")
            }
            Self::TooLong { .. } => "give a list with less in it, or the hash itself: --expect HASH".into(),
            Self::Count { .. } => "give one hash for each image, in the same order, or a list with their names".into(),
            Self::Changed { .. } => "close what writes to it, and repeat the command".into(),
            Self::Read { .. } => "check the name; a relative name counts from the current directory".into(),
            Self::NoFile { .. } | Self::Image { .. } => return None,
        })
    }
}
