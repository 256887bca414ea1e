//! Why an image cannot be used.

use std::path::PathBuf;

use super::iso::IsoError;
use super::kind::Kind;
use crate::image::ImageError;
use crate::units::{Bytes, named};

/// Why an image cannot be used. Nothing has been written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// It cannot be read.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// It has no bytes.
    #[error("{} is empty", named(path))]
    Empty {
        /// The image.
        path: PathBuf,
    },
    /// Its RAM disk would not end below 4 GiB.
    #[error("{} needs a RAM disk of {needed} bytes and a PC can have at most {limit}", named(path))]
    TooLarge {
        /// The image.
        path: PathBuf,
        /// Length of the RAM disk, in bytes.
        needed: u64,
        /// Longest RAM disk, in bytes.
        limit: u64,
    },
    /// It was asked to be a floppy, and no floppy is that large.
    #[error("{} has {len} bytes and a floppy can have at most {limit}", named(path))]
    NoFloppy {
        /// The image.
        path: PathBuf,
        /// Length in bytes.
        len: u64,
        /// Largest floppy, in bytes.
        limit: u64,
    },
    /// The geometry that was asked for is larger than any such disk.
    #[error(
        "{} was given a geometry of {sectors} sectors and a {kind} can have at most {limit}",
        named(path)
    )]
    Geometry {
        /// The image.
        path: PathBuf,
        /// Sectors of the geometry.
        sectors: u64,
        /// The kind of disk.
        kind: Kind,
        /// Most sectors.
        limit: u64,
    },
    /// It is a file of another kind, which may hold an image.
    #[error("{} is {what}{}", named(path), no_raw_image(what))]
    NotRaw {
        /// The file.
        path: PathBuf,
        /// What it is, as in `a qcow2 file` or `compressed (gzip)`.
        what: &'static str,
        /// What makes an image of it.
        help: String,
    },
    /// It says that it is a CD, and cannot be read as one.
    #[error("reading {} as a CD image", named(path))]
    Disc {
        /// The image.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: IsoError,
    },
    /// It was asked to be a CD.
    #[error("{} is no CD image: it has no volume of ISO 9660 or UDF", named(path))]
    NoDisc {
        /// The image.
        path: PathBuf,
    },
    /// A geometry was asked for, and a CD has none.
    #[error("{} is a CD image and its geometry cannot be chosen", named(path))]
    DiscGeometry {
        /// The image.
        path: PathBuf,
    },
}

impl ProbeError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> String {
        match self {
            Self::Image(error) => error.help(),
            Self::Empty { .. } => "give an image that has at least one byte".into(),
            Self::TooLarge { .. } => "shrink the image's partitions and cut it behind the last one".into(),
            Self::NoFloppy { limit, .. } => {
                format!("use --kind hdd for an image of more than {}", Bytes(*limit))
            }
            Self::Geometry { .. } => "give a smaller --chs, or leave it out".into(),
            Self::NotRaw { help, .. } => help.clone(),
            Self::Disc { source, .. } => source.help().into(),
            Self::NoDisc { .. } => "leave --kind out: the kind is what the image says".into(),
            Self::DiscGeometry { .. } => {
                "leave --chs out, or use --kind hdd for a CD that boots as a disk".into()
            }
        }
    }
}

/// What is said behind the name of a kind of file. What is compressed may well be a raw image inside.
fn no_raw_image(what: &str) -> &'static str {
    if what.starts_with("compressed") { "" } else { ", and is no raw image" }
}
