//! The devices of this machine: which can be written, which must not, and how the chosen one is opened.

mod block;
mod boot_line;
mod contents;
mod direct;
mod discover;
mod file;
mod file_in_use;
mod ground;
mod grounds;
mod hard;
mod in_use;
#[allow(unsafe_code)]
mod ioctl;
mod journals;
mod kernel_files;
pub mod lend;
mod loops;
mod mounts;
mod outputs;
mod overlays;
mod processes;
mod protect;
mod question;
mod safety;
mod serial_list;
mod served;
mod spool;
mod target;
mod text;
mod transfer;
mod unmount;
mod uses;
mod zfs;

pub use block::BlockTarget;
pub use contents::FileSystem;
pub use discover::{Allowed, DeviceFacts, DeviceKind, DeviceNumber, HardVerify, Partition, System};
pub use file::{FileTarget, ReadOnly};
pub use ground::FileIdentity;
pub use in_use::{InUse, uses};
pub use protect::protected_disks;
pub use safety::{Refusal, refusal};
pub use serial_list::serial_numbers;
pub use spool::TemporarySpool;
pub use target::{NEW_FILE, OpenError, TargetPath};
pub use unmount::OwnMount;
pub use uses::Use;
