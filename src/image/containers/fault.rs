//! Why something is not unpacked.

use std::io::{self, ErrorKind};

/// The help where an archive has a form that is not read.
pub(super) const BY_HAND: &str =
    "unpack it by hand, with 7-Zip for example, and give the image that is in it";

/// Why nothing comes out, or not all.
#[derive(Debug)]
pub(super) enum Fault {
    /// It ends before its end.
    Short,
    /// Its bytes are no longer what they were.
    Damaged(String),
    /// More would come out than an image can be.
    TooLong,
    /// It asks for so much memory, if it says how much.
    Memory(Option<u64>),
    /// A file in it has to be chosen: how many there are, and the names of the first.
    Several(u64, Vec<String>),
    /// Something else, and what helps.
    Other(String, &'static str),
    /// What came out could not be put anywhere.
    Put(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => Self::Short,
            ErrorKind::OutOfMemory => Self::Memory(None),
            _ => Self::Damaged(error.to_string()),
        }
    }
}

impl Fault {
    /// Something else than a stream stands behind the last one: it may be one whose start is damaged, so that what came out is
    /// a part of the image.
    pub fn behind() -> Self {
        let why = "something else stands behind its end";
        Self::Other(why.into(), "get it once more; if that belongs there, unpack it by hand")
    }
}
