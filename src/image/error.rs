//! Why an image cannot be used.

use std::io;
use std::path::PathBuf;

use crate::image::Kind;
use crate::image::iso::IsoError;
use crate::units::Bytes;

/// Why an image cannot be used. Nothing has been written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file cannot be opened.
    #[error("opening {}", path.display())]
    Open {
        /// The image.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is a directory, a device or a pipe.
    #[error("{} is {found} and no regular file", path.display())]
    NotAFile {
        /// The image.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// It has no bytes.
    #[error("{} is empty", path.display())]
    Empty {
        /// The image.
        path: PathBuf,
    },
    /// Its RAM disk would not end below 4 GiB.
    #[error("{} needs a RAM disk of {needed} bytes and a PC can have at most {limit}", path.display())]
    TooLarge {
        /// The image.
        path: PathBuf,
        /// Length of the RAM disk, in bytes.
        needed: u64,
        /// Longest RAM disk, in bytes.
        limit: u64,
    },
    /// It was asked to be a floppy, and no floppy is that large.
    #[error("{} has {len} bytes and a floppy can have at most {limit}", path.display())]
    NoFloppy {
        /// The image.
        path: PathBuf,
        /// Length in bytes.
        len: u64,
        /// Largest floppy, in bytes.
        limit: u64,
    },
    /// The geometry that was asked for is larger than any such disk.
    #[error("{} was given a geometry of {sectors} sectors and a {kind} can have at most {limit}", path.display())]
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
    /// It must be unpacked first.
    #[error("{} is compressed ({format})", path.display())]
    Compressed {
        /// The image.
        path: PathBuf,
        /// Name of the format.
        format: &'static str,
        /// Command that unpacks it.
        command: &'static str,
    },
    /// It is a virtual machine's disk file.
    #[error("{} is a {format} file and no raw image", path.display())]
    Container {
        /// The image.
        path: PathBuf,
        /// Name of the format.
        format: &'static str,
        /// The same, as `qemu-img` names it.
        qemu_name: &'static str,
    },
    /// It says that it is a CD, and cannot be read as one.
    #[error("reading {} as a CD image", path.display())]
    Disc {
        /// The image.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: IsoError,
    },
    /// It was asked to be a CD.
    #[error("{} is no CD image: it has no volume of ISO 9660 or UDF", path.display())]
    NoDisc {
        /// The image.
        path: PathBuf,
    },
    /// A geometry was asked for, and a CD has none.
    #[error("{} is a CD image and its geometry cannot be chosen", path.display())]
    DiscGeometry {
        /// The image.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("reading {} at byte {offset:#x}", path.display())]
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
            Self::Open { path, .. } => format!("`ls -l {}` shows who may read it", path.display()),
            Self::NotAFile { found: "a directory", .. } => "name the image, which is a file in it".into(),
            Self::NotAFile { .. } => "copy the disk into a file first, for example with `dd`".into(),
            Self::Empty { .. } => "give an image that has at least one byte".into(),
            Self::TooLarge { .. } => "shrink the image's partitions and cut it behind the last one".into(),
            Self::NoFloppy { limit, .. } => {
                format!("use --kind hdd for an image of more than {}", Bytes(*limit))
            }
            Self::Geometry { .. } => "give a smaller --chs, or leave it out".into(),
            Self::Compressed { path, command, .. } => {
                format!("unpack it first: `{command} {}`", path.display())
            }
            Self::Container { path, qemu_name, .. } => {
                let raw = path.with_extension("img");
                format!(
                    "convert it first: `qemu-img convert -f {qemu_name} -O raw {} {}`",
                    path.display(),
                    raw.display()
                )
            }
            Self::Disc { source, .. } => source.help().into(),
            Self::NoDisc { .. } => "leave --kind out: the kind is what the image says".into(),
            Self::DiscGeometry { .. } => {
                "leave --chs out, or use --kind hdd for a CD that boots as a disk".into()
            }
            Self::Read { .. } => "copy the image to a healthy disk and try again".into(),
        }
    }
}
