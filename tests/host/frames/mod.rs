//! What many tests are made of: images, sticks, devices, and who may be missing.

pub mod architecture;
pub mod bad_stick;
pub mod copies;
pub mod desk;
pub mod discs;
pub mod disks;
pub mod fake;
pub mod foreign;
pub mod free_space;
pub mod fuse;
pub mod hive;
pub mod imports;
pub mod limits;
pub mod loader;
pub mod loops;
pub mod made_up;
pub mod mock;
pub mod moments;
pub mod recorder;
pub mod rewritten;
pub mod skip;
pub mod sticks;
pub mod tree;
pub mod verdicts;
pub mod volumes;
pub mod windows_image;
