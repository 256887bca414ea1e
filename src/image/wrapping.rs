//! What an image can have around its disk, and two numbers that every reader of an image needs.

use std::borrow::Cow;

use ramkey_format::bpb::BOOT_SIGNATURE_WORD;
pub use ramkey_format::capsule::DISK_LEN_MAX;
use serde::{Deserialize, Serialize};

use crate::units::Geometry;

/// The last two bytes of a boot sector.
pub const BOOT_SIGNATURE: [u8; 2] = (BOOT_SIGNATURE_WORD as u16).to_le_bytes();

/// Most bytes of a text about what is around an image: no form says more than a few sentences.
const TEXT_MAX: usize = 1 << 12;

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

impl Wrapping {
    /// Whether this can be said of any image. Who did not look itself asks that before it believes it.
    pub fn is_possible(&self) -> bool {
        let Self { program, header_len, hard_disk, geometry, left_out, plain_command } = self;
        let texts = [&**program, hard_disk.as_deref().unwrap_or_default(), left_out, plain_command];
        let is_geometry = |Geometry { cylinders, heads, sectors_per_track }: &Geometry| {
            Geometry::new(*cylinders, *heads, *sectors_per_track).is_some()
        };
        texts.iter().all(|text| text.len() <= TEXT_MAX)
            && header_len.is_none_or(|len| len <= DISK_LEN_MAX)
            && geometry.as_ref().is_none_or(is_geometry)
    }
}
