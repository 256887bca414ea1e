//! A Windows that is given the driver of its RAM disk.

pub mod desk;
mod driver;
mod edges;
mod ends;
mod f6;
mod hive;
mod oracle_hive;
mod place;
mod write;
