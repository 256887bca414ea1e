//! qcow2, the disks of QEMU.
//!
//! (QEMU, `docs/interop/qcow2.txt`.)

use std::path::Path;

use super::alone::Alone;
use super::fault::{Fault, Form, Way, parent};
use super::mapped::{Found, Map, Parts, Piece, Place, Table};
use super::packed::{Codec, Packed};
use super::window::{self, Window};
use crate::image::containers::fields::Fields;
use crate::image::error::ImageError;
use crate::image::source::Source;
use crate::image::wrapping::DISK_LEN_MAX;
use crate::units::SECTOR_LEN;

const FORM: Form =
    Form { name: "qcow2", what: "a qcow2 file", program: "QEMU", qemu: "qcow2", hard_disk: None };

/// What it begins with, before the version.
const MAGIC: &[u8; 4] = b"QFI\xFB";
/// The versions that are known; version 1 is another format.
const VERSIONS: std::ops::RangeInclusive<u32> = 2..=3;
/// Bytes of a header, and those of the first sectors in which its extensions are looked for.
const HEADER_LEN_2: u64 = 72;
const HEAD_LEN_MAX: u64 = 4096;
/// Powers of two that a cluster can have.
const CLUSTER_BITS: std::ops::RangeInclusive<u32> = 9..=21;
/// Features without which it cannot be read: reference counts may be wrong, the tables are, the data is in another file,
/// another compression, and clusters of 32 parts.
const DIRTY: u64 = 1;
const CORRUPT: u64 = 1 << 1;
const EXTERNAL_DATA: u64 = 1 << 2;
const COMPRESSION: u64 = 1 << 3;
const EXTENDED: u64 = 1 << 4;
/// Extension of the header with the name of that file.
const DATA_FILE_NAME: u32 = 0x4441_5441;
/// Bits of an entry with the place of a table or cluster.
const OFFSET: u64 = 0x00FF_FFFF_FFFF_FE00;
/// Bits of an entry: the cluster is packed; it is zeros.
const PACKED: u64 = 1 << 62;
const ZERO: u64 = 1;
/// Parts of a cluster of which each has a bit that says whether it is there, and one that says that it is zeros.
const PARTS: u64 = 32;
/// Least power of two of clusters that have such parts: each has a sector at least.
const EXTENDED_BITS_MIN: u32 = 14;
/// Bytes of an entry of the first table.
const ENTRY_LEN: u64 = 8;

const DECRYPT: &str = "decrypt it first, where its password is known: `qemu-img convert --object \
                       secret,id=key,file=PASSWORD.txt --image-opts \
                       driver=qcow2,encrypt.key-secret=key,file.filename=FILE -O raw disk.img`";

pub struct Qcow2;

impl Alone for Qcow2 {
    type Map = Clusters;

    const FORM: Form = FORM;

    fn detect(path: &Path, outer: &dyn Source) -> Result<bool, ImageError> {
        for version in VERSIONS {
            let magic = [*MAGIC, version.to_be_bytes()].concat();
            if window::starts_with(path, outer, 0, &magic)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn parse(outer: &dyn Source) -> Result<Found<Clusters>, Fault> {
        parse(outer)
    }
}

/// The two levels of tables: the first leads to tables of clusters.
pub(super) struct Clusters {
    first: u64,
    /// A cluster has two to the power of it bytes.
    bits: u32,
    /// Whether an entry is followed by the bits of 32 parts.
    is_extended: bool,
    codec: Codec,
    firsts: Window,
    seconds: Window,
}

impl Clusters {
    fn entry_len(&self) -> u64 {
        if self.is_extended { 2 * ENTRY_LEN } else { ENTRY_LEN }
    }

    /// Bytes of the disk that a table of the second level stands for.
    fn span(&self) -> u64 {
        ((1 << self.bits) / self.entry_len()) << self.bits
    }

    /// Where the table of the second level with this number is, if there is one.
    fn second(&self, file: &dyn Source, index: u64) -> Result<Option<u64>, Fault> {
        let entry = self.firsts.read(file, self.first + index * ENTRY_LEN, "its first table")?;
        let at = u64::from_be_bytes(entry) & OFFSET;
        if !at.is_multiple_of(1 << self.bits) {
            return Err(Fault::damaged(format!("a table lies at byte {at}, where no cluster begins")));
        }
        Ok((at != 0).then_some(at))
    }

    /// A packed cluster.
    fn packed(&self, file: &dyn Source, entry: u64, within: u64) -> Result<Place, Fault> {
        let shift = 62 - (self.bits - 8);
        let offset = entry & ((1 << shift) - 1);
        let sectors = (entry & (PACKED - 1)) >> shift;
        let end = offset / SECTOR_LEN * SECTOR_LEN + (sectors + 1) * SECTOR_LEN;
        if offset >= file.len() {
            return Err(Fault::cut(file.len(), "a packed cluster"));
        }
        // The last sector need not be whole.
        let len = end.min(file.len()) - offset;
        let (codec, plain_len) = (self.codec, 1 << self.bits);
        Ok(Place::Packed(Packed { file: 0, offset, len, codec, plain_len, skip: within }))
    }

    /// Where the bytes from `within` of a cluster on are, of which the parts are told by `bits`; and how many.
    fn part(&self, entry: u64, bits: u64, within: u64) -> (Place, u64) {
        let part_len = (1 << self.bits) / PARTS;
        let part = within / part_len;
        let is_there = bits >> part & 1 != 0 && bits >> (PARTS + part) & 1 == 0;
        let host = entry & OFFSET;
        let place = if is_there { Place::At { file: 0, offset: host + within } } else { Place::Zero };
        (place, part_len - within % part_len)
    }
}

impl Map for Clusters {
    fn find<'s>(&self, files: &Parts<'s>, offset: u64) -> Result<Piece, Fault> {
        let (index, within) = (offset / self.span(), offset % self.span());
        let file = &*files[0];
        let Some(second) = self.second(file, index)? else {
            return Ok(Piece { place: Place::Zero, len: self.span() - within });
        };
        let (cluster, within) = (within >> self.bits, within & ((1 << self.bits) - 1));
        let at = second + cluster * self.entry_len();
        let read = |at| self.seconds.read(file, at, "a table of clusters").map(u64::from_be_bytes);
        let entry = read(at)?;
        let len = (1 << self.bits) - within;
        if entry & PACKED != 0 {
            return Ok(Piece { place: self.packed(file, entry, within)?, len });
        }
        let host = entry & OFFSET;
        if !host.is_multiple_of(1 << self.bits) {
            return Err(Fault::damaged(format!("a cluster lies at byte {host}, where none begins")));
        }
        let (place, len) = if self.is_extended {
            self.part(entry, read(at + ENTRY_LEN)?, within)
        } else if host == 0 || entry & ZERO != 0 {
            (Place::Zero, len)
        } else {
            (Place::At { file: 0, offset: host + within }, len)
        };
        Ok(Piece { place, len })
    }
}

fn parse(outer: &dyn Source) -> Result<Found<Clusters>, Fault> {
    let head = window::bytes(outer, 0, outer.len().clamp(HEADER_LEN_2, HEAD_LEN_MAX), "its header")?;
    let header = Fields(&head);
    let version = header.be32(4);
    let (bits, len) = (header.be32(20), header.be64(24));
    if !CLUSTER_BITS.contains(&bits) {
        return Err(Fault::damaged(format!("its clusters have two to the power of {bits} bytes")));
    }
    let features = if version > 2 { header.be64(72) } else { 0 };
    check_features(&header, features)?;
    if features & EXTENDED != 0 && bits < EXTENDED_BITS_MIN {
        return Err(Fault::damaged(format!(
            "its clusters of two to the power of {bits} bytes have parts that are less than a sector"
        )));
    }
    let codec = match header.byte(104) {
        _ if features & COMPRESSION == 0 => Codec::Deflate,
        1 => Codec::Zstd,
        number => return Err(Fault::refused(format!("it is packed by method {number}"), Way::Convert)),
    };
    if header.be64(8) != 0 {
        let name = window::bytes(outer, header.be64(8), header.be32(16).min(1023).into(), "a name")?;
        let name = String::from_utf8_lossy(&name);
        let why = format!("it holds what differs from {} alone, its backing file", parent(&name));
        return Err(Fault::refused(why, Way::Convert));
    }
    if header.be32(32) != 0 {
        return Err(Fault::refused("it is encrypted", Way::Text(DECRYPT.into())));
    }
    let first = header.be64(40);
    let map = Clusters {
        first,
        bits,
        is_extended: features & EXTENDED != 0,
        codec,
        firsts: Window::default(),
        seconds: Window::default(),
    };
    if len > i64::MAX as u64 || len.div_ceil(map.span()) > header.be32(36).into() {
        let count = header.be32(36);
        return Err(Fault::damaged(format!("its table has {count} entries, and the disk has {len} bytes")));
    }
    let tables = tables(outer, &map, len)?;
    let note = match header.be32(60) {
        0 => None,
        1 => Some("as it is now, and not as its snapshot was".into()),
        count => Some(format!("as it is now, and not as any of its {count} snapshots was")),
    };
    Ok(Found { len, map, kind: format!("version {version}").into(), note, tables, parts: Vec::new() })
}

fn check_features(header: &Fields<'_>, features: u64) -> Result<(), Fault> {
    let unknown = features & !(DIRTY | CORRUPT | EXTERNAL_DATA | COMPRESSION | EXTENDED);
    if unknown != 0 {
        return Err(Fault::refused(format!("it needs the unknown features {unknown:#x}"), Way::Convert));
    }
    if features & CORRUPT != 0 {
        let text = "let QEMU mend a copy of it: `qemu-img check -r all FILE`";
        return Err(Fault::refused("it is marked as damaged", Way::Text(text.into())));
    }
    if features & EXTERNAL_DATA != 0 {
        let name = data_file(header).unwrap_or_default();
        let why = format!("its bytes are in {}, its data file", parent(&name));
        return Err(Fault::refused(why, Way::Convert));
    }
    Ok(())
}

/// The name of the data file, if an extension of the header tells it.
fn data_file(header: &Fields<'_>) -> Option<String> {
    let mut at = header.be32(100) as usize;
    // An extension has a type and a length, and its bytes fill whole words of 8; each turn goes on by 8 bytes at least.
    while at + 8 <= header.0.len() {
        let (kind, len) = (header.be32(at), header.be32(at + 4) as usize);
        match kind {
            0 => return None,
            DATA_FILE_NAME => return Some(String::from_utf8_lossy(header.bytes(at + 8, len)).into_owned()),
            _ => at = at.saturating_add(8).saturating_add(len.next_multiple_of(8)),
        }
    }
    None
}

/// Where header and tables lie; of a disk that is too large for any use, nothing is looked at.
fn tables(outer: &dyn Source, map: &Clusters, len: u64) -> Result<Vec<Table>, Fault> {
    let cluster = 1u64 << map.bits;
    let count = len.div_ceil(map.span());
    let first = map.first.checked_add(count * ENTRY_LEN).filter(|_| map.first.is_multiple_of(cluster));
    let end = first.ok_or_else(|| Fault::damaged(format!("its first table begins at byte {}", map.first)))?;
    let mut tables = vec![(0, 0..cluster.min(outer.len())), (0, map.first..end)];
    if len <= DISK_LEN_MAX {
        for index in 0..count {
            let second = map.second(outer, index)?;
            tables.extend(second.map(|at| (0, at..at + cluster)));
        }
    }
    Ok(tables)
}
