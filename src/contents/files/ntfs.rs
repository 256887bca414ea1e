//! NTFS volumes, also with compressed files.
//!
//! Folders are read from one end to the other and not as trees, and parts of a file are collected once: no structure
//! on the volume decides how long a look-up takes, or how much of it is in memory.

mod stored;
mod system;

use std::collections::BTreeSet;

use super::error::FilesError;
use super::lznt1::unpack;
use super::portion::{Portion, names};
use super::record::{
    ATTRIBUTE_LIST, Attribute, AttributeValue, BITMAP, DATA, INDEX_ALLOCATION, INDEX_ROOT, attributes,
    restore,
};
use super::runs::{RUNS_MAX, Run};
use crate::contents::bytes::{get_u16, get_u32, get_u64};
use crate::image::Source;

/// Number of the record of the table of records, and of the root folder.
const TABLE: u64 = 0;
pub(super) const ROOT: u64 = 5;
/// The name of a folder's index, in UTF-16.
const FOLDER_INDEX: &[u8] = b"$\0I\x003\x000\0";
/// Longest cluster, record and index block.
const CLUSTER_LEN_MAX: u64 = 2 << 20;
const RECORD_LEN_MAX: u64 = 1 << 16;
/// Longest unit of compression; NTFS compresses with clusters of at most 4096 bytes, 16 of them in a unit.
const UNIT_LEN_MAX: usize = 1 << 16;
/// Longest folder, bytes of it in memory, longest part of it in its own record, and longest map of its blocks.
const FOLDER_LEN_MAX: u64 = 32 << 20;
const FOLDER_WINDOW_LEN: u64 = 1 << 20;
const FOLDER_ROOT_LEN_MAX: u64 = 1 << 16;
const FOLDER_MAP_LEN_MAX: u64 = FOLDER_LEN_MAX / 512 / 8;
/// Longest list of a file's parts.
const PARTS_LEN_MAX: u64 = 1 << 18;
/// Most records that one file is spread over.
const PARTS_MAX: usize = 512;
/// Bits of the flags of a record.
pub(super) const IN_USE: u16 = 1;
pub(super) const IS_FOLDER: u16 = 2;
/// Bit of the flags of an index entry: there is no name in it, and none behind it.
const LAST_ENTRY: u16 = 2;
/// Offset of the number of entries, from the start of an index block.
const BLOCK_HEADER_LEN: usize = 24;
/// Length of an index entry before its file name's record.
const ENTRY_HEADER_LEN: usize = 16;
/// Offset of the name in a file name's record.
pub(super) const NAME: usize = 66;

/// A volume of the image.
pub(in crate::contents) struct NtfsVolume<'s> {
    source: &'s dyn Source,
    start: u64,
    pub(super) cluster_len: u64,
    pub(super) record_len: u64,
    pub(super) table: Stream,
}

/// The contents of an attribute, all its parts together.
pub(super) struct Stream {
    encrypted: bool,
    pub(super) value: AttributeValue,
}

/// A file's record, with its number.
pub(super) struct Record {
    pub number: u64,
    pub bytes: Vec<u8>,
}

impl<'s> NtfsVolume<'s> {
    pub(in crate::contents) fn open(
        source: &'s dyn Source,
        start: u64,
        sector: &[u8],
    ) -> Result<Self, FilesError> {
        let damaged = || FilesError::Damaged { what: "the boot sector", offset: start };
        let sector_len = u64::from(get_u16(sector, 11).ok_or_else(damaged)?);
        let per_cluster = match sector[13] {
            count @ 1..=128 => u64::from(count),
            exponent => 1 << (256 - u32::from(exponent)).min(63),
        };
        let cluster_len = sector_len.saturating_mul(per_cluster);
        let record_len = match sector[64] as i8 {
            clusters @ 1.. => cluster_len.saturating_mul(clusters as u64),
            exponent => 1 << u32::from(exponent.unsigned_abs()).min(63),
        };
        let sound = cluster_len.is_power_of_two()
            && (512..=CLUSTER_LEN_MAX).contains(&cluster_len)
            && record_len.is_power_of_two()
            && (512..=RECORD_LEN_MAX).contains(&record_len);
        if !sound {
            return Err(damaged());
        }
        let first = get_u64(sector, 48).ok_or_else(damaged)?;
        // Until the table's own record is read, that record is all of the table.
        let runs = vec![Run { vcn: 0, lcn: Some(first), clusters: record_len.div_ceil(cluster_len) }];
        let value =
            AttributeValue::Clusters { len: record_len, initialised_len: record_len, unit_shift: 0, runs };
        let table = Stream { encrypted: false, value };
        let mut volume = Self { source, start, cluster_len, record_len, table };
        let own = volume.record(TABLE)?;
        // Where the table is in many parts, the first part has the records of the others.
        volume.table = first_part(&own, DATA, &[]).ok_or_else(|| volume.damaged_record(TABLE))?;
        volume.table = volume.stream(&own, DATA, &[])?.ok_or_else(|| volume.damaged_record(TABLE))?;
        Ok(volume)
    }

    pub(super) fn has(&self, path: &str) -> Result<bool, FilesError> {
        Ok(self.find(path)?.is_some())
    }

    pub(super) fn read(&self, path: &str, part: Portion) -> Result<Option<Vec<u8>>, FilesError> {
        let Some(record) = self.find(path)? else { return Ok(None) };
        match self.stream(&record, DATA, &[])? {
            Some(stream) => self.part(&stream, part).map(Some),
            None => Err(self.damaged_record(record.number)),
        }
    }

    /// Length in bytes of the file at `path`; `None` if there is none.
    pub fn len(&self, path: &str) -> Result<Option<u64>, FilesError> {
        let Some(record) = self.find(path)? else { return Ok(None) };
        Ok(self.stream(&record, DATA, &[])?.map(|stream| stream.len()))
    }

    /// The record of the file at `path`.
    fn find(&self, path: &str) -> Result<Option<Record>, FilesError> {
        let mut record = self.record(ROOT)?;
        for name in names(path) {
            match self.entry(&record, name)? {
                Some(found) => record = found,
                None => return Ok(None),
            }
        }
        let is_file = flags(&record.bytes) & IS_FOLDER == 0;
        Ok(is_file.then_some(record))
    }

    /// The record of the file or folder `name` in `folder`; `None` too if that is no folder.
    fn entry(&self, folder: &Record, name: &str) -> Result<Option<Record>, FilesError> {
        if flags(&folder.bytes) & IS_FOLDER == 0 {
            return Ok(None);
        }
        let damaged = || self.damaged_record(folder.number);
        let root = self.stream(folder, INDEX_ROOT, FOLDER_INDEX)?.ok_or_else(damaged)?;
        let root = self.whole(&root, FOLDER_ROOT_LEN_MAX)?;
        let block_len = get_u32(&root, 8).ok_or_else(damaged)?;
        if let Some(found) = self.entry_among(root.get(16..).ok_or_else(damaged)?, name)? {
            return Ok(Some(found));
        }
        let Some(blocks) = self.stream(folder, INDEX_ALLOCATION, FOLDER_INDEX)? else { return Ok(None) };
        if !block_len.is_power_of_two() || !(512..=RECORD_LEN_MAX).contains(&block_len.into()) {
            return Err(damaged());
        }
        let used = match self.stream(folder, BITMAP, FOLDER_INDEX)? {
            Some(used) => self.part(&used, Portion::Start { len: FOLDER_MAP_LEN_MAX })?,
            None => return Err(damaged()),
        };
        let len = blocks.readable_len(Portion::Whole { limit: FOLDER_LEN_MAX })?;
        let mut window = vec![0; len.min(FOLDER_WINDOW_LEN) as usize];
        for first in (0..len).step_by(FOLDER_WINDOW_LEN as usize) {
            let window = &mut window[..(len - first).min(FOLDER_WINDOW_LEN) as usize];
            self.fill(&blocks, first, window)?;
            let first_block = (first / u64::from(block_len)) as usize;
            for (index, block) in (first_block..).zip(window.chunks_exact_mut(block_len as usize)) {
                if used.get(index / 8).is_none_or(|byte| byte >> (index % 8) & 1 == 0) {
                    continue;
                }
                restore(block, b"INDX").ok_or_else(damaged)?;
                if let Some(found) = self.entry_among(&block[BLOCK_HEADER_LEN..], name)? {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    /// The same, among the entries behind one index header.
    fn entry_among(&self, index: &[u8], name: &str) -> Result<Option<Record>, FilesError> {
        let Some(mut at) = get_u32(index, 0).map(|at| at as usize) else { return Ok(None) };
        let wanted_len = name.encode_utf16().count();
        while let (Some(number), Some(len), Some(flags)) =
            (get_u64(index, at), get_u16(index, at + 8), get_u16(index, at + 12))
        {
            let len = usize::from(len);
            if flags & LAST_ENTRY != 0 || len < ENTRY_HEADER_LEN {
                break;
            }
            let entry = index.get(at + ENTRY_HEADER_LEN..at + len).unwrap_or_default();
            if is_named(entry, name, wanted_len) {
                return self.record(number & 0xFFFF_FFFF_FFFF).map(Some);
            }
            at += len;
        }
        Ok(None)
    }

    /// The record `number` of the table.
    pub(super) fn record(&self, number: u64) -> Result<Record, FilesError> {
        let damaged = || self.damaged_record(number);
        let offset = number.checked_mul(self.record_len).ok_or_else(damaged)?;
        let mut bytes = vec![0; self.record_len as usize];
        self.read_stream(&self.table, offset, &mut bytes)?;
        restore(&mut bytes, b"FILE").ok_or_else(damaged)?;
        if flags(&bytes) & IN_USE == 0 {
            return Err(damaged());
        }
        Ok(Record { number, bytes })
    }

    /// The attribute of a file, with all its parts; `None` if the file has none.
    pub(super) fn stream(
        &self,
        record: &Record,
        kind: u32,
        name: &[u8],
    ) -> Result<Option<Stream>, FilesError> {
        let damaged = || self.damaged_record(record.number);
        let own = attributes(&record.bytes).ok_or_else(damaged)?;
        let list = own.iter().find(|attribute| attribute.kind == ATTRIBUTE_LIST).cloned();
        let is_wanted = |part: &Attribute| part.kind == kind && part.name == name;
        let mut parts: Vec<Attribute> = own.into_iter().filter(is_wanted).collect();
        let mut weight: usize = parts.iter().map(Attribute::weight).sum();
        if let Some(list) = list {
            let list = Stream { encrypted: list.encrypted, value: list.value };
            let list = self.whole(&list, PARTS_LEN_MAX)?;
            for number in listed_records(&list, kind, record.number) {
                let part = self.record(number)?;
                let further = attributes(&part.bytes).ok_or_else(|| self.damaged_record(number))?;
                parts.extend(further.into_iter().filter(is_wanted).inspect(|part| weight += part.weight()));
                if weight > RUNS_MAX {
                    return Err(damaged());
                }
            }
        }
        merge(parts).ok_or_else(damaged)
    }

    /// All bytes of `stream`, if there are at most `limit`.
    fn whole(&self, stream: &Stream, limit: u64) -> Result<Vec<u8>, FilesError> {
        self.part(stream, Portion::Whole { limit })
    }

    /// The bytes of `stream` that are wanted.
    fn part(&self, stream: &Stream, part: Portion) -> Result<Vec<u8>, FilesError> {
        let mut bytes = vec![0; stream.readable_len(part)? as usize];
        self.fill(stream, 0, &mut bytes)?;
        Ok(bytes)
    }

    /// Fills `bytes` from byte `offset` of a stream, which is the start of a unit if the stream is compressed.
    pub(super) fn fill(&self, stream: &Stream, offset: u64, bytes: &mut [u8]) -> Result<(), FilesError> {
        match stream.value {
            AttributeValue::Clusters { unit_shift: shift @ 1.., .. } => {
                self.read_compressed(stream, offset, 1 << shift, bytes)?;
            }
            _ => self.read_stream(stream, offset, bytes)?,
        }
        if let AttributeValue::Clusters { initialised_len, .. } = stream.value {
            let kept = initialised_len.saturating_sub(offset).min(bytes.len() as u64);
            bytes[kept as usize..].fill(0);
        }
        Ok(())
    }

    /// Fills `bytes` from byte `offset` of a stream that is not compressed; holes are zeros.
    fn read_stream(&self, stream: &Stream, offset: u64, bytes: &mut [u8]) -> Result<(), FilesError> {
        let end = offset.saturating_add(bytes.len() as u64);
        let runs = match &stream.value {
            AttributeValue::Resident(value) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                let value = value.get(from..).and_then(|rest| rest.get(..bytes.len()));
                bytes.copy_from_slice(value.ok_or_else(|| self.damaged_stream())?);
                return Ok(());
            }
            AttributeValue::Clusters { runs, .. } => runs,
        };
        let mut filled = 0;
        for run in &runs[self.first_run(runs, offset)..] {
            if filled == bytes.len() {
                break;
            }
            let run_start = run.vcn.saturating_mul(self.cluster_len);
            let run_end = run_start.saturating_add(run.clusters.saturating_mul(self.cluster_len));
            let (from, to) = (offset.max(run_start), end.min(run_end));
            if from >= to {
                continue;
            }
            let part = &mut bytes[(from - offset) as usize..(to - offset) as usize];
            match run.lcn {
                Some(lcn) => self.read_image(lcn, from - run_start, part)?,
                None => part.fill(0),
            }
            filled += part.len();
        }
        // Runs that overlap or leave something out are no stream.
        if filled == bytes.len() { Ok(()) } else { Err(self.damaged_stream()) }
    }

    /// The first of `runs`, which follow one another, that goes on behind byte `offset`.
    fn first_run(&self, runs: &[Run], offset: u64) -> usize {
        runs.partition_point(|run| {
            run.vcn.saturating_add(run.clusters).saturating_mul(self.cluster_len) <= offset
        })
    }

    /// Fills `bytes` from byte `offset` of a compressed stream: each unit of clusters is whole, packed, or nothing.
    fn read_compressed(
        &self,
        stream: &Stream,
        offset: u64,
        unit: u64,
        bytes: &mut [u8],
    ) -> Result<(), FilesError> {
        let AttributeValue::Clusters { runs, .. } = &stream.value else {
            return Err(self.damaged_stream());
        };
        let unit_len = (unit * self.cluster_len) as usize;
        if unit_len > UNIT_LEN_MAX || !offset.is_multiple_of(unit_len as u64) {
            return Err(self.damaged_stream());
        }
        let first_unit = offset / unit_len as u64;
        for (index, part) in (first_unit..).zip(bytes.chunks_mut(unit_len)) {
            let (first, mut stored) = (index * unit, Vec::new());
            for run in &runs[self.first_run(runs, first * self.cluster_len)..] {
                if run.vcn >= first + unit {
                    break;
                }
                let (from, to) =
                    (first.max(run.vcn), (first + unit).min(run.vcn.saturating_add(run.clusters)));
                if let Some(lcn) = run.lcn
                    && from < to
                {
                    let at = stored.len();
                    stored.resize(at + ((to - from) * self.cluster_len) as usize, 0);
                    self.read_image(lcn, (from - run.vcn) * self.cluster_len, &mut stored[at..])?;
                }
            }
            if stored.len() == unit_len {
                part.copy_from_slice(&stored[..part.len()]);
            } else if !stored.is_empty() {
                let unpacked = unpack(&stored, unit_len).ok_or_else(|| self.damaged_stream())?;
                part.copy_from_slice(&unpacked[..part.len()]);
            }
        }
        Ok(())
    }

    /// Fills `bytes` from `offset` bytes behind the start of cluster `lcn`.
    fn read_image(&self, lcn: u64, offset: u64, bytes: &mut [u8]) -> Result<(), FilesError> {
        let at =
            lcn.checked_mul(self.cluster_len).and_then(|at| at.checked_add(offset)?.checked_add(self.start));
        let within = at.filter(|at| at.saturating_add(bytes.len() as u64) <= self.source.len());
        Ok(self.source.read_at(within.ok_or_else(|| self.damaged_stream())?, bytes)?)
    }

    pub(super) fn damaged_record(&self, number: u64) -> FilesError {
        // The table is one piece on nearly every volume; its start is the best place to name.
        let first = match &self.table.value {
            AttributeValue::Clusters { runs, .. } => runs.first().and_then(|run| run.lcn).unwrap_or_default(),
            AttributeValue::Resident(_) => 0,
        };
        let within =
            first.saturating_mul(self.cluster_len).saturating_add(number.saturating_mul(self.record_len));
        FilesError::Damaged { what: "a file record of NTFS", offset: self.start.saturating_add(within) }
    }

    fn damaged_stream(&self) -> FilesError {
        FilesError::Damaged { what: "a list of clusters of the volume", offset: self.start }
    }
}

pub(super) fn flags(record: &[u8]) -> u16 {
    get_u16(record, 22).unwrap_or_default()
}

/// Whether the file name's record `record` has the name `wanted` of `wanted_len` units, in upper or lower case. To
/// Windows a letter and its other case have the same length.
fn is_named(record: &[u8], wanted: &str, wanted_len: usize) -> bool {
    if record.get(NAME - 2).map(|&units| usize::from(units)) != Some(wanted_len) {
        return false;
    }
    let Some(bytes) = record.get(NAME..NAME + wanted_len * 2) else { return false };
    let units = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    let name = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    name.flat_map(char::to_uppercase).eq(wanted.chars().flat_map(char::to_uppercase))
}

impl Stream {
    /// Length in bytes.
    pub(super) fn len(&self) -> u64 {
        match &self.value {
            AttributeValue::Resident(bytes) => bytes.len() as u64,
            AttributeValue::Clusters { len, .. } => *len,
        }
    }

    /// How many bytes of it can be read if `part` of it is wanted.
    pub(super) fn readable_len(&self, part: Portion) -> Result<u64, FilesError> {
        if self.encrypted {
            return Err(FilesError::Encrypted);
        }
        part.of(self.len())
    }
}

/// The part of an attribute that is in its file's own record.
fn first_part(record: &Record, kind: u32, name: &[u8]) -> Option<Stream> {
    let mut parts = attributes(&record.bytes)?;
    parts.retain(|part| part.kind == kind && part.name == name);
    merge(parts)?
}

/// The other records with parts of kind `kind`, from a file's list of attributes.
fn listed_records(list: &[u8], kind: u32, own: u64) -> BTreeSet<u64> {
    let mut numbers = BTreeSet::new();
    let mut rest = list;
    while let (Some(found), Some(len), Some(reference)) =
        (get_u32(rest, 0), get_u16(rest, 4), get_u64(rest, 16))
    {
        let number = reference & 0xFFFF_FFFF_FFFF;
        if found == kind && number != own && numbers.len() < PARTS_MAX {
            numbers.insert(number);
        }
        match rest.get(usize::from(len)..) {
            Some(behind) if len >= 26 => rest = behind,
            _ => break,
        }
    }
    numbers
}

/// Puts the parts of one attribute together: `None` if they do not fit, `Some(None)` if there are none.
fn merge(parts: Vec<Attribute>) -> Option<Option<Stream>> {
    let encrypted = parts.iter().any(|part| part.encrypted);
    let mut values: Vec<AttributeValue> = parts.into_iter().map(|part| part.value).collect();
    let first_vcn = |value: &AttributeValue| match value {
        AttributeValue::Resident(_) => 0,
        AttributeValue::Clusters { runs, .. } => runs.first().map_or(0, |run| run.vcn),
    };
    values.sort_by_key(first_vcn);
    let mut values = values.into_iter();
    let Some(mut value) = values.next() else { return Some(None) };
    for part in values {
        match (&mut value, part) {
            (AttributeValue::Clusters { runs, .. }, AttributeValue::Clusters { runs: more, .. }) => {
                let end = runs.last().map_or(0, |run| run.vcn.saturating_add(run.clusters));
                if more.first().is_some_and(|run| run.vcn != end) {
                    return None;
                }
                runs.extend(more);
            }
            _ => return None,
        }
    }
    Some(Some(Stream { encrypted, value }))
}
