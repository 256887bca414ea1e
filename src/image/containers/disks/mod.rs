//! Disks of virtual machines: one file of this folder for each format. Each is a map from places of the disk to places of
//! files, which is read piece by piece and checked whole before anything else is done with the disk.
//!
//! The readers are our own: of the crates that know these formats some open files by themselves, some take as much memory
//! as a header says, and none leaves it to the caller in which process a file is opened.

mod alone;
mod claims;
mod fault;
mod mapped;
mod packed;
mod qcow2;
mod vdi;
mod vhd;
mod vhdx;
mod vmdk;
mod window;

pub(super) use qcow2::Qcow2;
pub(super) use vdi::Vdi;
pub(super) use vhd::Vhd;
pub(super) use vhdx::Vhdx;
pub(super) use vmdk::Vmdk;
