//! What gives a stick away that claims more than it has.

use std::fmt;

use crate::pipeline::Kept;
use crate::units::{Bytes, SECTOR_LEN};

/// A stick that has less than it claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fake {
    /// Bytes that it claims.
    pub claimed: u64,
    /// Bytes up to which all stamps were kept.
    pub kept: u64,
    /// A sector that was written.
    pub sector: u64,
    /// What came back.
    pub evidence: Evidence,
}

/// What became of a sector that was stamped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// It was read and held something else.
    Held(Kept),
    /// It could not be read: what the system said.
    Unreadable(String),
    /// It could not be written: what the system said.
    Refused(String),
}

impl fmt::Display for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { claimed, kept, sector, evidence } = self;
        write!(f, "the stick claims {} ", Bytes(*claimed))?;
        match kept {
            0 => f.write_str("and keeps nothing of what is written")?,
            kept => write!(f, "and keeps what is written up to {} ({kept} bytes)", Bytes(*kept))?,
        }
        write!(f, ": sector {sector} {evidence}")
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(Kept::Own) => f.write_str("read back its own stamp"),
            Self::Held(Kept::Stamp { lba }) => write!(f, "read back the stamp of sector {lba}"),
            Self::Held(Kept::Bits(1)) => f.write_str("read back with 1 bit changed"),
            Self::Held(Kept::Bits(bits)) => write!(f, "read back with {bits} bits changed"),
            Self::Held(Kept::Zeros) => f.write_str("read back zeros after it was written"),
            Self::Held(Kept::Ones) => f.write_str("read back nothing but FFh after it was written"),
            Self::Held(Kept::Other) => f.write_str("read back something else than was written"),
            Self::Unreadable(why) => write!(f, "cannot be read after it was written ({why})"),
            Self::Refused(why) => write!(f, "cannot be written ({why})"),
        }
    }
}

impl Fake {
    /// The size in whole MiB, for `--size`, that stays in the part that is kept; `None` if that is no stick.
    pub fn usable_mib(&self) -> Option<u64> {
        let mib = self.kept >> 20;
        (mib >= 4 && self.kept.is_multiple_of(SECTOR_LEN)).then_some(mib)
    }
}
