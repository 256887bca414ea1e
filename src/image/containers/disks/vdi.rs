//! VDI, the disks of VirtualBox.
//!
//! (VirtualBox, `src/VBox/Storage/VDICore.h`; QEMU, `block/vdi.c`, which has the same fields.)

use std::path::Path;

use super::alone::Alone;
use super::fault::{Fault, Form, OF_A_MACHINE, Way, parent};
use super::mapped::{Found, Map, Parts, Piece, Place};
use super::window::{self, Window};
use crate::image::containers::fields::Fields;
use crate::image::error::ImageError;
use crate::image::source::Source;
use crate::units::SECTOR_LEN;

const FORM: Form = Form {
    name: "VDI",
    what: "a VDI file",
    program: "VirtualBox",
    qemu: "vdi",
    hard_disk: Some(OF_A_MACHINE),
};

/// What stands at byte 64, behind a text.
const MAGIC: [u8; 4] = [0x7F, 0x10, 0xDA, 0xBE];
const MAGIC_OFFSET: u64 = 0x40;
/// Bytes of a header of version 1.1 with the sectors that nothing else may lie in.
const HEADER_LEN: u64 = 512;
/// The version that every VirtualBox since 1.6 writes.
const VERSION: u32 = 0x0001_0001;
/// Types of disks.
const DYNAMIC: u32 = 1;
const STATIC: u32 = 2;
const UNDO: u32 = 3;
const DIFFERENCING: u32 = 4;
/// Entries of the map: a block that was never written, and one of zeros.
const FREE: u32 = 0xFFFF_FFFF;
const ZERO: u32 = 0xFFFF_FFFE;
/// Most bytes of a block, and of what lies before it; VirtualBox makes blocks of 1 MiB.
const BLOCK_LEN_MAX: u64 = 1 << 28;
/// Bytes of an entry of the map.
const ENTRY_LEN: u64 = 4;

pub struct Vdi;

impl Alone for Vdi {
    type Map = Blocks;

    const FORM: Form = FORM;

    fn detect(path: &Path, outer: &dyn Source) -> Result<bool, ImageError> {
        window::starts_with(path, outer, MAGIC_OFFSET, &MAGIC)
    }

    fn parse(outer: &dyn Source) -> Result<Found<Blocks>, Fault> {
        parse(outer)
    }
}

/// The map of a VDI: the number of each block of the disk in the file.
pub(super) struct Blocks {
    /// Where the map and the first block begin.
    map: u64,
    data: u64,
    /// Bytes of a block, and those that lie before it.
    block_len: u64,
    extra: u64,
    window: Window,
}

impl Map for Blocks {
    fn find<'s>(&self, files: &Parts<'s>, offset: u64) -> Result<Piece, Fault> {
        let (index, within) = (offset / self.block_len, offset % self.block_len);
        let entry = self.window.read(&*files[0], self.map + index * ENTRY_LEN, "its map")?;
        let place = match u32::from_le_bytes(entry) {
            FREE | ZERO => Place::Zero,
            number => {
                let block = u64::from(number) * (self.block_len + self.extra);
                Place::At { file: 0, offset: self.data + block + self.extra + within }
            }
        };
        Ok(Piece { place, len: self.block_len - within })
    }
}

fn parse(outer: &dyn Source) -> Result<Found<Blocks>, Fault> {
    let header = window::bytes(outer, 0, HEADER_LEN, "its header")?;
    let header = Fields(&header);
    if header.le32(0x44) != VERSION {
        let (major, minor) = (header.le16(0x46), header.le16(0x44));
        return Err(Fault::refused(format!("its version is {major}.{minor}, and 1.1 is known"), clone_it()));
    }
    let kind = match header.le32(0x4C) {
        DYNAMIC => "dynamic",
        STATIC => "static",
        UNDO | DIFFERENCING => return Err(is_snapshot(&header)),
        kind => return Err(Fault::damaged(format!("it has the type {kind}"))),
    };
    let (map, data) = (u64::from(header.le32(0x154)), u64::from(header.le32(0x158)));
    let (len, block_len) = (header.le64(0x170), u64::from(header.le32(0x178)));
    let (extra, count) = (u64::from(header.le32(0x17C)), u64::from(header.le32(0x180)));
    let is_possible = |len: u64| len <= BLOCK_LEN_MAX && len.is_multiple_of(SECTOR_LEN);
    if block_len == 0 || !is_possible(block_len) || !is_possible(extra) {
        return Err(Fault::damaged(format!("its blocks have {block_len} bytes, with {extra} before each")));
    }
    if len.div_ceil(block_len) > count {
        return Err(Fault::damaged(format!(
            "its map has {count} blocks of {block_len} bytes, and the disk has {len} bytes"
        )));
    }
    if map < HEADER_LEN || !data.is_multiple_of(SECTOR_LEN) {
        return Err(Fault::damaged(format!("its map begins at byte {map}, its first block at {data}")));
    }
    let tables = vec![(0, 0..HEADER_LEN), (0, map..map + len.div_ceil(block_len) * ENTRY_LEN)];
    let map = Blocks { map, data, block_len, extra, window: Window::default() };
    Ok(Found { len, map, kind: kind.into(), note: None, tables, parts: Vec::new() })
}

/// A disk with what changed since a snapshot: its parent has a number alone.
fn is_snapshot(header: &Fields<'_>) -> Fault {
    let id = header.bytes(0x1A8, 16);
    let (first, rest) = id.split_at(8.min(id.len()));
    // The first three parts of a UUID are little-endian in it.
    let order = [3, 2, 1, 0, 5, 4, 7, 6].map(|at| first.get(at).copied().unwrap_or(0));
    let mut text = String::new();
    for (at, byte) in order.iter().chain(rest).enumerate() {
        text += if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
        text += &format!("{byte:02x}");
    }
    let why = format!("it holds what changed since a snapshot alone, beside the disk {}", parent(&text));
    Fault::refused(why, clone_it())
}

fn clone_it() -> Way {
    let text = "make one disk of all of them in VirtualBox, and give that: `VBoxManage clonemedium disk FILE \
                disk.img --format RAW`, or delete the snapshots of the machine";
    Way::Text(text.into())
}
