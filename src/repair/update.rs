//! The boot code of this program on a stick that another version wrote: everything that depends on boot code, made anew.

use ramkey_format::boot::BootHeader;
use ramkey_format::manifest::{ManifestHeader, RangeEntry, range};
use ramkey_format::memory::{BOOT_LBA, MANIFEST_2_LBA, MANIFEST_LBA, PARTITION_LBA, STAMPED_SECTORS};

use serde::{Deserialize, Serialize};

use super::frame::{division_of, frame_of, is_of_frame, start_options};
use super::patched::{Patched, Sectors};
use super::{capsules, foreign};
use crate::image::Source;
use crate::layout::{
    Content, Extent, Layout, LayoutError, ManifestFacts, Role, loader_sum, manifest_slot, options_of,
    start_of_hash,
};
use crate::plan::{Division, GPT_SECTORS, StartOptions};
use crate::stick::{Bpb, FatBits, Manifest, OEM_NAME, Reader, StickState};
use crate::units::SECTOR_LEN;
use crate::verify::{FaultKind, facts};

/// How a summary of free clusters begins.
const SUMMARY: &[u8] = b"RRaA";

/// One past the last sector at the start of a stick that depends on boot code.
const FRAME_END: u64 = PARTITION_LBA as u64 + STAMPED_SECTORS as u64;

/// Why the boot code of a stick cannot be exchanged. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// Nobody knows what was written where.
    #[error("no manifest of it is sound")]
    NoManifest,
    /// This program would put boot code and file system to other places.
    #[error("it is divided in a way that this ramkey does not make")]
    Division,
    /// What was put on it since would be lost.
    #[error("another system partitioned or formatted it since, or it has no image of ramkey any more")]
    Foreign,
    /// Timeouts and language are lost with its boot headers.
    #[error("its boot headers are damaged, so nobody knows how it starts")]
    NoOptions,
    /// Too many ranges, or too many changes.
    #[error("its manifest has no room for the change")]
    NoRoom,
}

/// What is written so that a stick has the boot code of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// First the manifest that says what will be there: the stick boots what it did.
    pub manifest: Option<Layout>,
    /// Then the boot code, with everything that names it: the stick does not boot meanwhile. `None` if all of it is there.
    pub code: Option<Layout>,
    /// How the stick starts, which stays.
    pub start: StartOptions,
}

impl Update {
    /// Whether this can be done to a stick of so many sectors. Who did not look itself asks that before it writes.
    pub fn is_possible(&self, stick_sectors: u64) -> bool {
        // Images and other files lie between them.
        let is_of_start = |extent: &Extent| {
            extent.lba.saturating_add(extent.sectors) <= FRAME_END
                || extent.lba >= stick_sectors.saturating_sub(GPT_SECTORS)
        };
        let is_right = |layout: &Layout| {
            layout.stick_sectors == stick_sectors
                && layout.check().is_ok()
                && layout.extents.iter().all(is_of_start)
        };
        let is_exchange = self.manifest.as_ref().is_none_or(Layout::is_exchange);
        is_exchange
            && (self.code.is_some() || self.manifest.is_none())
            && [&self.manifest, &self.code].into_iter().flatten().all(is_right)
    }
}

/// What is written so that the stick has the boot code of this program.
///
/// # Errors
///
/// See [`UpdateError`].
pub fn update(stick: &dyn Source) -> Result<Update, UpdateError> {
    let reader = Reader::new(stick, &|_| {});
    let state = crate::stick::read(&reader);
    let (slot, manifest) = counting(&state).ok_or(UpdateError::NoManifest)?;
    let division = division_of(manifest).ok_or(UpdateError::Division)?;
    if is_foreign(stick, &division, manifest) {
        return Err(UpdateError::Foreign);
    }
    let start = start(&reader, &division, manifest).ok_or(UpdateError::NoOptions)?;
    let frame = frame_of(&division, manifest, start, Some(&reader)).ok_or(UpdateError::Division)?;

    let mut ranges: Vec<RangeEntry> =
        manifest.ranges.iter().filter(|entry| !is_of_frame(entry.kind)).copied().collect();
    ranges.extend(frame.ranges());
    // Stable: what is announced stays behind the first piece.
    ranges.sort_by_key(|entry| entry.lba.get());
    if ranges == manifest.ranges && !is_wrong(stick) {
        return Ok(Update { manifest: None, code: None, start });
    }
    let announced =
        (ranges != manifest.ranges).then(|| next_manifest(&reader, manifest, slot, &ranges)).transpose()?;
    let kept = Kept { reader: &reader, division: &division };
    let code = frame.layout(&|lba, sector| kept.put(lba, sector)).map_err(|_| UpdateError::Division)?;
    Ok(Update { manifest: announced, code: Some(code), start })
}

/// Whether the loader on a stick is that of this program.
pub fn has_this_loader(state: &StickState) -> bool {
    let sums = state.area.as_ref().and_then(|area| area.sums.as_ref()?.as_ref().ok());
    sums.is_some_and(|sums| loader_sum() == Some((sums.loader, sums.loader_sectors)))
}

/// Whether the stick is no more the one that was written: by its tables and file system, or because no image is on it.
fn is_foreign(stick: &dyn Source, division: &Division, manifest: &Manifest) -> bool {
    let stick = Patched::new(stick);
    let lba = division.volume.lba;
    // That of a stick without partitions is cleared while it gets its boot code.
    let cleared = match foreign::sector(&stick, lba) {
        Some(found) if found == [0; SECTOR_LEN as usize] => {
            let frame = frame_of(division, manifest, StartOptions::default(), None);
            frame.and_then(|frame| frame.sector(lba))
        }
        _ => None,
    };
    let sectors: Sectors = cleared.map(|sector| (lba, sector)).into_iter().collect();
    foreign::is_foreign(&stick, manifest) || capsules::entries(&stick.with(&sectors)).is_empty()
}

fn counting<'s>(state: &'s StickState) -> Option<(usize, &'s Manifest)> {
    let area = state.area.as_ref()?;
    let slot = area.counting()?;
    Some((slot, area.slots[slot].manifest()?))
}

/// How the stick starts: as a boot header says that proves itself by its size and options, or as the manifest proves it.
fn start(reader: &Reader, division: &Division, manifest: &Manifest) -> Option<StartOptions> {
    let likely = start_options(reader);
    let is_proven = |start: &&StartOptions| {
        let lbas = [BOOT_LBA, PARTITION_LBA + BOOT_LBA].map(u64::from);
        let sectors = lbas.into_iter().filter_map(|lba| reader.sector(lba).ok());
        let mut headers =
            sectors.filter_map(|sector| BootHeader::parse(&sector).ok().map(|header| header.options));
        headers.any(|options| options == options_of(division, **start))
    };
    let code = manifest.ranges.iter().find(|entry| entry.kind == range::BOOT_CODE)?;
    likely.iter().find(is_proven).copied().or_else(|| start_of_hash(division, &code.blake3, &likely))
}

/// Whether the boot code is not what the manifest says, as where an update was cut off.
fn is_wrong(stick: &dyn Source) -> bool {
    let is_of_frame = |kind| {
        matches!(
            kind,
            FaultKind::Sector0
                | FaultKind::Table
                | FaultKind::BootCode
                | FaultKind::BootCopy
                | FaultKind::Stamps
                | FaultKind::Cleared
                | FaultKind::FatReserved
                | FaultKind::Unreadable
        )
    };
    facts(stick).faults.iter().any(|fault| is_of_frame(fault.kind))
}

/// The manifest of `ranges`, in the slot that does not count.
fn next_manifest(
    reader: &Reader,
    manifest: &Manifest,
    slot: usize,
    ranges: &[RangeEntry],
) -> Result<Layout, UpdateError> {
    let generation = manifest.generation().checked_add(1).ok_or(UpdateError::NoRoom)?;
    let bytes = manifest_slot(&ManifestFacts::from(&manifest.header), ranges, generation);
    let bytes = bytes.map_err(|error: LayoutError| match error {
        LayoutError::TooManyRanges { .. } => UpdateError::NoRoom,
        _ => UpdateError::Division,
    })?;
    ManifestHeader::parse(&bytes).map_err(|_| UpdateError::Division)?;
    let lba = u64::from([MANIFEST_LBA, MANIFEST_2_LBA][1 - slot]);
    let sectors = bytes.len() as u64 / SECTOR_LEN;
    let extents = vec![Extent { lba, sectors, role: Role::Manifest, content: Content::Bytes(bytes) }];
    // Its first sector decides, and comes last.
    Ok(Layout { stick_sectors: reader.sectors(), cleared_first: Vec::new(), held_back: vec![lba], extents })
}

/// What systems wrote into boot sectors and summaries, which stays.
struct Kept<'k, 'r> {
    reader: &'k Reader<'r>,
    division: &'k Division,
}

impl Kept<'_, '_> {
    /// Puts it into `sector`, which will be sector `lba`.
    fn put(&self, lba: u64, sector: &mut [u8]) {
        let volume = self.division.volume.lba;
        let is_fat32 = self.division.volume.bits == FatBits::Fat32;
        let is_boot_sector = lba == volume
            || (is_fat32 && lba == volume + 6)
            || (lba == 0 && self.division.layout.has_volume_in_sector_0());
        let is_summary = is_fat32 && (lba == volume + 1 || lba == volume + 7);
        let Ok(found) = self.reader.sector(lba) else { return };
        if is_summary && found.starts_with(SUMMARY) {
            sector.copy_from_slice(&found);
        }
        if is_boot_sector && Bpb::parse(&found).is_ok() {
            let state = if is_fat32 { 0x41 } else { 0x25 };
            let label = Bpb::label(self.division.volume.bits);
            for kept in [OEM_NAME, state..state + 1, label] {
                sector[kept.clone()].copy_from_slice(&found[kept]);
            }
        }
    }
}
