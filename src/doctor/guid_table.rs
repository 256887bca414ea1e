//! A GUID partition table, its copy, and the master boot record that protects it.
//!
//! Source: UEFI Specification 2.10, section 5.

use crate::doctor::table::PROTECTIVE;
use crate::doctor::{Disk, DoctorError, Findings, Kind, Part};
use crate::image::Slot;

const MAGIC: &[u8] = b"EFI PART";
const HEADER_LEN: std::ops::RangeInclusive<usize> = 92..=512;
/// Entries of the largest table that is read, and bytes of the largest entry.
const ENTRIES_MAX: u64 = 1024;
const ENTRY_LEN_MAX: u64 = 512;
const ENTRY_LEN_MIN: u64 = 128;

/// A header whose checksums are right.
struct Header {
    copy_lba: u64,
    parts: Vec<Part>,
}

/// Reads the GPT if there is one; its partitions. `slots` is the master boot record.
///
/// A GPT counts if the master boot record has a protective entry.
pub(super) fn read(
    disk: &Disk,
    slots: Option<&[Slot; 4]>,
    findings: &mut Findings,
) -> Result<Option<Vec<Part>>, DoctorError> {
    let has_magic = |lba: u64| -> Result<bool, DoctorError> {
        Ok(lba > 0 && lba < disk.sectors && disk.sector(lba)?.starts_with(MAGIC))
    };
    let last = disk.sectors - 1;
    let slots = slots.map(|slots| &slots[..]).unwrap_or_default();
    let protective: Vec<&Slot> = slots.iter().filter(|slot| slot.type_byte == PROTECTIVE).collect();
    let (first_magic, last_magic) = (has_magic(1)?, has_magic(last)?);
    let Some(entry) = protective.first() else {
        if let Some(lba) = first_magic.then_some(1).or(last_magic.then_some(last)) {
            let what =
                format!("sector {lba} is the header of a GPT, and the master boot record has no type EE");
            findings.add(Kind::GptStale, lba, what);
        }
        return Ok(None);
    };
    check_protective(disk, entry, findings);
    if slots.iter().any(|slot| slot.type_byte != 0 && slot.type_byte != PROTECTIVE) {
        let what = "the master boot record has other partitions beside type EE".into();
        findings.add(Kind::GptHybrid, 0, what);
    }
    if !first_magic {
        let what = "the master boot record has type EE, and sector 1 is no header of a GPT".into();
        findings.add(Kind::GptMissing, 1, what);
    }
    let first = if first_magic { header(disk, 1)? } else { Err("it is not there") };
    if let (true, Err(what)) = (first_magic, &first) {
        findings.add(Kind::GptHeader, 1, format!("the header in sector 1: {what}"));
    }
    let second = if last_magic { header(disk, last)? } else { Err("it is not there") };
    let copy = match (&first, &second) {
        (Ok(first), _) if first.copy_lba != last => Some(format!(
            "the header says that its copy is in sector {}, and the last one is {last}",
            first.copy_lba
        )),
        (_, Err(what)) => Some(format!("the copy in sector {last}: {what}")),
        (_, Ok(second)) if second.copy_lba != 1 => {
            Some(format!("the copy in sector {last} names sector {} as the first", second.copy_lba))
        }
        (Ok(first), Ok(second)) if first.parts != second.parts => {
            Some(format!("the copy in sector {last} has other partitions"))
        }
        _ => None,
    };
    if let Some(what) = copy {
        findings.add(Kind::GptBackup, last, what);
    }
    Ok(Some(first.or(second).map(|header| header.parts).unwrap_or_default()))
}

fn check_protective(disk: &Disk, entry: &Slot, findings: &mut Findings) {
    // Too large for the field is all ones; some tools write that always.
    let rest = disk.sectors - 1;
    let covers = entry.sectors >= rest.min(u64::from(u32::MAX));
    let what = if entry.status != 0 {
        format!("its status is {:02X}", entry.status)
    } else if entry.start != 1 {
        format!("it begins at sector {}", entry.start)
    } else if !covers {
        format!("it has {} sectors of the {rest} behind sector 0", entry.sectors)
    } else if entry.sectors > rest && entry.sectors != u64::from(u32::MAX) {
        format!("it has {} sectors, and {rest} are behind sector 0", entry.sectors)
    } else {
        return;
    };
    findings.add(Kind::GptProtective, 0, format!("the entry of type EE: {what}"));
}

/// The header at `lba` and its partitions, or what is wrong.
fn header(disk: &Disk, lba: u64) -> Result<Result<Header, &'static str>, DoctorError> {
    let sector = disk.sector(lba)?;
    let long = |at: usize| u32_at(&sector, at);
    let wide = |at: usize| u64_at(&sector, at);
    let len = long(12) as usize;
    if !HEADER_LEN.contains(&len) {
        return Ok(Err("its length makes no sense"));
    }
    let mut hashed = sector[..len].to_vec();
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
    let sectors = (count * entry_len).div_ceil(512);
    if entries_lba.checked_add(sectors).is_none_or(|end| end > disk.sectors) {
        return Ok(Err("its entries are behind the end of the stick"));
    }
    let bytes = disk.bytes(entries_lba, sectors)?;
    let entries = &bytes[..(count * entry_len) as usize];
    if crc32(entries) != long(88) {
        return Ok(Err("the checksum of its entries is wrong"));
    }
    let used =
        (1..).zip(entries.chunks_exact(entry_len as usize)).filter(|(_, entry)| entry[..16] != [0; 16]);
    let mut parts = Vec::new();
    for (number, entry) in used {
        let (start, last) = (u64_at(entry, 32), u64_at(entry, 40));
        let Some(sectors) = last.checked_sub(start).and_then(|sectors| sectors.checked_add(1)) else {
            return Ok(Err("a partition ends before it begins"));
        };
        if last == u64::MAX {
            return Ok(Err("a partition has more sectors than there are numbers"));
        }
        let part =
            Part { number: Some(number), lba: start, sectors, type_byte: None, active: false, system: None };
        parts.push(part);
    }
    Ok(Ok(Header { copy_lba: wide(32), parts }))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
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
