//! A Windows that is given the driver of its RAM disk.

mod desk;
mod driver;
mod edges;
mod ends;
mod f6;
mod hive;
mod oracle_hive;
mod place;
mod write;
