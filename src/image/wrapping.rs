//! What an image can have around its disk, and two numbers that every reader of an image needs.

use std::borrow::Cow;

use ramkey_format::bpb::BOOT_SIGNATURE_WORD;
pub use ramkey_format::capsule::DISK_LEN_MAX;
use serde::{Deserialize, Serialize};

use crate::units::Geometry;

/// The last two bytes of a boot sector.
pub const BOOT_SIGNATURE: [u8; 2] = (BOOT_SIGNATURE_WORD as u16).to_le_bytes();

/// What is around the bytes of an image in its files, and is left out: all that others say of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrapping {
    /// The program that makes such files.
    pub program: Cow<'static, str>,
    /// Bytes in front of the image, where nothing else is around it.
    pub header_len: Option<u64>,
    /// Why the image is a hard disk, for people; `None` where such files hold anything.
    pub hard_disk: Option<Cow<'static, str>>,
    /// Geometry of the disk, if it is told.
    pub geometry: Option<Geometry>,
    /// What is left out, for people.
    pub left_out: String,
    /// Command that prints the bytes of the image, for a shell.
    pub plain_command: String,
}
