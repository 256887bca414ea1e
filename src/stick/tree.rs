//! Every file and folder of the volume, and whether their places make sense.
//!
//! All of them are looked at; only so many are kept with their names, and so many pieces of a capsule.

use ramkey_format::capsule::{EXTENSION, FOLDER};

use super::kind::FatBits;
use super::names::{DELETED, FOLDER_BIT, LONG_NAME, SLOT_LEN, VOLUME_LABEL, name_of, short_name, text, word};
use super::oddity::{Odd, Oddities};
use super::reader::Reader;
use super::volume::{Chain, Lost, Run, Usage, Volume};
use crate::contents::LongName;

/// Bits that no system sets.
const UNKNOWN_BITS: u8 = 0xC0;
/// 1 January 1980: the date of everything that is written with a stick.
const FIXED_DATE: u16 = 0x0021;
/// Most slots of a folder.
pub(super) const SLOTS_MAX: usize = 1 << 16;
/// Most files and folders that are kept, and most bytes of their paths and of those of folders that wait to be read.
const ENTRIES_MAX: usize = 10_000;
const NAMES_LEN_MAX: usize = 4 << 20;
/// Longest path of a folder that is looked into. Windows has 260 letters for all of a path.
const PATH_LEN_MAX: usize = 2048;
/// Most capsules, and most pieces of all of them.
pub(crate) const CAPSULES_MAX: usize = 1000;
const PIECES_MAX: usize = 1 << 18;
/// Most pieces of one capsule.
const CAPSULE_PIECES_MAX: usize = 1 << 16;

/// A file or folder.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Path from the root, with `/` between names.
    pub path: String,
    /// The same with its own short name.
    pub short_path: String,
    /// Where its 32 bytes stand in its folder: the sector, and the byte in that.
    pub slot: (u64, usize),
    /// Length in bytes; 0 for a folder.
    pub len: u64,
    /// Its sectors, neighbours joined; of what is no capsule, the first piece.
    pub runs: Vec<Run>,
    /// Whether it is a file that the boot menu would show.
    pub is_capsule: bool,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether its dates are those of a fresh stick.
    pub has_fixed_dates: bool,
}

/// Everything on the volume.
#[derive(Debug, Default)]
pub struct Tree {
    /// Label in the root directory.
    pub label: String,
    /// Files and folders, by path.
    pub entries: Vec<Entry>,
    /// Files and folders that are not among these.
    pub more: u64,
    /// Whether some folders were not looked into, because there are too many or they lie too deep.
    pub is_partial: bool,
    /// Which clusters are free and which are lost. What is in a folder that was not looked into is lost to nobody.
    pub usage: Usage,
    /// The clusters that are lost.
    pub lost: Lost,
    /// What makes no sense.
    pub oddities: Oddities,
}

/// A folder that waits to be read.
struct Open {
    path: String,
    place: FolderPlace,
    /// Its first cluster and that of its parent, 0 for the root.
    clusters: Option<(u64, u64)>,
    is_capsule_folder: bool,
}

/// Where a folder lies.
#[derive(Clone, Copy)]
enum FolderPlace {
    /// First sector and number.
    Sectors(u64, u64),
    /// First cluster and number.
    Chain(u64, u64),
}

/// Reads every directory and claims every chain.
pub(super) fn walk<'r>(reader: &Reader<'r>, volume: &mut Volume<'r>) -> Tree {
    let mut tree = Tree::default();
    let place = match volume.root() {
        Ok((lba, sectors)) => FolderPlace::Sectors(lba, sectors),
        Err(cluster) => {
            let (chain, end) = volume.claim(cluster, 1);
            if let Err((lba, fault)) = end {
                tree.oddities.add(lba, None, Odd::RootChain(fault));
            }
            FolderPlace::Chain(cluster, chain.clusters)
        }
    };
    let root = Open { path: String::new(), place, clusters: None, is_capsule_folder: false };
    let mut walk = Walk { reader, volume, tree, open: vec![root], kept: Kept::default() };
    // Ends: a folder's clusters are claimed once, and there are so many.
    while let Some(folder) = walk.open.pop() {
        walk.kept.waiting_len -= folder.path.len();
        walk.read_folder(&folder);
    }
    walk.finish()
}

/// What is kept of the tree so far.
#[derive(Default)]
struct Kept {
    names_len: usize,
    waiting_len: usize,
    capsules: usize,
    pieces: usize,
}

/// A walk through all folders.
struct Walk<'w, 'r> {
    reader: &'w Reader<'r>,
    volume: &'w mut Volume<'r>,
    tree: Tree,
    open: Vec<Open>,
    kept: Kept,
}

impl Walk<'_, '_> {
    /// What was found, and what the table says of the rest.
    fn finish(self) -> Tree {
        let Self { mut tree, volume, .. } = self;
        match volume.usage() {
            Ok((usage, lost)) => {
                (tree.usage, tree.lost) = (usage, lost);
                if usage.lost > 0 && !tree.is_partial {
                    let lba = volume.cluster_lba(usage.first_lost);
                    tree.oddities.add(lba, None, Odd::Lost { clusters: usage.lost });
                }
            }
            Err(error) => tree.oddities.add(error.lba, None, Odd::Unreadable(error)),
        }
        tree.entries.sort_by(|a, b| a.path.cmp(&b.path));
        tree
    }

    fn read_folder(&mut self, folder: &Open) {
        let mut reading = Reading { folder, long: LongName::default(), slots: 0 };
        let (mut lba, mut sectors, mut rest) = match folder.place {
            FolderPlace::Sectors(lba, sectors) => (lba, sectors, None),
            FolderPlace::Chain(first, clusters) => {
                (self.volume.cluster_lba(first), self.volume.cluster_sectors(), Some((first, clusters)))
            }
        };
        if matches!(rest, Some((_, 0))) {
            sectors = 0;
        }
        let start = lba;
        loop {
            for lba in lba..lba + sectors {
                if !self.read_sector(lba, &mut reading) {
                    return self.check_dots(folder, start, reading.slots);
                }
            }
            // Ends: so many clusters were claimed for it.
            let next = rest.filter(|(_, clusters)| *clusters > 1);
            let next = next.and_then(|(cluster, left)| Some((self.volume.follow(cluster)?, left - 1)));
            let Some((cluster, left)) = next else { break };
            (lba, sectors, rest) =
                (self.volume.cluster_lba(cluster), self.volume.cluster_sectors(), Some((cluster, left)));
        }
        self.check_dots(folder, start, reading.slots);
    }

    /// Reads one sector of a folder; says whether the folder goes on.
    fn read_sector(&mut self, lba: u64, reading: &mut Reading) -> bool {
        let folder = reading.folder;
        let sector = match self.reader.sector(lba) {
            Ok(sector) => sector,
            Err(error) => {
                self.odd(lba, &folder.path, Odd::Unreadable(error));
                return true;
            }
        };
        for (number, slot) in sector.chunks_exact(SLOT_LEN).enumerate() {
            if slot[0] == 0 {
                return false;
            }
            reading.slots += 1;
            if reading.slots > SLOTS_MAX {
                self.odd(lba, &folder.path, Odd::TooManySlots { limit: SLOTS_MAX });
                return false;
            }
            if let Some(dots) = folder.clusters
                && reading.slots <= 2
            {
                let is_dot = self.check_dot(slot, reading.slots, dots, folder, lba);
                // What does not begin as a folder is none.
                if !is_dot && reading.slots == 1 {
                    reading.slots = 2;
                    return false;
                }
                continue;
            }
            let long = std::mem::take(&mut reading.long);
            if slot[0] == DELETED {
                continue;
            } else if slot[11] & 0x3F == LONG_NAME {
                reading.long = long;
                reading.long.add(slot);
            } else if slot[11] & VOLUME_LABEL == 0 {
                self.read_entry(folder, slot, name_of(long, slot), (lba, number * SLOT_LEN));
            } else if folder.clusters.is_some() {
                self.odd(lba, &folder.path, Odd::Label);
            } else {
                self.tree.label = text(&slot[..11]);
            }
        }
        true
    }

    fn read_entry(&mut self, folder: &Open, slot: &[u8], name: String, place: (u64, usize)) {
        let lba = place.0;
        let in_folder = |name: String| match &folder.path[..] {
            "" => name,
            path => format!("{path}/{name}"),
        };
        let (path, short_path) = (in_folder(name), in_folder(short_name(slot)));
        let is_folder = slot[11] & FOLDER_BIT != 0;
        let len = u64::from(word(slot, 28)) | u64::from(word(slot, 30)) << 16;
        let high = if self.volume.bits() == FatBits::Fat32 { u64::from(word(slot, 20)) } else { 0 };
        let first = u64::from(word(slot, 26)) | high << 16;
        let is_capsule = folder.is_capsule_folder && !is_folder && slot[8..11] == *EXTENSION.as_bytes();
        let keep = match is_capsule {
            true => CAPSULE_PIECES_MAX.min(PIECES_MAX - self.kept.pieces),
            false => 1,
        };
        let (chain, end) = match (first, len) {
            (0, 0) if !is_folder => (Chain::default(), Ok(())),
            _ => self.volume.claim(first, keep),
        };
        // 05 stands for E5, which would say that the entry is deleted.
        if slot[..11].iter().enumerate().any(|(at, &byte)| byte < 0x20 && (at, byte) != (0, 0x05)) {
            self.odd(lba, &path, Odd::Name);
        }
        if slot[11] & UNKNOWN_BITS != 0 {
            self.odd(lba, &path, Odd::Attributes);
        }
        let room = chain.clusters * self.volume.cluster_len();
        if let Err((lba, fault)) = end {
            self.odd(lba, &path, Odd::Chain(fault));
        } else if is_folder && len != 0 {
            self.odd(lba, &path, Odd::FolderLen { len });
        } else if !is_folder && len.next_multiple_of(self.volume.cluster_len()) != room {
            self.odd(lba, &path, Odd::ChainLen { len, room });
        }
        if is_capsule && (chain.pieces > keep as u64 || self.kept.capsules == CAPSULES_MAX) {
            let what = match chain.pieces > keep as u64 {
                true => Odd::TooManyPieces { pieces: chain.pieces },
                false => Odd::TooManyCapsules { limit: CAPSULES_MAX },
            };
            self.odd(lba, &path, what);
            self.tree.more += 1;
            return;
        }
        if is_folder {
            self.wait(Open {
                path: path.clone(),
                place: FolderPlace::Chain(first, chain.clusters),
                clusters: Some((first, folder.clusters.map_or(0, |(own, _)| own))),
                is_capsule_folder: folder.clusters.is_none() && text(&slot[..11]) == FOLDER,
            });
        }
        let has_fixed_dates =
            [16, 18, 24].into_iter().all(|at| word(slot, at) == FIXED_DATE) && word(slot, 22) == 0;
        let runs = chain.runs;
        self.keep(Entry { path, short_path, slot: place, len, runs, is_capsule, is_folder, has_fixed_dates });
    }

    /// Remembers a folder that is to be read. The one of the images always is.
    fn wait(&mut self, folder: Open) {
        let len = self.kept.waiting_len + folder.path.len();
        let is_full = len > NAMES_LEN_MAX || self.open.len() >= ENTRIES_MAX;
        if !folder.is_capsule_folder && (is_full || folder.path.len() > PATH_LEN_MAX) {
            self.tree.is_partial = true;
            return;
        }
        self.kept.waiting_len = len;
        self.open.push(folder);
    }

    /// Keeps a file or folder, if there is room for it. Images always are.
    fn keep(&mut self, entry: Entry) {
        let len = self.kept.names_len + entry.path.len() + entry.short_path.len();
        let is_full = len > NAMES_LEN_MAX || self.tree.entries.len() - self.kept.capsules >= ENTRIES_MAX;
        if entry.is_capsule {
            self.kept.capsules += 1;
            self.kept.pieces += entry.runs.len();
        } else if is_full {
            self.tree.more += 1;
            return;
        }
        self.kept.names_len = len;
        self.tree.entries.push(entry);
    }

    /// `.` names the folder itself, `..` its parent; both come first. Says whether the slot has that name.
    fn check_dot(
        &mut self,
        slot: &[u8],
        number: usize,
        (own, parent): (u64, u64),
        folder: &Open,
        lba: u64,
    ) -> bool {
        let cluster = u64::from(word(slot, 26)) | u64::from(word(slot, 20)) << 16;
        let (name, expected) = if number == 1 { (b".          ", own) } else { (b"..         ", parent) };
        if slot[..11] != *name || slot[11] & FOLDER_BIT == 0 || cluster != expected {
            self.odd(lba, &folder.path, Odd::Dots);
        }
        slot[..11] == *name
    }

    fn check_dots(&mut self, folder: &Open, lba: u64, slots: usize) {
        if folder.clusters.is_some() && slots < 2 {
            self.odd(lba, &folder.path, Odd::NoDots);
        }
    }

    fn odd(&mut self, lba: u64, path: &str, what: Odd) {
        self.tree.oddities.add(lba, Some(path), what);
    }
}

/// A folder while it is read.
struct Reading<'f> {
    folder: &'f Open,
    long: LongName,
    slots: usize,
}
