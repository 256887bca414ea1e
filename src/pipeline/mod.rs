//! Writes a layout to a target, proves it, and commits it.
//!
//! [`write()`] clears sector 0 and the boot headers and writes everything else; [`verify()`] reads everything back;
//! [`commit()`] writes the boot headers and, last, sector 0. Each takes what the one before it gave, so a stick that
//! boots cannot be made without the proof. Nothing here prints.

mod buffer;
mod commit;
mod event;
mod failure;
mod piece;
mod target;
mod verify;
mod write;

pub use buffer::Buffer;
pub use commit::{Committed, commit};
pub use event::{Event, Phase};
pub use failure::{Failure, PipelineError, StickState};
pub use piece::{Input, PIECE_LEN};
pub use target::Target;
pub use verify::{Difference, Found, Proven, Repair, Verdict, verify};
pub use write::{Job, Written, write};
