//! Makes USB sticks that old BIOS machines boot from RAM, every byte proven on the way.
//!
//! A program starts with [`job`]: a file for each use, from a request to a report. The command line is such a program, in the
//! module `cli`, and a feature of that name that is on unless it is switched off. `docs/architecture.md` says which way data
//! flows, and who may import whom.

#![deny(unsafe_code)]

pub mod boot;
pub mod capsule;
pub mod change;
#[cfg(feature = "cli")]
pub mod cli;
pub mod contents;
pub mod device;
pub mod doctor;
pub mod emulator;
pub mod explain;
pub mod folder;
pub mod image;
pub mod job;
pub mod layout;
pub mod linux_phram;
pub mod map;
pub mod origin;
pub mod pipeline;
pub mod plan;
pub mod repair;
pub mod report;
pub mod sandbox;
pub mod stick;
pub mod units;
pub mod verify;
pub mod windows;
