//! A file of a VMDK with tables: a directory leads to tables of grains.

use super::super::fault::{Fault, Way};
use super::super::mapped::{Parts, Piece, Place, Table};
use super::super::packed::{Codec, Packed};
use super::super::window::{self, Window};
use crate::image::containers::fields::Fields;
use crate::image::source::Source;
use crate::image::wrapping::DISK_LEN_MAX;
use crate::units::SECTOR_LEN;

/// What it begins with.
pub(super) const MAGIC: &[u8; 4] = b"KDMV";
/// Versions of the header: they differ in flags.
const VERSIONS: std::ops::RangeInclusive<u32> = 1..=3;
/// Flags: the four letters that a transfer as text would change are there, an entry of 1 is zeros, grains are packed, and
/// each has a marker before it.
const NEWLINES: u32 = 1;
const ZERO_GRAINS: u32 = 1 << 2;
const PACKED: u32 = 1 << 16;
const MARKERS: u32 = 1 << 17;
/// These letters, behind the byte that says whether the file is open.
const NEWLINE_BYTES: &[u8] = b"\n \r\n";
/// Deflate, the only method.
const DEFLATE: u16 = 1;
/// Entries of a table of grains, and sectors of a grain.
const TABLE_ENTRIES: u64 = 512;
const GRAIN_SECTORS: std::ops::RangeInclusive<u64> = 8..=8192;
/// Place of a directory that is told by the footer, which lies so many bytes before the end: behind it is the last marker.
const AT_END: u64 = u64::MAX;
const FOOTER_FROM_END: u64 = 1024;
/// Bytes of an entry, of a marker before a packed grain, and most bytes of that.
const ENTRY_LEN: u64 = 4;
const MARKER_LEN: u64 = 12;

/// Such a file.
pub(super) struct Sparse {
    file: usize,
    /// Bytes of the disk in it.
    len: u64,
    directory: u64,
    grain_len: u64,
    has_zero_grains: bool,
    is_packed: bool,
    directories: Window,
    tables: Window,
    markers: Window,
}

/// What else its header says.
pub(super) struct Header {
    /// Bytes of the disk.
    pub len: u64,
    /// The descriptor in it; 0 bytes if it is beside it.
    pub descriptor: u64,
    pub descriptor_len: u64,
    /// Whether it was not closed.
    pub is_open: bool,
}

impl Sparse {
    /// The file with this number.
    ///
    /// # Errors
    ///
    /// It is none, or damaged.
    pub fn parse(source: &dyn Source, file: usize) -> Result<(Self, Header), Fault> {
        let mut bytes = window::bytes(source, 0, SECTOR_LEN, "its header")?;
        if !bytes.starts_with(MAGIC) {
            return Err(Fault::damaged("it has no header"));
        }
        let first = Fields(&bytes);
        let bytes_of = |at| sectors(first.le64(at));
        let (descriptor, descriptor_len) = (bytes_of(28)?, bytes_of(36)?);
        let is_open = first.byte(72) != 0;
        if first.le64(56) == AT_END {
            let at = source.len().checked_sub(FOOTER_FROM_END);
            let footer = at.map(|at| window::bytes(source, at, SECTOR_LEN, "its footer")).transpose()?;
            let footer =
                footer.filter(|footer| footer.starts_with(MAGIC) && Fields(footer).le64(56) != AT_END);
            bytes = footer.ok_or_else(|| Fault::cut(source.len(), "its footer"))?;
        }
        let header = Fields(&bytes);
        let flags = check(&header)?;
        let (len, grain_len) = (sectors(header.le64(12))?, header.le64(20) * SECTOR_LEN);
        let sparse = Self {
            file,
            len,
            directory: sectors(header.le64(56))?,
            grain_len,
            has_zero_grains: flags & ZERO_GRAINS != 0,
            is_packed: flags & PACKED != 0,
            directories: Window::default(),
            tables: Window::default(),
            markers: Window::default(),
        };
        Ok((sparse, Header { len, descriptor, descriptor_len, is_open }))
    }

    pub fn is_packed(&self) -> bool {
        self.is_packed
    }

    /// Where its header and tables lie, the second copy of them left out; of a disk that is too large for any use, nothing
    /// is looked at.
    pub fn tables(&self, source: &dyn Source, file: usize) -> Result<Vec<Table>, Fault> {
        let count = self.len.div_ceil(self.span());
        let mut tables =
            vec![(file, 0..SECTOR_LEN), (file, self.directory..self.directory + count * ENTRY_LEN)];
        if self.len <= DISK_LEN_MAX {
            for index in 0..count {
                let table = self.table(source, index)?;
                tables.extend(table.map(|at| (file, at..at + TABLE_ENTRIES * ENTRY_LEN)));
            }
        }
        Ok(tables)
    }

    /// Where the bytes from `offset` of its part of the disk on are.
    pub fn find<'s>(&self, files: &Parts<'s>, offset: u64) -> Result<Piece, Fault> {
        let source = &*files[self.file];
        let (index, within) = (offset / self.span(), offset % self.span());
        let Some(table) = self.table(source, index)? else {
            return Ok(Piece { place: Place::Zero, len: self.span() - within });
        };
        let (grain, within) = (within / self.grain_len, within % self.grain_len);
        let entry = self.tables.read(source, table + grain * ENTRY_LEN, "a table of grains")?;
        let at = match u32::from_le_bytes(entry) {
            0 => None,
            1 if self.has_zero_grains => None,
            sector => Some(u64::from(sector) * SECTOR_LEN),
        };
        let place = match at {
            None => Place::Zero,
            Some(at) if self.is_packed => self.packed(source, at, offset - within, within)?,
            Some(at) => Place::At { file: self.file, offset: at + within },
        };
        Ok(Piece { place, len: self.grain_len - within })
    }

    /// Bytes of the disk that one table of grains stands for.
    fn span(&self) -> u64 {
        self.grain_len * TABLE_ENTRIES
    }

    /// Where the table of grains with this number is, if there is one.
    fn table(&self, source: &dyn Source, index: u64) -> Result<Option<u64>, Fault> {
        let at = self.directory + index * ENTRY_LEN;
        let entry = u32::from_le_bytes(self.directories.read(source, at, "its directory of grains")?);
        // 1 stands for a table of zeros, where grains of zeros are known.
        let is_there = entry != 0 && !(entry == 1 && self.has_zero_grains);
        Ok(is_there.then(|| u64::from(entry) * SECTOR_LEN))
    }

    /// The packed grain at `at`, behind its marker: its sector, and how many bytes it takes. It must be that of byte `start`
    /// of the disk.
    fn packed(&self, source: &dyn Source, at: u64, start: u64, within: u64) -> Result<Place, Fault> {
        let marker: [u8; MARKER_LEN as usize] = self.markers.read(source, at, "a packed grain")?;
        if Fields(&marker).le64(0) != start / SECTOR_LEN {
            return Err(Fault::damaged(format!("the packed grain at byte {at} is that of another place")));
        }
        let len = u64::from(Fields(&marker).le32(8));
        // Deflate makes what it cannot pack hardly longer.
        if len == 0 || len > self.grain_len + self.grain_len / 8 {
            return Err(Fault::damaged(format!("the packed grain at byte {at} has {len} bytes")));
        }
        let offset = at + MARKER_LEN;
        let (file, plain_len) = (self.file, self.grain_len);
        Ok(Place::Packed(Packed { file, offset, len, codec: Codec::Zlib, plain_len, skip: within }))
    }
}

/// Bytes of so many sectors.
fn sectors(count: u64) -> Result<u64, Fault> {
    // Of the place of a directory that is elsewhere nothing is computed.
    count
        .checked_mul(SECTOR_LEN)
        .filter(|bytes| *bytes <= i64::MAX as u64)
        .ok_or_else(|| Fault::damaged(format!("its header counts {count} sectors")))
}

/// That a header is one, and what it says can be; gives its flags.
fn check(header: &Fields<'_>) -> Result<u32, Fault> {
    let (version, flags) = (header.le32(4), header.le32(8));
    if !VERSIONS.contains(&version) {
        return Err(Fault::refused(format!("its version is {version}, and 3 is known"), Way::Convert));
    }
    if flags & NEWLINES != 0 && header.bytes(73, 4) != NEWLINE_BYTES {
        let text = "transfer it again, as binary data";
        return Err(Fault::refused("a transfer as text has changed it", Way::Text(text.into())));
    }
    let (grain, entries) = (header.le64(20), header.le32(44));
    if !GRAIN_SECTORS.contains(&grain) || !grain.is_power_of_two() || u64::from(entries) != TABLE_ENTRIES {
        return Err(Fault::damaged(format!("its grains have {grain} sectors, its tables {entries} entries")));
    }
    match (flags & PACKED != 0, flags & MARKERS != 0, header.le16(77)) {
        (false, ..) | (true, true, DEFLATE) => Ok(flags),
        (_, _, method) => Err(Fault::refused(format!("it is packed by method {method}"), Way::Convert)),
    }
}
