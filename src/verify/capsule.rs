//! Proves the capsules of a stick by their own hashes.

use std::cell::Cell;
use std::ops::Range;

use ramkey_format::capsule::{CAPSULE_HEADER_LEN, CapsuleError, CapsuleHeader, Form};

use crate::capsule::{self, Beside, Description, HeaderError, Role, Table, TableError, Writes};
use crate::image::chunk_value;
use crate::stick::{CapsuleFile, Entry, ReadError, Reader, StickFile};
use crate::units::hex;
use crate::verify::chunks::{Chunks, READ_MAX};
use crate::verify::fault::{Fault, FaultKind, Findings, Place};
use crate::verify::hint::how_to_boot;
use crate::verify::verdict::{Depth, FoundCapsule, FoundCompanion, FoundOrigin, Strictness};
use crate::verify::words;
use crate::verify::written::Written;
use crate::verify::zeros::Zeros;

/// What judges the capsules.
pub(super) struct Judge<'a> {
    pub reader: &'a Reader<'a>,
    pub written: &'a [Written],
    pub strictness: Strictness,
    pub depth: Depth,
    pub zeros: Zeros,
    /// Bytes of chunks that may still be read: chunks may share bytes, and a small stick must not take
    /// as long as all that its tables name.
    pub budget: Cell<u64>,
}

/// Bytes that are unpacked in the time in which one is read.
const UNPACKED_PER_BYTE: u64 = 64;

impl Judge<'_> {
    /// Judges every one of `capsules`, which are among `entries`.
    pub fn all(
        &self,
        capsules: &[CapsuleFile],
        entries: &[Entry],
        findings: &mut Findings,
    ) -> Vec<FoundCapsule> {
        let judged = capsules
            .iter()
            .filter_map(|capsule| self.capsule(&entries[capsule.entry], capsule.sector.as_ref(), findings));
        judged.collect()
    }

    /// The image that was written to this file, as far as its name or its place says.
    fn written_to(&self, entry: &Entry) -> Option<&Written> {
        let lba = entry.runs.first().map(|(lba, _)| *lba);
        let has_name = |image: &&Written| image.path.as_ref().is_some_and(|path| *path == entry.short_path);
        self.written
            .iter()
            .find(has_name)
            .or_else(|| self.written.iter().find(|image| Some(image.lba) == lba))
    }

    /// Judges one, whose first sector was read if it has one.
    fn capsule(
        &self,
        entry: &Entry,
        sector: Option<&Result<[u8; CAPSULE_HEADER_LEN], ReadError>>,
        findings: &mut Findings,
    ) -> Option<FoundCapsule> {
        let file = StickFile::new(self.reader, entry);
        let place = first_sector(entry);
        let written = self.written_to(entry);
        if entry.len < CAPSULE_HEADER_LEN as u64 {
            let message = too_short(entry, written);
            findings.fault(Fault::new(FaultKind::Capsule, place.in_file(&entry.path), message));
            return None;
        }
        // A chain that leads nowhere has a fault of its own.
        let sector = match sector? {
            Ok(sector) => sector,
            Err(error) => {
                findings.unreadable(error.clone(), Some(&entry.path));
                return None;
            }
        };
        let header = self.header(entry, sector, written, findings)?;
        let whole = *blake3::hash(sector).as_bytes();
        let as_written = self.written.iter().any(|image| image.begins_with(&whole));
        if let Some(image) = written.filter(|image| !image.begins_with(&whole))
            && self.strictness == Strictness::EveryByte
        {
            let [expected, found] = [image.header, whole].map(blake3::Hash::from_bytes);
            let message = "it holds another image than was written";
            let fault = Fault::new(FaultKind::Capsule, place.clone().in_file(&entry.path), message);
            findings.fault(fault.hashes(expected, found));
        }
        let (len, told) = (entry.len, header.file_len.get());
        let lba = entry.runs.first().map(|(lba, _)| *lba);
        // A file can have the name of another image than the one that it holds.
        let is_announced = self
            .written
            .iter()
            .filter(|image| image.next.is_some())
            .any(|image| Some(image.lba) == lba || image.begins_with(&whole) || written == Some(image));
        let rest = match is_announced || header.changes.get() > 0 {
            true => Rest::Anything,
            false => Rest::Zeros,
        };
        let mut fault = |place: Place, message: String| {
            findings.fault(Fault::new(FaultKind::Capsule, place.in_file(&entry.path), message));
        };
        // What its chain does not reach was not added, and has a fault of its own.
        if len > told && len <= file.room() && rest == Rest::Zeros {
            let message = format!("{} bytes were added behind its end, which no machine reads", len - told);
            fault(lies_at(&file, told, len - told), message);
        }
        let mut made_of = None;
        let proven = if len < told {
            let message = format!("it was cut: it has {len} bytes, and its header says {told}");
            fault(place, message);
            false
        } else {
            self.contents(&file, header, rest, &mut made_of, findings)
        };
        let proven = proven && self.depth == Depth::Proof;
        Some(FoundCapsule { proven, made_of, ..describe(entry, header, as_written) })
    }

    /// The header in the first sector of a file, if it is one of a capsule and sound.
    fn header<'s>(
        &self,
        entry: &Entry,
        sector: &'s [u8; CAPSULE_HEADER_LEN],
        written: Option<&Written>,
        findings: &mut Findings,
    ) -> Option<&'s CapsuleHeader> {
        let fault = |message: String| {
            Fault::new(FaultKind::Capsule, first_sector(entry).in_file(&entry.path), message)
        };
        match capsule::header(sector) {
            Ok(header) => return Some(header),
            Err(HeaderError::Format(CapsuleError::NotACapsule)) => {
                let (message, hint) = self.no_capsule(entry, written);
                findings.fault(Fault { hint, ..fault(message) });
            }
            Err(HeaderError::Format(error)) => findings.fault(fault(words::capsule_error(error))),
            Err(HeaderError::Hash { expected, found }) => {
                let message = "its header does not have the hash that it names".into();
                findings.fault(fault(message).hashes(expected, found));
            }
        }
        None
    }

    /// Why a file with the name of a capsule is none, as far as that can be told; and how it becomes one.
    fn no_capsule(&self, entry: &Entry, written: Option<&Written>) -> (String, Option<String>) {
        let none = words::capsule_error(CapsuleError::NotACapsule);
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        let how = || Some(how_to_boot(self.reader, entry));
        match written {
            Some(image) if image.len == entry.len => {
                (format!("{none} any more: its first sector is not as written"), None)
            }
            Some(_) => (format!("{none} any more, but another file"), how()),
            None if name.starts_with("._") => {
                (format!("{none}, but what macOS keeps beside one; it can be removed"), None)
            }
            None => (none, how()),
        }
    }

    /// Proves table, chunks and the hash of what is in memory; says whether all of them are right. `made_of` becomes what the
    /// table block says of that.
    fn contents(
        &self,
        file: &StickFile,
        header: &CapsuleHeader,
        rest: Rest,
        made_of: &mut Option<FoundOrigin>,
        findings: &mut Findings,
    ) -> bool {
        let path = &file.entry.path;
        let (offset, len) = (header.table_offset.get(), u64::from(header.table_len.get()));
        let block = match file.read(offset, len) {
            Ok(block) => block,
            Err(bad) => {
                findings.unreadable(bad, Some(path));
                return false;
            }
        };
        let place = lies_at(file, offset, len);
        let mut fault = |message: String, hashes: Option<(blake3::Hash, blake3::Hash)>| {
            let fault = Fault::new(FaultKind::Capsule, place.clone().in_file(path), message);
            let hashed = hashes.map(|(expected, found)| fault.clone().hashes(expected, found));
            findings.fault(hashed.unwrap_or(fault));
            false
        };
        let table = match capsule::table(header, &block) {
            Ok(table) => table,
            Err(TableError::Hash { expected, found }) => {
                let message = "its chunk table does not have the hash that its header names";
                return fault(message.into(), Some((expected, found)));
            }
            Err(TableError::Short) => return fault("its chunk table is too short".into(), None),
            Err(TableError::Format(error)) => return fault(words::capsule_error(error), None),
            Err(TableError::Image { expected, found }) => {
                let message = "its chunks do not combine to the hash of the image";
                return fault(message.into(), Some((expected, found)));
            }
        };
        let found = capsule::made_of(header, &block);
        *made_of =
            found.map(|found| FoundOrigin { text: found.text, len: found.len, blake3: hex(found.blake3) });
        if self.depth == Depth::Facts {
            return true;
        }
        let is_right = self.chunks(file, header, &table, findings);
        if let (Some(_), Rest::Zeros) = (is_right, rest) {
            table.gaps(header).into_iter().for_each(|gap| self.gap(file, gap, findings));
        }
        is_right == Some(true)
    }

    /// Proves the chunks; says whether all of them are right, or `None` if what follows cannot be read.
    fn chunks(
        &self,
        file: &StickFile,
        header: &CapsuleHeader,
        table: &Table,
        findings: &mut Findings,
    ) -> Option<bool> {
        let mut is_right = true;
        let mut chunks = Chunks::new(file, header, table);
        for index in 0..header.chunk_count.get() {
            match self.chunk(&mut chunks, index, findings) {
                Ok(is_sound) => is_right &= is_sound,
                Err(bad) => {
                    is_right = false;
                    let is_behind = bad.lba >= self.reader.sectors();
                    findings.unreadable(bad, Some(&file.entry.path));
                    // So is all that follows.
                    if is_behind || self.budget.get() == 0 {
                        return None;
                    }
                }
            }
        }
        Some(is_right)
    }

    /// Whether chunk `index` is right.
    fn chunk(&self, chunks: &mut Chunks, index: u32, findings: &mut Findings) -> Result<bool, ReadError> {
        let (file, header, table) = (chunks.file, chunks.header, chunks.table);
        let (form, entry) = (table.forms[index as usize], &table.entries[index as usize]);
        let (stored, len) = (entry.stored(), header.raw_len(index));
        let image_offset = u64::from(index) << header.chunk_shift;
        let count = header.chunk_count.get() as usize;
        if form != Form::Zero {
            self.spend(form, len, stored.end - stored.start, file)?;
        }
        let found = match chunks.plain(index)? {
            None => self.zeros.chunk_value(image_offset, len, count),
            Some(plain) => chunk_value(plain, image_offset, count),
        };
        if found == entry.chaining_value {
            return Ok(true);
        }
        let place = match stored.is_empty() {
            true => Place::default(),
            false => lies_at(file, stored.start, stored.end - stored.start),
        };
        let place = place.in_file(&file.entry.path).of_image(image_offset, image_offset + len);
        let message = format!("chunk {index} is damaged");
        let hash = blake3::Hash::from_bytes;
        let fault = Fault::new(FaultKind::Capsule, place, message);
        findings.fault(fault.hashes(hash(entry.chaining_value), hash(found)));
        Ok(false)
    }

    /// Counts the bytes of a chunk that is read; of one that is packed, also the work of unpacking it.
    fn spend(&self, form: Form, len: u64, stored_len: u64, file: &StickFile) -> Result<(), ReadError> {
        let cost = match form {
            Form::Packed { .. } => stored_len.max(len / UNPACKED_PER_BYTE),
            _ => len,
        };
        let left = self.budget.get().checked_sub(cost);
        let Some(left) = left else {
            let lba = file.entry.runs.first().map_or(0, |(lba, _)| *lba);
            self.budget.set(0);
            let message =
                format!("its chunks share bytes more than {READ_MAX} times over: they are not proven");
            return Err(ReadError { lba, message });
        };
        self.budget.set(left);
        Ok(())
    }

    /// Zeros that nobody reads. Nothing but damage changes them.
    fn gap(&self, file: &StickFile, gap: Range<u64>, findings: &mut Findings) {
        match file.first_byte(gap) {
            Ok(None) => {}
            Ok(Some(at)) => {
                let message =
                    "the zeros between its parts hold something; the image itself does not lie there";
                let place = lies_at(file, at, 1).in_file(&file.entry.path);
                findings.fault(Fault::new(FaultKind::Capsule, place, message));
            }
            Err(bad) => findings.unreadable(bad, Some(&file.entry.path)),
        }
    }
}

/// What a capsule may hold where its header names nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Zeros: it is as it was written.
    Zeros,
    /// Anything: it was changed in place, or is being changed.
    Anything,
}

/// The first sector of a file; nowhere if it has none.
fn first_sector(entry: &Entry) -> Place {
    entry.runs.first().map_or(Place::default(), |(lba, _)| Place::sectors(*lba, 1))
}

/// What is wrong with a file that has no room for a header.
fn too_short(entry: &Entry, written: Option<&Written>) -> String {
    let has = if entry.len == 0 { "it is empty".into() } else { format!("it has {} bytes", entry.len) };
    match written {
        Some(Written { len, title: Some(title), .. }) => {
            format!("{has}; it had {len} bytes and held \"{title}\"")
        }
        Some(Written { len, .. }) => format!("{has}; it had {len} bytes"),
        None => format!("{has} and is no capsule"),
    }
}

fn describe(entry: &Entry, header: &CapsuleHeader, as_written: bool) -> FoundCapsule {
    let found = Description::of(header);
    let beside = |Beside { path: file, blake3 }| FoundCompanion { file, blake3, present: false };
    FoundCapsule {
        file: entry.path.clone(),
        words: found.words(),
        title: found.title,
        kind: found.kind.name().into(),
        geometry: found.geometry.to_string(),
        len: found.len,
        blake3: hex(found.image_blake3),
        ram_blake3: found.ram_blake3.map(hex),
        made_of: None,
        disk_sectors: found.disk_sectors,
        ram_needed: found.ram_taken,
        drive: found.drive,
        disk_signature: found.disk_signature,
        companion: found.role == Role::Companion,
        companions: found.companions.into_iter().map(beside).collect(),
        options: found.options,
        read_only: found.options.writes == Writes::Refused,
        fragments: entry.runs.len(),
        as_written,
        proven: false,
    }
}

/// Where bytes of a file lie on the stick; their first piece if they lie in several.
fn lies_at(file: &StickFile, offset: u64, len: u64) -> Place {
    let first = file.places(offset, len).first().copied();
    first.map_or(Place::default(), |(lba, sectors)| Place::sectors(lba, sectors))
}
