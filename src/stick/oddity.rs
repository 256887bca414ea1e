//! What makes no sense in a tree of files, as plain data. Whether it is a fault is not decided here.

use super::reader::ReadError;
use super::volume::ChainFault;

/// Most oddities that are kept one by one.
const ODDITIES_MAX: usize = 1000;

/// Something in the tree that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// The sector where it stands.
    pub lba: u64,
    /// Path of the file or folder; empty for the root directory, and `None` for the volume.
    pub path: Option<String>,
    /// What it is.
    pub what: Odd,
}

/// What makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Odd {
    /// A sector cannot be read.
    Unreadable(ReadError),
    /// The chain of the root directory does not end well.
    RootChain(ChainFault),
    /// A folder has more entries than FAT allows.
    TooManySlots {
        /// Most entries.
        limit: usize,
    },
    /// A folder's entries for itself and its parent are wrong.
    Dots,
    /// A folder's entries for itself and its parent are missing.
    NoDots,
    /// A folder that is not the root directory holds a label.
    Label,
    /// A name has characters that no name has.
    Name,
    /// Attributes that no system sets.
    Attributes,
    /// The chain of a file or folder does not end well.
    Chain(ChainFault),
    /// A folder has a length.
    FolderLen {
        /// Bytes.
        len: u64,
    },
    /// A file has more or fewer clusters than its length needs.
    ChainLen {
        /// Bytes of the file.
        len: u64,
        /// Bytes of its chain.
        room: u64,
    },
    /// A capsule lies in more pieces than are followed; it is not in the tree.
    TooManyPieces {
        /// Its pieces.
        pieces: u64,
    },
    /// There are more capsules than are looked at; it is not in the tree.
    TooManyCapsules {
        /// Most capsules.
        limit: usize,
    },
    /// Clusters are taken and belong to no file.
    Lost {
        /// How many.
        clusters: u64,
    },
}

/// Oddities in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Oddities {
    /// The first of them, each once.
    pub first: Vec<Oddity>,
    /// The first of those that are not among these, and how many there are.
    pub more: Option<(Box<Oddity>, u64)>,
}

impl Oddities {
    pub(super) fn add(&mut self, lba: u64, path: Option<&str>, what: Odd) {
        let oddity = Oddity { lba, path: path.map(str::to_owned), what };
        // A sector is read for more than one reason.
        if self.first.contains(&oddity) {
            return;
        }
        if self.first.len() < ODDITIES_MAX {
            self.first.push(oddity);
        } else {
            self.more.get_or_insert_with(|| (Box::new(oddity), 0)).1 += 1;
        }
    }
}
