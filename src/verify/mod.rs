//! Proves a stick without its images: it carries the hash of everything that was written.
//!
//! Boot code and tables must be as written. The file system may have changed, if it is sound: files that a user
//! added, changed or removed are named and are no fault. Every capsule in the folder `RAMKEY` is proven by its own
//! hashes, wherever its bytes lie. Nothing is repaired, and nothing here prints.

mod boot_area;
mod capsule;
mod fat;
mod fate;
mod fault;
mod file_system;
mod hint;
mod reader;
mod set;
mod volume;
mod words;
mod written;
mod zeros;

use ramkey_format::manifest::{RangeEntry, range};
use ramkey_format::memory::BOOT_LBA;

use crate::capsule::DriveOptions;
use crate::contents::Unfinished;
use crate::image::Source;
use crate::plan::LayoutKind;
use crate::units::SECTOR_LEN;

pub use fault::{Change, Fault, FaultKind, Place};
pub use set::FoundCompanion;

use boot_area::BootArea;
use fault::Findings;
use reader::Reader;
use zeros::Zeros;

/// What counts as a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strictness {
    /// What a boot needs, and what nobody can explain.
    Boot,
    /// Every byte that is not as written.
    EveryByte,
}

/// A capsule that was found on a stick.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FoundCapsule {
    /// Path of its file.
    pub file: String,
    /// Title in the boot menu.
    pub title: String,
    /// Kind of disk.
    pub kind: &'static str,
    /// Cylinders/heads/sectors.
    pub geometry: String,
    /// Length of the image in bytes.
    pub len: u64,
    /// BLAKE3 of the original image.
    pub blake3: String,
    /// BLAKE3 of the image in memory, which is what is proven, if sectors of the original were left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ram_blake3: Option<String>,
    /// Sectors of its RAM disk.
    pub disk_sectors: u32,
    /// Kind, geometry and emulation in a few words.
    pub words: String,
    /// Memory that a machine needs for it and the drives beside it, in bytes; of a companion, its own part.
    pub ram_needed: u64,
    /// BIOS drive number; the first of its class means the next that is free.
    pub drive: u8,
    /// NT disk signature that the RAM disk gets because the image has none.
    pub disk_signature: Option<u32>,
    /// Whether it stands beside others and is in no menu.
    pub companion: bool,
    /// The images that it needs beside it, in the order of their drives.
    pub companions: Vec<FoundCompanion>,
    /// How systems see its drives; of a companion only what becomes of writes matters.
    pub options: DriveOptions,
    /// Whether the machine may not write to it.
    pub read_only: bool,
    /// Pieces that its file lies in.
    pub fragments: usize,
    /// Whether it was there when the stick was written.
    pub as_written: bool,
    /// Whether its bytes were read and match its hashes.
    pub proven: bool,
}

/// What verifying a stick found.
#[must_use]
#[derive(Clone, Debug, serde::Serialize)]
pub struct StickVerdict {
    /// Whether there is no fault.
    pub sound: bool,
    /// What counted as one.
    pub strictness: Strictness,
    /// Whether every byte was read. If not, no fault means only that headers and directories show none.
    pub proof: bool,
    /// The stick's identity, 32 hexadecimal digits; empty if it has none.
    pub stick_id: String,
    /// `universal`, `universal-zip`, `hdd`, `zip`, `fdd`, `two-partitions`, `gpt`, `superfloppy`, or empty.
    pub layout: &'static str,
    /// For example `FAT16`; empty if there is none.
    pub file_system: String,
    /// Label of the file system.
    pub label: String,
    /// First sector of the file system.
    pub volume_lba: u64,
    /// Sectors of the file system.
    pub volume_sectors: u64,
    /// Sectors of the stick when it was written; 0 if that is not known.
    #[serde(skip)]
    pub written_sectors: u64,
    /// Bytes of the file system that are free.
    pub free: u64,
    /// The capsules in the folder.
    pub capsules: Vec<FoundCapsule>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// What changed and is no fault.
    pub changes: Vec<Change>,
    /// Bytes that were read.
    pub bytes_read: u64,
}

/// How much of a stick is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Everything.
    Proof,
    /// Headers and directories only.
    Facts,
}

/// Reads the whole stick and judges it. `observe` is told of bytes that were read.
///
/// A sector that cannot be read is a fault like any other, with its LBA.
pub fn verify(stick: &dyn Source, strictness: Strictness, observe: &dyn Fn(u64)) -> StickVerdict {
    examine(stick, strictness, Depth::Proof, observe)
}

/// What is on a stick, from headers and directories; the images' bytes are not read, so nothing is proven.
pub fn facts(stick: &dyn Source) -> StickVerdict {
    examine(stick, Strictness::Boot, Depth::Facts, &|_| {})
}

/// Whether there is a boot area of this program on `stick`, sound or not.
pub fn is_stick(stick: &dyn Source) -> bool {
    BootArea::is_present(&Reader::new(stick, &|_| {}))
}

/// Whether anything on `stick` is of this program: a boot area, sound or not, the folder for images, or what an
/// interrupted write leaves. A boot area that cannot be read may be one.
pub fn has_trace(stick: &dyn Source) -> bool {
    let reader = Reader::new(stick, &|_| {});
    if reader.sectors() <= u64::from(BOOT_LBA) {
        return false;
    }
    if reader.sector(u64::from(BOOT_LBA)).is_err() {
        return true;
    }
    BootArea::is_present(&reader)
        || matches!(Unfinished::look(stick), Ok(Some(_)))
        || volume_with_folder(&reader).is_some()
}

/// First sector of the file system that has the folder for images, where a file system of a stick may begin.
fn volume_with_folder(reader: &Reader) -> Option<u64> {
    let starts = LayoutKind::ALL.map(LayoutKind::volume_lba);
    starts.into_iter().find(|&lba| {
        let volume = volume::Volume::open(reader, lba, &mut Findings::default());
        volume.is_some_and(|volume| file_system::has_capsule_folder(reader, &volume))
    })
}

fn examine(stick: &dyn Source, strictness: Strictness, depth: Depth, observe: &dyn Fn(u64)) -> StickVerdict {
    let reader = Reader::new(stick, observe);
    let mut findings = Findings::default();
    let mut area = BootArea::read(&reader, strictness, &mut findings);
    if area.volume_lba.is_none() {
        area.volume_lba = volume_with_folder(&reader);
    }
    for entry in &area.ranges {
        check_range(&reader, &area, entry, strictness, &mut findings);
    }
    let (mut capsules, mut file_system, mut label, mut free) = (Vec::new(), String::new(), String::new(), 0);
    if let Some(lba) = area.volume_lba
        && let Some(mut volume) = volume::Volume::read(&reader, lba, &mut findings)
    {
        if !area.ranges.is_empty() && volume.bits != area.fat_bits {
            let message =
                format!("the file system is a FAT{} and was written as a FAT{}", volume.bits, area.fat_bits);
            findings.fault(Fault::new(FaultKind::FatReserved, Place::sectors(lba, 1), message));
        }
        file_system = format!("FAT{}", volume.bits);
        let tree = file_system::walk(&reader, &mut volume, &mut findings);
        free = tree.free;
        label = tree.label.clone();
        if !area.ranges.is_empty() {
            let written = file_system::text(&area.label);
            let labels = [label.clone(), file_system::text(&volume.label)];
            if let Some(found) = labels.into_iter().find(|found| *found != written) {
                findings.change(Change::Label { written, found });
            }
        }
        let written = written::images(&reader, &area, &volume, &tree.entries);
        let judge = capsule::Judge {
            reader: &reader,
            written: &written.images,
            strictness,
            depth,
            zeros: Zeros::default(),
        };
        capsules = judge.all(&tree.entries, &mut findings);
        set::connect(&tree.entries, &mut capsules, &mut findings);
        fate::tell(&reader, &written, &tree.entries, &capsules, &mut findings);
        if tree.more > 0 {
            findings.change(Change::More { files: tree.more });
        }
    }
    if findings.is_empty() && depth == Depth::Proof {
        check_details(&reader, &area, &mut findings);
    }
    findings.finish();
    StickVerdict {
        sound: findings.faults.is_empty(),
        strictness,
        proof: depth == Depth::Proof,
        stick_id: area.stick_id.map(crate::units::hex).unwrap_or_default(),
        layout: LayoutKind::from_code(area.layout).map_or("", LayoutKind::name),
        file_system,
        label,
        volume_lba: area.volume_lba.unwrap_or(0),
        volume_sectors: area.volume_sectors,
        written_sectors: area.stick_sectors,
        free,
        capsules,
        faults: findings.faults,
        changes: findings.changes,
        bytes_read: reader.bytes_read(),
    }
}

/// Compares one range of the manifest with the stick, as far as it must be as written.
fn check_range(
    reader: &Reader,
    area: &BootArea,
    entry: &RangeEntry,
    strictness: Strictness,
    findings: &mut Findings,
) {
    let strict = strictness == Strictness::EveryByte;
    let kind = match entry.kind {
        range::SECTOR_0 => FaultKind::Sector0,
        range::TABLE => FaultKind::Table,
        range::BOOT_CODE => FaultKind::BootCode,
        range::BOOT_COPY => FaultKind::BootCopy,
        range::STAMPS => FaultKind::Stamps,
        range::CLEARED => FaultKind::Cleared,
        range::FAT_RESERVED => FaultKind::FatReserved,
        range::FAT_TABLE if strict => FaultKind::FatTable,
        range::DIRECTORY if strict => FaultKind::Directory,
        // The others are judged by what they mean.
        _ => return,
    };
    let (lba, sectors) = (entry.lba.get(), entry.sectors.get());
    // That the end of a stick is missing is told once.
    if lba + sectors > reader.sectors() && findings.has(FaultKind::TooShort) {
        return;
    }
    let place = Place::sectors(lba, sectors);
    let found = match reader.hash(lba, sectors) {
        Ok(found) => found,
        Err(bad) => return findings.unreadable(bad, None),
    };
    let expected = blake3::Hash::from_bytes(entry.blake3);
    if found == expected {
        return;
    }
    let volume_sector = matches!(kind, FaultKind::FatReserved)
        || (kind == FaultKind::Sector0 && volume::is_in_sector_0(area));
    if volume_sector
        && !strict
        && let Some(changes) = volume::explain(reader, area, entry)
    {
        for change in changes {
            findings.change(change);
        }
        return;
    }
    let clear = kind == FaultKind::Sector0 && found == blake3::hash(&[0; SECTOR_LEN as usize]);
    let message = match clear {
        true => "sector 0 is clear: the stick was not finished",
        false => words::differs(area, entry),
    };
    findings.fault(Fault::new(kind, place, message).hashes(expected, found));
}

/// Compares directories and tables byte by byte where nothing that they say is another: what differs then says nothing.
fn check_details(reader: &Reader, area: &BootArea, findings: &mut Findings) {
    for entry in &area.ranges {
        let what = match entry.kind {
            range::DIRECTORY => {
                "directories have other dates or attributes, or traces of files that are gone"
            }
            range::FAT_TABLE => "the file allocation tables have other bits that say nothing of a file",
            _ => continue,
        };
        let (lba, sectors) = (entry.lba.get(), entry.sectors.get());
        match reader.hash(lba, sectors) {
            Ok(found) if *found.as_bytes() == entry.blake3 => {}
            Ok(_) => findings.change(Change::Details { what, lba, sectors }),
            Err(bad) => findings.unreadable(bad, None),
        }
    }
}
