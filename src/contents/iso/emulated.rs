//! The disk that a BIOS makes of a part of a disc.

use super::blocks::{BLOCK_LEN, Blocks};
use super::boot_entry::{EmulatedDisk, Emulation};
use super::error::IsoError;
use super::no_boot::NoBoot;
use super::warning::DiscWarning;
use crate::contents::boot_code;
use crate::contents::geometry::size;
use crate::contents::geometry::solve::{self, Fitted};
use crate::contents::geometry::{Tracks, Witnesses};
use crate::contents::mbr::{self, TableEntry};
use crate::image::BOOT_SIGNATURE;
use crate::units::{Geometry, SECTOR_LEN};

/// Names of volume descriptors, behind their first byte. (ECMA-119, section 8; ECMA-167, part 2, section 9.)
const DESCRIPTORS: [&[u8]; 5] = [b"CD001", b"BEA01", b"NSR02", b"NSR03", b"TEA01"];

/// The disk at block `lba`, which is on the disc; `None` for no emulation.
///
/// A floppy has the sectors of its format. A hard disk ends with its partition, filled up to a whole cylinder.
/// What the disc does not have is zeros.
pub(super) fn disk(
    blocks: Blocks,
    emulation: Emulation,
    lba: u32,
    warnings: &mut Vec<DiscWarning>,
) -> Result<Result<Option<EmulatedDisk>, NoBoot>, IsoError> {
    let rest = blocks.source.len().saturating_sub(u64::from(lba) * BLOCK_LEN).div_ceil(SECTOR_LEN);
    let floppy = |sectors_per_track| {
        let geometry = Geometry { cylinders: 80, heads: 2, sectors_per_track };
        let sectors = geometry.sectors();
        EmulatedDisk { geometry, sectors, present: rest.min(sectors) }
    };
    let disk = match emulation {
        Emulation::NoEmulation => return Ok(Ok(None)),
        Emulation::Floppy12 => floppy(15),
        Emulation::Floppy144 => floppy(18),
        Emulation::Floppy288 => floppy(36),
        Emulation::HardDisk => match hard_disk(blocks, lba, rest, warnings)? {
            Ok(disk) => disk,
            Err(why) => return Ok(Err(why)),
        },
    };
    Ok(Ok(Some(disk)))
}

fn hard_disk(
    blocks: Blocks,
    lba: u32,
    rest: u64,
    warnings: &mut Vec<DiscWarning>,
) -> Result<Result<EmulatedDisk, NoBoot>, IsoError> {
    let mut first = [0; 512];
    blocks.bytes(u64::from(lba), &mut first)?;
    let entries = mbr::read(&first);
    let Some(claimed) = entries.iter().map(TableEntry::end).max() else {
        return Ok(Err(NoBoot::NoPartition));
    };
    if entries.len() > 1 {
        warnings.push(DiscWarning::Partitions { found: entries.len() });
    }
    let believed = size::wanted(rest, claimed);
    if claimed > rest {
        warnings.push(DiscWarning::DiskTruncated { claimed, present: rest });
    }
    let wanted = if believed.is_some() { claimed } else { rest };
    let start = u64::from(lba) * BLOCK_LEN;
    let read = &mut |sector: u64| blocks.sector(start.saturating_add(sector.saturating_mul(SECTOR_LEN)));
    let otherwise = end_of(&entries[0]).unwrap_or_else(|| size::hard_disk(claimed));
    let witnesses = Witnesses::of(&first, &entries, wanted, otherwise, read)?;
    let Fitted { geometry, sectors, disagreement } = solve::fit(&witnesses);
    warnings.extend(disagreement.map(DiscWarning::DiskGeometries));
    Ok(Ok(EmulatedDisk { geometry, sectors, present: rest.min(sectors) }))
}

/// Whether a boot image that begins with `first` has no code there: it is all one byte, or a volume descriptor. A boot
/// sector of an emulated disk that is signed is looked at with its disk.
pub(super) fn has_no_code(emulation: Emulation, first: &[u8; 512]) -> bool {
    let is_descriptor = DESCRIPTORS.iter().any(|name| first[1..].starts_with(name));
    let is_blank = first.iter().all(|byte| *byte == first[0]);
    let is_signed = first[510..] == BOOT_SIGNATURE;
    let is_disk = emulation != Emulation::NoEmulation;
    is_descriptor || is_blank || (is_disk && !is_signed && boot_code::has_no_code(first))
}

/// Heads and sectors per track of an entry's end address, as BIOSes take them, if that address can be the last of a
/// cylinder and reaches the partition's end.
fn end_of(entry: &TableEntry) -> Option<Tracks> {
    let (heads, track) = (u16::from(entry.end_chs.head) + 1, u16::from(entry.end_chs.sector));
    Geometry::new(1, heads, track)?;
    size::reaches(heads, track, entry.end()).then_some((heads, track))
}
