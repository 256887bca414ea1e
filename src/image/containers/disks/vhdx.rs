//! VHDX, the disks of Hyper-V.
//!
//! (Microsoft, MS-VHDX, "Virtual Hard Disk v2 (VHDX) File Format".)

use std::ops::Range;
use std::path::Path;

use super::alone::Alone;
use super::fault::{Fault, Form, OF_A_MACHINE, Way, parent};
use super::mapped::{Found, Map, Parts, Piece, Place};
use super::window::{self, Window};
use crate::image::containers::fields::{Fields, wide};
use crate::image::error::ImageError;
use crate::image::source::Source;
use crate::units::SECTOR_LEN;

const FORM: Form = Form {
    name: "VHDX",
    what: "a VHDX file",
    program: "Hyper-V",
    qemu: "vhdx",
    hard_disk: Some(OF_A_MACHINE),
};

/// What it begins with, and what its parts do.
const MAGIC: &[u8; 8] = b"vhdxfile";
const HEADER_MAGIC: &[u8; 4] = b"head";
const REGIONS_MAGIC: &[u8; 4] = b"regi";
const METADATA_MAGIC: &[u8; 8] = b"metadata";
/// The section of headers is the first MiB; everything lies at whole MiB.
const MIB: u64 = 1 << 20;
/// Where the two headers and the two tables of regions are, and how long each is.
const HEADERS: [u64; 2] = [64 << 10, 128 << 10];
const HEADER_LEN: u64 = 4 << 10;
const REGIONS: [u64; 2] = [192 << 10, 256 << 10];
const REGIONS_LEN: u64 = 64 << 10;
/// Most entries of a table of regions or of metadata, and bytes of one.
const ENTRIES_MAX: usize = 2047;
const ENTRY_LEN: usize = 32;
/// Bytes of the table of metadata, and most bytes of one of its items.
const METADATA_LEN: u64 = 64 << 10;
const ITEM_LEN_MAX: u64 = 1 << 16;
/// GUIDs as they stand in a file: of the regions, and of what is told of the disk.
const BLOCKS_REGION: &[u8; 16] = b"\x66\x77\xC2\x2D\x23\xF6\x00\x42\x9D\x64\x11\x5E\x9B\xFD\x4A\x08";
const METADATA_REGION: &[u8; 16] = b"\x06\xA2\x7C\x8B\x90\x47\x9A\x4B\xB8\xFE\x57\x5F\x05\x0F\x88\x6E";
const PARAMETERS: &[u8; 16] = b"\x37\x67\xA1\xCA\x36\xFA\x43\x4D\xB3\xB6\x33\xF0\xAA\x44\xE7\x6B";
const DISK_LEN: &[u8; 16] = b"\x24\x42\xA5\x2F\x1B\xCD\x76\x48\xB2\x11\x5D\xBE\xD8\x3B\xF4\xB8";
const LOGICAL_SECTOR: &[u8; 16] = b"\x1D\xBF\x41\x81\x6F\xA9\x09\x47\xBA\x47\xF2\x33\xA8\xFA\xAB\x5F";
const PHYSICAL_SECTOR: &[u8; 16] = b"\xC7\x48\xA3\xCD\x5D\x44\x71\x44\x9C\xC9\xE9\x88\x52\x51\xC5\x56";
const DISK_ID: &[u8; 16] = b"\xAB\x12\xCA\xBE\xE6\xB2\x23\x45\x93\xEF\xC3\x09\xE0\x00\xC7\x46";
const PARENT: &[u8; 16] = b"\x2D\x5F\xD3\xA8\x0B\xB3\x4D\x45\xAB\xF7\xD3\xD8\x48\x34\xAB\x0C";
/// Flags of an item of metadata, of a region, and of the disk.
const ITEM_REQUIRED: u32 = 1 << 2;
const REGION_REQUIRED: u32 = 1;
const IS_FIXED: u32 = 1;
const HAS_PARENT: u32 = 1 << 1;
/// Bytes of a block.
const BLOCK_LENS: std::ops::RangeInclusive<u64> = MIB..=256 * MIB;
/// So many sectors of the disk have one entry for what a parent has of them, behind those of their blocks.
const CHUNK_SECTORS: u64 = 1 << 23;
/// States of a block: in the file; in the file and the parent. Others read as zeros.
const PRESENT: u64 = 6;
const PARTLY: u64 = 7;
/// States that no block has.
const RESERVED_1: u64 = 4;
const RESERVED_2: u64 = 5;

pub struct Vhdx;

impl Alone for Vhdx {
    type Map = Blocks;

    const FORM: Form = FORM;

    fn detect(path: &Path, outer: &dyn Source) -> Result<bool, ImageError> {
        window::starts_with(path, outer, 0, MAGIC)
    }

    fn parse(outer: &dyn Source) -> Result<Found<Blocks>, Fault> {
        parse(outer)
    }
}

/// The block allocation table.
pub(super) struct Blocks {
    table: u64,
    block_len: u64,
    window: Window,
}

impl Blocks {
    /// Number of the entry of a block.
    fn entry(&self, block: u64) -> u64 {
        block + block / (CHUNK_SECTORS * SECTOR_LEN / self.block_len)
    }
}

impl Map for Blocks {
    fn find<'s>(&self, files: &Parts<'s>, offset: u64) -> Result<Piece, Fault> {
        let (block, within) = (offset / self.block_len, offset % self.block_len);
        let at = self.table + self.entry(block) * 8;
        let entry = u64::from_le_bytes(self.window.read(&*files[0], at, "its block allocation table")?);
        let place = match entry & 7 {
            PRESENT => Place::At { file: 0, offset: (entry & !(MIB - 1)).saturating_add(within) },
            PARTLY => return Err(Fault::damaged(format!("block {block} is partly in a parent"))),
            RESERVED_1 | RESERVED_2 => {
                return Err(Fault::damaged(format!("block {block} has a state that there is not")));
            }
            _ => Place::Zero,
        };
        Ok(Piece { place, len: self.block_len - within })
    }
}

fn parse(outer: &dyn Source) -> Result<Found<Blocks>, Fault> {
    let header = header(outer)?;
    let header = Fields(&header);
    if header.le16(66) != 1 {
        return Err(Fault::damaged(format!("its version is {}, and 1 is known", header.le16(66))));
    }
    if header.bytes(48, 16) != [0; 16] {
        let text = "let the program that made it close it, or play the log back into a copy of it: `qemu-img check -r \
                    all FILE`";
        return Err(Fault::refused(
            "it was not closed, and its log holds what is not on it yet",
            Way::Text(text.into()),
        ));
    }
    let log_len = u64::from(header.le32(68));
    let log = whole_mib(header.le64(72), log_len, "its log")?;
    let [blocks, metadata] = regions(outer)?;
    let told = Told::read(outer, metadata.clone())?;
    let map = Blocks { table: blocks.start, block_len: told.block_len, window: Window::default() };
    let last = told.len.div_ceil(told.block_len).checked_sub(1);
    let count = last.map_or(0, |last| map.entry(last) + 1) * 8;
    if told.len > i64::MAX as u64 || count > blocks.end - blocks.start {
        let (have, len) = (blocks.end - blocks.start, told.len);
        return Err(Fault::damaged(format!("its table has {have} bytes, and the disk has {len} bytes")));
    }
    let kind = if told.flags & IS_FIXED == 0 { "dynamic" } else { "fixed" };
    let tables = [0..MIB, log, blocks, metadata].map(|table| (0, table)).to_vec();
    Ok(Found { len: told.len, map, kind: kind.into(), note: None, tables, parts: Vec::new() })
}

/// The header that was written last.
fn header(outer: &dyn Source) -> Result<Vec<u8>, Fault> {
    let mut best: Option<Vec<u8>> = None;
    for at in HEADERS {
        let bytes = window::bytes(outer, at, HEADER_LEN, "its header")?;
        let is_newer = best.as_ref().is_none_or(|best| Fields(best).le64(8) < Fields(&bytes).le64(8));
        if bytes.starts_with(HEADER_MAGIC) && has_sum(&bytes) && is_newer {
            best = Some(bytes);
        }
    }
    best.ok_or_else(|| Fault::damaged("neither of its headers has the right sum"))
}

/// Where the block allocation table and the metadata are.
fn regions(outer: &dyn Source) -> Result<[Range<u64>; 2], Fault> {
    let mut tables =
        REGIONS.map(|at| window::bytes(outer, at, REGIONS_LEN, "its table of regions")).into_iter();
    let table = loop {
        let Some(table) = tables.next() else {
            return Err(Fault::damaged("neither of its tables of regions has the right sum"));
        };
        let table = table?;
        if table.starts_with(REGIONS_MAGIC) && has_sum(&table) {
            break table;
        }
    };
    let table = Fields(&table);
    let (mut blocks, mut metadata) = (None, None);
    for index in 0..(table.le32(8) as usize).min(ENTRIES_MAX) {
        let at = 16 + index * ENTRY_LEN;
        let place = whole_mib(table.le64(at + 16), table.le32(at + 24).into(), "one of its regions");
        match table.bytes(at, 16) {
            id if id == BLOCKS_REGION => blocks = Some(place?),
            id if id == METADATA_REGION => metadata = Some(place?),
            _ if table.le32(at + 28) & REGION_REQUIRED == 0 => {}
            _ => return Err(Fault::refused("it needs a region of an unknown kind", Way::Convert)),
        }
    }
    blocks
        .zip(metadata)
        .map(<[_; 2]>::from)
        .ok_or_else(|| Fault::damaged("it has no block allocation table, or no metadata"))
}

fn whole_mib(at: u64, len: u64, what: &str) -> Result<Range<u64>, Fault> {
    let end = at.checked_add(len).filter(|_| at >= MIB && at.is_multiple_of(MIB) && len.is_multiple_of(MIB));
    end.map(|end| at..end)
        .ok_or_else(|| Fault::damaged(format!("{what} lies at byte {at}, with {len} bytes")))
}

/// What is told of the disk.
struct Told {
    len: u64,
    block_len: u64,
    flags: u32,
}

impl Told {
    fn read(outer: &dyn Source, region: Range<u64>) -> Result<Self, Fault> {
        let bytes = window::bytes(outer, region.start, METADATA_LEN, "its metadata")?;
        if !bytes.starts_with(METADATA_MAGIC) {
            return Err(Fault::damaged(format!("there is no metadata at byte {}", region.start)));
        }
        let table = Fields(&bytes);
        let (mut parameters, mut len, mut sector, mut parent) = (None, None, None, None);
        for index in 0..usize::from(table.le16(10)).min(ENTRIES_MAX) {
            let at = ENTRY_LEN + index * ENTRY_LEN;
            let (offset, item_len) = (u64::from(table.le32(at + 16)), u64::from(table.le32(at + 20)));
            let place = match table.bytes(at, 16) {
                id if id == PARAMETERS => &mut parameters,
                id if id == DISK_LEN => &mut len,
                id if id == LOGICAL_SECTOR => &mut sector,
                id if id == PARENT => &mut parent,
                id if id == PHYSICAL_SECTOR || id == DISK_ID => continue,
                _ if table.le32(at + 24) & ITEM_REQUIRED == 0 => continue,
                _ => return Err(Fault::refused("it needs metadata of an unknown kind", Way::Convert)),
            };
            if offset < METADATA_LEN
                || offset + item_len > region.end - region.start
                || item_len > ITEM_LEN_MAX
            {
                return Err(Fault::damaged(format!(
                    "an item of its metadata has {item_len} bytes at {offset}"
                )));
            }
            *place = Some(window::bytes(outer, region.start + offset, item_len, "its metadata")?);
        }
        let (Some(parameters), Some(len), Some(sector)) = (parameters, len, sector) else {
            return Err(Fault::damaged("its metadata does not say how large it is"));
        };
        let (block_len, flags) = (Fields(&parameters).le32(0).into(), Fields(&parameters).le32(4));
        if flags & HAS_PARENT != 0 {
            return Err(is_differencing(&parent.unwrap_or_default()));
        }
        if !BLOCK_LENS.contains(&block_len) || !block_len.is_power_of_two() {
            return Err(Fault::damaged(format!("its blocks have {block_len} bytes")));
        }
        match Fields(&sector).le32(0) {
            512 => Ok(Self { len: Fields(&len).le64(0), block_len, flags }),
            sector => {
                let text = "copy its partitions to a disk with sectors of 512 bytes, and give that";
                let why = format!("its sectors have {sector} bytes, and those of a BIOS have 512");
                Err(Fault::refused(why, Way::Text(text.into())))
            }
        }
    }
}

/// A disk with a parent, which `locator` names.
fn is_differencing(locator: &[u8]) -> Fault {
    let locator = Fields(locator);
    let (mut relative, mut absolute) = (None, None);
    for index in 0..usize::from(locator.le16(18)).min(ENTRIES_MAX) {
        let at = 20 + index * 12;
        let text =
            |offset: u32, len: u16| wide(locator.bytes(offset as usize, len.into()), u16::from_le_bytes);
        let value = text(locator.le32(at + 4), locator.le16(at + 10));
        match text(locator.le32(at), locator.le16(at + 8)).as_str() {
            "relative_path" => relative = Some(value),
            "absolute_win32_path" => absolute = Some(value),
            _ => {}
        }
    }
    let name = relative.or(absolute).unwrap_or_default();
    let why = format!("it holds what differs from {} alone", parent(&name));
    let text = "merge it with its parent, and give that: `Merge-VHD -Path FILE` in PowerShell, or delete the \
                checkpoints of the machine in Hyper-V";
    Fault::refused(why, Way::Text(text.into()))
}

/// Whether the sum at byte 4 is that of the bytes: CRC-32C, with zeros for itself. (RFC 3720, appendix B.4.)
fn has_sum(bytes: &[u8]) -> bool {
    let told = Fields(bytes).le32(4);
    let own = (4..8).map(|_| &0u8);
    let all = bytes[..4].iter().chain(own).chain(&bytes[8..]);
    !all.fold(!0, |sum: u32, &byte| sum >> 8 ^ SUMS[usize::from(sum as u8 ^ byte)]) == told
}

/// The sum of each byte.
const SUMS: [u32; 256] = {
    let mut sums = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut sum, mut bit) = (byte as u32, 0);
        while bit < 8 {
            sum = (sum >> 1) ^ (0x82F6_3B78 & (sum & 1).wrapping_neg());
            bit += 1;
        }
        sums[byte] = sum;
        byte += 1;
    }
    sums
};
