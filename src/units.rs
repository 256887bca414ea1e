//! Lengths and addresses, with their units in their names.

/// Bytes in a sector, on every device that this program writes.
pub const SECTOR_LEN: u64 = 512;
