//! Runs a stick in QEMU: starts the machine, looks at its screen and memory, pulls the stick, keeps the evidence.
//!
//! The stick is never changed: QEMU writes to a throw-away overlay. Nothing here prints, and nothing here decides
//! what a guest should do; that is for the callers.

mod demo_image;
mod error;
mod program;
mod qemu;
mod qmp;
mod run;
mod screen;

pub use demo_image::demo_image;
pub use error::EmulatorError;
pub use qemu::{Controller, Machine, Port, Stick, has_display};
pub use qmp::Qmp;
pub use run::{BlockStats, Emulator, End};
pub use screen::Screen;
