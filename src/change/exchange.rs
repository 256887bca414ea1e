//! One capsule becomes another, in the same file.

use std::ops::Range;

use ramkey_format::capsule::{CAPSULE_HEADER_LEN, CapsuleHeader, ChunkEntry, Form};
use ramkey_format::manifest::RANGES_MAX;
use zerocopy::IntoBytes;

use super::manifest::{Named, first_of};
use super::room::Room;
use super::sectors::Sectors;
use super::steps::{FILE_LEN_MAX, Steps};
use super::{ChangeError, Step, Stick};
use crate::capsule::{Contents, Edition, Table, encode_header};
use crate::image::{CHUNK_SHIFT, Scan};
use crate::layout::{Content, Extent, Role};
use crate::stick::{Entry, Reader, Run, StickState};
use crate::units::SECTOR_LEN;

/// A capsule, and what it is to become.
pub struct Exchange<'a> {
    /// Its file.
    pub entry: &'a Entry,
    /// Its header as it is.
    pub header: &'a CapsuleHeader,
    /// Its chunks as they are; `None` if nobody knows whether they are right.
    pub table: Option<&'a Table<'a>>,
    /// What it will be, but for the bytes of its image.
    pub contents: &'a Contents<'a>,
    /// The image that it will hold.
    pub scan: &'a Scan,
}

/// What is written so that a capsule becomes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// The steps, in order; none if nothing is to be changed.
    pub steps: Vec<Step>,
    /// Which of the new image's stored bytes are written, chunk by chunk: what the steps call image 0.
    pub stored: Vec<Range<u64>>,
    /// Chunks of the image.
    pub chunks: usize,
    /// How many of them are not stored anew.
    pub kept: usize,
    /// Stored bytes of these.
    pub kept_len: u64,
    /// Bytes by which the file grows, if only for a while.
    pub grows: u64,
}

/// How the new capsule comes into the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Beside the old one, which is there until one sector decides.
    Beside,
    /// Over the old one, while the stick does not boot. Chunks that are the same stay.
    Over,
    /// The same, and all chunks are written.
    OverAll,
}

/// Where the new chunks and the new table go.
struct Placed {
    table: Vec<u8>,
    table_sector: u64,
    /// For each chunk that is written: its first sector in the file, and its bytes among the stored ones.
    written: Vec<(u64, Range<u64>)>,
    /// Sectors that the new capsule's parts need, and that the file needs while both are there.
    used: u64,
    room: u64,
}

impl Exchange<'_> {
    /// Every step. The medium is read again where its tables change.
    ///
    /// # Errors
    ///
    /// See [`ChangeError`].
    pub fn plan<'r>(
        &self,
        reader: &'r Reader<'r>,
        state: &StickState<'r>,
        way: Way,
    ) -> Result<Exchanged, ChangeError> {
        let stick = Stick::of(reader, state)?;
        let chunks = self.scan.chunks.len();
        let stay: Vec<ChunkEntry> = (0..chunks).filter_map(|index| self.kept(index, way)).collect();
        let kept = stay.len();
        let kept_len = stay.iter().map(|entry| u64::from(entry.stored_len.get())).sum();
        if kept == chunks && self.is_as_it_is() {
            return Ok(Exchanged { steps: Vec::new(), stored: Vec::new(), chunks, kept, kept_len, grows: 0 });
        }
        let placed = self.place(way);
        let (steps, grows) = self.steps(stick, &placed, way)?;
        let stored = placed.written.into_iter().map(|(_, bytes)| bytes).collect();
        Ok(Exchanged { steps, stored, chunks, kept, kept_len, grows })
    }

    /// Whether chunk `index` will be what it is.
    fn is_same(&self, table: &Table, index: usize) -> bool {
        let old = table.entries.get(index).map(|entry| entry.chaining_value);
        self.header.chunk_shift == CHUNK_SHIFT && old == Some(self.scan.chunks[index].chaining_value)
    }

    /// Chunk `index` as it is, if its stored bytes stay: what they refer to must stay as well.
    fn kept(&self, index: usize, way: Way) -> Option<ChunkEntry> {
        let table = self.table.filter(|_| way != Way::OverAll)?;
        let refers = match table.forms.get(index) {
            Some(Form::Packed { before, .. }) => usize::from(*before),
            _ => 0,
        };
        let stays = (index.saturating_sub(refers)..=index).all(|index| self.is_same(table, index));
        stays.then(|| table.entries[index])
    }

    /// Whether the header says already what it is to say.
    fn is_as_it_is(&self) -> bool {
        let Some(table) = self.table else { return false };
        let (header, table) =
            (self.header, [table.entries.as_bytes(), &self.contents.behind_table()].concat());
        let edition = Edition { table_offset: header.table_offset.get(), changes: header.changes.get() };
        let same = encode_header(self.contents, self.scan, header.file_len.get(), &table, edition);
        same.as_bytes() == header.as_bytes()
    }

    fn place(&self, way: Way) -> Placed {
        let sectors = self.entry.runs.iter().map(|(_, sectors)| sectors).sum();
        let kept = || (0..self.scan.chunks.len()).filter_map(|index| self.kept(index, way));
        let mut room = match self.table {
            Some(table) if way == Way::Beside => Room::of(self.header, table, sectors),
            _ => Room::beside(kept().map(|entry| entry.stored()), sectors),
        };
        let (mut table, mut written) = (Vec::new(), Vec::new());
        let mut used = 1;
        for (index, (chunk, part)) in self.scan.chunks.iter().zip(self.scan.parts()).enumerate() {
            let entry = if part.form == Form::Zero {
                ChunkEntry::new(Form::Zero, 0..0, chunk.chaining_value)
            } else if let Some(kept) = self.kept(index, way) {
                kept
            } else {
                let len = part.bytes.end - part.bytes.start;
                let sector = room.take(len.div_ceil(SECTOR_LEN));
                written.push((sector, part.bytes));
                let start = sector * SECTOR_LEN;
                ChunkEntry::new(part.form, start..start + len, chunk.chaining_value)
            };
            used = used.max(entry.stored().end.div_ceil(SECTOR_LEN));
            table.extend_from_slice(entry.as_bytes());
        }
        table.extend(self.contents.behind_table());
        let table_sectors = (table.len() as u64).div_ceil(SECTOR_LEN);
        // Behind the chunks, so that a machine proves by it what lies farthest without unpacking anything.
        let table_sector = room.take_from(used, table_sectors);
        used = used.max(table_sector + table_sectors);
        Placed { table, table_sector, written, used, room: room.end() }
    }

    /// The steps, and the bytes by which the file grows.
    fn steps(
        &self,
        stick: Stick<'_, '_>,
        placed: &Placed,
        way: Way,
    ) -> Result<(Vec<Step>, u64), ChangeError> {
        let volume = &stick.volume.volume;
        let chain = stick.chain(self.entry);
        let Some(&last) = chain.last() else { return Err(ChangeError::Unsound) };
        let needed = (placed.room * SECTOR_LEN).div_ceil(volume.cluster_len());
        let more = needed.saturating_sub(chain.len() as u64);
        if more > 0 {
            stick.can_grow()?;
        }
        let clusters = if more > 0 { stick.free_clusters(last, more)? } else { Vec::new() };
        let all: Vec<u64> = chain.iter().chain(&clusters).copied().collect();
        let runs = first_of(
            all.iter().map(|&cluster| (volume.cluster_lba(cluster), volume.cluster_sectors())),
            u64::MAX,
        );
        if runs.len() > RANGES_MAX {
            return Err(ChangeError::TooManyPieces);
        }

        let (file_len, len) = self.lengths(&stick, &all, placed.used);
        let header = self.new_header(placed, file_len)?;
        let old_hash = *blake3::hash(self.header.as_bytes()).as_bytes();
        let new_hash = *blake3::hash(&header).as_bytes();

        let mut steps = Steps::new(stick);
        let room_len = self.entry.len.max(placed.used * SECTOR_LEN);
        if room_len.max(len) > FILE_LEN_MAX {
            return Err(ChangeError::TooLong);
        }
        let sectors = self.entry.len.div_ceil(SECTOR_LEN);
        let before = first_of(self.entry.runs.iter().copied(), sectors);
        let named = Named { runs: &before, header: old_hash, next: Some(new_hash) };
        let mut announced = stick.ranges_with(&runs, &named);
        stick.hash_again(&mut announced, &Sectors::default())?;
        let old_counts = stick.counts(&announced);
        let boot = if way == Way::Beside { Vec::new() } else { stick.boot_sectors()? };
        steps.announce(&announced, &boot)?;

        steps.grow(self.entry, &chain, &clusters, room_len)?;
        let (extents, first) = self.contents_of(placed, &header, &runs)?;
        steps.decide(extents, first, &boot);
        if len < room_len {
            steps.cut(self.entry, &all, len)?;
        }

        let after = first_of(runs.iter().copied(), len.div_ceil(SECTOR_LEN));
        let named = Named { runs: &after, header: new_hash, next: None };
        let mut ranges = stick.ranges_with(&runs, &named);
        let left = len.div_ceil(volume.cluster_len()).max(1);
        let freed = chain.len() as i64 - left.min(all.len() as u64) as i64;
        steps.count(old_counts, stick.counts_then(&ranges), freed)?;
        stick.hash_again(&mut ranges, &steps.future)?;
        steps.manifest(stick.slot, &ranges, 2)?;
        Ok((steps.done, more * volume.cluster_len()))
    }

    /// What the new header says of the file's length, and the length that the file has in the end. Both are the same unless the
    /// file cannot be cut there.
    fn lengths(&self, stick: &Stick, chain: &[u64], used: u64) -> (u64, u64) {
        let cluster_len = stick.volume.volume.cluster_len();
        let file_len = used * SECTOR_LEN;
        let mut kept = file_len.div_ceil(cluster_len) as usize;
        while kept < chain.len() && stick.is_in_two_sectors(chain[kept - 1]) {
            kept += 1;
        }
        (file_len, file_len.max((kept as u64 - 1) * cluster_len + SECTOR_LEN))
    }

    fn new_header(&self, placed: &Placed, file_len: u64) -> Result<[u8; CAPSULE_HEADER_LEN], ChangeError> {
        let changes = self.header.changes.get().checked_add(1).ok_or(ChangeError::TooOften)?;
        let edition = Edition { table_offset: placed.table_sector * SECTOR_LEN, changes };
        let header = encode_header(self.contents, self.scan, file_len, &placed.table, edition);
        let sector: [u8; CAPSULE_HEADER_LEN] =
            header.as_bytes().try_into().map_err(|_| ChangeError::Unsound)?;
        CapsuleHeader::parse(&sector).map_err(|_| ChangeError::Unsound)?;
        Ok(sector)
    }

    /// The new chunks, the new table and the header, on the medium; and the sector of the header, which comes last.
    fn contents_of(
        &self,
        placed: &Placed,
        header: &[u8; CAPSULE_HEADER_LEN],
        runs: &[Run],
    ) -> Result<(Vec<Extent>, u64), ChangeError> {
        let role = Role::Capsule { image: 0 };
        let mut extents = Vec::new();
        let mut put = |sector: u64, sectors: u64, content: &dyn Fn(u64, u64) -> Content| {
            let mut done = 0;
            for (lba, part) in places(runs, sector, sectors) {
                extents.push(Extent { lba, sectors: part, role, content: content(done, part) });
                done += part;
            }
            if done == sectors { Ok(()) } else { Err(ChangeError::Unsound) }
        };
        let bytes = |bytes: &[u8], first: u64, sectors: u64| {
            let mut part = bytes.to_vec();
            part.resize(part.len().next_multiple_of(SECTOR_LEN as usize), 0);
            let start = (first * SECTOR_LEN) as usize;
            Content::Bytes(part[start..start + (sectors * SECTOR_LEN) as usize].to_vec())
        };
        put(0, 1, &|first, sectors| bytes(header, first, sectors))?;
        let table_sectors = (placed.table.len() as u64).div_ceil(SECTOR_LEN);
        put(placed.table_sector, table_sectors, &|first, sectors| bytes(&placed.table, first, sectors))?;
        let mut offset = 0;
        for (sector, stored) in &placed.written {
            let sectors = (stored.end - stored.start).div_ceil(SECTOR_LEN);
            put(*sector, sectors, &|first, _| Content::Image {
                image: 0,
                offset: offset + first * SECTOR_LEN,
            })?;
            offset += sectors * SECTOR_LEN;
        }
        extents.sort_by_key(|extent| extent.lba);
        let first = runs.first().map(|(lba, _)| *lba).ok_or(ChangeError::Unsound)?;
        Ok((extents, first))
    }
}

/// Where `sectors` sectors of a file lie, from its sector `first` on.
fn places(runs: &[Run], first: u64, sectors: u64) -> Vec<Run> {
    let (mut places, mut start) = (Vec::new(), 0);
    for &(lba, len) in runs {
        let (from, to) = (first.max(start), (first + sectors).min(start + len));
        if from < to {
            places.push((lba + from - start, to - from));
        }
        start += len;
    }
    places
}

impl Stick<'_, '_> {
    /// Whether it is known which clusters are free, and a cut would leave nothing that was not there before.
    pub(super) fn can_grow(&self) -> Result<(), ChangeError> {
        let Some(tree) = &self.volume.tree else { return Err(ChangeError::NoFileSystem) };
        match tree.is_partial {
            true => Err(ChangeError::TooManyFiles),
            false if tree.usage.lost > 0 || !self.volume.table.differences.is_empty() => {
                Err(ChangeError::Unclean)
            }
            false => Ok(()),
        }
    }
}
