//! What the pipeline tells while it works.

use std::fmt;

/// A part of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// What the layout wants cleared first is cleared, so that the stick does not boot until it is proven.
    Clear,
    /// A little is written and read to see whether the stick has what it claims.
    Probe,
    /// All of a medium gets stamps.
    Stamp,
    /// All of a medium is read.
    Survey,
    /// Everything else is written.
    Write,
    /// The device is asked to keep what it got.
    Flush,
    /// Everything is read back and compared.
    ReadBack,
    /// What was held back is written and read back.
    Commit,
}

impl fmt::Display for Phase {
    /// What is being done, for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Phase {
    /// What is being done, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clear => "clearing",
            Self::Probe => "probing",
            Self::Stamp => "stamping",
            Self::Survey => "reading",
            Self::Write => "writing",
            Self::Flush => "flushing",
            Self::ReadBack => "reading back",
            Self::Commit => "finishing",
        }
    }
}

/// One step of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// From here on so many bytes are written and read back.
    Expect {
        /// Each counts for both.
        bytes: u64,
    },
    /// A phase begins. The read-back begins again after a repair.
    Begin {
        /// Which.
        phase: Phase,
        /// Bytes that it handles.
        bytes: u64,
    },
    /// Bytes that the device has accepted, or given back.
    Advance {
        /// In which phase.
        phase: Phase,
        /// How many since the last such event.
        bytes: u64,
    },
    /// A range came back changed, was written again, and is right now.
    Repaired {
        /// First sector.
        lba: u64,
        /// Sectors.
        sectors: u64,
        /// Times that it was written again.
        tries: u32,
    },
}
