//! Whether an image ends before what it says is on it: partitions, file systems, a GPT.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::boot_sector::{self, ex_fat_sectors};
use super::bytes::sector;
use super::ext::ExtRecord;
use super::geometry::size::FLOPPY_SECTORS_MAX;
use super::guid_table::GuidTable;
use super::mbr::{PROTECTIVE, slots};
use super::parts::{Place, places};
use crate::image::{BOOT_SIGNATURE, Source};
use crate::units::SECTOR_LEN;

/// What an image ends before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// What reaches farthest behind the first `present` sectors, and where it ends, in sectors; `None` if nothing does.
///
/// `has_table` says that sector 0 holds a partition table and is no boot sector of the whole image.
pub(super) fn beyond(source: &dyn Source, has_table: bool, present: u64) -> Option<(Claim, u64)> {
    let first = sector(source, 0)?;
    let mut claims = Vec::new();
    if has_table {
        // A GPT that the table does not know is left over from before.
        let is_known = slots(&first).iter().any(|slot| slot.type_byte == PROTECTIVE);
        let gpt = if is_known { GuidTable::claimed(source) } else { None };
        let mut parts = places(source, &first);
        claims.extend(gpt.iter().map(|gpt| (Claim::GptCopy, gpt.copy_lba.saturating_add(1))));
        let of_gpt = gpt.iter().flat_map(|gpt| &gpt.parts);
        parts.extend(of_gpt.map(|part| Place {
            number: part.number,
            start: part.lba,
            sectors: part.sectors,
        }));
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

/// Sectors of the file system whose boot sector is `sector`, at `lba`; `None` if it is none that is known.
fn file_system(source: &dyn Source, lba: u64, boot: &[u8; 512]) -> Option<u64> {
    if let Some(record) = ExtRecord::read(source, lba) {
        return Some(record.sectors);
    }
    if boot[510..] != BOOT_SIGNATURE {
        return None;
    }
    if let Some(sectors) = ex_fat_sectors(boot) {
        return Some(sectors);
    }
    let sectors = boot_sector::read(boot)?.sectors;
    // Fields without a name that claim many times what is there may be chance.
    let is_named = [&boot[0x36..0x39], &boot[0x52..0x55]].contains(&&b"FAT"[..]) || &boot[3..7] == b"NTFS";
    let present = (source.len() / SECTOR_LEN).max(FLOPPY_SECTORS_MAX);
    (is_named || sectors / 2 <= present).then_some(sectors)
}
