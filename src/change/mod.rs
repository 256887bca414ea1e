//! A stick that is changed in its place: what is written, step by step.
//!
//! Each [`Step`] is a layout that clears nothing first. Whatever is lost when any of them is cut, the stick is sound, and
//! boots what it did or what is new: `docs/format.md` has the order and why it holds.
//!
//! A capsule is exchanged by [`Exchange`]. Chunks that are the same stay where they are; the others, and a new table, go to
//! places that the old header does not name. Then the header changes, which is one sector. [`add`] and [`remove`] let capsules
//! come and go: one sector of the folder decides. [`retire`] takes clusters out of use that do not keep what they get.

mod add;
mod error;
mod exchange;
mod folder;
mod manifest;
mod mend;
mod remove;
mod retire;
mod room;
mod sectors;
mod steps;
mod stored;
mod text;
mod turn;

use ramkey_format::manifest::is_changing;

use crate::layout::Layout;
use crate::stick::{Manifest, Reader, StickState, StickVolume};

pub use add::{NewCapsule, add};
pub use error::ChangeError;
pub use exchange::{Exchange, Exchanged, Way};
pub use mend::{finish, mend};
pub use remove::remove;
pub use retire::{can_retire, retire};
pub use stored::NewBytes;
pub use text::write_text;
pub use turn::turn;

/// One step of a change. The next begins when all of it is on the medium and proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whether the stick boots what is new when this is done.
    pub decides: bool,
    /// What is written.
    pub layout: Layout,
}

/// A stick that can be changed: what a change needs of its state.
#[derive(Clone, Copy)]
struct Stick<'s, 'r> {
    reader: &'r Reader<'r>,
    volume: &'s StickVolume<'r>,
    /// The manifest that counts, and the number of its slot.
    manifest: &'s Manifest,
    slot: usize,
    /// Clusters that the counts of free clusters leave out as bad.
    bad: u64,
    /// Those that they leave out when the change is over: all that are marked then.
    bad_then: u64,
}

impl<'s, 'r> Stick<'s, 'r> {
    fn of(reader: &'r Reader<'r>, state: &'s StickState<'r>) -> Result<Self, ChangeError> {
        let area = state.area.as_ref().ok_or(ChangeError::NoManifest)?;
        let slot = area.counting().ok_or(ChangeError::NoManifest)?;
        let manifest = area.slots[slot].manifest().ok_or(ChangeError::NoManifest)?;
        let volume = match &state.file_system {
            Some(Ok(volume)) if volume.tree.is_some() => volume,
            _ => return Err(ChangeError::NoFileSystem),
        };
        let bad = volume.counted_bad();
        let mut stick = Self { reader, volume, manifest, slot, bad, bad_then: bad };
        stick.bad = stick.bad_as_written()?;
        Ok(stick)
    }

    /// Whether a change is under way.
    fn is_unfinished(&self) -> bool {
        is_changing(&self.manifest.ranges)
    }
}
