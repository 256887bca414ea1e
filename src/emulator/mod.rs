//! Runs a stick or a disc in QEMU: starts the machine, looks at its screen and memory, pulls the stick or ejects the
//! disc, keeps the evidence.
//!
//! The medium is never changed: QEMU writes to a throw-away overlay. Nothing here prints, and nothing here decides
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
pub use qemu::{CdBus, Controller, Machine, Port, Stick, has_display};
pub use qmp::Qmp;
pub use run::{BlockStats, Emulator, End};
pub use screen::Screen;
