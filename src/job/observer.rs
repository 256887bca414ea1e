//! What a job tells while it works.

use std::io;

use crate::pipeline::{self, Phase};

/// A part of a job's work that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// An image is read and hashed.
    Hash,
    /// The files that images come in are hashed, and compared with what is said of them.
    Origin,
    /// An image is unpacked, or standard input kept, in a temporary file.
    Unpack,
    /// An image is packed.
    Pack,
    /// A stick is read and judged.
    Read,
    /// What of a stick can be put right is made again.
    Mend,
    /// An image is unpacked out of a stick.
    Extract,
    /// A file is searched for bytes that would be lost.
    Look,
    /// What differs is written to a stick in its place, step by step, and each read back.
    Change,
    /// A phase of writing a stick.
    Write(Phase),
}

impl Part {
    /// What is being done, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hash => "hashing",
            Self::Origin => "checking",
            Self::Unpack => "unpacking",
            Self::Pack => "packing",
            Self::Read => "reading",
            Self::Mend => "mending",
            Self::Extract => "extracting",
            Self::Look => "looking",
            Self::Change => "changing",
            Self::Write(phase) => phase.name(),
        }
    }
}

/// One step of a job.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// What the parts from here on handle, as far as it is known.
    Expect {
        /// Bytes; those that are handled by several parts count for each.
        bytes: u64,
        /// Those that come behind what is prepared here, if that is done: of reading a stick that is there, of writing, and of
        /// reading back. A guess until it begins.
        later: u64,
    },
    /// A part begins; the one before it is over.
    Begin {
        /// Which.
        part: Part,
        /// Bytes that it handles.
        bytes: u64,
    },
    /// Bytes of that part that are done.
    Advance {
        /// How many since the last such event.
        bytes: u64,
    },
    /// The last part is over, whether it failed or not.
    End,
    /// A range of the stick came back changed, was written again, and is right now.
    Repaired {
        /// First sector.
        lba: u64,
        /// Sectors.
        sectors: u64,
        /// Times that it was written again.
        tries: u32,
    },
    /// The stick is finished, and was ejected.
    Ejected,
    /// The stick is finished, and could not be ejected.
    NotEjected {
        /// What the system said.
        source: io::Error,
    },
    /// The stick is finished, and the system did not read its new partition table.
    PartitionsNotSeen {
        /// What the system said.
        source: io::Error,
    },
}

impl From<pipeline::Event> for Event {
    fn from(event: pipeline::Event) -> Self {
        match event {
            pipeline::Event::Expect { bytes } => Self::Expect { bytes, later: 0 },
            pipeline::Event::Begin { phase, bytes } => Self::Begin { part: Part::Write(phase), bytes },
            pipeline::Event::Advance { bytes, .. } => Self::Advance { bytes },
            pipeline::Event::Repaired { lba, sectors, tries } => Self::Repaired { lba, sectors, tries },
        }
    }
}

/// Whoever wants to know how far a job is; any function of an [`Event`] will do.
pub trait Observer: Sync {
    /// Takes one step of the work; may be called from any thread.
    fn tell(&self, event: Event);
}

impl<F: Fn(Event) + Sync> Observer for F {
    fn tell(&self, event: Event) {
        self(event);
    }
}

/// `observer`, who is told that `more` bytes come behind whatever is prepared.
pub(super) fn with_later(observer: &dyn Observer, more: u64) -> impl Observer + '_ {
    move |event| {
        observer.tell(match event {
            Event::Expect { bytes, later } => Event::Expect { bytes, later: later.saturating_add(more) },
            event => event,
        });
    }
}

/// Tells of the beginning and the end of one part around `work`, which counts its bytes.
pub(super) fn part<T>(
    observer: &dyn Observer,
    part: Part,
    bytes: u64,
    work: impl FnOnce(&dyn Fn(u64)) -> T,
) -> T {
    observer.tell(Event::Begin { part, bytes });
    let result = work(&|bytes| observer.tell(Event::Advance { bytes }));
    observer.tell(Event::End);
    result
}
