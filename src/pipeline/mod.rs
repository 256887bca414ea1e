//! Writes a layout to a target, proves it, and commits it.
//!
//! [`write()`] clears what makes the medium boot and writes everything else; [`verify()`] reads everything back;
//! [`commit()`] writes what was held back. A layout may clear nothing: then what is held back is exchanged at the end, and
//! until then the medium boots what it did. Which sectors those are, and in which order, the layout says. Each takes what
//! the one before it gave, so a stick that boots cannot be made without the proof. Nothing here prints.

mod bad;
mod belt;
mod buffer;
mod commit;
mod compare;
mod effort;
mod event;
mod failure;
mod fake;
mod pace;
mod held;
mod piece;
mod port;
mod probe;
mod repair;
mod stamp;
mod survey;
mod target;
mod verify;
mod write;

pub use bad::{BadKind, BadRange, Counts};
pub use buffer::Buffer;
pub use commit::{Committed, commit};
pub use compare::{Difference, Found};
pub use effort::{Access, Effort, Repair, Retry, VerifyLevel};
pub use event::{Event, Phase};
pub use failure::{Aftermath, Failure, PipelineError};
pub use fake::{Evidence, Fake};
pub use held::{Held, first_difference, held};
pub use pace::SlowArea;
pub use piece::{Input, PIECE_LEN};
pub use stamp::{Kept, RunId};
pub use survey::{Ended, Pass, Survey};
pub use target::Target;
pub use verify::{Proven, Verdict, verify};
pub use write::{Job, Written, write};
