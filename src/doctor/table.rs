//! The partition table of a master boot record.

use crate::contents::{PROTECTIVE, Slot, Solution, Tracks};
use crate::doctor::disk::Disk;
use crate::doctor::finding::Findings;
use crate::doctor::kinds::Kind;
use crate::doctor::part::Part;
use crate::doctor::volume::{FoundSystem, FoundVolume};
use crate::units::{Chs, Geometry};

const ACTIVE: u8 = 0x80;
/// Where the NT disk signature lies.
const DISK_SIGNATURE: std::ops::Range<usize> = 0x1B8..0x1BC;
/// Sectors of a stick that CHS reaches with 255/63, and that 28 bits reach.
const CHS_REACH: u64 = 1024 * 255 * 63;
const LBA28_REACH: u64 = 1 << 28;
const CYLINDERS: u64 = 1024;
/// Heads and sectors per track that today's tools make tables with.
const USUAL: Tracks = (255, 63);

/// The partitions of the table.
pub(super) fn parts(slots: &[Slot; 4]) -> Vec<Part> {
    let used = (1..).zip(slots).filter(|(_, slot)| slot.type_byte != 0 && slot.type_byte != PROTECTIVE);
    let part = |(number, slot): (usize, &Slot)| Part {
        number: Some(number),
        lba: slot.start,
        sectors: slot.sectors,
        type_byte: Some(slot.type_byte),
        active: slot.status == ACTIVE,
        system: None,
    };
    used.map(part).collect()
}

/// Status bytes and entries that are none. Where a file system begins in sector 0 (`is_volume`), its own partition may.
pub(super) fn check(disk: &Disk, slots: &[Slot; 4], is_volume: bool, findings: &mut Findings) {
    for (number, slot) in (1..).zip(slots) {
        if slot.status & !ACTIVE != 0 {
            let what = format!("the status of partition {number} is {:02X}", slot.status);
            findings.add(Kind::StatusByte, 0, what);
        }
        if slot.status == ACTIVE && slot.type_byte == 0 {
            findings.add(Kind::ActiveUnused, 0, format!("entry {number} is active and of type 00"));
        }
        if slot.type_byte != 0 && slot.sectors == 0 {
            findings.add(Kind::EmptyEntry, 0, format!("partition {number} has no sectors"));
        } else if slot.type_byte != 0 && slot.start == 0 && !is_volume {
            let what = format!("partition {number} begins at sector 0, where the table is");
            findings.add(Kind::StartsAtZero, 0, what);
        }
    }
    let active: Vec<String> = (1..)
        .zip(slots)
        .filter(|(_, slot)| slot.status == ACTIVE)
        .map(|(number, _): (usize, _)| number.to_string())
        .collect();
    let protects = slots.iter().any(|slot| slot.type_byte == PROTECTIVE);
    match active.len() {
        0 if protects => {
            findings.add(Kind::GptNoActive, 0, "the table is a GPT's and has no active entry".into());
        }
        0 if disk.sectors > 1 => findings.add(Kind::NoActive, 0, "no partition is active".into()),
        0 | 1 => {}
        _ => findings.add(Kind::ManyActive, 0, format!("partitions {} are active", active.join(" and "))),
    }
}

/// The NT disk signature.
pub(super) fn check_signature(sector: &[u8; 512], findings: &mut Findings) {
    if sector[DISK_SIGNATURE] == [0; 4] {
        findings.add(Kind::NoDiskSignature, 0, "the four bytes at 1B8h are zero".into());
    }
}

/// Ends behind the stick, limits of BIOSes, and overlaps, in whichever table.
pub(super) fn check_ranges(disk: &Disk, parts: &[Part], findings: &mut Findings) {
    for (index, part) in parts.iter().enumerate() {
        let (name, start, end) = (part.name(), part.lba, part.end());
        if end > disk.sectors {
            let what = format!("{name} has sectors {start}..{end}, and the stick has {}", disk.sectors);
            findings.add(Kind::PartitionEnd, 0, what);
        }
        let limits = [(LBA28_REACH, "137 GB"), (CHS_REACH, "8.4 GB")];
        if let Some((_, limit)) = limits.into_iter().find(|&(reach, _)| end > reach) {
            let what = format!("{name} ends at sector {end}, behind {limit}");
            findings.add(Kind::BiosReach, 0, what);
        }
        for other in &parts[index + 1..] {
            let shared = start.max(other.lba)..end.min(other.end());
            // A hybrid table names partitions of the GPT again.
            let is_same = (start, end) == (other.lba, other.end()) && part.type_byte != other.type_byte;
            let twice = is_same && (part.type_byte.is_none() || other.type_byte.is_none());
            if !shared.is_empty() && !twice {
                let what =
                    format!("{name} and {} share sectors {}..{}", other.name(), shared.start, shared.end);
                findings.add(Kind::Overlap, 0, what);
            }
        }
    }
}

/// Compares the CHS addresses of the table with its LBAs; gives the geometry with which all of them agree.
pub(super) fn check_addresses(
    slots: &[Slot; 4],
    parts: &[Part],
    solution: Option<&Solution>,
    findings: &mut Findings,
) -> Option<Tracks> {
    let entries = compared(slots);
    let tracks = solution.map_or(USUAL, |solution| solution.table.unwrap_or(solution.tracks));
    let geometry = Geometry::new(1, tracks.0, tracks.1)?;
    let count = entries.iter().filter(|(_, slot)| agrees(slot, &geometry)).count();
    let (heads, track) = (geometry.heads, geometry.sectors_per_track);
    for (number, slot) in entries.iter().filter(|(_, slot)| !agrees(slot, &geometry)) {
        findings.add(Kind::ChsLba, 0, disagreement(*number, slot, &geometry));
    }
    for part in parts.iter().filter(|part| part.type_byte.is_some()) {
        let by_chs = matches!(part.type_byte.unwrap_or(0) & 0xEF, 0x01 | 0x04 | 0x06 | 0x0B);
        let reach = CYLINDERS * geometry.cylinder_sectors();
        if by_chs && part.end() > reach {
            let what = format!(
                "{} is of type {:02X} and ends at sector {}; CHS reaches {reach} with {heads}/{track}",
                part.name(),
                part.type_byte.unwrap_or(0),
                part.end()
            );
            findings.add(Kind::ChsLimit, 0, what);
        }
        if count == entries.len() && !part.lba.is_multiple_of(u64::from(track)) {
            let what = format!(
                "{} begins at sector {}, and a track has {track} ({heads}/{track})",
                part.name(),
                part.lba
            );
            findings.add(Kind::StartOffTrack, 0, what);
        }
    }
    if count < entries.len() {
        return None;
    }
    for (number, slot) in entries.iter().filter(|(_, slot)| slot.status == ACTIVE) {
        let seen = (u16::from(slot.end_chs.head) + 1, u16::from(slot.end_chs.sector));
        // What every tool writes behind the last cylinder, whatever the geometry.
        let saturated = slot.end_chs.cylinder == 1023 && seen == (255, 63);
        if seen != (heads, track) && !saturated {
            let what = format!(
                "partition {number} ends at {}; a BIOS takes {}/{} from that, and the table was made with \
                 {heads}/{track}",
                chs_text(slot.end_chs),
                seen.0,
                seen.1
            );
            findings.add(Kind::EndOffCylinder, 0, what);
        }
    }
    Some((heads, track))
}

/// Whether the table was not made with the geometry of `volume`. Few addresses may fit more than one.
pub(super) fn contradicts(slots: &[Slot; 4], volume: &FoundVolume) -> bool {
    let geometry = Geometry::new(1, volume.bpb.heads, volume.bpb.sectors_per_track);
    geometry.is_none_or(|geometry| compared(slots).iter().any(|(_, slot)| !agrees(slot, &geometry)))
}

/// The entries whose addresses can be held against each other, with their numbers.
fn compared(slots: &[Slot; 4]) -> Vec<(usize, &Slot)> {
    let is_compared =
        |(_, slot): &(usize, &Slot)| slot.type_byte != 0 && slot.type_byte != PROTECTIVE && slot.sectors > 0;
    (1..).zip(slots).filter(is_compared).collect()
}

/// Whether both addresses of an entry are those of its LBAs. Behind cylinder 1023 there is nothing to agree on.
fn agrees(slot: &Slot, geometry: &Geometry) -> bool {
    let address = |lba: u64, chs: Chs| {
        let behind = lba >= CYLINDERS * geometry.cylinder_sectors();
        if behind { chs.cylinder == 1023 } else { Chs::from_lba(lba, geometry) == chs }
    };
    address(slot.start, slot.start_chs) && address(slot.end() - 1, slot.end_chs)
}

fn chs_text(chs: Chs) -> String {
    format!("{}/{}/{}", chs.cylinder, chs.head, chs.sector)
}

/// Which address of an entry is not that of its LBA.
fn disagreement(number: usize, slot: &Slot, geometry: &Geometry) -> String {
    let (heads, track) = (geometry.heads, geometry.sectors_per_track);
    let start = Chs::from_lba(slot.start, geometry);
    let (word, lba, found, expected) = match start == slot.start_chs {
        true => ("ends", slot.end() - 1, slot.end_chs, Chs::from_lba(slot.end() - 1, geometry)),
        false => ("begins", slot.start, slot.start_chs, start),
    };
    format!(
        "partition {number} {word} at sector {lba}, which is {} with {heads}/{track}, and its CHS address is {}",
        chs_text(expected),
        chs_text(found)
    )
}

/// Compares the type of a partition with what is in it.
pub(super) fn check_type(
    part: &Part,
    volume: Option<&FoundVolume>,
    holds_disc: bool,
    findings: &mut Findings,
) {
    let Some(type_byte) = part.type_byte else { return };
    let name = part.name();
    // Hidden partitions have types of their own, with the same meaning.
    let plain = if matches!(type_byte, 0x11..=0x1F) { type_byte & 0xEF } else { type_byte };
    let Some(volume) = volume else {
        if matches!(plain, 0x01 | 0x04 | 0x06 | 0x07 | 0x0B | 0x0C | 0x0E) && !holds_disc && part.sectors > 0
        {
            let what = format!("{name} is of type {type_byte:02X}, and holds no FAT, NTFS or exFAT");
            findings.add(Kind::NoFileSystem, part.lba, what);
        }
        return;
    };
    let large = part.sectors >= 0x1_0000;
    let (right, best): (&[u8], u8) = match volume.system {
        FoundSystem::Fat(12) if large => (&[0x01, 0x06, 0x0E, 0xEF], 0x06),
        FoundSystem::Fat(12) => (&[0x01, 0xEF], 0x01),
        FoundSystem::Fat(16) if large => (&[0x06, 0x0E, 0xEF], 0x06),
        FoundSystem::Fat(16) => (&[0x04, 0x06, 0x0E, 0xEF], 0x04),
        FoundSystem::Fat(_) => (&[0x0B, 0x0C, 0xEF], 0x0C),
        FoundSystem::Ntfs | FoundSystem::ExFat => (&[0x07, 0x27], 0x07),
    };
    if !right.contains(&plain) {
        let system = volume.system.name();
        let what =
            format!("{name} is of type {type_byte:02X} and holds a {system}, which is type {best:02X}");
        findings.add(Kind::TypeFs, 0, what);
    }
}
