//! Little-endian numbers in the bytes of a disk, and its sectors.

use crate::image::Source;
use crate::units::SECTOR_LEN;

/// The 16-bit number at `at`, which is within `bytes`.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]))
}

/// The 32-bit number at `at`, which is within `bytes`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]))
}

/// The 64-bit number at `at`, which is within `bytes`.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]))
}

/// The 16-bit number at `at`; `None` if `bytes` end before its end.
pub(crate) fn get_u16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

/// The 32-bit number at `at`; `None` if `bytes` end before its end.
pub(crate) fn get_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

/// The 64-bit number at `at`; `None` if `bytes` end before its end.
pub(crate) fn get_u64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}

/// The sector at `lba`; `None` if the image ends before its end, or it cannot be read.
pub(crate) fn sector(source: &dyn Source, lba: u64) -> Option<[u8; 512]> {
    let mut sector = [0; 512];
    let offset = lba.checked_mul(SECTOR_LEN)?;
    let end = offset.checked_add(SECTOR_LEN)?;
    (end <= source.len() && source.read_at(offset, &mut sector).is_ok()).then_some(sector)
}
