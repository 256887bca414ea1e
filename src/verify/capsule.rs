//! Proves the capsules of a stick by their own hashes.

use blake3::hazmat::ChainingValue;
use ramkey_format::capsule::{
    CAPSULE_HEADER_LEN, CapsuleHeader, ChunkEntry, HEADER_HASHED_LEN, codec, emulation, flags, kind,
};
use ramkey_format::cp437;
use ramkey_format::manifest::{RangeEntry, range};
use zerocopy::FromBytes;

use crate::image::iso::Emulation;
use crate::image::{Kind, chunk_value, combine};
use crate::report::{DriveOptions, drive_words, ram_taken};
use crate::units::{Geometry, SECTOR_LEN};
use crate::verify::fault::Findings;
use crate::verify::file_system::Entry;
use crate::verify::reader::{BadSector, Reader};
use crate::verify::{Change, Depth, Fault, FaultKind, FoundCapsule, Place, Strictness, set};

/// What judges the capsules.
pub(super) struct Judge<'a> {
    pub reader: &'a Reader<'a>,
    pub ranges: &'a [RangeEntry],
    pub strictness: Strictness,
    pub depth: Depth,
}

impl Judge<'_> {
    /// Judges every capsule of the tree, and names those that are gone.
    pub fn all(&self, entries: &[Entry], findings: &mut Findings) -> Vec<FoundCapsule> {
        let mut capsules = Vec::new();
        let mut present = Vec::new();
        for entry in entries.iter().filter(|entry| entry.is_capsule) {
            let faults = findings.faults.len();
            let written = self.written_as(entry);
            present.extend(written.map(|range| range.lba.get()));
            let result = self.capsule(entry, written, findings);
            if let Some(mut capsule) = result {
                capsule.proven = self.depth == Depth::Proof && findings.faults.len() == faults;
                capsules.push(capsule);
            }
        }
        let first_pieces =
            self.ranges.iter().filter(|range| range.kind == range::CAPSULE && range.file_sector.get() == 0);
        for range in first_pieces.filter(|range| !present.contains(&range.lba.get())) {
            self.missing(range, entries, findings);
        }
        if capsules.iter().all(|capsule| capsule.companion) && findings.faults.is_empty() {
            let message = "there is no image in the folder RAMKEY: nothing to boot";
            findings.fault(Fault::new(FaultKind::NoImage, Place::default(), message));
        }
        capsules
    }

    /// The first range of the capsule that was written where this file begins, or that has the same header.
    fn written_as(&self, entry: &Entry) -> Option<&RangeEntry> {
        let lba = entry.runs.first()?.0;
        let header = self.reader.sector(lba).ok().map(|sector| *blake3::hash(&sector).as_bytes());
        let first = |range: &&RangeEntry| range.kind == range::CAPSULE && range.file_sector.get() == 0;
        let mut ranges = self.ranges.iter().filter(first);
        ranges
            .clone()
            .find(|range| Some(range.blake3) == header)
            .or_else(|| ranges.find(|range| range.lba.get() == lba))
    }

    /// A capsule that was written and is no longer in the folder: moved, which is a fault, or removed.
    fn missing(&self, range: &RangeEntry, entries: &[Entry], findings: &mut Findings) {
        let lba = range.lba.get();
        for entry in
            entries.iter().filter(|entry| !entry.is_capsule && entry.len >= CAPSULE_HEADER_LEN as u64)
        {
            let Some((start, _)) = entry.runs.first() else { continue };
            let same = self.reader.sector(*start).is_ok_and(|s| *blake3::hash(&s).as_bytes() == range.blake3);
            if same {
                let message = "it holds an image, and the boot menu shows only RAMKEY/*.RKC";
                let place = Place::sectors(*start, 1).in_file(&entry.path);
                return findings.fault(Fault::new(FaultKind::Capsule, place, message));
            }
        }
        let sector = self.reader.sector(lba).ok();
        let sector = sector.filter(|sector| *blake3::hash(sector).as_bytes() == range.blake3);
        let title = sector.and_then(|sector| Some(title_text(CapsuleHeader::parse(&sector).ok()?)));
        findings.changes.push(Change::Removed { title, lba });
    }

    fn capsule(
        &self,
        entry: &Entry,
        written: Option<&RangeEntry>,
        findings: &mut Findings,
    ) -> Option<FoundCapsule> {
        let file = File { reader: self.reader, entry };
        let mut fault = |place: Place, message: String, hashes: Option<(blake3::Hash, blake3::Hash)>| {
            let fault = Fault::new(FaultKind::Capsule, place.in_file(&entry.path), message);
            let hashed = hashes.map(|(expected, found)| fault.clone().hashes(expected, found));
            findings.fault(hashed.unwrap_or(fault));
        };
        let start = entry.runs.first().map_or(0, |(lba, _)| *lba);
        let place = Place::sectors(start, 1);
        if entry.len < CAPSULE_HEADER_LEN as u64 {
            fault(place, format!("it has {} bytes and is no image", entry.len), None);
            return None;
        }
        let sector = match file.read(0, CAPSULE_HEADER_LEN as u64) {
            Ok(sector) => sector,
            Err(bad) => {
                findings.unreadable(bad, Some(&entry.path));
                return None;
            }
        };
        let header = match CapsuleHeader::parse(&sector) {
            Ok(header) => header,
            Err(error) => {
                fault(place, format!("its header cannot be understood ({error:?})"), None);
                return None;
            }
        };
        let hash = blake3::hash(&sector[..HEADER_HASHED_LEN]);
        let expected = blake3::Hash::from_bytes(header.header_blake3);
        if hash != expected {
            fault(place, "its header does not have the hash that it names".into(), Some((expected, hash)));
            return None;
        }
        let whole = blake3::hash(&sector);
        let as_written = written.filter(|range| range.blake3 == *whole.as_bytes());
        if let Some(range) = written
            && as_written.is_none()
            && self.strictness == Strictness::EveryByte
        {
            let expected = blake3::Hash::from_bytes(range.blake3);
            fault(place.clone(), "its header is not as written".into(), Some((expected, whole)));
        }
        if header.file_len.get() != entry.len {
            let message = format!("it has {} bytes and its header says {}", entry.len, header.file_len.get());
            fault(place, message, None);
        } else {
            self.contents(&file, header, findings);
        }
        Some(describe(entry, header, as_written.is_some()))
    }

    /// Proves table, chunks and the hash of the image.
    fn contents(&self, file: &File, header: &CapsuleHeader, findings: &mut Findings) {
        let path = &file.entry.path;
        let table = match file.read(CAPSULE_HEADER_LEN as u64, header.table_len()) {
            Ok(table) => table,
            Err(bad) => return findings.unreadable(bad, Some(path)),
        };
        let place = file.place(CAPSULE_HEADER_LEN as u64, header.table_len());
        let fault =
            |place: Place, message: &str| Fault::new(FaultKind::Capsule, place.in_file(path), message);
        let (expected, found) = (blake3::Hash::from_bytes(header.table_blake3), blake3::hash(&table));
        if expected != found {
            let fault = fault(place, "its chunk table does not have the hash that its header names");
            return findings.fault(fault.hashes(expected, found));
        }
        let count = header.chunk_count.get() as usize;
        let Ok((entries, _)) = <[ChunkEntry]>::ref_from_prefix_with_elems(&table, count) else {
            return findings.fault(fault(place, "its chunk table is too short"));
        };
        let mut end = u64::from(header.data_offset.get());
        for (index, entry) in (0..).zip(entries) {
            match header.check_entry(index, entry, end) {
                Ok(next) => end = next,
                Err(_) => {
                    return findings
                        .fault(fault(place, &format!("entry {index} of its chunk table is wrong")));
                }
            }
        }
        let values: Vec<ChainingValue> = entries.iter().map(|entry| entry.chaining_value).collect();
        let (expected, found) = (blake3::Hash::from_bytes(header.image_blake3), combine(&values));
        if expected != found {
            let fault = fault(place, "its chunks do not combine to the hash of the image");
            return findings.fault(fault.hashes(expected, found));
        }
        if self.depth == Depth::Proof {
            self.padding(
                file,
                CAPSULE_HEADER_LEN as u64 + header.table_len(),
                header.data_offset.get().into(),
                findings,
            );
            for (index, entry) in (0..).zip(entries) {
                self.chunk(file, header, index, entry, findings);
            }
        }
    }

    fn chunk(
        &self,
        file: &File,
        header: &CapsuleHeader,
        index: u32,
        entry: &ChunkEntry,
        findings: &mut Findings,
    ) {
        let (offset, len) = (entry.stored_offset.get(), u64::from(entry.stored_len.get()));
        let image_offset = u64::from(index) << header.chunk_shift;
        let image_end = image_offset + header.raw_len(index);
        let bytes = match entry.codec {
            codec::RAW => match file.read(offset, len) {
                Ok(bytes) => bytes,
                Err(bad) => return findings.unreadable(bad, Some(&file.entry.path)),
            },
            _ => vec![0; header.raw_len(index) as usize],
        };
        let found = chunk_value(&bytes, image_offset, header.chunk_count.get() as usize);
        if found != entry.chaining_value {
            let place = if len > 0 { file.place(offset, len) } else { Place::default() };
            let place = place.in_file(&file.entry.path).of_image(image_offset, image_end);
            let message = format!("chunk {index} is damaged");
            let hash = blake3::Hash::from_bytes;
            let fault = Fault::new(FaultKind::Capsule, place, message);
            findings.fault(fault.hashes(hash(entry.chaining_value), hash(found)));
        }
        self.padding(file, offset + len, (offset + len).next_multiple_of(SECTOR_LEN), findings);
    }

    /// Zeros that nobody reads: a difference only for the strict.
    fn padding(&self, file: &File, start: u64, end: u64, findings: &mut Findings) {
        if self.strictness != Strictness::EveryByte || start == end {
            return;
        }
        match file.read(start, end - start) {
            Ok(bytes) if bytes.iter().all(|&byte| byte == 0) => {}
            Ok(_) => {
                let place = file.place(start, end - start).in_file(&file.entry.path);
                findings.fault(Fault::new(FaultKind::Capsule, place, "there is something between its parts"));
            }
            Err(bad) => findings.unreadable(bad, Some(&file.entry.path)),
        }
    }
}

fn describe(entry: &Entry, header: &CapsuleHeader, as_written: bool) -> FoundCapsule {
    let (heads, sectors_per_track) = (header.heads.get(), header.sectors_per_track.get());
    let geometry = Geometry { cylinders: header.cylinders.get(), heads, sectors_per_track };
    let (kind, kind_name) = match header.kind {
        kind::FLOPPY => (Kind::Floppy, "floppy"),
        kind::PARTITION => (Kind::Partition, "partition"),
        kind::DISC => (Kind::Disc, "CD"),
        _ => (Kind::HardDisk, "hard disk"),
    };
    let emulation = match header.disc.emulation {
        emulation::NONE => Some(Emulation::NoEmulation),
        emulation::FLOPPY_1200 => Some(Emulation::Floppy12),
        emulation::FLOPPY_1440 => Some(Emulation::Floppy144),
        emulation::FLOPPY_2880 => Some(Emulation::Floppy288),
        emulation::HARD_DISK => Some(Emulation::HardDisk),
        _ => None,
    };
    let (disk_sectors, flags) = (header.disk_sectors.get(), header.flags.get());
    let signature = header.disk_signature.get();
    FoundCapsule {
        file: entry.path.clone(),
        title: title_text(header),
        kind: kind_name,
        geometry: geometry.to_string(),
        len: header.image_len.get(),
        blake3: crate::report::hex(header.image_blake3),
        disk_sectors,
        words: drive_words(kind, &geometry, emulation),
        ram_needed: ram_taken(disk_sectors),
        drive: header.drive,
        disk_signature: (signature != 0).then_some(signature),
        companion: flags & flags::COMPANION != 0,
        companions: set::companions(header),
        options: DriveOptions::of(flags),
        read_only: flags & flags::READ_ONLY != 0,
        fragments: entry.runs.len(),
        as_written,
        proven: false,
    }
}

/// The title of a capsule as text.
pub(super) fn title_text(header: &CapsuleHeader) -> String {
    header.title().unwrap_or_default().iter().filter_map(|&byte| cp437::decode(byte)).collect()
}

/// A file's bytes, wherever its chain lies.
struct File<'a> {
    reader: &'a Reader<'a>,
    entry: &'a Entry,
}

impl File<'_> {
    /// `len` bytes from byte `offset` on; beyond the chain there is nothing to read.
    fn read(&self, offset: u64, len: u64) -> Result<Vec<u8>, BadSector> {
        let first = offset / SECTOR_LEN;
        let end = (offset + len).div_ceil(SECTOR_LEN);
        let mut bytes = vec![0; ((end - first) * SECTOR_LEN) as usize];
        let (mut done, mut run_start) = (first, 0);
        for &(lba, sectors) in &self.entry.runs {
            let run_end = run_start + sectors;
            if (run_start..run_end).contains(&done) && done < end {
                let part = run_end.min(end) - done;
                let at = ((done - first) * SECTOR_LEN) as usize;
                let buffer = &mut bytes[at..at + (part * SECTOR_LEN) as usize];
                self.reader.read(lba + done - run_start, buffer)?;
                done += part;
            }
            run_start = run_end;
        }
        if done < end {
            let lba = self.entry.runs.last().map_or(0, |(lba, sectors)| lba + sectors);
            return Err(BadSector { lba, message: "its chain ends before its bytes".into() });
        }
        bytes.drain(..(offset % SECTOR_LEN) as usize);
        bytes.truncate(len as usize);
        Ok(bytes)
    }

    /// Where bytes of the file lie on the stick; their first piece if they lie in several.
    fn place(&self, offset: u64, len: u64) -> Place {
        let first = offset / SECTOR_LEN;
        let sectors = (offset + len).div_ceil(SECTOR_LEN) - first;
        let mut run_start = 0;
        for &(lba, run) in &self.entry.runs {
            if (run_start..run_start + run).contains(&first) {
                let skip = first - run_start;
                return Place::sectors(lba + skip, sectors.min(run - skip));
            }
            run_start += run;
        }
        Place::default()
    }
}
