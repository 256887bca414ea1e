//! A stick with two capsules that have room in themselves, and what a change of them writes, sector by sector.

use ramkey::image::chunk_value;
use ramkey::plan::{FsChoice, LayoutKind};
use ramkey::verify::{StickVerdict, Strictness, verify};
use ramkey_format::capsule::{CAPSULE_HEADER_LEN, CapsuleHeader, ChunkEntry, Form, HEADER_HASHED_LEN};
use ramkey_format::manifest::{MANIFEST_HASHED_LEN, MANIFEST_HEADER_LEN, ManifestHeader, RangeEntry, range};
use ramkey_format::memory::{MANIFEST_2_LBA, MANIFEST_LBA, MANIFEST_SECTORS_MAX};
use zerocopy::IntoBytes;

use crate::frames::sticks::{self, Image, noise};

pub const SECTOR: usize = 512;

/// A sector that is written, and where.
pub type Write = (u64, [u8; SECTOR]);

/// Chunks of 16 KiB: the shortest. An image has four whole ones and a part.
const SHIFT: u8 = 14;
const CHUNK: usize = 1 << SHIFT;
const CHUNK_SECTORS: u64 = (CHUNK / SECTOR) as u64;
const IMAGE_LEN: usize = 70_000;
/// The first sector of a chunk in a file as it was written, and its sectors.
const ROOMS: u64 = 2;
const FILE_SECTORS: u64 = ROOMS + IMAGE_LEN.div_ceil(SECTOR) as u64;
const SLOTS: [u32; 2] = [MANIFEST_LBA, MANIFEST_2_LBA];
const SLOT_LEN: usize = MANIFEST_SECTORS_MAX as usize * SECTOR;

/// Where a capsule lies, in one piece.
#[derive(Clone)]
pub struct Spot {
    pub file: String,
    pub lba: u64,
    /// The image that its header leads to.
    image: Vec<u8>,
}

/// A change of one capsule that was not written yet.
pub struct Prepared {
    spot: usize,
    /// New chunks, and at the end the new table.
    pub chunks: Vec<Write>,
    pub header: Write,
}

impl Prepared {
    /// BLAKE3 of the new first sector.
    pub fn hash(&self) -> [u8; 32] {
        *blake3::hash(&self.header.1).as_bytes()
    }
}

/// What verify should say of the manifests.
pub struct Moment {
    /// Whether both slots hold what was written to them as a whole.
    pub is_whole: bool,
    /// Of each capsule, whether a change of it is under way and, if so, whether it holds the new image.
    pub unfinished: Vec<Option<bool>>,
}

#[derive(Clone)]
pub struct Stick {
    pub image: Image,
    pub spots: Vec<Spot>,
    /// Every manifest that was to be written, as a whole slot.
    manifests: Vec<Vec<u8>>,
    /// The hash of every first sector, with that of the image it stands for.
    headers: Vec<([u8; 32], String)>,
}

/// Numbers below the one that is asked for, the same each time.
pub fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

impl Stick {
    /// Two capsules of five chunks, of which the second and third are zeros; the room of these is free. They were changed so
    /// often; if that is not at all, the room is zeros.
    pub fn new(layout: LayoutKind, fs: FsChoice, len: u64, changes: u32) -> Self {
        let mut images = [noise(IMAGE_LEN), noise(IMAGE_LEN)];
        images[1].reverse();
        let sources = ["dos.img", "tools.img"].into_iter().zip(images.clone());
        let sources = sources.map(|(name, image)| (name, Image(image))).collect();
        let written = sticks::Stick::new(sources, layout, fs, len);
        let mut stick = Self {
            image: Image(written.bytes()),
            spots: Vec::new(),
            manifests: Vec::new(),
            headers: Vec::new(),
        };
        let (header, mut ranges) = stick.manifest_in(0);
        let firsts = ranges.iter_mut().filter(|range| range.is_first_piece());
        for ((range, mut image), name) in firsts.zip(images).zip(["DOS", "TOOLS"]) {
            image[CHUNK..3 * CHUNK].fill(0);
            let spot = Spot { file: format!("RAMKEY/{name}.RKC"), lba: range.lba.get(), image };
            let room = (spot.lba + ROOMS + CHUNK_SECTORS) as usize * SECTOR;
            if changes == 0 {
                stick.image.0[room..room + 2 * CHUNK].fill(0);
            }
            let places =
                [Some(ROOMS), None, None, Some(ROOMS + 3 * CHUNK_SECTORS), Some(ROOMS + 4 * CHUNK_SECTORS)];
            let table = table(&spot.image, &places);
            let old = stick.sector(spot.lba);
            let head = header_with(&old, &spot.image, &table, 1, changes);
            stick.write(spot.lba, &head);
            stick.write(spot.lba + 1, &padded(&table));
            range.blake3 = *blake3::hash(&head).as_bytes();
            stick.spots.push(spot);
        }
        for spot in stick.spots.clone() {
            stick.know(&stick.sector(spot.lba), &spot.image);
        }
        let slot = slot_of(&header, &ranges, 1);
        stick.put_slot(0, &slot);
        let second = vec![0; SLOT_LEN];
        assert!(stick.slot_bytes(1) == second, "a fresh stick has one manifest");
        stick.manifests = vec![slot, second];
        stick
    }

    pub fn judge(&self, strictness: Strictness) -> StickVerdict {
        verify(&self.image, strictness, &|_| {})
    }

    pub fn sector(&self, lba: u64) -> [u8; SECTOR] {
        self.image.0[lba as usize * SECTOR..][..SECTOR].try_into().unwrap()
    }

    /// Writes a sector; says whether that changed anything.
    pub fn write(&mut self, lba: u64, sector: &[u8; SECTOR]) -> bool {
        let is_new = self.sector(lba) != *sector;
        self.image.0[lba as usize * SECTOR..][..SECTOR].copy_from_slice(sector);
        is_new
    }

    /// BLAKE3 of the first sector of a capsule as it is.
    pub fn header_hash(&self, spot: usize) -> [u8; 32] {
        *blake3::hash(&self.sector(self.spots[spot].lba)).as_bytes()
    }

    /// BLAKE3 of the image that the first sector of a capsule stands for.
    pub fn image_hash(&self, spot: usize) -> &str {
        let hash = self.header_hash(spot);
        let known = self.headers.iter().find(|(header, _)| *header == hash);
        &known.expect("a header that was prepared").1
    }

    fn know(&mut self, header: &[u8; SECTOR], image: &[u8]) {
        let image = blake3::hash(image).to_hex().to_string();
        self.headers.push((*blake3::hash(header).as_bytes(), image));
    }

    /// Another first chunk for a capsule: it and the table go where nothing lies.
    pub fn prepare(&mut self, spot: usize, seed: u8) -> Prepared {
        let Spot { lba, mut image, file } = self.spots[spot].clone();
        let old = self.sector(lba);
        let header = CapsuleHeader::parse(&old).unwrap();
        let at = lba as usize * SECTOR;
        let block = &self.image.0[at + header.table_offset.get() as usize..];
        let mut places: Vec<Option<u64>> = header
            .entries(block)
            .unwrap()
            .iter()
            .map(|entry| {
                let stored = entry.stored();
                (!stored.is_empty()).then_some(stored.start / SECTOR as u64)
            })
            .collect();
        let mut taken: Vec<u64> = vec![0, header.table_offset.get() / SECTOR as u64];
        taken.extend(places.iter().flatten().flat_map(|&first| first..first + CHUNK_SECTORS));
        let is_free = |sectors: std::ops::Range<u64>, taken: &[u64]| {
            sectors.end <= FILE_SECTORS && sectors.clone().all(|sector| !taken.contains(&sector))
        };
        let mut rooms = (0..4).map(|number| ROOMS + number * CHUNK_SECTORS);
        let room = rooms.find(|&room| is_free(room..room + CHUNK_SECTORS, &taken)).expect("a free room");
        taken.extend(room..room + CHUNK_SECTORS);
        let table_sector = (1..FILE_SECTORS).find(|&sector| is_free(sector..sector + 1, &taken)).unwrap();

        image[..CHUNK].iter_mut().enumerate().for_each(|(at, byte)| *byte ^= seed.wrapping_add(at as u8) | 1);
        places[0] = Some(room);
        let table = table(&image, &places);
        let new = header_with(&old, &image, &table, table_sector, header.changes.get() + 1);
        let sectors = image[..CHUNK].as_chunks::<SECTOR>().0.iter();
        let mut chunks: Vec<Write> = (lba + room..).zip(sectors.copied()).collect();
        chunks.push((lba + table_sector, padded(&table)));
        self.know(&new, &image);
        self.spots[spot] = Spot { lba, image, file };
        Prepared { spot, chunks, header: (lba, new) }
    }

    /// Makes the file of a capsule as long as its clusters.
    pub fn lengthen(&mut self, spot: usize) {
        let name = self.spots[spot].file.trim_start_matches("RAMKEY/").trim_end_matches(".RKC");
        let name = format!("{name:8}RKC");
        let bytes = &mut self.image.0;
        let is_it = |slot: &&mut [u8; 32]| slot.starts_with(name.as_bytes()) && slot[11] == 0;
        let slot = bytes.as_chunks_mut::<32>().0.iter_mut().find(is_it).expect("its slot");
        let len = u32::from_le_bytes(slot[28..].try_into().unwrap());
        assert!(!len.is_multiple_of(2048));
        slot[28..].copy_from_slice(&len.next_multiple_of(2048).to_le_bytes());
    }

    fn slot_bytes(&self, number: usize) -> &[u8] {
        &self.image.0[SLOTS[number] as usize * SECTOR..][..SLOT_LEN]
    }

    fn put_slot(&mut self, number: usize, slot: &[u8]) {
        self.image.0[SLOTS[number] as usize * SECTOR..][..SLOT_LEN].copy_from_slice(slot);
    }

    fn manifest_in(&self, number: usize) -> (ManifestHeader, Vec<RangeEntry>) {
        let (header, ranges) = ManifestHeader::parse(self.slot_bytes(number)).unwrap();
        (header.clone(), ranges.to_vec())
    }

    /// The number of the slot that counts.
    fn counting(&self) -> usize {
        let generation = |number: usize| {
            let bytes = self.slot_bytes(number);
            let is_it = |slot: &&Vec<u8>| {
                let len = slot.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
                len > 0 && bytes[..len] == slot[..len]
            };
            self.manifests.iter().find(is_it).map(|slot| u32::from_le_bytes(slot[76..80].try_into().unwrap()))
        };
        if generation(1) > generation(0) { 1 } else { 0 }
    }

    /// What verify should say now.
    pub fn moment(&self) -> Moment {
        let counting = self.counting();
        let (_, ranges) = self.manifest_in(counting);
        let is_whole = (0..2).all(|number| self.manifests.iter().any(|slot| slot == self.slot_bytes(number)));
        let unfinished = (0..self.spots.len()).map(|spot| {
            let lba = self.spots[spot].lba;
            let next = |range: &&RangeEntry| range.kind == range::CAPSULE_NEXT && range.lba.get() == lba;
            ranges.iter().find(next).map(|next| next.blake3 == self.header_hash(spot))
        });
        Moment { is_whole, unfinished: unfinished.collect() }
    }

    /// The writes of a manifest like the one that counts, but for a change that is under way, with other hashes of capsules.
    pub fn slot(&self, number: usize, generation: u32, hash: impl Fn([u8; 32]) -> [u8; 32]) -> Vec<Write> {
        let (header, mut ranges) = self.manifest_in(self.counting());
        ranges.retain(|range| range.kind != range::CAPSULE_NEXT);
        for range in ranges.iter_mut().filter(|range| range.kind == range::CAPSULE) {
            range.blake3 = hash(range.blake3);
        }
        writes(number, &slot_of(&header, &ranges, generation))
    }

    /// The same for the slot that does not count, with the next generation.
    pub fn manifest_of(&self, hash: impl Fn([u8; 32]) -> [u8; 32]) -> Vec<Write> {
        let counting = self.counting();
        self.slot(1 - counting, self.manifest_in(counting).0.generation.get() + 1, hash)
    }

    /// The writes of the manifest that announces changes.
    pub fn next_manifest(&mut self, changes: &[Prepared]) -> Vec<Write> {
        let counting = self.counting();
        let (header, ranges) = self.manifest_in(counting);
        let mut next = Vec::new();
        for range in ranges {
            next.push(range);
            let change = changes.iter().find(|change| self.spots[change.spot].lba == range.lba.get());
            if let Some(change) = change.filter(|_| range.is_first_piece()) {
                next.push(RangeEntry { kind: range::CAPSULE_NEXT, blake3: change.hash(), ..range });
            }
        }
        assert!(next.len() <= header.range_count.get() as usize + changes.len());
        let slot = slot_of(&header, &next, header.generation.get() + 1);
        self.manifests.push(slot.clone());
        writes(1 - counting, &slot)
    }

    /// The writes of the manifest that ends the changes that the one that counts announces.
    pub fn last_manifest(&mut self) -> Vec<Write> {
        let counting = self.counting();
        let (header, ranges) = self.manifest_in(counting);
        let mut last: Vec<RangeEntry> = Vec::new();
        for range in ranges {
            match range.kind {
                range::CAPSULE_NEXT => last.last_mut().unwrap().blake3 = range.blake3,
                _ => last.push(range),
            }
        }
        let slot = slot_of(&header, &last, header.generation.get() + 1);
        self.manifests.push(slot.clone());
        writes(1 - counting, &slot)
    }
}

/// A chunk table: of each chunk the first sector of the file that holds it; none of zeros.
fn table(image: &[u8], places: &[Option<u64>]) -> Vec<u8> {
    let count = places.len();
    let entries = image.chunks(CHUNK).zip(places).enumerate().map(|(index, (chunk, place))| {
        let value = chunk_value(chunk, (index * CHUNK) as u64, count);
        let (form, stored) = match place {
            Some(first) => {
                let start = first * SECTOR as u64;
                (Form::Raw, start..start + chunk.len() as u64)
            }
            None => (Form::Zero, 0..0),
        };
        ChunkEntry::new(form, stored, value)
    });
    entries.flat_map(|entry| entry.as_bytes().to_vec()).collect()
}

/// A header like `old` for another image and table.
fn header_with(
    old: &[u8; SECTOR],
    image: &[u8],
    table: &[u8],
    table_sector: u64,
    changes: u32,
) -> [u8; SECTOR] {
    let mut header = CapsuleHeader::parse(old).unwrap().clone();
    let hash = *blake3::hash(image).as_bytes();
    (header.image_blake3, header.ram_blake3) = (hash, hash);
    header.table_blake3 = *blake3::hash(table).as_bytes();
    header.table_offset = (table_sector * SECTOR as u64).into();
    header.table_len = (table.len() as u32).into();
    header.chunk_count = (image.len().div_ceil(CHUNK) as u32).into();
    header.chunk_shift = SHIFT;
    header.changes = changes.into();
    assert_eq!(header.file_len.get(), FILE_SECTORS * SECTOR as u64);
    header.header_blake3 = *blake3::hash(&header.as_bytes()[..HEADER_HASHED_LEN]).as_bytes();
    let bytes: [u8; CAPSULE_HEADER_LEN] = header.as_bytes().try_into().unwrap();
    assert!(CapsuleHeader::parse(&bytes).is_ok());
    bytes
}

/// A slot that holds these ranges, zeros behind them.
fn slot_of(header: &ManifestHeader, ranges: &[RangeEntry], generation: u32) -> Vec<u8> {
    let mut header = header.clone();
    header.range_count = (ranges.len() as u32).into();
    header.generation = generation.into();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&header.as_bytes()[..MANIFEST_HASHED_LEN]).update(ranges.as_bytes());
    header.blake3 = *hasher.finalize().as_bytes();
    let mut slot = [header.as_bytes(), ranges.as_bytes()].concat();
    assert_eq!(slot.len(), MANIFEST_HEADER_LEN + ranges.as_bytes().len());
    slot.resize(SLOT_LEN, 0);
    slot
}

fn writes(number: usize, slot: &[u8]) -> Vec<Write> {
    (u64::from(SLOTS[number])..).zip(slot.as_chunks::<SECTOR>().0.iter().copied()).collect()
}

/// Bytes at the start of a sector.
fn padded(bytes: &[u8]) -> [u8; SECTOR] {
    let mut sector = [0; SECTOR];
    sector[..bytes.len()].copy_from_slice(bytes);
    sector
}
