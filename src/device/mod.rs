//! The devices of this machine: which can be written, which must not, and how the chosen one is opened.

mod block;
mod contents;
mod discover;
mod file;
mod in_use;
#[allow(unsafe_code)]
mod ioctl;
mod safety;
mod target;

pub use block::BlockTarget;
pub use contents::FileSystem;
pub use discover::{DeviceFacts, DeviceKind, DeviceNumber, Partition, System};
pub use file::{FileTarget, ReadOnly};
pub use in_use::{Use, uses};
pub use safety::{Refusal, refusal};
pub use target::{NEW_FILE, OpenError, TargetPath};
