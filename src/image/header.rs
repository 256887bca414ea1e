//! What an image can have in front of its disk, and two numbers that every reader of an image needs.

use serde::{Deserialize, Serialize};

use crate::units::Geometry;

pub use ramkey_format::capsule::DISK_LEN_MAX;

/// The last two bytes of a boot sector.
pub const BOOT_SIGNATURE: [u8; 2] = [0x55, 0xAA];

/// The header of a disk of DOSEMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskHeader {
    /// Bytes before the disk.
    pub len: u64,
    /// Geometry of the disk.
    pub geometry: Geometry,
}
