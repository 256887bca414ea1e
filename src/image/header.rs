//! What an image can have in front of its disk, and two numbers that every reader of an image needs.

use ramkey_format::bpb::BOOT_SIGNATURE_WORD;
pub use ramkey_format::capsule::DISK_LEN_MAX;
use serde::{Deserialize, Serialize};

use crate::units::Geometry;

/// The last two bytes of a boot sector.
pub const BOOT_SIGNATURE: [u8; 2] = (BOOT_SIGNATURE_WORD as u16).to_le_bytes();

/// The header of a disk of DOSEMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskHeader {
    /// Bytes before the disk.
    pub len: u64,
    /// Geometry of the disk.
    pub geometry: Geometry,
}
