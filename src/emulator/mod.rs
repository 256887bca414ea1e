//! Runs a stick in QEMU: starts the machine, looks at its screen and memory, pulls the stick, keeps the evidence.
//!
//! The stick is never changed: QEMU writes to a throw-away overlay. Nothing here prints, and nothing here decides
//! what a guest should do; that is for the callers.

mod error;
mod qemu;
mod qmp;
mod run;
mod screen;

pub use error::EmulatorError;
pub use qemu::{Controller, Machine, Port, Stick};
pub use qmp::Qmp;
pub use run::{BlockStats, Emulator, End};
pub use screen::Screen;
