//! A registry hive that can be changed: keys and values are set and deleted, in the file's own layout.
//!
//! A hive is taken only if it is whole: its header matches, it was closed, and every cell that leads somewhere leads to
//! one of the right kind that nothing else leads to. So a change of one key cannot change another, and all work is
//! bounded by the length of the file. Times are not touched, so that the same changes give the same bytes. (Format: the
//! public description of `regf`, versions 1.3 to 1.5.)

mod cells;
mod check;
mod edit;
mod error;
mod key;
mod lists;
mod name;
mod value;

pub use edit::HiveEdit;
pub use error::HiveEditError;
