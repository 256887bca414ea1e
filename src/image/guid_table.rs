//! The header and the entries of a GUID partition table.
//!
//! Source: UEFI Specification 2.10, section 5.3.

use std::io;

use super::Source;
use super::bpb::u32_at;
use crate::units::SECTOR_LEN;

/// How the sector of a header begins.
const MAGIC: &[u8] = b"EFI PART";
const HEADER_LEN: std::ops::RangeInclusive<usize> = 92..=512;
/// Entries of the largest table that is read, and bytes of the largest entry.
const ENTRIES_MAX: u64 = 1024;
const ENTRY_LEN_MAX: u64 = 512;
const ENTRY_LEN_MIN: u64 = 128;

/// A table whose checksums are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuidTable {
    /// Sector of the other copy of its header.
    pub copy_lba: u64,
    /// The partitions.
    pub parts: Vec<GuidPart>,
}

/// A partition of a [`GuidTable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuidPart {
    /// Its place in the table, from 1 on.
    pub number: usize,
    /// First sector.
    pub lba: u64,
    /// Sectors; at least 1, and none of them has the last number that there is.
    pub sectors: u64,
}

impl GuidTable {
    /// Whether `sector` begins as a header.
    pub fn begins(sector: &[u8; 512]) -> bool {
        sector.starts_with(MAGIC)
    }

    /// Reads the table whose header is in sector `lba` of a disk with so many sectors, which `sector` reads; or says what
    /// is wrong with it.
    ///
    /// # Errors
    ///
    /// What `sector` says.
    pub fn read<E>(
        lba: u64,
        sectors: u64,
        sector: impl Fn(u64) -> Result<[u8; 512], E>,
    ) -> Result<Result<Self, &'static str>, E> {
        let header = sector(lba)?;
        if !Self::begins(&header) {
            return Ok(Err("it is not there"));
        }
        let long = |at: usize| u32_at(&header, at);
        let wide = |at: usize| u64_at(&header, at);
        let len = long(12) as usize;
        if !HEADER_LEN.contains(&len) {
            return Ok(Err("its length makes no sense"));
        }
        let mut hashed = header[..len].to_vec();
        hashed[16..20].fill(0);
        if crc32(&hashed) != long(16) {
            return Ok(Err("its checksum is wrong"));
        }
        if wide(24) != lba {
            return Ok(Err("it names another sector as its own"));
        }
        let (entries_lba, count, entry_len) = (wide(72), u64::from(long(80)), u64::from(long(84)));
        if count > ENTRIES_MAX || !(ENTRY_LEN_MIN..=ENTRY_LEN_MAX).contains(&entry_len) {
            return Ok(Err("its entries are too many or too long"));
        }
        let end = entries_lba.checked_add((count * entry_len).div_ceil(SECTOR_LEN));
        let Some(end) = end.filter(|&end| end <= sectors) else {
            return Ok(Err("its entries are behind the end of the stick"));
        };
        let mut bytes = Vec::new();
        for lba in entries_lba..end {
            bytes.extend_from_slice(&sector(lba)?);
        }
        let entries = &bytes[..(count * entry_len) as usize];
        if crc32(entries) != long(88) {
            return Ok(Err("the checksum of its entries is wrong"));
        }
        let used =
            (1..).zip(entries.chunks_exact(entry_len as usize)).filter(|(_, entry)| entry[..16] != [0; 16]);
        let mut parts = Vec::new();
        for (number, entry) in used {
            let (lba, last) = (u64_at(entry, 32), u64_at(entry, 40));
            let Some(sectors) = last.checked_sub(lba).and_then(|sectors| sectors.checked_add(1)) else {
                return Ok(Err("a partition ends before it begins"));
            };
            if last == u64::MAX {
                return Ok(Err("a partition has more sectors than there are numbers"));
            }
            parts.push(GuidPart { number, lba, sectors });
        }
        Ok(Ok(Self { copy_lba: wide(32), parts }))
    }

    /// The table of `source`, or its copy at the end if the first is not sound.
    pub fn of(source: &dyn Source) -> Option<Self> {
        let sectors = source.len() / SECTOR_LEN;
        let sector = |lba: u64| -> io::Result<[u8; 512]> {
            let mut sector = [0; 512];
            source.read_at(lba * SECTOR_LEN, &mut sector).map(|()| sector)
        };
        let places = [1, sectors.saturating_sub(1)].into_iter().filter(|lba| (1..sectors).contains(lba));
        places.filter_map(|lba| Self::read(lba, sectors, sector).ok()?.ok()).next()
    }
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]))
}

/// The checksum of UEFI: CRC-32 of ISO 3309, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| bit(crc)))
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}
