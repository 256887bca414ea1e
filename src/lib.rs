//! Makes USB sticks that old BIOS machines boot from RAM, every byte proven on the way.
//!
//! The modules, in the order in which data flows; `docs/architecture.md` says who may import whom.

#![deny(unsafe_code)]

pub mod units;
pub mod image;
pub mod device;
pub mod plan;
pub mod boot;
pub mod layout;
pub mod pipeline;
pub mod verify;
pub mod report;
pub mod emulator;
pub mod cli;
