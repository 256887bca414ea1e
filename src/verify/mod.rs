//! Proves a stick without its images: it carries the hash of everything that was written.
//!
//! Boot code and tables must be as written. The file system may have changed, if it is sound: files that a user
//! added, changed or removed are named and are no fault. Every capsule in the folder `RAMKEY` is proven by its own
//! hashes, wherever its bytes lie. What is on the stick is read by [`crate::stick`]; here it is judged. Nothing is repaired, and
//! nothing here prints.

mod boot_area;
mod capsule;
mod chunks;
mod explain;
mod fate;
mod fault;
mod file_system;
mod hint;
mod set;
mod taken;
mod text;
mod verdict;
mod window;
mod words;
mod written;
mod zeros;

use std::cell::Cell;

use ramkey_format::manifest::{RangeEntry, range};

use crate::image::Source;
use crate::stick::{self, LayoutKind, ReadError, Reader, StickState, StickVolume, TextState, Tree, Volume};
use crate::units::SECTOR_LEN;

pub use chunks::Chunks;
pub(crate) use chunks::READ_MAX;
pub use fault::{Change, Fault, FaultKind, Place};
pub use taken::{NotTaken, TakenImage, Way};
pub use verdict::{FoundCapsule, FoundCompanion, FoundOrigin, ReadmeState, StickVerdict, Strictness};
pub use written::directories_as_written;

use boot_area::BootArea;
use fault::Findings;
use verdict::Depth;
use zeros::Zeros;

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

fn examine(stick: &dyn Source, strictness: Strictness, depth: Depth, observe: &dyn Fn(u64)) -> StickVerdict {
    let reader = Reader::new(stick, observe);
    judge_state(&reader, &stick::read(&reader), strictness, depth)
}

/// Judges what was read of a stick, and reads the rest of it: what [`verify`] says, for whoever needs the state too.
pub fn judge(reader: &Reader, state: &StickState, strictness: Strictness) -> StickVerdict {
    judge_state(reader, state, strictness, Depth::Proof)
}

fn judge_state(reader: &Reader, state: &StickState, strictness: Strictness, depth: Depth) -> StickVerdict {
    let mut findings = Findings::default();
    let area = BootArea::judge(state, reader.sectors(), strictness, &mut findings);
    let text = text::state_of(reader, state, &area);
    let hashes = Hashes { reader, state, text: &text };
    for entry in area.ranges {
        check_range(&hashes, &area, entry, strictness, &mut findings);
    }
    let files = match file_system::judge(state, area.cut(), &mut findings) {
        Some(found) => judge_files(&hashes, &area, found, (strictness, depth), &mut findings),
        None => Files::default(),
    };
    if findings.is_empty() && depth == Depth::Proof {
        check_details(&hashes, &area, &mut findings);
    }
    findings.finish();
    StickVerdict {
        sound: findings.faults.is_empty(),
        strictness,
        proof: depth == Depth::Proof,
        disc: area.is_disc,
        stick_id: area.stick_id.map(crate::units::hex).unwrap_or_default(),
        layout: LayoutKind::from_code(area.layout).map_or("", LayoutKind::name).into(),
        file_system: files.system,
        label: files.label,
        volume_lba: area.volume_lba.unwrap_or(0),
        volume_sectors: area.volume_sectors,
        free: files.free,
        capsules: files.capsules,
        readme: files.readme,
        faults: findings.faults,
        changes: findings.changes,
        bytes_read: reader.bytes_read(),
    }
}

/// What the verdict says of the file system and the files in it.
#[derive(Default)]
struct Files {
    system: String,
    label: String,
    free: u64,
    capsules: Vec<FoundCapsule>,
    readme: Option<ReadmeState>,
}

/// The hashes of ranges as they are.
struct Hashes<'h> {
    reader: &'h Reader<'h>,
    state: &'h StickState<'h>,
    /// The text about the images, whose name the manifest leaves out.
    text: &'h TextState<'h>,
}

impl Hashes<'_> {
    fn volume(&self) -> Option<&Volume<'_>> {
        self.state.file_system.as_ref()?.as_ref().ok().map(|found| &found.volume)
    }

    fn of(&self, entry: &RangeEntry) -> Result<blake3::Hash, ReadError> {
        match (self.volume(), self.text.place()) {
            (Some(volume), Some(place)) if entry.kind == range::DIRECTORY => {
                stick::directory_hash(self.reader, volume, entry, Some(&place))
            }
            _ => self.reader.hash(entry.lba.get(), entry.sectors.get()),
        }
    }
}

/// Judges the file system against the one that was written, its files, and the images among them.
fn judge_files(
    Hashes { reader, text, .. }: &Hashes,
    area: &BootArea,
    (found, tree): (&StickVolume, &Tree),
    (strictness, depth): (Strictness, Depth),
    findings: &mut Findings,
) -> Files {
    let volume = &found.volume;
    if !area.ranges.is_empty() && volume.bits().bits() != area.fat_bits {
        let message =
            format!("the file system is a {} and was written as a FAT{}", volume.bits(), area.fat_bits);
        findings.fault(Fault::new(FaultKind::FatReserved, Place::sectors(volume.lba, 1), message));
    }
    let written = written::images(reader, area, volume, &tree.entries);
    let half_done = |oddity: &_| area.cut().filter(|_| written.is_growing(oddity, &tree.entries));
    file_system::judge_tree(tree, half_done, findings);
    let label = tree.label.clone();
    if !area.ranges.is_empty() {
        let written = stick::text(&area.label);
        let labels = [label.clone(), stick::text(&volume.label)];
        if let Some(found) = labels.into_iter().find(|found| *found != written) {
            findings.change(Change::Label { written, found });
        }
    }
    let zeros = Zeros::default();
    let budget = Cell::new(reader.sectors().saturating_mul(SECTOR_LEN).saturating_mul(READ_MAX));
    let judge = capsule::Judge { reader, written: &written.images, strictness, depth, zeros, budget };
    let mut capsules = judge.all(&found.capsules, &tree.entries, findings);
    set::connect(&tree.entries, &mut capsules, findings);
    let has_text = !matches!(text, TextState::None);
    fate::tell(reader, &written, (&tree.entries, has_text), &capsules, findings);
    let readme = text::judge(area, text, &capsules, strictness, findings);
    if tree.more > 0 {
        findings.change(Change::More { files: tree.more });
    }
    let free = tree.usage.free * volume.cluster_len();
    Files { system: volume.bits().to_string(), label, free, capsules, readme }
}

/// Compares one range of the manifest with the stick, as far as it must be as written.
fn check_range(
    hashes: &Hashes,
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
        range::DISC => FaultKind::Disc,
        range::FILES => FaultKind::Files,
        range::FAT_RESERVED => FaultKind::FatReserved,
        range::FAT_TABLE if strict => FaultKind::FatTable,
        range::DIRECTORY if strict => FaultKind::Directory,
        // The others are judged by what they mean.
        _ => return,
    };
    let reader = hashes.reader;
    let (lba, sectors) = (entry.lba.get(), entry.sectors.get());
    // That the end of a stick is missing is told once.
    if lba + sectors > reader.sectors() && findings.has(FaultKind::TooShort) {
        return;
    }
    let place = Place::sectors(lba, sectors);
    let found = match hashes.of(entry) {
        Ok(found) => found,
        Err(bad) => return findings.unreadable(bad, None),
    };
    let expected = blake3::Hash::from_bytes(entry.blake3);
    if found == expected {
        return;
    }
    let volume_sector = matches!(kind, FaultKind::FatReserved)
        || (kind == FaultKind::Sector0 && explain::is_in_sector_0(area));
    if volume_sector
        && !strict
        && let Some(changes) = explain::explain(reader, area, entry)
    {
        for change in changes {
            findings.change(change);
        }
        return;
    }
    let clear = kind == FaultKind::Sector0 && found == blake3::hash(&[0; SECTOR_LEN as usize]);
    let message = match clear {
        true => "sector 0 is clear: the stick was not finished",
        false => words::differs(entry, area.layout, area.volume_lba),
    };
    findings.fault(Fault::new(kind, place, message).hashes(expected, found));
}

/// Compares directories and tables byte by byte where nothing that they say is another: what differs then says nothing.
fn check_details(hashes: &Hashes, area: &BootArea, findings: &mut Findings) {
    for entry in area.ranges {
        let what = match entry.kind {
            range::DIRECTORY => {
                "directories have other dates or attributes, or traces of files that are gone"
            }
            range::FAT_TABLE => "the file allocation tables have other bits that say nothing of a file",
            _ => continue,
        };
        let (lba, sectors) = (entry.lba.get(), entry.sectors.get());
        match hashes.of(entry) {
            Ok(found) if *found.as_bytes() == entry.blake3 => {}
            Ok(_) => findings.change(Change::Details { what: what.into(), lba, sectors }),
            Err(bad) => findings.unreadable(bad, None),
        }
    }
}
