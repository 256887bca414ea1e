//! A GUID partition table, its copy, and the master boot record that protects it.
//!
//! Source: UEFI Specification 2.10, section 5.

use crate::contents::{GuidPart, GuidTable, PROTECTIVE, Slot};
use crate::doctor::disk::Disk;
use crate::doctor::error::DoctorError;
use crate::doctor::finding::Findings;
use crate::doctor::kinds::Kind;
use crate::doctor::part::Part;

/// Reads the GPT if there is one; its partitions. `slots` is the master boot record.
///
/// A GPT counts if the master boot record has a protective entry.
pub(super) fn read(
    disk: &Disk,
    slots: Option<&[Slot; 4]>,
    findings: &mut Findings,
) -> Result<Option<Vec<Part>>, DoctorError> {
    let has_magic = |lba: u64| -> Result<bool, DoctorError> {
        Ok(lba > 0 && lba < disk.sectors && GuidTable::begins(&disk.sector(lba)?))
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
    let header = |lba: u64| GuidTable::read(lba, disk.sectors, |lba| disk.sector(lba));
    let first = if disk.sectors > 1 { header(1)? } else { Err("it is not there") };
    if let (true, Err(what)) = (first_magic, &first) {
        findings.add(Kind::GptHeader, 1, format!("the header in sector 1: {what}"));
    }
    let second = if last > 0 { header(last)? } else { Err("it is not there") };
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
    let parts = first.or(second).map(|table| table.parts).unwrap_or_default();
    Ok(Some(parts.iter().map(part).collect()))
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

fn part(part: &GuidPart) -> Part {
    let &GuidPart { number, lba, sectors, .. } = part;
    Part { number: Some(number), lba, sectors, type_byte: None, active: false, system: None }
}
