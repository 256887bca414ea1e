//! Writing, and everything that can go wrong with it.

mod bad_device;
mod exchange;
mod faults;
mod interrupted;
mod killed;
mod write_verify;
