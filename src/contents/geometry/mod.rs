//! The geometry of a disk: by its size, and by all that its sectors say about it.

pub(super) mod size;
pub(super) mod solve;
pub(super) mod witness;

pub(crate) use size::{hard_disk, wanted};
pub use solve::{Answer, Disagreement, Witness};
pub(crate) use solve::{Solution, solve};
pub(crate) use witness::{Tracks, Witnesses, entries};
