//! The folders and files of a FAT against its table: no file begins in a free cluster, and no two of them share one.

use std::ops::Range;

use super::fat_table::Table;
use super::sleep::{self, START_LEN};
use super::space::FreeQuestion;
use super::usage::{Bits, Usage};
use super::why::{Structure, Why};
use crate::contents::bpb::BpbFields;
use crate::contents::bytes::u16_at;
use crate::units::SECTOR_LEN;

const SLOT_LEN: usize = 32;
/// First byte of an entry behind the last, and of one that was deleted.
const END: u8 = 0;
const DELETED: u8 = 0xE5;
/// Attribute bits of an entry, and those of a part of a long name.
const IS_FOLDER: u8 = 0x10;
const IS_LABEL: u8 = 0x08;
const LONG_NAME: u8 = 0x0F;
/// Swap files of Windows: in the root folder, and in the folder of Windows.
const SWAP_FILES: [&[u8; 11]; 3] = [b"PAGEFILESYS", b"WIN386  SWP", b"386SPARTPAR"];
/// Entries of a folder for itself, and for the one that it is in.
const LINKS: [&[u8]; 2] = [b".          ", b"..         "];
/// Most folders that are known and not yet read.
const WAITING_MAX: usize = 1 << 16;
const WINDOWS: &[u8; 11] = b"WINDOWS    ";

/// A folder that is still to be read.
struct Folder {
    kind: FolderKind,
    /// Its clusters follow this one; or `None` for the root of a FAT12 or FAT16.
    first: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FolderKind {
    Root,
    Windows,
    Other,
}

/// An entry of a folder.
struct Entry<'b> {
    name: &'b [u8; 11],
    is_folder: bool,
    /// Cluster, from 2 on; 0 if the file is empty.
    first: u64,
    len: u64,
}

struct Tree<'t, 's> {
    table: &'t Table<'s>,
    usage: Usage,
    /// Clusters, counted from 0, to which something leads.
    led_to: Bits,
    /// First bytes of the root folder of a FAT12 or FAT16, and of cluster 2.
    root: Range<u64>,
    cluster_len: u64,
    waiting: Vec<Folder>,
    swap_files: Vec<u64>,
    has_files: bool,
}

/// Checks the folders of the FAT whose first byte is `start`; the clusters of swap files are free then if `question` says so.
pub(super) fn check(
    table: &Table<'_>,
    usage: Usage,
    bpb: &BpbFields,
    start: u64,
    question: FreeQuestion,
) -> Result<Usage, Why> {
    let data = start + bpb.data() * SECTOR_LEN;
    let mut tree = Tree {
        table,
        led_to: Bits::new(usage.units(), false),
        usage,
        root: data - bpb.root_sectors() * SECTOR_LEN..data,
        cluster_len: u64::from(bpb.cluster_sectors) * SECTOR_LEN,
        waiting: Vec::new(),
        swap_files: Vec::new(),
        has_files: false,
    };
    table.each(|number, value| match value {
        0 => Ok(()),
        _ if number < 2 || table.is_special(value) => Ok(()),
        _ => tree.lead_to(value.into()),
    })?;
    let first = (table.bits == 32).then_some(u64::from(bpb.root_cluster));
    first.map_or(Ok(()), |first| tree.lead_to(first))?;
    tree.waiting.push(Folder { kind: FolderKind::Root, first });
    while let Some(folder) = tree.waiting.pop() {
        tree.folder(&folder)?;
    }
    if !tree.has_files {
        return Err(Why::NoFiles);
    }
    if question.swap {
        tree.free_swap()?;
    }
    Ok(tree.usage)
}

impl Tree<'_, '_> {
    /// Notes that something leads to `cluster`, from 2 on: it must be in use, and nothing else may lead there. So no chain
    /// is a circle.
    fn lead_to(&mut self, cluster: u64) -> Result<(), Why> {
        let unit = cluster.checked_sub(2).filter(|&unit| unit < self.usage.units());
        let unit = unit.ok_or(Why::Damaged(Structure::Table))?;
        if !self.usage.is_used(unit) {
            return Err(Why::UsedIsFree);
        }
        if self.led_to.get(unit) {
            return Err(Why::Damaged(Structure::Table));
        }
        self.led_to.set(unit, true);
        Ok(())
    }

    /// The cluster behind `cluster`; `None` at the end of a chain.
    fn next(&self, cluster: u64) -> Result<Option<u64>, Why> {
        let value = self.table.value(cluster)?;
        match value {
            _ if self.table.is_end(value) => Ok(None),
            _ if self.table.is_special(value) => Err(Why::Damaged(Structure::Table)),
            _ => Ok(Some(value.into())),
        }
    }

    /// First byte of `cluster`.
    fn offset(&self, cluster: u64) -> u64 {
        self.root.end + (cluster - 2) * self.cluster_len
    }

    fn folder(&mut self, folder: &Folder) -> Result<(), Why> {
        let Some(first) = folder.first else {
            let Range { start, end } = self.root;
            self.part(folder.kind, start, end - start)?;
            return Ok(());
        };
        let mut at = Some(first);
        while let Some(cluster) = at {
            if !self.part(folder.kind, self.offset(cluster), self.cluster_len)? {
                break;
            }
            at = self.next(cluster)?;
        }
        Ok(())
    }

    /// Reads the entries in `len` bytes of a folder; false if they are the last.
    fn part(&mut self, kind: FolderKind, offset: u64, len: u64) -> Result<bool, Why> {
        let mut bytes = vec![0; len as usize];
        self.table.source.read_at(offset, &mut bytes).map_err(|_| Why::Unreadable)?;
        for slot in bytes.as_chunks::<SLOT_LEN>().0 {
            match slot[0] {
                END => return Ok(false),
                DELETED => {}
                _ if slot[11] & 0x3F == LONG_NAME || slot[11] & IS_LABEL != 0 => {}
                _ if kind != FolderKind::Root && LINKS.contains(&&slot[..11]) => {}
                _ => self.entry(kind, &self.read(slot))?,
            }
        }
        Ok(true)
    }

    fn read<'b>(&self, slot: &'b [u8; SLOT_LEN]) -> Entry<'b> {
        let word = |at| u64::from(u16_at(slot, at));
        // The high half means something else on FAT12 and FAT16.
        let high = if self.table.bits == 32 { word(20) & 0x0FFF } else { 0 };
        let name = slot.first_chunk().expect("a slot is longer than a name");
        let (first, len) = (word(26) | high << 16, word(28) | word(30) << 16);
        Entry { name, is_folder: slot[11] & IS_FOLDER != 0, first, len }
    }

    fn entry(&mut self, inside: FolderKind, entry: &Entry<'_>) -> Result<(), Why> {
        if entry.first == 0 {
            return Ok(());
        }
        self.has_files = true;
        self.lead_to(entry.first)?;
        if entry.is_folder {
            let is_windows = inside == FolderKind::Root && entry.name == WINDOWS;
            let kind = if is_windows { FolderKind::Windows } else { FolderKind::Other };
            self.waiting.push(Folder { kind, first: Some(entry.first) });
            return if self.waiting.len() > WAITING_MAX { Err(Why::TooMany) } else { Ok(()) };
        }
        let is_of_memory = inside == FolderKind::Root && sleep::FILES.contains(&entry.name);
        if is_of_memory && !sleep::is_dead(&self.start_of(entry)?) {
            return Err(Why::Sleeps);
        }
        if is_of_memory || inside != FolderKind::Other && SWAP_FILES.contains(&entry.name) {
            self.swap_files.push(entry.first);
        }
        Ok(())
    }

    /// The first bytes of a file, as far as its chain has them.
    fn start_of(&self, entry: &Entry<'_>) -> Result<Vec<u8>, Why> {
        let wanted = (START_LEN as u64).min(entry.len);
        let mut start = Vec::new();
        let mut at = Some(entry.first);
        while let Some(cluster) = at.filter(|_| (start.len() as u64) < wanted) {
            let len = self.cluster_len.min(wanted - start.len() as u64);
            let mut part = vec![0; len as usize];
            self.table.source.read_at(self.offset(cluster), &mut part).map_err(|_| Why::Unreadable)?;
            start.extend(part);
            at = self.next(cluster)?;
        }
        Ok(start)
    }

    /// Calls the clusters of swap files free: no other file has one of them.
    fn free_swap(&mut self) -> Result<(), Why> {
        for first in std::mem::take(&mut self.swap_files) {
            let mut at = Some(first);
            while let Some(cluster) = at {
                at = self.next(cluster)?;
                self.usage.free_swap(cluster - 2..cluster - 1);
            }
        }
        Ok(())
    }
}
