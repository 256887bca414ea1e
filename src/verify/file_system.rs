//! Every file and folder of the volume, and whether their places make sense.

use ramkey_format::capsule::{EXTENSION, FOLDER};

use crate::image::LongName;
use crate::units::SECTOR_LEN;
use crate::verify::fault::Findings;
use crate::verify::reader::Reader;
use crate::verify::volume::{Runs, Volume};
use crate::verify::{Fault, FaultKind, Place};

pub(super) const SLOT_LEN: usize = 32;
const LONG_NAME: u8 = 0x0F;
const VOLUME_LABEL: u8 = 0x08;
pub(super) const FOLDER_BIT: u8 = 0x10;
/// Bits that no system sets.
const UNKNOWN_BITS: u8 = 0xC0;
const DELETED: u8 = 0xE5;
/// 1 January 1980: the date of everything that is written with a stick.
const FIXED_DATE: u16 = 0x0021;

/// A file or folder.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Path from the root, with `/` between names.
    pub path: String,
    /// The same with its own short name.
    pub short_path: String,
    /// Length in bytes; 0 for a folder.
    pub len: u64,
    /// Its sectors.
    pub runs: Runs,
    /// Whether it is a file that the boot menu would show.
    pub is_capsule: bool,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether its dates are those of a fresh stick.
    pub has_fixed_dates: bool,
}

/// Everything on the volume.
pub(super) struct Tree {
    pub label: String,
    pub entries: Vec<Entry>,
}

/// A folder that waits to be read.
struct Open {
    path: String,
    runs: Runs,
    /// Its first cluster and that of its parent, 0 for the root.
    clusters: Option<(u64, u64)>,
    is_capsule_folder: bool,
}

/// Reads every directory and claims every chain.
pub(super) fn walk(reader: &Reader, volume: &mut Volume, findings: &mut Findings) -> Tree {
    let runs = match volume.root() {
        Ok(runs) => runs,
        Err(cluster) => {
            let (runs, end) = volume.claim(cluster);
            if let Err((lba, what)) = end {
                let message = format!("the root directory: {what}");
                findings.fault(Fault::new(FaultKind::FatTable, Place::sectors(lba, 1), message));
            }
            runs
        }
    };
    let mut tree = Tree { label: String::new(), entries: Vec::new() };
    let mut open = vec![Open { path: String::new(), runs, clusters: None, is_capsule_folder: false }];
    // Ends: a folder's clusters are claimed once, and there are so many.
    while let Some(folder) = open.pop() {
        let found = read_folder(reader, volume, &folder, findings, &mut tree.label);
        for (entry, subfolder) in found {
            tree.entries.push(entry);
            open.extend(subfolder);
        }
    }
    if let Some((count, first)) = volume.lost() {
        let message = format!("{count} clusters are taken and belong to no file");
        let place = Place::sectors(volume.cluster_lba(first), 1);
        findings.fault(Fault::new(FaultKind::FatTable, place, message));
    }
    tree.entries.sort_by(|a, b| a.path.cmp(&b.path));
    tree
}

fn read_folder(
    reader: &Reader,
    volume: &mut Volume,
    folder: &Open,
    findings: &mut Findings,
    label: &mut String,
) -> Vec<(Entry, Option<Open>)> {
    let mut found = Vec::new();
    let mut long = LongName::default();
    let mut number = 0;
    for (lba, sectors) in &folder.runs {
        for lba in *lba..lba + sectors {
            let sector = match reader.sector(lba) {
                Ok(sector) => sector,
                Err(bad) => {
                    findings.unreadable(bad, Some(&folder.path));
                    continue;
                }
            };
            for slot in sector.chunks_exact(SLOT_LEN) {
                if slot[0] == 0 {
                    check_dots(folder, number, findings);
                    return found;
                }
                number += 1;
                if let Some(dots) = folder.clusters
                    && number <= 2
                {
                    let is_dot = check_dot(slot, number, dots, folder, lba, findings);
                    // What does not begin as a folder is none.
                    if !is_dot && number == 1 {
                        return found;
                    }
                    continue;
                }
                if slot[0] == DELETED {
                    long = LongName::default();
                } else if slot[11] & 0x3F == LONG_NAME {
                    long.add(slot);
                } else if slot[11] & VOLUME_LABEL != 0 {
                    long = LongName::default();
                    if folder.clusters.is_some() {
                        let message = "it holds a label, which only the root directory may";
                        let place = Place::sectors(lba, 1).in_file(&folder.path);
                        findings.fault(Fault::new(FaultKind::Directory, place, message));
                    } else {
                        *label = text(&slot[..11]);
                    }
                } else {
                    let name = name_of(std::mem::take(&mut long), slot);
                    found.push(read_entry(volume, folder, slot, name, lba, findings));
                }
            }
        }
    }
    check_dots(folder, number, findings);
    found
}

fn read_entry(
    volume: &mut Volume,
    folder: &Open,
    slot: &[u8],
    name: String,
    lba: u64,
    findings: &mut Findings,
) -> (Entry, Option<Open>) {
    let word = |at: usize| u16::from_le_bytes([slot[at], slot[at + 1]]);
    let in_folder = |name: String| match &folder.path[..] {
        "" => name,
        path => format!("{path}/{name}"),
    };
    let (path, short_path) = (in_folder(name), in_folder(short_name(slot)));
    let is_folder = slot[11] & FOLDER_BIT != 0;
    let len = u64::from(word(28)) | u64::from(word(30)) << 16;
    let high = if volume.bits == 32 { u64::from(word(20)) } else { 0 };
    let first = u64::from(word(26)) | high << 16;
    let mut fault = |kind, place: Place, message: String| {
        findings.fault(Fault::new(kind, place.in_file(&path), message));
    };
    // 05 stands for E5, which would say that the entry is deleted.
    if slot[..11].iter().enumerate().any(|(at, &byte)| byte < 0x20 && (at, byte) != (0, 0x05)) {
        let message = "its name has characters that no name has";
        fault(FaultKind::Directory, Place::sectors(lba, 1), message.into());
    }
    if slot[11] & UNKNOWN_BITS != 0 {
        fault(FaultKind::Directory, Place::sectors(lba, 1), "its attributes make no sense".into());
    }
    let (runs, end) = match (first, len) {
        (0, 0) if !is_folder => (Runs::new(), Ok(())),
        _ => volume.claim(first),
    };
    let room = runs.iter().map(|(_, sectors)| sectors).sum::<u64>() * SECTOR_LEN;
    if let Err((lba, what)) = end {
        fault(FaultKind::File, Place::sectors(lba, 1), what.into());
    } else if is_folder && len != 0 {
        fault(FaultKind::Directory, Place::sectors(lba, 1), format!("a folder has a length of {len} bytes"));
    } else if !is_folder && len.next_multiple_of(volume.cluster_len()) != room {
        let message = format!("it has {len} bytes and its chain has {room}");
        fault(FaultKind::File, Place::sectors(lba, 1), message);
    }
    let extension: &[u8] = EXTENSION.as_bytes();
    let is_capsule = folder.is_capsule_folder && !is_folder && slot[8..11] == *extension;
    let short = text(&slot[..11]);
    let subfolder = is_folder.then(|| Open {
        path: path.clone(),
        runs: runs.clone(),
        clusters: Some((first, folder.clusters.map_or(0, |(own, _)| own))),
        is_capsule_folder: folder.clusters.is_none() && short == FOLDER,
    });
    let has_fixed_dates = [16, 18, 24].into_iter().all(|at| word(at) == FIXED_DATE) && word(22) == 0;
    (Entry { path, short_path, len, runs, is_capsule, is_folder, has_fixed_dates }, subfolder)
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

fn check_dots(folder: &Open, slots: usize, findings: &mut Findings) {
    if folder.clusters.is_some() && slots < 2 {
        let lba = folder.runs.first().map_or(0, |(lba, _)| *lba);
        let place = Place::sectors(lba, 1).in_file(&folder.path);
        let message = "its entries for itself and its parent are missing";
        findings.fault(Fault::new(FaultKind::Directory, place, message));
    }
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
