//! Writes a layout to a target, proves it, and commits it.

mod target;

pub use target::Target;
