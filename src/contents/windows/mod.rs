//! Whether the Windows in an image will find its RAM disk.
//!
//! Windows reads through INT 13h until its kernel runs; then it needs a driver that finds the disk in memory. What
//! decides that is on the image: the boot loader and its menu, the registry, and the driver's file. [`look`] reads
//! them and says what will happen. Nothing is run and nothing is changed.

mod answer;
mod boot_ini;
mod freeldr_ini;
pub mod hive;
mod pe;
mod product;
mod registry;
mod search;
mod start;
mod verdict;
mod volumes;

pub use answer::{Answer, DiskOrder, Family, Place, Problem, Windows};
pub use boot_ini::BootEntry;
pub(crate) use boot_ini::{default_entry, is_utf16};
pub(crate) use freeldr_ini::default_entry as default_reactos_entry;
pub use pe::FileVersion;
pub(crate) use pe::file_version;
pub use product::Product;
pub(crate) use registry::driver_path;
pub use registry::{DriveLetter, Driver, DriverName, System};
pub(crate) use search::{HIVE_LEN_MAX, PROGRAM_LEN_MAX, TEXT_LEN_MAX};
pub use search::{look, look_in};
pub(crate) use start::system_file;
pub(crate) use volumes::{Volumes, WindowsVolume};
