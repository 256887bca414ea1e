//! The contract between the host program and the boot chain.
//!
//! On-stick records, the low-memory map, patch areas, and boot error codes, each typed once. The assembler
//! includes and the loader's linker script are generated from here by `cargo xtask layout`. No I/O, no
//! allocation; the byte layouts are specified in `docs/format.md`.

#![no_std]
#![forbid(unsafe_code)]

#[macro_use]
mod constants;
#[macro_use]
pub mod record;

pub mod boot;
pub mod bpb;
pub mod capsule;
pub mod checksum;
pub mod cp437;
pub mod dos;
pub mod errors;
pub mod hooks;

pub mod manifest;
pub mod markers;
pub mod memory;
pub mod resident;
