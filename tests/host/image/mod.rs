//! What an image is, from its bytes.

mod disks_damage;
mod disks_oracle;
mod disks_refused;
mod disks_said;
mod disks_vmdk;
mod dosemu;
mod extra;
mod imd;
mod not_images;
mod packed;
mod stream;
mod trimmed;
mod unpacking;
