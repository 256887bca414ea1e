//! The loader's logic that needs no hardware, so that all of it runs under `cargo test`.
//!
//! In the order in which a boot uses it: memory map, drive, volume, file, capsule, hash; and what the screen shows. BIOS
//! calls come in through [`drive::Bios`]. No allocation, no floating point, no formatting machinery of `core`: the
//! loader must stay small and run on a 486.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod a20;
pub mod access;
pub mod bios;
pub mod blake3;
pub mod boot_image;
pub mod capsule;
pub mod copy_mode;
pub mod decode;
pub mod disc;
pub mod drive;
pub mod drives;
pub mod fat;
pub mod file;
pub mod geometry;
pub mod iso9660;
pub mod memory;
pub mod memory_calls;
pub mod menu;
pub mod progress;
pub mod qr;
pub mod report;
pub mod report_block;
mod room;
pub mod screen;
pub mod settle;
pub mod text;
pub mod trail;
pub mod volume;
mod way;
mod zstd;
