//! Whether an image ends before what it says is on it: partitions, file systems, a GPT.

use std::fmt;

use super::bpb::{Slot, slots};
use super::geometry::FLOPPY_SECTORS_MAX;
use super::{Source, table, volume};
use crate::image::bpb::{BOOT_SIGNATURE, u32_at};
use crate::units::SECTOR_LEN;

/// Types of partitions that hold others.
pub(super) const EXTENDED: [u8; 3] = [0x05, 0x0F, 0x85];
/// Type of the entry that stands for a GPT.
pub(super) const PROTECTIVE: u8 = 0xEE;
/// Most partitions within an extended one.
pub(super) const LOGICAL_MAX: usize = 32;
/// Most entries of a GPT that are looked at, and most bytes of one.
const GPT_ENTRIES_MAX: u64 = 1024;
const GPT_ENTRY_LEN_MAX: u64 = 1024;
/// Bit of a GPT entry's attributes: a BIOS may start it.
const LEGACY_BOOTABLE: u64 = 1 << 2;

/// What an image ends before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim {
    /// Its only partition.
    ThePartition,
    /// The partition with this number.
    Partition(usize),
    /// The only file system.
    TheFileSystem,
    /// The file system in the partition with this number.
    FileSystem(usize),
    /// The copy of its GPT.
    GptCopy,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ThePartition => f.write_str("its partition does"),
            Self::Partition(number) => write!(f, "partition {number} does"),
            Self::TheFileSystem => f.write_str("its file system does"),
            Self::FileSystem(number) => write!(f, "the file system of partition {number} does"),
            Self::GptCopy => f.write_str("its GPT does, whose copy is the last sector"),
        }
    }
}

/// A partition, wherever it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// From 1; those within an extended one follow the four of the table, as everybody counts them.
    pub number: usize,
    pub start: u64,
    pub sectors: u64,
}

impl Part {
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.sectors)
    }
}

/// A GUID partition table, as far as its first header says.
pub(super) struct Gpt {
    /// Sector of the copy of the header.
    pub copy: u64,
    /// The partitions.
    pub parts: Vec<Part>,
    /// Those that a BIOS may start.
    pub marked: Vec<Part>,
}

/// What reaches farthest behind the first `present` sectors, and where it ends, in sectors; `None` if nothing does.
///
/// `has_table` says that sector 0 holds a partition table and is no boot sector of the whole image.
pub(super) fn beyond(source: &dyn Source, has_table: bool, present: u64) -> Option<(Claim, u64)> {
    let first = sector(source, 0)?;
    let mut claims = Vec::new();
    if has_table {
        // A GPT that the table does not know is left over from before.
        let is_known = slots(&first).iter().any(|slot| slot.type_byte == PROTECTIVE);
        let gpt = if is_known { gpt(source) } else { None };
        let mut parts = parts(source, &first);
        claims.extend(gpt.iter().map(|gpt| (Claim::GptCopy, gpt.copy.saturating_add(1))));
        parts.extend(gpt.iter().flat_map(|gpt| gpt.parts.iter().copied()));
        let is_only = parts.len() == 1;
        for part in &parts {
            let claim = if is_only { Claim::ThePartition } else { Claim::Partition(part.number) };
            claims.push((claim, part.end()));
        }
        for part in &parts {
            let sectors =
                sector(source, part.start).and_then(|sector| file_system(source, part.start, &sector));
            let claim = if is_only { Claim::TheFileSystem } else { Claim::FileSystem(part.number) };
            claims.extend(sectors.map(|sectors| (claim, part.start.saturating_add(sectors))));
        }
    } else {
        claims.extend(file_system(source, 0, &first).map(|sectors| (Claim::TheFileSystem, sectors)));
    }
    let beyond = claims.into_iter().filter(|&(_, end)| end > present);
    // The first of those that end together is the one to name.
    beyond.reduce(|best, other| if other.1 > best.1 { other } else { best })
}

/// The partitions of the table in `first`, and those within an extended one.
fn parts(source: &dyn Source, first: &[u8; 512]) -> Vec<Part> {
    let slots = slots(first);
    let used = (1..).zip(&slots).filter(|(_, slot)| !matches!(slot.type_byte, 0 | PROTECTIVE));
    let part = |(number, slot): (usize, &Slot)| Part { number, start: slot.start, sectors: slot.sectors };
    let mut parts: Vec<Part> = used.map(part).collect();
    if let Some(extended) = slots.iter().find(|slot| EXTENDED.contains(&slot.type_byte)) {
        let logical = logical(source, extended.start);
        let numbered = (5..).zip(logical);
        parts.extend(numbered.map(|(number, (start, sectors))| Part { number, start, sectors }));
    }
    parts
}

/// First sector and sectors of each partition within the extended one that begins at `extended`.
pub(super) fn logical(source: &dyn Source, extended: u64) -> Vec<(u64, u64)> {
    let (mut parts, mut at) = (Vec::new(), extended);
    while parts.len() < LOGICAL_MAX {
        let Some(sector) = sector(source, at) else { break };
        let (further, own): (Vec<_>, Vec<_>) =
            table::read(&sector).into_iter().partition(|entry| EXTENDED.contains(&entry.type_byte));
        let Some(own) = own.first() else { break };
        parts.push((at + own.start, own.sectors));
        let Some(further) = further.first() else { break };
        at = extended + further.start;
    }
    parts
}

/// The GPT behind a master boot record, if there is one. (UEFI Specification 2.10, 5.3.)
pub(super) fn gpt(source: &dyn Source) -> Option<Gpt> {
    let header = sector(source, 1).filter(|header| header.starts_with(b"EFI PART"))?;
    let (at, count, len) =
        (u64_at(&header, 72), u64::from(u32_at(&header, 80)), u64::from(u32_at(&header, 84)));
    let mut gpt = Gpt { copy: u64_at(&header, 32), parts: Vec::new(), marked: Vec::new() };
    let is_sound = (128..=GPT_ENTRY_LEN_MAX).contains(&len);
    for number in 0..if is_sound { count.min(GPT_ENTRIES_MAX) } else { 0 } {
        let mut entry = [0; 128];
        let offset = at.checked_mul(SECTOR_LEN).and_then(|at| at.checked_add(number * len))?;
        let end = offset.checked_add(entry.len() as u64).filter(|&end| end <= source.len());
        if end.is_none() || source.read_at(offset, &mut entry).is_err() {
            break;
        }
        let long = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| entry[at + byte]));
        let (start, last) = (long(32), long(40));
        // As many sectors as there are numbers are none that can be counted.
        let sectors = last.checked_sub(start).and_then(|sectors| sectors.checked_add(1));
        let Some(sectors) = sectors.filter(|_| entry[..16] != [0; 16]) else { continue };
        let part = Part { number: number as usize + 1, start, sectors };
        gpt.parts.push(part);
        if long(48) & LEGACY_BOOTABLE != 0 {
            gpt.marked.push(part);
        }
    }
    Some(gpt)
}

/// Sectors of the file system whose boot sector is `sector`, at `lba`; `None` if it is none that is known.
fn file_system(source: &dyn Source, lba: u64, boot: &[u8; 512]) -> Option<u64> {
    if let Some(blocks) = ext(source, lba) {
        return Some(blocks);
    }
    if boot[510..] != BOOT_SIGNATURE {
        return None;
    }
    if &boot[3..11] == b"EXFAT   " {
        return Some(u64_at(boot, 0x48));
    }
    let sectors = volume::read(boot)?.sectors;
    // Fields without a name that claim many times what is there may be chance.
    let is_named = [&boot[0x36..0x39], &boot[0x52..0x55]].contains(&&b"FAT"[..]) || &boot[3..7] == b"NTFS";
    let present = (source.len() / SECTOR_LEN).max(FLOPPY_SECTORS_MAX);
    (is_named || sectors / 2 <= present).then_some(sectors)
}

/// Sectors of the ext2, ext3 or ext4 that begins at `lba`. Its record is in the third sector.
fn ext(source: &dyn Source, lba: u64) -> Option<u64> {
    let record = sector(source, lba.checked_add(2)?)?;
    let shift = u32_at(&record, 24);
    let is_ext = record[56..58] == [0x53, 0xEF] && shift <= 6;
    is_ext.then(|| u64::from(u32_at(&record, 4)) << (shift + 1))
}

/// The sector at `lba`; `None` if the image ends before its end, or it cannot be read.
pub(super) fn sector(source: &dyn Source, lba: u64) -> Option<[u8; 512]> {
    let mut sector = [0; 512];
    let offset = lba.checked_mul(SECTOR_LEN)?;
    let end = offset.checked_add(SECTOR_LEN)?;
    (end <= source.len() && source.read_at(offset, &mut sector).is_ok()).then_some(sector)
}

fn u64_at(sector: &[u8; 512], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|byte| sector[at + byte]))
}
