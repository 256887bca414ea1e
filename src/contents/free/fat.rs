//! Free clusters of a FAT: those whose entry is 0. A bad cluster stays, and so does a chain that belongs to no file.
//!
//! Source: Microsoft, FAT32 File System Specification 1.03; the marks in the boot sector are those of Windows NT, which
//! Linux knows too (`fs/fat`, `FAT_STATE_DIRTY`).

use super::fat_table::Table;
use super::fat_tree;
use super::space::FreeQuestion;
use super::usage::Usage;
use super::why::{Closed, Structure, Why};
use crate::contents::bpb::BpbFields;
use crate::contents::bytes::u16_at;
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// Where Windows NT marks a volume that is in use or needs a test: on FAT12 and FAT16, and on FAT32.
const STATE: usize = 0x25;
const STATE_32: usize = 0x41;
const STATE_DIRTY: u8 = 0b11;
/// Where a FAT32 has the number of the table that is used, and its version.
const ACTIVE_TABLE: usize = 40;
const NOT_MIRRORED: u16 = 0x80;
const VERSION: usize = 42;
/// Bits of the entry of cluster 1 that are set on a volume that was closed and whose reads and writes went well.
const CLOSED_16: u32 = 0xC000;
const CLOSED_32: u32 = 0x0C00_0000;
/// Numbers of clusters from which on a FAT has larger entries, and how far from them everybody agrees.
const KINDS: [u64; 2] = [4085, 65_525];
const KINDS_APART: u64 = 16;

/// What the FAT calls free whose boot sector is `sector`, and which has the `len` bytes from `start` on.
pub(super) fn usage(
    source: &dyn Source,
    start: u64,
    len: u64,
    sector: &[u8; 512],
    question: FreeQuestion,
) -> Result<Usage, Why> {
    let bpb = BpbFields::read(sector);
    let damaged = Why::Damaged(Structure::BootSector);
    let (Some(clusters), Some(bits)) = (bpb.clusters(), bpb.fat_bits()) else { return Err(damaged) };
    if bpb.sectors() > len / SECTOR_LEN {
        return Err(Why::BeyondPartition);
    }
    if KINDS.iter().any(|&limit| clusters.abs_diff(limit) < KINDS_APART)
        || (bits == 32) != (bpb.is_fat32() && bpb.root_entries == 0)
    {
        return Err(Why::KindOfFat);
    }
    if bits == 32 && !is_plain_fat32(&bpb, sector, clusters) {
        return Err(damaged);
    }
    if sector[if bits == 32 { STATE_32 } else { STATE }] & STATE_DIRTY != 0 {
        return Err(Why::NotClosed(Closed::Mark));
    }
    let table = Table {
        source,
        start: start + u64::from(bpb.reserved) * SECTOR_LEN,
        len: bpb.fat_sectors() * SECTOR_LEN,
        copies: bpb.fats.into(),
        bits,
        entries: clusters + 2,
    };
    if !table.has_room() {
        return Err(Why::Damaged(Structure::Table));
    }
    check_first(&table, bpb.media)?;
    if !table.are_equal()? {
        return Err(Why::TablesDiffer);
    }
    let cluster_len = u64::from(bpb.cluster_sectors) * SECTOR_LEN;
    let mut usage = Usage::new(start + bpb.data() * SECTOR_LEN, cluster_len, clusters)?;
    table.each(|number, value| {
        if number >= 2 && value == 0 {
            usage.free_one(number - 2);
        }
        Ok(())
    })?;
    fat_tree::check(&table, usage, &bpb, start, question)
}

/// Whether the fields that only a FAT32 has are such as every program understands.
fn is_plain_fat32(bpb: &BpbFields, sector: &[u8; 512], clusters: u64) -> bool {
    let active = u16_at(sector, ACTIVE_TABLE);
    let is_there = active & NOT_MIRRORED == 0 || active & 0xF < u16::from(bpb.fats);
    is_there && u16_at(sector, VERSION) == 0 && (2..clusters + 2).contains(&u64::from(bpb.root_cluster))
}

/// Checks the entries of the clusters 0 and 1, which have the media byte and the marks.
fn check_first(table: &Table<'_>, media: u8) -> Result<(), Why> {
    let (first, second) = (table.value(0)?, table.value(1)?);
    let closed = match table.bits {
        12 => 0,
        16 => CLOSED_16,
        _ => CLOSED_32,
    };
    if second & closed != closed {
        return Err(Why::NotClosed(Closed::Mark));
    }
    let is_sound =
        first & 0xFF == u32::from(media) && table.is_end(first | 0xFF) && table.is_end(second | closed);
    if is_sound { Ok(()) } else { Err(Why::Damaged(Structure::Table)) }
}
