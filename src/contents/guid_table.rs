//! The header and the entries of a GUID partition table.
//!
//! Source: UEFI Specification 2.10, section 5.3.

use std::io;

use super::bytes::{self, u32_at, u64_at};
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// How the sector of a header begins.
const MAGIC: &[u8] = b"EFI PART";
const HEADER_LEN: std::ops::RangeInclusive<usize> = 92..=512;
/// Entries of the largest table that is read, and bytes of the largest entry.
const ENTRIES_MAX: u64 = 1024;
const ENTRY_LEN_MAX: u64 = 512;
const ENTRY_LEN_MIN: u64 = 128;
/// Bytes of the largest entry of a table that is only asked what it claims.
const CLAIMED_ENTRY_LEN_MAX: u64 = 1024;
/// Bit of an entry's attributes: a BIOS may start the partition.
const LEGACY_BOOTABLE: u64 = 1 << 2;

const TOO_MANY: &str = "a partition has more sectors than there are numbers";

/// The fields of a header, whatever they say.
struct Header {
    len: u32,
    checksum: u32,
    own_lba: u64,
    copy_lba: u64,
    entries_lba: u64,
    count: u64,
    entry_len: u64,
    entries_checksum: u32,
}

impl Header {
    /// The header in `sector`, if it begins as one.
    fn read(sector: &[u8; 512]) -> Option<Self> {
        let long = |at: usize| u32_at(sector, at);
        let wide = |at: usize| u64_at(sector, at);
        sector.starts_with(MAGIC).then(|| Self {
            len: long(12),
            checksum: long(16),
            own_lba: wide(24),
            copy_lba: wide(32),
            entries_lba: wide(72),
            count: u64::from(long(80)),
            entry_len: u64::from(long(84)),
            entries_checksum: long(88),
        })
    }
}

/// A GUID partition table.
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
    /// Its type, as the table has it.
    pub type_guid: [u8; 16],
    /// Sectors; at least 1. In a table that was [read](GuidTable::read) none of them has the last number that there is.
    pub sectors: u64,
    /// Whether a BIOS may start it.
    pub is_marked: bool,
}

impl GuidPart {
    /// The partition that `entry`, of at least 128 bytes, describes; or what is wrong with it. `None` if it is not used.
    fn read(number: usize, entry: &[u8]) -> Option<Result<Self, &'static str>> {
        if entry[..16] == [0; 16] {
            return None;
        }
        let (lba, last) = (u64_at(entry, 32), u64_at(entry, 40));
        let is_marked = u64_at(entry, 48) & LEGACY_BOOTABLE != 0;
        Some(match last.checked_sub(lba).and_then(|sectors| sectors.checked_add(1)) {
            Some(sectors) => {
                let type_guid = entry.first_chunk().copied().unwrap_or_default();
                Ok(Self { number, lba, type_guid, sectors, is_marked })
            }
            None if last < lba => Err("a partition ends before it begins"),
            // As many sectors as there are numbers are none that can be counted.
            None => Err(TOO_MANY),
        })
    }
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
        let first = sector(lba)?;
        let Some(header) = Header::read(&first) else { return Ok(Err("it is not there")) };
        let len = header.len as usize;
        if !HEADER_LEN.contains(&len) {
            return Ok(Err("its length makes no sense"));
        }
        let mut hashed = first[..len].to_vec();
        hashed[16..20].fill(0);
        if crc32(&hashed) != header.checksum {
            return Ok(Err("its checksum is wrong"));
        }
        if header.own_lba != lba {
            return Ok(Err("it names another sector as its own"));
        }
        let Header { entries_lba, count, entry_len, .. } = header;
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
        if crc32(entries) != header.entries_checksum {
            return Ok(Err("the checksum of its entries is wrong"));
        }
        let mut parts = Vec::new();
        for (number, entry) in (1..).zip(entries.chunks_exact(entry_len as usize)) {
            match GuidPart::read(number, entry) {
                Some(Ok(part)) if part.lba.checked_add(part.sectors).is_none() => return Ok(Err(TOO_MANY)),
                Some(Ok(part)) => parts.push(part),
                Some(Err(why)) => return Ok(Err(why)),
                None => {}
            }
        }
        Ok(Ok(Self { copy_lba: header.copy_lba, parts }))
    }

    /// What the first header of `source` and the entries say that are there, whether or not their checksums are right:
    /// an image that was cut, or that a tool has changed, still means this. `None` if there is no header.
    pub fn claimed(source: &dyn Source) -> Option<Self> {
        let header = Header::read(&bytes::sector(source, 1)?)?;
        let mut table = Self { copy_lba: header.copy_lba, parts: Vec::new() };
        let is_sound = (ENTRY_LEN_MIN..=CLAIMED_ENTRY_LEN_MAX).contains(&header.entry_len);
        for number in 0..if is_sound { header.count.min(ENTRIES_MAX) } else { 0 } {
            let mut entry = [0; ENTRY_LEN_MIN as usize];
            let offset =
                header.entries_lba.checked_mul(SECTOR_LEN)?.checked_add(number * header.entry_len)?;
            let end = offset.checked_add(ENTRY_LEN_MIN).filter(|&end| end <= source.len());
            if end.is_none() || source.read_at(offset, &mut entry).is_err() {
                break;
            }
            // What cannot be counted is none.
            table.parts.extend(GuidPart::read(number as usize + 1, &entry).and_then(Result::ok));
        }
        Some(table)
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
