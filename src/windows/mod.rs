//! Changes a Windows in an image so that it finds its RAM disk.
//!
//! [`add_driver`] and [`remove_driver`] say what becomes of the image, and write nothing: an [`Edit`] has the sectors that
//! become others, which [`Changed`] lays over the image. Files of an NTFS are left to a program of its own, [`NtfsTool`].
//! Everything in the image is read as `contents` does it; what is written is read back by the same readers.

mod driver;
mod edit;
mod error;
pub mod hive;
mod menu;
mod outcome;
mod registry;
mod undo;
mod volume;
mod wanted;
mod work;

pub use driver::{Candidate, DRIVER_LEN_MAX, DriverFile, F6_LIST, choose, f6_list, on_floppy};
pub use edit::{Order, add_driver, remove_driver};
pub use error::WindowsError;
pub use outcome::Edit;
pub use registry::Attach;
pub use volume::{Changed, NtfsFile, NtfsTool, Sectors, prove};
pub use wanted::{Wanted, edit};
