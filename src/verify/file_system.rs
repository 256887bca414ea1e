//! Every file and folder of the volume, and whether their places make sense.
//!
//! All of them are judged; only so many are kept with their names, and so many pieces of an image.

use ramkey_format::capsule::{EXTENSION, FOLDER};

use crate::contents::LongName;
use crate::units::SECTOR_LEN;
use crate::verify::fault::Findings;
use crate::verify::reader::Reader;
use crate::verify::volume::{Chain, Runs, Volume};
use crate::verify::{Change, Fault, FaultKind, Place};

pub(super) const SLOT_LEN: usize = 32;
const LONG_NAME: u8 = 0x0F;
const VOLUME_LABEL: u8 = 0x08;
pub(super) const FOLDER_BIT: u8 = 0x10;
/// Bits that no system sets.
const UNKNOWN_BITS: u8 = 0xC0;
const DELETED: u8 = 0xE5;
/// 1 January 1980: the date of everything that is written with a stick.
const FIXED_DATE: u16 = 0x0021;
/// Most slots of a folder.
const SLOTS_MAX: usize = 1 << 16;
/// Most files and folders that are kept, and most bytes of their paths and of those of folders that wait to be read.
const ENTRIES_MAX: usize = 10_000;
const NAMES_LEN_MAX: usize = 4 << 20;
/// Longest path of a folder that is looked into. Windows has 260 letters for all of a path.
const PATH_LEN_MAX: usize = 2048;
/// Most images, and most pieces of all of them.
const CAPSULES_MAX: usize = 1000;
const PIECES_MAX: usize = 1 << 18;
/// Most pieces of one image.
const CAPSULE_PIECES_MAX: usize = 1 << 16;

/// A file or folder.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Path from the root, with `/` between names.
    pub path: String,
    /// The same with its own short name.
    pub short_path: String,
    /// Length in bytes; 0 for a folder.
    pub len: u64,
    /// Its sectors; of what is no image, the first piece.
    pub runs: Runs,
    /// Whether it is a file that the boot menu would show.
    pub is_capsule: bool,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether its dates are those of a fresh stick.
    pub has_fixed_dates: bool,
}

/// Everything on the volume.
#[derive(Default)]
pub(super) struct Tree {
    pub label: String,
    pub entries: Vec<Entry>,
    /// Files and folders that are not among these.
    pub more: u64,
    /// Bytes of the volume that are free.
    pub free: u64,
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
pub(super) fn walk<'r>(reader: &Reader<'r>, volume: &mut Volume<'r>, findings: &mut Findings) -> Tree {
    let place = match volume.root() {
        Ok((lba, sectors)) => FolderPlace::Sectors(lba, sectors),
        Err(cluster) => {
            let (chain, end) = volume.claim(cluster, 1);
            if let Err((lba, what)) = end {
                let message = format!("the root directory: {what}");
                findings.fault(Fault::new(FaultKind::FatTable, Place::sectors(lba, 1), message));
            }
            FolderPlace::Chain(cluster, chain.clusters)
        }
    };
    let root = Open { path: String::new(), place, clusters: None, is_capsule_folder: false };
    let mut walk = Walk {
        reader,
        volume,
        findings,
        tree: Tree::default(),
        open: vec![root],
        kept: Kept::default(),
        skipped: false,
    };
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
    findings: &'w mut Findings,
    tree: Tree,
    open: Vec<Open>,
    kept: Kept,
    /// Whether a folder was not read.
    skipped: bool,
}

impl Walk<'_, '_> {
    /// What was found, and what the table says of the rest.
    fn finish(self) -> Tree {
        let Self { mut tree, volume, findings, skipped, .. } = self;
        if skipped {
            let what = "some folders were not looked into: there are too many, or they lie too deep";
            findings.change(Change::Volume { what });
        }
        match volume.usage() {
            Ok(usage) => {
                tree.free = usage.free * volume.cluster_len();
                // What is in a folder that was not read is lost to nobody.
                if usage.lost > 0 && !skipped {
                    let message = format!("{} clusters are taken and belong to no file", usage.lost);
                    let place = Place::sectors(volume.cluster_lba(usage.first_lost), 1);
                    findings.fault(Fault::new(FaultKind::FatTable, place, message));
                }
            }
            Err(bad) => findings.unreadable(bad, None),
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
                    return check_dots(folder, start, reading.slots, self.findings);
                }
            }
            // Ends: so many clusters were claimed for it.
            let next = rest.filter(|(_, clusters)| *clusters > 1);
            let next = next.and_then(|(cluster, left)| Some((self.volume.follow(cluster)?, left - 1)));
            let Some((cluster, left)) = next else { break };
            (lba, sectors, rest) =
                (self.volume.cluster_lba(cluster), self.volume.cluster_sectors(), Some((cluster, left)));
        }
        check_dots(folder, start, reading.slots, self.findings);
    }

    /// Reads one sector of a folder; says whether the folder goes on.
    fn read_sector(&mut self, lba: u64, reading: &mut Reading) -> bool {
        let folder = reading.folder;
        let sector = match self.reader.sector(lba) {
            Ok(sector) => sector,
            Err(bad) => {
                self.findings.unreadable(bad, Some(&folder.path));
                return true;
            }
        };
        for slot in sector.chunks_exact(SLOT_LEN) {
            if slot[0] == 0 {
                return false;
            }
            reading.slots += 1;
            if reading.slots > SLOTS_MAX {
                let message = format!("it has more than {SLOTS_MAX} entries");
                let place = Place::sectors(lba, 1).in_file(&folder.path);
                self.findings.fault(Fault::new(FaultKind::Directory, place, message));
                return false;
            }
            if let Some(dots) = folder.clusters
                && reading.slots <= 2
            {
                let is_dot = check_dot(slot, reading.slots, dots, folder, lba, self.findings);
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
                self.read_entry(folder, slot, name_of(long, slot), lba);
            } else if folder.clusters.is_some() {
                let message = "it holds a label, which only the root directory may";
                let place = Place::sectors(lba, 1).in_file(&folder.path);
                self.findings.fault(Fault::new(FaultKind::Directory, place, message));
            } else {
                self.tree.label = text(&slot[..11]);
            }
        }
        true
    }

    fn read_entry(&mut self, folder: &Open, slot: &[u8], name: String, lba: u64) {
        let word = |at: usize| u16::from_le_bytes([slot[at], slot[at + 1]]);
        let in_folder = |name: String| match &folder.path[..] {
            "" => name,
            path => format!("{path}/{name}"),
        };
        let (path, short_path) = (in_folder(name), in_folder(short_name(slot)));
        let is_folder = slot[11] & FOLDER_BIT != 0;
        let len = u64::from(word(28)) | u64::from(word(30)) << 16;
        let high = if self.volume.bits == 32 { u64::from(word(20)) } else { 0 };
        let first = u64::from(word(26)) | high << 16;
        let is_capsule = folder.is_capsule_folder && !is_folder && slot[8..11] == *EXTENSION.as_bytes();
        let keep = match is_capsule {
            true => CAPSULE_PIECES_MAX.min(PIECES_MAX - self.kept.pieces),
            false => 1,
        };
        let (chain, end) = match (first, len) {
            (0, 0) if !is_folder => (Chain::default(), Ok(())),
            _ => self.volume.claim(first, keep),
        };
        let mut fault = |kind, place: Place, message: String| {
            self.findings.fault(Fault::new(kind, place.in_file(&path), message));
        };
        // 05 stands for E5, which would say that the entry is deleted.
        if slot[..11].iter().enumerate().any(|(at, &byte)| byte < 0x20 && (at, byte) != (0, 0x05)) {
            let message = "its name has characters that no name has";
            fault(FaultKind::Directory, Place::sectors(lba, 1), message.into());
        }
        if slot[11] & UNKNOWN_BITS != 0 {
            fault(FaultKind::Directory, Place::sectors(lba, 1), "its attributes make no sense".into());
        }
        let room = chain.clusters * self.volume.cluster_len();
        if let Err((lba, what)) = end {
            fault(FaultKind::File, Place::sectors(lba, 1), what.into());
        } else if is_folder && len != 0 {
            fault(
                FaultKind::Directory,
                Place::sectors(lba, 1),
                format!("a folder has a length of {len} bytes"),
            );
        } else if !is_folder && len.next_multiple_of(self.volume.cluster_len()) != room {
            let message = format!("it has {len} bytes and its chain has {room}");
            fault(FaultKind::File, Place::sectors(lba, 1), message);
        }
        if is_capsule && (chain.pieces > keep as u64 || self.kept.capsules == CAPSULES_MAX) {
            let message = match chain.pieces > keep as u64 {
                true => {
                    format!("it lies in {} pieces and is not proven: copy it to another stick", chain.pieces)
                }
                false => format!("it is not proven: a folder can hold {CAPSULES_MAX} images"),
            };
            fault(FaultKind::Capsule, Place::sectors(lba, 1), message);
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
        let has_fixed_dates = [16, 18, 24].into_iter().all(|at| word(at) == FIXED_DATE) && word(22) == 0;
        let runs = chain.runs;
        self.keep(Entry { path, short_path, len, runs, is_capsule, is_folder, has_fixed_dates });
    }

    /// Remembers a folder that is to be read. The one of the images always is.
    fn wait(&mut self, folder: Open) {
        let len = self.kept.waiting_len + folder.path.len();
        let is_full = len > NAMES_LEN_MAX || self.open.len() >= ENTRIES_MAX;
        if !folder.is_capsule_folder && (is_full || folder.path.len() > PATH_LEN_MAX) {
            self.skipped = true;
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
}

/// A folder while it is read.
struct Reading<'f> {
    folder: &'f Open,
    long: LongName,
    slots: usize,
}

/// `.` names the folder itself, `..` its parent; both come first. Says whether the slot has that name.
fn check_dot(
    slot: &[u8],
    number: usize,
    (own, parent): (u64, u64),
    folder: &Open,
    lba: u64,
    findings: &mut Findings,
) -> bool {
    let word = |at: usize| u64::from(u16::from_le_bytes([slot[at], slot[at + 1]]));
    let cluster = word(26) | word(20) << 16;
    let (name, expected) = if number == 1 { (b".          ", own) } else { (b"..         ", parent) };
    if slot[..11] != *name || slot[11] & FOLDER_BIT == 0 || cluster != expected {
        let message = "its entries for itself and its parent are wrong";
        let place = Place::sectors(lba, 1).in_file(&folder.path);
        findings.fault(Fault::new(FaultKind::Directory, place, message));
    }
    slot[..11] == *name
}

fn check_dots(folder: &Open, lba: u64, slots: usize, findings: &mut Findings) {
    if folder.clusters.is_some() && slots < 2 {
        let place = Place::sectors(lba, 1).in_file(&folder.path);
        let message = "its entries for itself and its parent are missing";
        findings.fault(Fault::new(FaultKind::Directory, place, message));
    }
}

/// Whether the root directory of `volume` has a folder for images.
pub(super) fn has_capsule_folder(reader: &Reader, volume: &Volume) -> bool {
    let mut cluster = volume.root().err();
    if cluster.is_some_and(|cluster| !volume.has(cluster)) {
        return false;
    }
    let (mut lba, mut sectors) =
        volume.root().unwrap_or_else(|first| (volume.cluster_lba(first), volume.cluster_sectors()));
    let mut slots = 0;
    while slots < SLOTS_MAX {
        for lba in lba..lba + sectors {
            let Ok(sector) = reader.sector(lba) else { continue };
            for slot in sector.chunks_exact(SLOT_LEN) {
                match slot[0] {
                    0 => return false,
                    _ if slot[11] & 0x3F == LONG_NAME || slot[11] & FOLDER_BIT == 0 => {}
                    _ if text(&slot[..11]) == FOLDER => return true,
                    _ => {}
                }
            }
            slots += SECTOR_LEN as usize / SLOT_LEN;
        }
        cluster = cluster.and_then(|cluster| volume.follow(cluster));
        let Some(next) = cluster else { break };
        (lba, sectors) = (volume.cluster_lba(next), volume.cluster_sectors());
    }
    false
}

/// The name of the entry in `slot`: the long one if it belongs to it, else the short one.
fn name_of(long: LongName, slot: &[u8]) -> String {
    let shown = |c: char| if c.is_control() { '_' } else { c };
    long.of(slot).map_or_else(|| short_name(slot), |name| name.map(shown).collect())
}

/// The short name of an entry, with a point before its extension.
fn short_name(slot: &[u8]) -> String {
    let (stem, extension) = (text(&slot[..8]), text(&slot[8..11]));
    if extension.is_empty() { stem } else { format!("{stem}.{extension}") }
}

/// Bytes of a short name or label as text, without the spaces behind it.
pub(super) fn text(bytes: &[u8]) -> String {
    let shown = |&byte: &u8| if (0x20..0x7F).contains(&byte) { char::from(byte) } else { '_' };
    bytes.iter().map(shown).collect::<String>().trim_end().to_owned()
}
