//! Makes USB sticks that old BIOS machines boot from RAM, every byte proven on the way.
//!
//! The modules, in the order in which data flows; `docs/architecture.md` says who may import whom.

#![deny(unsafe_code)]

pub mod boot;
pub mod capsule;
#[cfg(feature = "cli")]
pub mod cli;
pub mod device;
pub mod doctor;
pub mod emulator;
pub mod image;
pub mod job;
pub mod layout;
pub mod linux_phram;
pub mod pipeline;
pub mod plan;
pub mod report;
pub mod units;
pub mod verify;
