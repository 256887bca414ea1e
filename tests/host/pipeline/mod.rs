//! Writing, and everything that can go wrong with it.

mod bad_device;
mod exchange;
mod faults;
mod interrupted;
mod killed;
mod probe;
mod survey;
mod write_verify;
