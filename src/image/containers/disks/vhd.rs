//! VHD, the disks of Virtual PC and older Hyper-V.
//!
//! (Microsoft, "Virtual Hard Disk Image Format Specification", version 1.0.)

use std::path::Path;

use super::alone::Alone;
use super::fault::{Fault, Form, OF_A_MACHINE, Way, parent};
use super::mapped::{Found, Map, Parts, Piece, Place, Table};
use super::window::{self, Window};
use crate::image::containers::fields::{Fields, wide};
use crate::image::error::ImageError;
use crate::image::source::Source;
use crate::units::{Geometry, SECTOR_LEN};

/// `qemu-img` takes the geometry for the size of what some programs made, unless it is told.
const FORM: Form = Form {
    name: "VHD",
    what: "a VHD file",
    program: "Hyper-V or Virtual PC",
    qemu: "driver=vpc,force_size_calc=current_size",
    hard_disk: Some(OF_A_MACHINE),
};

/// What the footer, and its copy at the start of a dynamic disk, begin with.
const MAGIC: &[u8; 8] = b"conectix";
/// Bytes of a footer, and of those that the first Virtual PC wrote.
const FOOTER_LEN: u64 = 512;
const SHORT_LEN: u64 = 511;
/// Place of the sum in a footer and in the header of a dynamic disk.
const FOOTER_SUM: usize = 64;
const HEADER_SUM: usize = 36;
/// What that header begins with, and its bytes.
const HEADER_MAGIC: &[u8; 8] = b"cxsparse";
const HEADER_LEN: u64 = 1024;
/// The one version of both.
const VERSION: u32 = 0x0001_0000;
/// Types of disks.
const FIXED: u32 = 2;
const DYNAMIC: u32 = 3;
const DIFFERENCING: u32 = 4;
/// Most bytes of a block; programs make 512 KiB and 2 MiB.
const BLOCK_LEN_MAX: u64 = 1 << 28;
/// Entry of the table for a block that was never written.
const FREE: u32 = 0xFFFF_FFFF;
/// Bytes of an entry.
const ENTRY_LEN: u64 = 4;

pub struct Vhd;

impl Alone for Vhd {
    type Map = Blocks;

    const FORM: Form = FORM;

    fn detect(path: &Path, outer: &dyn Source) -> Result<bool, ImageError> {
        for at in places(outer.len()) {
            if window::starts_with(path, outer, at, MAGIC)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn parse(outer: &dyn Source) -> Result<Found<Blocks>, Fault> {
        parse(outer)
    }
}

/// Where a footer can be, the best first.
fn places(len: u64) -> impl Iterator<Item = u64> {
    [FOOTER_LEN, SHORT_LEN].into_iter().filter_map(move |footer| len.checked_sub(footer)).chain([0])
}

/// Where the bytes of a disk are.
pub(super) enum Blocks {
    /// At the start of the file.
    Fixed,
    Dynamic {
        table: u64,
        block_len: u64,
        window: Window,
    },
}

impl Map for Blocks {
    fn find<'s>(&self, files: &Parts<'s>, offset: u64) -> Result<Piece, Fault> {
        let Self::Dynamic { table, block_len, window } = self else {
            return Ok(Piece { place: Place::At { file: 0, offset }, len: u64::MAX });
        };
        let (index, within) = (offset / block_len, offset % block_len);
        let entry = window.read(&*files[0], table + index * ENTRY_LEN, "its block allocation table")?;
        let place = match u32::from_be_bytes(entry) {
            FREE => Place::Zero,
            // Before the bytes of a block stands which of its sectors were written; the others are zeros there too.
            lba => {
                Place::At { file: 0, offset: u64::from(lba) * SECTOR_LEN + bitmap_len(*block_len) + within }
            }
        };
        Ok(Piece { place, len: block_len - within })
    }
}

/// Bytes before those of a block: a bit for each sector, in whole sectors.
fn bitmap_len(block_len: u64) -> u64 {
    block_len.div_ceil(SECTOR_LEN).div_ceil(8).next_multiple_of(SECTOR_LEN)
}

fn parse(outer: &dyn Source) -> Result<Found<Blocks>, Fault> {
    let Some((at, footer)) = footer(outer)? else {
        return Err(Fault::damaged("neither its footer nor the copy of that has the right sum"));
    };
    let footer = Fields(&footer);
    if footer.be32(12) != VERSION {
        return Err(Fault::damaged(format!("its version is {:#010x}", footer.be32(12))));
    }
    let len = footer.be64(48);
    let note = of_geometry(&footer, len);
    match footer.be32(60) {
        FIXED if at == 0 => Err(Fault::cut(outer.len(), "its footer")),
        FIXED if at < len => Err(Fault::cut(at, format!("the end of the disk of {len} bytes"))),
        FIXED => {
            let tables = vec![(0, at..outer.len())];
            Ok(Found { len, map: Blocks::Fixed, kind: "fixed".into(), note, tables, parts: Vec::new() })
        }
        DYNAMIC => {
            let (map, mut tables) = dynamic(outer, footer.be64(16), len)?;
            tables.push((0, 0..FOOTER_LEN));
            Ok(Found { len, map, kind: "dynamic".into(), note, tables, parts: Vec::new() })
        }
        DIFFERENCING => Err(is_differencing(outer, footer.be64(16))),
        kind => Err(Fault::damaged(format!("it has the type {kind}"))),
    }
}

/// The first footer that is right, and where it stands.
fn footer(outer: &dyn Source) -> Result<Option<(u64, Vec<u8>)>, Fault> {
    for at in places(outer.len()) {
        let len = (outer.len() - at).min(FOOTER_LEN);
        let mut bytes = window::bytes(outer, at, len, "its footer")?;
        bytes.resize(FOOTER_LEN as usize, 0);
        if bytes.starts_with(MAGIC) && has_sum(&bytes, FOOTER_SUM) {
            return Ok(Some((at, bytes)));
        }
    }
    Ok(None)
}

/// Whether the sum at `at` is that of the other bytes: the ones' complement of their sum.
fn has_sum(bytes: &[u8], at: usize) -> bool {
    let others = bytes[..at].iter().chain(&bytes[at + 4..]);
    !others.fold(0u32, |sum, &byte| sum.wrapping_add(byte.into())) == Fields(bytes).be32(at)
}

/// The header of a dynamic disk, at `at`.
fn header(outer: &dyn Source, at: u64) -> Result<Vec<u8>, Fault> {
    let bytes = window::bytes(outer, at, HEADER_LEN, "the header of a dynamic disk")?;
    if !bytes.starts_with(HEADER_MAGIC) || !has_sum(&bytes, HEADER_SUM) {
        return Err(Fault::damaged(format!("the header of a dynamic disk at byte {at} is none")));
    }
    Ok(bytes)
}

/// The map of a dynamic disk, and where its tables lie.
fn dynamic(outer: &dyn Source, at: u64, len: u64) -> Result<(Blocks, Vec<Table>), Fault> {
    let bytes = header(outer, at)?;
    let header = Fields(&bytes);
    if header.be32(24) != VERSION {
        return Err(Fault::damaged(format!("its header has the version {:#010x}", header.be32(24))));
    }
    let (table, count) = (header.be64(16), u64::from(header.be32(28)));
    let block_len = u64::from(header.be32(32));
    if !(SECTOR_LEN..=BLOCK_LEN_MAX).contains(&block_len) || !block_len.is_power_of_two() {
        return Err(Fault::damaged(format!("its blocks have {block_len} bytes")));
    }
    let needed = len.div_ceil(block_len);
    if needed > count {
        return Err(Fault::damaged(format!(
            "its table has {count} blocks of {block_len} bytes, and the disk has {len} bytes"
        )));
    }
    let end = table.checked_add(needed * ENTRY_LEN).filter(|_| table.is_multiple_of(SECTOR_LEN));
    let end = end.ok_or_else(|| Fault::damaged(format!("its table begins at byte {table}")))?;
    let map = Blocks::Dynamic { table, block_len, window: Window::default() };
    Ok((map, vec![(0, at..at + HEADER_LEN), (0, table..end)]))
}

fn is_differencing(outer: &dyn Source, at: u64) -> Fault {
    let bytes = match header(outer, at) {
        Ok(bytes) => bytes,
        Err(fault) => return fault,
    };
    let name = wide(Fields(&bytes).bytes(64, 512), u16::from_be_bytes);
    let why = format!("it holds what differs from {} alone", parent(&name));
    let text = "merge it with its parent, and give that: `Merge-VHD` in PowerShell, or `VBoxManage clonemedium disk \
                FILE disk.img --format RAW`";
    Fault::refused(why, Way::Text(text.into()))
}

/// What its geometry makes of its size: programs make a disk as large as a whole number of cylinders, or say one that is
/// smaller than the disk.
fn of_geometry(footer: &Fields<'_>, len: u64) -> Option<String> {
    let (heads, track) = (footer.byte(58), footer.byte(59));
    let geometry = Geometry::new(footer.be16(56).into(), heads.into(), track.into())?;
    let told = geometry.sectors() * SECTOR_LEN;
    if told == len {
        Some(format!("rounded to its geometry {geometry}: zeros may follow what was put into it"))
    } else {
        Some(format!("{len} bytes, where its geometry {geometry} has {told}"))
    }
}
