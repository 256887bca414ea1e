//! The bytes of a capsule: header, chunk table, and which parts of the image follow.

use ramkey_format::capsule::{
    CAPSULE_HEADER_LEN, CHUNK_ENTRY_LEN, COMPANIONS_MAX, CapsuleHeader, ChunkEntry, Companion, Disc, Form,
    HEADER_HASHED_LEN, emulation,
};
use ramkey_format::cp437;
use zerocopy::IntoBytes;

use super::extent::Content;
use crate::contents::iso::Emulation;
use crate::contents::{DISC_GEOMETRY, Kind};
use crate::image::{CHUNK_LEN, CHUNK_SHIFT, Scan};
use crate::plan::{CapsulePlan, kind_of};
use crate::units::SECTOR_LEN;

/// A capsule as a file.
pub(super) struct Capsule {
    /// Length in bytes, a multiple of 512.
    pub file_len: u64,
    /// Its bytes, in order and without gaps.
    pub pieces: Vec<Piece>,
    /// BLAKE3 of its first sector, for the manifest.
    pub header_blake3: [u8; 32],
}

/// A part of a capsule.
pub(super) struct Piece {
    /// Sectors.
    pub sectors: u64,
    /// Its bytes.
    pub content: Content,
}

/// What a header says that depends on the other drives of its set.
pub(super) struct Links {
    /// Bits of the format's `flags`.
    pub flags: u32,
    /// The images that stand beside it.
    pub companions: [Companion; COMPANIONS_MAX],
    /// NT disk signature that its RAM disk gets, or 0.
    pub disk_signature: u32,
}

impl Capsule {
    /// Lays out the capsule of image number `image`.
    pub fn new(image: usize, plan: &CapsulePlan, scan: &Scan, links: Links) -> Self {
        let table_len = scan.chunks.len() * CHUNK_ENTRY_LEN;
        let data_offset = ((CAPSULE_HEADER_LEN + table_len) as u64).next_multiple_of(SECTOR_LEN);
        let mut head = vec![0; data_offset as usize];
        let mut pieces = vec![Piece { sectors: data_offset / SECTOR_LEN, content: Content::Zeros }];
        let mut end = data_offset;
        let entries = head[CAPSULE_HEADER_LEN..].chunks_exact_mut(CHUNK_ENTRY_LEN);
        for ((index, chunk), place) in (0u64..).zip(&scan.chunks).zip(entries) {
            let offset = index << CHUNK_SHIFT;
            let len = (scan.len - offset).min(CHUNK_LEN as u64);
            let (form, stored) = if chunk.zero { (Form::Zero, 0..0) } else { (Form::Raw, end..end + len) };
            let entry = ChunkEntry::new(form, stored.clone(), chunk.chaining_value);
            place.copy_from_slice(entry.as_bytes());
            let sectors = (stored.end - stored.start).div_ceil(SECTOR_LEN);
            if sectors > 0 {
                end += sectors * SECTOR_LEN;
                append(&mut pieces, image, offset, sectors);
            }
        }
        let table = &head[CAPSULE_HEADER_LEN..CAPSULE_HEADER_LEN + table_len];
        let table_blake3 = *blake3::hash(table).as_bytes();
        let header = header(plan, scan, &links, end, table_len as u32, table_blake3);
        head[..CAPSULE_HEADER_LEN].copy_from_slice(header.as_bytes());
        debug_assert!(CapsuleHeader::parse(&head).is_ok(), "{:?}", CapsuleHeader::parse(&head));
        pieces[0].content = Content::Bytes(head);
        Self { file_len: end, pieces, header_blake3: *blake3::hash(header.as_bytes()).as_bytes() }
    }
}

/// Adds `sectors` sectors of the image from byte `offset` on; one piece for neighbours.
fn append(pieces: &mut Vec<Piece>, image: usize, offset: u64, sectors: u64) {
    if let Some(Piece { sectors: before, content: Content::Image { offset: start, .. } }) = pieces.last_mut()
        && *start + *before * SECTOR_LEN == offset
    {
        *before += sectors;
        return;
    }
    pieces.push(Piece { sectors, content: Content::Image { image, offset } });
}

fn header(
    plan: &CapsulePlan,
    scan: &Scan,
    links: &Links,
    file_len: u64,
    table_len: u32,
    table_blake3: [u8; 32],
) -> CapsuleHeader {
    let facts = &plan.facts;
    // A CD that is not booted emulates nothing.
    let (geometry, drive_type) = match (facts.kind, plan.is_boot()) {
        (Kind::Disc, false) => (DISC_GEOMETRY, 0),
        _ => (facts.geometry, facts.drive_type),
    };
    let mut title = [0; 64];
    // The plan has letters of the code page alone.
    for (place, letter) in title.iter_mut().zip(plan.title.chars()) {
        *place = cp437::encode(letter).unwrap_or(b'_');
    }
    let mut header = CapsuleHeader {
        magic: CapsuleHeader::MAGIC,
        version: CapsuleHeader::VERSION.into(),
        header_len: (CAPSULE_HEADER_LEN as u16).into(),
        flags: links.flags.into(),
        file_len: file_len.into(),
        image_len: scan.len.into(),
        image_blake3: scan.root,
        ram_blake3: scan.root,
        table_blake3,
        table_offset: (CAPSULE_HEADER_LEN as u64).into(),
        table_len: table_len.into(),
        chunk_count: (scan.chunks.len() as u32).into(),
        disk_sectors: facts.disk_sectors.into(),
        lead_sectors: facts.lead_sectors.into(),
        cylinders: geometry.cylinders.into(),
        heads: geometry.heads.into(),
        sectors_per_track: geometry.sectors_per_track.into(),
        chunk_shift: CHUNK_SHIFT,
        kind: kind_of(facts.kind),
        drive: plan.number,
        drive_type,
        partition_type: facts.partition_type,
        reserved_1: [0; 3],
        disk_signature: links.disk_signature.into(),
        changes: 0.into(),
        disc: disc(plan),
        language: [0; 2],
        reserved_2: [0; 50],
        title,
        companions: links.companions,
        header_blake3: [0; 32],
    };
    header.header_blake3 = *blake3::hash(&header.as_bytes()[..HEADER_HASHED_LEN]).as_bytes();
    header
}

/// How a CD boots; zeros for every other kind.
fn disc(plan: &CapsulePlan) -> Disc {
    if plan.facts.kind != Kind::Disc {
        return Disc::default();
    }
    let Some(boot) = plan.facts.boot_entry().filter(|_| plan.is_boot()) else {
        return Disc { emulation: emulation::NOT_BOOTABLE, ..Disc::default() };
    };
    Disc {
        emulation: match boot.emulation {
            Emulation::NoEmulation => emulation::NONE,
            Emulation::Floppy12 => emulation::FLOPPY_1200,
            Emulation::Floppy144 => emulation::FLOPPY_1440,
            Emulation::Floppy288 => emulation::FLOPPY_2880,
            Emulation::HardDisk => emulation::HARD_DISK,
        },
        load_segment: boot.load_segment.into(),
        load_sectors: boot.load_sectors.into(),
        load_lba: boot.load_lba.into(),
        catalogue_lba: boot.catalogue_lba.into(),
        emulated_sectors: boot.disk.as_ref().map_or(0, |disk| disk.sectors as u32).into(),
        ..Disc::default()
    }
}
