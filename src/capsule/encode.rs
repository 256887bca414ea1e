//! The bytes of a capsule: header, table block, and which parts of the image follow.

use std::ops::Range;

use ramkey_format::capsule::{
    CAPSULE_HEADER_LEN, CHUNK_ENTRY_LEN, COMPANIONS_MAX, CapsuleError, CapsuleHeader, ChunkEntry, Companion,
    Disc, Form, HEADER_HASHED_LEN, flags,
};
use ramkey_format::cp437;
use zerocopy::IntoBytes;

use super::kind::{emulation_number, number_of};
use super::origin::record;
use super::{DriveOptions, Role};
use crate::contents::{DISC_GEOMETRY, ImageFacts, Kind, MadeOf};
use crate::image::{CHUNK_SHIFT, Part, Scan};
use crate::units::SECTOR_LEN;

/// What a capsule is made of, beside the bytes of its image.
pub struct Contents<'a> {
    /// What the image is.
    pub facts: &'a ImageFacts,
    /// Title in the boot menu: 1 to 64 characters of code page 437.
    pub title: &'a str,
    /// BIOS drive number; the first of its class means the next that is free.
    pub drive: u8,
    /// Its place in its set of drives.
    pub role: Role,
    /// How systems see its drives.
    pub options: DriveOptions,
    /// The images that stand beside it; none of one that stands beside others.
    pub companions: [Companion; COMPANIONS_MAX],
    /// NT disk signature that its RAM disk gets, or 0.
    pub disk_signature: u32,
    /// What its image was made of, if it was changed on the way from there.
    pub made_of: Option<MadeOf>,
}

impl Contents<'_> {
    /// What follows the chunk table in the table block.
    pub fn behind_table(&self) -> Vec<u8> {
        self.made_of.as_ref().map(record).unwrap_or_default()
    }
}

/// A capsule as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capsule {
    /// Length in bytes, a multiple of 512.
    pub file_len: u64,
    /// Its bytes, in order and without gaps.
    pub pieces: Vec<Piece>,
    /// BLAKE3 of its first sector, for the manifest.
    pub header_blake3: [u8; 32],
}

/// A part of a capsule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Sectors.
    pub sectors: u64,
    /// Its bytes.
    pub stored: Stored,
}

/// Where the bytes of a piece come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// These, as many as the piece has.
    Own(Vec<u8>),
    /// The stored bytes of the image, from this one on; zeros behind their end.
    Image {
        /// First byte.
        offset: u64,
    },
}

/// Where a capsule has its table block, and how often it was changed in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edition {
    /// First byte of the table block, a multiple of 512.
    pub table_offset: u64,
    /// Times that it was changed.
    pub changes: u32,
}

impl Default for Edition {
    /// That of a capsule as it is written: the table block is behind the header.
    fn default() -> Self {
        Self { table_offset: CAPSULE_HEADER_LEN as u64, changes: 0 }
    }
}

/// Where a capsule that is written has its table block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TablePlace {
    /// Directly behind the header.
    First,
    /// Behind the chunks: what lies farthest is proven without unpacking anything.
    Last,
}

impl TablePlace {
    /// That of a capsule with these parts.
    pub fn of(parts: &[Part]) -> Self {
        let packs = parts.iter().any(|part| matches!(part.form, Form::Packed { .. }));
        if packs { Self::Last } else { Self::First }
    }
}

/// Makes the capsule of an image, whose chunks are stored as `parts` says: header, table block and the chunks that are not
/// zeros, in order.
///
/// # Errors
///
/// What a reader would say of a capsule with such facts.
pub fn encode(
    contents: &Contents,
    scan: &Scan,
    parts: &[Part],
    place: TablePlace,
) -> Result<Capsule, CapsuleError> {
    let behind = contents.behind_table();
    let table_sectors = table_sectors(parts, &behind);
    let header_len = CAPSULE_HEADER_LEN as u64;
    let (mut pieces, mut table, end) = chunks(scan, parts, place, &behind);
    let (table_offset, file_len) = match place {
        TablePlace::First => (header_len, end),
        TablePlace::Last => (end, end + table_sectors * SECTOR_LEN),
    };
    let header = encode_header(contents, scan, file_len, &table, Edition { table_offset, changes: 0 });
    CapsuleHeader::parse(header.as_bytes())?;
    table.resize((table_sectors * SECTOR_LEN) as usize, 0);
    let own = |bytes: Vec<u8>| Piece { sectors: bytes.len() as u64 / SECTOR_LEN, stored: Stored::Own(bytes) };
    match place {
        TablePlace::First => pieces.insert(0, own([header.as_bytes(), &table[..]].concat())),
        TablePlace::Last => {
            pieces.insert(0, own(header.as_bytes().to_vec()));
            pieces.push(own(table));
        }
    }
    Ok(Capsule { file_len, pieces, header_blake3: *blake3::hash(header.as_bytes()).as_bytes() })
}

/// The table block of the capsule that [`encode`] makes of the same: the chunk table, and what is `behind` it.
pub fn encode_table(scan: &Scan, parts: &[Part], place: TablePlace, behind: &[u8]) -> Vec<u8> {
    chunks(scan, parts, place, behind).1
}

fn table_sectors(parts: &[Part], behind: &[u8]) -> u64 {
    ((parts.len() * CHUNK_ENTRY_LEN + behind.len()) as u64).div_ceil(SECTOR_LEN)
}

/// The pieces of the stored chunks, their table block, and where they end.
fn chunks(scan: &Scan, parts: &[Part], place: TablePlace, behind: &[u8]) -> (Vec<Piece>, Vec<u8>, u64) {
    let header_len = CAPSULE_HEADER_LEN as u64;
    let mut end = match place {
        TablePlace::First => header_len + table_sectors(parts, behind) * SECTOR_LEN,
        TablePlace::Last => header_len,
    };
    let mut pieces = Vec::new();
    let mut table = Vec::with_capacity((table_sectors(parts, behind) * SECTOR_LEN) as usize);
    for (chunk, part) in scan.chunks.iter().zip(parts) {
        let stored = append(&mut pieces, &part.bytes, &mut end);
        table.extend_from_slice(ChunkEntry::new(part.form, stored, chunk.chaining_value).as_bytes());
    }
    table.extend_from_slice(behind);
    (pieces, table, end)
}

/// Adds the stored bytes `bytes` of the image at `end`, in whole sectors, and says where in the capsule they are; one piece
/// for neighbours, of which the second may begin in the last sector of the first.
fn append(pieces: &mut Vec<Piece>, bytes: &Range<u64>, end: &mut u64) -> Range<u64> {
    if bytes.is_empty() {
        return 0..0;
    }
    let (first, last) = (bytes.start / SECTOR_LEN, bytes.end.div_ceil(SECTOR_LEN));
    let added = match pieces.last_mut() {
        Some(Piece { sectors, stored: Stored::Image { offset } })
            if (first..=first + 1).contains(&(*offset / SECTOR_LEN + *sectors)) =>
        {
            let added = last - (*offset / SECTOR_LEN + *sectors);
            *sectors += added;
            added
        }
        _ => {
            let stored = Stored::Image { offset: first * SECTOR_LEN };
            pieces.push(Piece { sectors: last - first, stored });
            last - first
        }
    };
    *end += added * SECTOR_LEN;
    let start = *end - (last * SECTOR_LEN - bytes.start);
    start..start + (bytes.end - bytes.start)
}

/// The first sector of a capsule of `file_len` bytes whose table block is `table`.
pub fn encode_header(
    contents: &Contents,
    scan: &Scan,
    file_len: u64,
    table: &[u8],
    edition: Edition,
) -> CapsuleHeader {
    let facts = contents.facts;
    // A CD that is not booted emulates nothing.
    let (geometry, drive_type) = match (facts.kind, contents.role) {
        (Kind::Disc, Role::Companion) => (DISC_GEOMETRY, 0),
        _ => (facts.geometry, facts.drive_type),
    };
    let is_guess = facts.kind_is_guess && contents.role == Role::Boot;
    let kind_flags = if is_guess { flags::KIND_IS_GUESS } else { 0 };
    let mut title = [0; 64];
    // The plan has letters of the code page alone.
    for (place, letter) in title.iter_mut().zip(contents.title.chars()) {
        *place = cp437::encode(letter).unwrap_or(b'_');
    }
    let mut header = CapsuleHeader {
        magic: CapsuleHeader::MAGIC,
        version: CapsuleHeader::VERSION.into(),
        header_len: (CAPSULE_HEADER_LEN as u16).into(),
        flags: (contents.options.flags(contents.role) | kind_flags).into(),
        file_len: file_len.into(),
        image_len: scan.len.into(),
        image_blake3: scan.root,
        ram_blake3: scan.ram_root,
        table_blake3: *blake3::hash(table).as_bytes(),
        table_offset: edition.table_offset.into(),
        table_len: (table.len() as u32).into(),
        chunk_count: (scan.chunks.len() as u32).into(),
        disk_sectors: facts.disk_sectors.into(),
        lead_sectors: facts.lead_sectors.into(),
        cylinders: geometry.cylinders.into(),
        heads: geometry.heads.into(),
        sectors_per_track: geometry.sectors_per_track.into(),
        chunk_shift: CHUNK_SHIFT,
        kind: number_of(facts.kind),
        drive: contents.drive,
        drive_type,
        partition_type: facts.partition_type,
        reserved_1: [0; 3],
        disk_signature: contents.disk_signature.into(),
        changes: edition.changes.into(),
        disc: disc(contents),
        language: [0; 2],
        reserved_2: [0; 50],
        title,
        companions: contents.companions,
        header_blake3: [0; 32],
    };
    header.header_blake3 = *blake3::hash(&header.as_bytes()[..HEADER_HASHED_LEN]).as_bytes();
    header
}

/// How a CD boots; zeros for every other kind.
fn disc(contents: &Contents) -> Disc {
    if contents.facts.kind != Kind::Disc {
        return Disc::default();
    }
    let Some(boot) = contents.facts.boot_entry().filter(|_| contents.role == Role::Boot) else {
        return Disc { emulation: emulation_number(None), ..Disc::default() };
    };
    Disc {
        emulation: emulation_number(Some(boot.emulation)),
        load_segment: boot.load_segment.into(),
        load_sectors: boot.load_sectors.into(),
        load_lba: boot.load_lba.into(),
        catalogue_lba: boot.catalogue_lba.into(),
        emulated_sectors: boot.disk.as_ref().map_or(0, |disk| disk.sectors as u32).into(),
        ..Disc::default()
    }
}
