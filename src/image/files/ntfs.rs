//! NTFS volumes, also with compressed files.
//!
//! Folders are read from one end to the other and not as trees, and parts of a file are collected once: no structure
//! on the volume decides how long a look-up takes.

use std::collections::BTreeSet;

use super::record::{
    ATTRIBUTE_LIST, Attribute, AttributeValue, BITMAP, DATA, INDEX_ALLOCATION, INDEX_ROOT, attributes,
    restore,
};
use super::runs::Run;
use super::{FilesError, Source, names, u16_at, u32_at, u64_at, unpack};

/// Number of the record of the table of records, and of the root folder.
const TABLE: u64 = 0;
const ROOT: u64 = 5;
/// The name of a folder's index, in UTF-16.
const FOLDER_INDEX: &[u8] = b"$\0I\x003\x000\0";
/// Longest cluster, record and index block.
const CLUSTER_LEN_MAX: u64 = 2 << 20;
const RECORD_LEN_MAX: u64 = 1 << 16;
/// Longest folder, and longest list of a file's parts.
const FOLDER_LEN_MAX: u64 = 32 << 20;
const PARTS_LEN_MAX: u64 = 1 << 18;
/// Most records that one file is spread over.
const PARTS_MAX: usize = 512;
/// Bits of the flags of a record.
const IN_USE: u16 = 1;
const IS_FOLDER: u16 = 2;
/// Bit of the flags of an index entry: there is no name in it, and none behind it.
const LAST_ENTRY: u16 = 2;
/// Offset of the number of entries, from the start of an index block.
const BLOCK_HEADER_LEN: usize = 24;
/// Offset of the name in a file name's record.
const NAME: usize = 66;

/// A volume of the image.
pub(super) struct NtfsVolume<'s> {
    source: &'s dyn Source,
    start: u64,
    cluster_len: u64,
    record_len: u64,
    table: Stream,
}

/// The contents of an attribute, all its parts together.
struct Stream {
    encrypted: bool,
    value: AttributeValue,
}

/// A file's record, with its number.
struct Record {
    number: u64,
    bytes: Vec<u8>,
}

impl<'s> NtfsVolume<'s> {
    pub fn open(source: &'s dyn Source, start: u64, sector: &[u8]) -> Result<Self, FilesError> {
        let damaged = || FilesError::Damaged { what: "the boot sector", offset: start };
        let sector_len = u64::from(u16_at(sector, 11).ok_or_else(damaged)?);
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
        let first = u64_at(sector, 48).ok_or_else(damaged)?;
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

    pub fn has(&self, path: &str) -> Result<bool, FilesError> {
        Ok(self.find(path)?.is_some())
    }

    pub fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, FilesError> {
        let Some(record) = self.find(path)? else { return Ok(None) };
        match self.stream(&record, DATA, &[])? {
            Some(stream) => self.whole(&stream, limit).map(Some),
            None => Err(self.damaged_record(record.number)),
        }
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
        let root = self.whole(&root, FOLDER_LEN_MAX)?;
        let block_len = u32_at(&root, 8).ok_or_else(damaged)? as usize;
        if let Some(found) = self.entry_among(root.get(16..).ok_or_else(damaged)?, name)? {
            return Ok(Some(found));
        }
        let Some(blocks) = self.stream(folder, INDEX_ALLOCATION, FOLDER_INDEX)? else { return Ok(None) };
        if !block_len.is_power_of_two() || !(512..=RECORD_LEN_MAX as usize).contains(&block_len) {
            return Err(damaged());
        }
        let mut blocks = self.whole(&blocks, FOLDER_LEN_MAX)?;
        let used = match self.stream(folder, BITMAP, FOLDER_INDEX)? {
            Some(used) => self.whole(&used, FOLDER_LEN_MAX)?,
            None => return Err(damaged()),
        };
        for (index, block) in blocks.chunks_exact_mut(block_len).enumerate() {
            if used.get(index / 8).is_none_or(|byte| byte >> (index % 8) & 1 == 0) {
                continue;
            }
            restore(block, b"INDX").ok_or_else(damaged)?;
            if let Some(found) = self.entry_among(&block[BLOCK_HEADER_LEN..], name)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The same, among the entries behind one index header.
    fn entry_among(&self, index: &[u8], name: &str) -> Result<Option<Record>, FilesError> {
        let Some(mut at) = u32_at(index, 0).map(|at| at as usize) else { return Ok(None) };
        while let (Some(number), Some(len), Some(flags)) =
            (u64_at(index, at), u16_at(index, at + 8), u16_at(index, at + 12))
        {
            if flags & LAST_ENTRY != 0 || len < 16 {
                break;
            }
            if let Some(found) = file_name(&index[at + 16..])
                && found.to_uppercase() == name.to_uppercase()
            {
                return self.record(number & 0xFFFF_FFFF_FFFF).map(Some);
            }
            at += usize::from(len);
        }
        Ok(None)
    }

    /// The record `number` of the table.
    fn record(&self, number: u64) -> Result<Record, FilesError> {
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
    fn stream(&self, record: &Record, kind: u32, name: &[u8]) -> Result<Option<Stream>, FilesError> {
        let damaged = || self.damaged_record(record.number);
        let own = attributes(&record.bytes).ok_or_else(damaged)?;
        let list = own.iter().find(|attribute| attribute.kind == ATTRIBUTE_LIST).cloned();
        let mut parts: Vec<Attribute> = own;
        if let Some(list) = list {
            let list = Stream { encrypted: list.encrypted, value: list.value };
            let list = self.whole(&list, PARTS_LEN_MAX)?;
            for number in listed_records(&list, kind, record.number) {
                let part = self.record(number)?;
                parts.extend(attributes(&part.bytes).ok_or_else(|| self.damaged_record(number))?);
            }
        }
        parts.retain(|part| part.kind == kind && part.name == name);
        merge(parts).ok_or_else(damaged)
    }

    /// All bytes of `stream`, if there are at most `limit`.
    fn whole(&self, stream: &Stream, limit: u64) -> Result<Vec<u8>, FilesError> {
        if stream.encrypted {
            return Err(FilesError::Encrypted);
        }
        let (len, unit_shift) = match &stream.value {
            AttributeValue::Resident(bytes) => (bytes.len() as u64, 0),
            AttributeValue::Clusters { len, unit_shift, .. } => (*len, *unit_shift),
        };
        if len > limit {
            return Err(FilesError::TooLong { len, limit });
        }
        let mut bytes = vec![0; len as usize];
        if unit_shift == 0 {
            self.read_stream(stream, 0, &mut bytes)?;
        } else {
            self.read_compressed(stream, 1 << unit_shift, &mut bytes)?;
        }
        if let AttributeValue::Clusters { initialised_len, .. } = stream.value
            && initialised_len < len
        {
            bytes[initialised_len as usize..].fill(0);
        }
        Ok(bytes)
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
        for run in runs {
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

    /// Fills `bytes` with a compressed stream: each unit of clusters is whole, packed, or nothing.
    fn read_compressed(&self, stream: &Stream, unit: u64, bytes: &mut [u8]) -> Result<(), FilesError> {
        let AttributeValue::Clusters { runs, .. } = &stream.value else {
            return Err(self.damaged_stream());
        };
        let unit_len = (unit * self.cluster_len) as usize;
        for (index, part) in bytes.chunks_mut(unit_len).enumerate() {
            let (first, mut stored) = (index as u64 * unit, Vec::new());
            for run in runs {
                let (from, to) =
                    (first.max(run.vcn), (first + unit).min(run.vcn.saturating_add(run.clusters)));
                if let Some(lcn) = run.lcn
                    && from < to
                {
                    let at = stored.len();
                    if at as u64 + (to - from) * self.cluster_len > unit_len as u64 {
                        return Err(self.damaged_stream());
                    }
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

    fn damaged_record(&self, number: u64) -> FilesError {
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

fn flags(record: &[u8]) -> u16 {
    u16_at(record, 22).unwrap_or_default()
}

/// The name in a file name's record.
fn file_name(record: &[u8]) -> Option<String> {
    let units = usize::from(*record.get(64)?);
    let bytes = record.get(NAME..NAME + units * 2)?;
    let units = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    Some(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
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
    while let (Some(found), Some(len), Some(reference)) = (u32_at(rest, 0), u16_at(rest, 4), u64_at(rest, 16))
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
