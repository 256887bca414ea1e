//! Why the pipeline stopped, and what it leaves behind.

use std::error::Error;
use std::ops::Range;
use std::{fmt, io};

use crate::layout::Layout;
use crate::pipeline::{Fake, Phase};
use crate::units::SECTOR_LEN;

/// What is known of a stick after the pipeline stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Aftermath {
    /// Nothing was written.
    Untouched,
    /// All sectors that the layout wants cleared first are clear: the stick does not boot, from whatever sector a BIOS
    /// starts.
    WillNotBoot,
    /// Of a layout that clears nothing first: what is held back was not exchanged, so the stick boots what it did. What
    /// else was to be written may be there or not.
    BootsAsBefore,
    /// One of the sectors that are cleared first could not be cleared, or not be read back; or one of those that are
    /// exchanged could not be, and the stick boots what it did, or what is new, or not.
    Unknown,
}

impl Aftermath {
    /// What is known while everything that `layout` holds back is held back.
    pub(super) fn held_back(layout: &Layout) -> Self {
        if layout.is_exchange() { Self::BootsAsBefore } else { Self::WillNotBoot }
    }
}

/// The pipeline stopped.
///
/// Displays as its cause, whose source is its own.
#[derive(Debug)]
pub struct Failure {
    /// What is known of the stick.
    pub stick: Aftermath,
    /// Why.
    pub cause: PipelineError,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

/// Why the pipeline stopped. Offsets are bytes from the start of the stick or of the image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// The layout does not fit the stick, or contradicts itself.
    #[error("the layout is wrong at sector {lba}")]
    Layout {
        /// First sector of the range.
        lba: u64,
    },
    /// The device at the other end is not the one that was checked.
    #[error("the stick is not the one that was checked")]
    DeviceChanged(#[source] io::Error),
    /// The stick refused to read.
    #[error("reading the stick at byte {offset:#x}")]
    Read {
        /// First byte.
        offset: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The stick refused to write.
    #[error("writing bytes {offset:#x}..{end:#x} of the stick")]
    Write {
        /// First byte.
        offset: u64,
        /// One past the last byte.
        end: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The stick did not confirm what it got.
    #[error("flushing the stick")]
    Flush(#[source] io::Error),
    /// A sector does not hold what was written to it.
    #[error("sector {lba} reads back changed after it was written")]
    Lost {
        /// Its number.
        lba: u64,
    },
    /// The stick has less than it claims.
    #[error("{0}")]
    Fake(Box<Fake>),
    /// An image could not be read.
    #[error("reading {image} at byte {offset:#x}")]
    Image {
        /// Its name.
        image: String,
        /// First byte.
        offset: u64,
        /// What the system said.
        source: io::Error,
    },
    /// An image is not what it was when its hash was taken.
    #[error("bytes {offset:#x}..{end:#x} of {image} changed while it was being written")]
    ImageChanged {
        /// Its name.
        image: String,
        /// First byte.
        offset: u64,
        /// One past the last byte.
        end: u64,
    },
    /// The stick could not be made to forget what it has not in its memory.
    #[error("emptying the stick's own cache before it is read back")]
    CacheKept(#[source] io::Error),
    /// The system starts no thread that would do a part of the work.
    #[error("starting a thread")]
    Thread(#[source] io::Error),
    /// The user asked to stop.
    #[error("stopped on request while {phase}")]
    Stopped {
        /// In which phase.
        phase: Phase,
    },
}

impl PipelineError {
    /// That a range of sectors could not be written.
    pub(super) fn write(sectors: Range<u64>, source: io::Error) -> Self {
        Self::Write { offset: sectors.start * SECTOR_LEN, end: sectors.end * SECTOR_LEN, source }
    }

    /// What the person at the terminal can do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Layout { .. } => "this is a defect of ramkey: please report it with the command line",
            Self::DeviceChanged(_) => "run `ramkey list` and start again with the stick that you mean",
            Self::Read { .. } | Self::Write { .. } | Self::Flush(_) => {
                "plug the stick in again and repeat the command; if it fails again, use another stick"
            }
            Self::Lost { .. } => "the stick loses data after reporting success; do not use it",
            Self::Fake(_) => "use another stick; `ramkey check --destructive` finds out what this one has",
            Self::Image { .. } => "copy the image to a sound disk and repeat the command",
            Self::ImageChanged { .. } => "close what writes to the image and repeat the command",
            Self::CacheKept(_) => {
                "repeat the command and plug the same stick in again when it asks, or leave --hard-verify out"
            }
            Self::Thread(_) => "end other programs, or write fewer sticks at once, and repeat the command",
            Self::Stopped { .. } => "repeat the command to make the stick bootable",
        }
    }
}
