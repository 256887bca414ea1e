//! What the registry of a Windows gets so that a driver starts at boot, and how that is taken back.

mod data;
mod guid;
mod install;
mod journal;
mod letters;
mod record;
mod sets;
mod start;
mod uninstall;

pub use install::Attach;
pub(super) use install::{Install, install};
pub(super) use journal::Journal;
pub(super) use letters::{forget_letters, remembered};
pub(super) use record::{STEPS_MAX, Undo, drop_record, has_record, home, read_record};
pub(super) use sets::{all_control_sets, control_sets};
pub(super) use start::start_early;
pub(super) use uninstall::{Installed, installed, uninstall};
