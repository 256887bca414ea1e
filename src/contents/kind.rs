//! The kinds of disks that an image can become.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of disk that the machine will see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Kind {
    /// A whole hard disk: drive 80h.
    HardDisk,
    /// A floppy: drive 00h.
    Floppy,
    /// One partition: drive 80h, behind a first track that the loader makes.
    Partition,
    /// A CD: drive E0h, and the drive that it emulates.
    Disc,
}

impl Kind {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::HardDisk => "hard disk",
            Self::Floppy => "floppy",
            Self::Partition => "partition",
            Self::Disc => "CD",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The kind that the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum KindChoice {
    /// What the image says it is.
    #[default]
    Auto,
    /// This kind, whatever the image says.
    Is(Kind),
}
