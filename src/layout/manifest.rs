//! The bytes of a stick manifest, for one slot.

use ramkey_format::manifest::{
    MANIFEST_HASHED_LEN, MANIFEST_HEADER_LEN, ManifestHeader, RANGE_ENTRY_LEN, RANGES_MAX, RangeEntry,
};
use ramkey_format::memory::MANIFEST_SECTORS_MAX;
use zerocopy::IntoBytes;

use super::error::LayoutError;
use crate::units::SECTOR_LEN;

/// What a manifest says of its stick, beside the ranges. It stays the same as long as the stick is not written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManifestFacts {
    /// Sectors of the stick that the layout was made for.
    pub stick_sectors: u64,
    /// First sector of the file system.
    pub volume_lba: u64,
    /// Sectors of the file system.
    pub volume_sectors: u64,
    /// Number of the layout.
    pub layout: u8,
    /// 12, 16 or 32.
    pub fat_bits: u8,
    /// Identity of the stick.
    pub stick_id: [u8; 16],
    /// Label of the file system as it was written.
    pub label: [u8; 11],
}

impl From<&ManifestHeader> for ManifestFacts {
    fn from(header: &ManifestHeader) -> Self {
        Self {
            stick_sectors: header.stick_sectors.get(),
            volume_lba: header.volume_lba.get(),
            volume_sectors: header.volume_sectors.get(),
            layout: header.layout,
            fat_bits: header.fat_bits,
            stick_id: header.stick_id,
            label: header.label,
        }
    }
}

/// A manifest of `ranges`, as long as a slot, zeros behind it. `generation` is 1 on a stick that was just written, and one
/// more in each manifest that is written into the slot that does not count.
///
/// # Errors
///
/// [`LayoutError::TooManyRanges`] if they do not fit.
pub fn manifest_slot(
    facts: &ManifestFacts,
    ranges: &[RangeEntry],
    generation: u32,
) -> Result<Vec<u8>, LayoutError> {
    if ranges.len() > RANGES_MAX {
        return Err(LayoutError::TooManyRanges { found: ranges.len(), limit: RANGES_MAX });
    }
    let header = ManifestHeader {
        magic: ManifestHeader::MAGIC,
        version: ManifestHeader::VERSION.into(),
        header_len: (MANIFEST_HEADER_LEN as u16).into(),
        flags: 0.into(),
        stick_sectors: facts.stick_sectors.into(),
        volume_lba: facts.volume_lba.into(),
        volume_sectors: facts.volume_sectors.into(),
        range_count: (ranges.len() as u32).into(),
        layout: facts.layout,
        fat_bits: facts.fat_bits,
        reserved_1: [0; 2],
        stick_id: facts.stick_id,
        label: facts.label,
        reserved_2: 0,
        generation: generation.into(),
        reserved_3: [0; 16],
        blake3: [0; 32],
    };
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(ranges.as_bytes());
    let mut hasher = blake3::Hasher::new();
    hasher.update(&bytes[..MANIFEST_HASHED_LEN]).update(&bytes[MANIFEST_HEADER_LEN..]);
    bytes[MANIFEST_HASHED_LEN..MANIFEST_HEADER_LEN].copy_from_slice(hasher.finalize().as_bytes());
    debug_assert_eq!(bytes.len(), MANIFEST_HEADER_LEN + ranges.len() * RANGE_ENTRY_LEN);
    bytes.resize(MANIFEST_SECTORS_MAX as usize * SECTOR_LEN as usize, 0);
    Ok(bytes)
}
