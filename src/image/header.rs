//! What an image can have in front of its disk, and two numbers that every reader of an image needs.

use serde::{Deserialize, Serialize};

use crate::units::Geometry;

/// The last two bytes of a boot sector.
pub const BOOT_SIGNATURE: [u8; 2] = [0x55, 0xAA];
/// Most bytes that a RAM disk can have: it must end below 4 GiB, and leave room for the rest.
pub const DISK_LEN_MAX: u64 = 0xFFF0_0000;

/// The header of a disk of DOSEMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskHeader {
    /// Bytes before the disk.
    pub len: u64,
    /// Geometry of the disk.
    pub geometry: Geometry,
}
