//! All files of an NTFS: its table of records from its start to its end.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::error::FilesError;
use super::largest::Largest;
use super::ntfs::{IN_USE, IS_FOLDER, NAME, NtfsVolume, ROOT, Record, flags};
use super::portion::Portion;
use super::record::{ATTRIBUTE_LIST, AttributeValue, DATA, FILE_NAME, attributes, restore};
use super::runs::Run;
use super::spare::{self, Spare, SpareFolders};
use crate::contents::bytes::get_u64;

/// The record of the map of clusters, and the first one of a user's file.
const CLUSTER_MAP: u64 = 6;
const FIRST_FILE: u64 = 24;
/// Longest map that is read, and most records.
const MAP_LEN_MAX: u64 = 32 << 20;
const RECORDS_MAX: u64 = 1 << 18;
/// Bytes of the table that are read together.
const WINDOW_LEN: u64 = 1 << 18;
/// Most files with parts in several records that are counted together.
const SPREAD_MAX: usize = 1 << 12;
/// Most folders that are known, each with what the files right in it take.
const FOLDERS_MAX: usize = 1 << 15;
/// Most folders that a path leads through.
const DEPTH_MAX: usize = 64;
/// Where a record has the number of the one that it is a part of, and which of its bits are that number.
const BASE: usize = 32;
const NUMBER: u64 = 0xFFFF_FFFF_FFFF;
/// Where a file name has what sort of name it is, and the sort that is only there for DOS.
const SORT: usize = 65;
const FOR_DOS: u8 = 2;

impl NtfsVolume<'_> {
    /// Bytes of the volume's free clusters.
    pub fn free(&self) -> Result<u64, FilesError> {
        let map = self.record(CLUSTER_MAP)?;
        let map = self.stream(&map, DATA, &[])?.ok_or_else(|| self.damaged_record(CLUSTER_MAP))?;
        let len = map.readable_len(Portion::Whole { limit: MAP_LEN_MAX })?;
        let (mut free, mut piece) = (0, Vec::new());
        for from in (0..len).step_by(WINDOW_LEN as usize) {
            piece.resize((len - from).min(WINDOW_LEN) as usize, 0);
            self.fill(&map, from, &mut piece)?;
            free += piece.iter().map(|byte| u64::from(byte.count_zeros())).sum::<u64>();
        }
        // Bits behind the last cluster are set.
        Ok(free.saturating_mul(self.cluster_len))
    }

    /// Puts the files that take most clusters into `largest`, and the bytes of those that nobody needs into `spare`.
    ///
    /// # Errors
    ///
    /// The table of records cannot be read; [`FilesError::TooMany`] if there is more than is looked at, of which both have what was.
    pub fn largest(&self, largest: &mut Largest, spare: &mut SpareFolders) -> Result<(), FilesError> {
        let mut found = Largest::new(largest.most());
        let mut spread: BTreeMap<u64, u64> = BTreeMap::new();
        let (mut folders, mut folders_of_spread) = (Folders::default(), BTreeMap::new());
        let mut is_whole = self.table.len() / self.record_len <= RECORDS_MAX;
        self.records(&mut |number, bytes| {
            if flags(bytes) & IS_FOLDER != 0 {
                return folders.name(number, bytes);
            }
            let Some((stored, is_spread)) = stored(bytes, self.cluster_len) else { return };
            let base = get_u64(bytes, BASE).unwrap_or(0) & NUMBER;
            let file = if base == 0 { number } else { base };
            let folder = file_name(bytes).map(|(folder, _)| folder).filter(|_| base == 0);
            if base == 0 && !is_spread {
                found.add(stored, file);
                folder.into_iter().for_each(|folder| folders.add(folder, stored));
            } else if spread.len() < SPREAD_MAX || spread.contains_key(&file) {
                let whole = spread.entry(file).or_default();
                *whole = whole.saturating_add(stored);
                folders_of_spread.extend(folder.map(|folder| (file, folder)));
            } else {
                is_whole = false;
            }
        })?;
        for (number, len) in spread.into_iter().filter(|&(number, _)| number >= FIRST_FILE) {
            found.add(len, number);
            folders_of_spread.get(&number).into_iter().for_each(|&folder| folders.add(folder, len));
        }
        for (len, number) in found.into_files() {
            let path = self.record(number).and_then(|record| self.path(record));
            largest.add(len, path.unwrap_or_else(|_| format!("record {number}")));
        }
        is_whole &= !folders.is_partial;
        folders.put_into(spare);
        if is_whole { Ok(()) } else { Err(FilesError::TooMany) }
    }

    /// Calls `visit` with number and bytes of each record of a user's file or folder that is in use.
    fn records(&self, visit: &mut dyn FnMut(u64, &[u8])) -> Result<(), FilesError> {
        let len = self.table.len();
        let (mut window, record_len) = (Vec::new(), self.record_len);
        let window_len = WINDOW_LEN.max(record_len) / record_len * record_len;
        for from in (0..len.min(RECORDS_MAX * record_len)).step_by(window_len as usize) {
            window
                .resize((len - from).min(window_len) as usize / record_len as usize * record_len as usize, 0);
            self.fill(&self.table, from, &mut window)?;
            for (number, bytes) in (from / record_len..).zip(window.chunks_exact_mut(record_len as usize)) {
                // What cannot be read is no file that takes room.
                if number >= FIRST_FILE && restore(bytes, b"FILE").is_some() && flags(bytes) & IN_USE != 0 {
                    visit(number, bytes);
                }
            }
        }
        Ok(())
    }

    /// The path of a file.
    fn path(&self, mut record: Record) -> Result<String, FilesError> {
        let mut names = Vec::new();
        for _ in 0..DEPTH_MAX {
            let (parent, name) =
                file_name(&record.bytes).ok_or_else(|| self.damaged_record(record.number))?;
            names.push(name);
            if parent == ROOT {
                break;
            }
            record = self.record(parent)?;
        }
        Ok(spare::joined(&names.iter().rev().map(String::as_str).collect::<Vec<_>>()))
    }
}

/// The folders of a volume, by the number of their records.
#[derive(Default)]
struct Folders {
    /// The folder that each is in, and its name there.
    names: BTreeMap<u64, (u64, String)>,
    /// Bytes of the files right in each.
    lens: BTreeMap<u64, u64>,
    /// Whether there are more.
    is_partial: bool,
}

impl Folders {
    fn name(&mut self, number: u64, record: &[u8]) {
        if self.names.len() < FOLDERS_MAX {
            self.names.extend(file_name(record).map(|name| (number, name)));
        } else {
            self.is_partial = true;
        }
    }

    fn add(&mut self, number: u64, len: u64) {
        if self.lens.len() < FOLDERS_MAX || self.lens.contains_key(&number) {
            let sum = self.lens.entry(number).or_default();
            *sum = sum.saturating_add(len);
        } else {
            self.is_partial = true;
        }
    }

    /// Adds up what is below the same folder that nobody needs, by numbers: paths are made of those alone that are told, because
    /// each may be long and there may be many.
    fn put_into(self, spare: &mut SpareFolders) {
        let mut sums: BTreeMap<(u64, Spare), u64> = BTreeMap::new();
        for (&number, &len) in &self.lens {
            let way = self.way(number);
            let found = way.as_ref().and_then(|way| spare::outermost(way.iter().map(|(_, name)| *name)));
            let Some((depth, sort)) = found.filter(|_| len > 0) else { continue };
            let way = way.unwrap_or_default();
            let number = match sort {
                Spare::Folder => way[depth].0,
                Spare::Update => depth.checked_sub(1).map_or(ROOT, |above| way[above].0),
            };
            let sum = sums.entry((number, sort)).or_default();
            *sum = sum.saturating_add(len);
        }
        let mut sums: Vec<((u64, Spare), u64)> = sums.into_iter().collect();
        sums.sort_by_key(|&(_, len)| Reverse(len));
        for ((number, sort), len) in sums.into_iter().take(spare::FOLDERS_MAX) {
            let way = self.way(number).unwrap_or_default();
            // The name of one update stands for all that lie beside it.
            let update = (sort == Spare::Update).then_some("");
            spare.put(&sort.path(way.into_iter().map(|(_, name)| name).chain(update)), len);
        }
    }

    /// Number and name of each folder on the way to a folder, its own at the end; `None` of one that leads nowhere, or too far.
    fn way(&self, mut number: u64) -> Option<Vec<(u64, &str)>> {
        let mut way = Vec::new();
        while number != ROOT {
            let (above, name) = self.names.get(&number)?;
            if way.len() == DEPTH_MAX {
                return None;
            }
            way.push((number, name.as_str()));
            number = *above;
        }
        way.reverse();
        Some(way)
    }
}

/// Bytes of the clusters that a record's own part of the file takes, and whether the file has other records, too; `None` of
/// a folder.
fn stored(record: &[u8], cluster_len: u64) -> Option<(u64, bool)> {
    if flags(record) & IS_FOLDER != 0 {
        return None;
    }
    let attributes = attributes(record)?;
    let clusters = |runs: &[Run]| {
        runs.iter().filter(|run| run.lcn.is_some()).fold(0u64, |sum, run| sum.saturating_add(run.clusters))
    };
    let of_one = |value: &AttributeValue| match value {
        AttributeValue::Clusters { runs, .. } => clusters(runs),
        AttributeValue::Resident(_) => 0,
    };
    let all = attributes.iter().filter(|attribute| attribute.kind == DATA).map(|data| of_one(&data.value));
    let all = all.fold(0, u64::saturating_add).saturating_mul(cluster_len);
    Some((all, attributes.iter().any(|attribute| attribute.kind == ATTRIBUTE_LIST)))
}

/// The number of the folder that a record's file is in, and its name there.
fn file_name(record: &[u8]) -> Option<(u64, String)> {
    let names = attributes(record)?.into_iter().filter(|attribute| attribute.kind == FILE_NAME);
    let mut names = names.filter_map(|attribute| match attribute.value {
        AttributeValue::Resident(value) => Some(value),
        AttributeValue::Clusters { .. } => None,
    });
    let name = names.find(|value| value.get(SORT).is_some_and(|&sort| sort != FOR_DOS))?;
    let len = usize::from(*name.get(NAME - 2)?) * 2;
    let units =
        name.get(NAME..NAME + len)?.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    let text = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Some((get_u64(&name, 0)? & NUMBER, text))
}
