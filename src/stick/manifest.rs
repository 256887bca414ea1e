//! The slots of the stick manifest, and which of them counts.

use ramkey_format::manifest::{
    MANIFEST_HASHED_LEN, MANIFEST_HEADER_LEN, ManifestError, ManifestHeader, RANGE_ENTRY_LEN, RangeEntry,
    range,
};
use ramkey_format::memory::{BOOT_LBA, MANIFEST_2_LBA, MANIFEST_LBA, MANIFEST_SECTORS_MAX, PARTITION_LBA};
use zerocopy::IntoBytes;

use super::reader::{ReadError, Reader};
use crate::units::SECTOR_LEN;

/// Where the slots begin.
pub(super) const SLOTS: [u32; 2] = [MANIFEST_LBA, MANIFEST_2_LBA];

/// A manifest that has the hash that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its header.
    pub header: ManifestHeader,
    /// What was written where, ascending.
    pub ranges: Vec<RangeEntry>,
    /// The first sector behind it in its slot that holds something.
    pub rest_lba: Option<u64>,
    /// What the sectors held that are cleared while an image is written over the one before it; none if nothing is saved.
    pub saved: Option<Box<Saved>>,
}

/// What sector 0, the boot header and its copy held; zeros for one that the stick does not have.
pub type Saved = [[u8; 512]; SAVED_LBAS.len()];

/// The sectors of which a manifest that announces a change may have a copy, in the last sectors of its slot.
pub const SAVED_LBAS: [u64; 3] = [0, BOOT_LBA as u64, (PARTITION_LBA + BOOT_LBA) as u64];

impl Manifest {
    /// How often a manifest was written since the stick was; 1 on a fresh one.
    pub fn generation(&self) -> u32 {
        self.header.generation.get()
    }
}

/// What a slot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotState {
    /// A sector of it cannot be read.
    Unreadable(ReadError),
    /// Zeros.
    Clear,
    /// No manifest that this version understands.
    Unknown(ManifestError),
    /// A manifest with another hash than it names.
    WrongHash {
        /// The hash that it names.
        expected: blake3::Hash,
        /// The hash that it has.
        found: blake3::Hash,
    },
    /// A sound one.
    Sound(Manifest),
}

/// A slot of the stick manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestSlot {
    /// First sector.
    pub lba: u64,
    /// Sectors.
    pub sectors: u64,
    /// What it holds.
    pub state: SlotState,
}

impl ManifestSlot {
    pub(super) fn read(reader: &Reader, lba: u32) -> Self {
        let (lba, sectors) = (u64::from(lba), u64::from(MANIFEST_SECTORS_MAX));
        let state = match reader.bytes(lba, sectors) {
            Ok(bytes) => SlotState::of(&bytes, lba),
            Err(error) => SlotState::Unreadable(error),
        };
        Self { lba, sectors, state }
    }

    /// The manifest in it, if that is sound.
    pub fn manifest(&self) -> Option<&Manifest> {
        match &self.state {
            SlotState::Sound(manifest) => Some(manifest),
            _ => None,
        }
    }
}

/// The number of the slot that counts: the sound one with the highest generation, the first of equal ones.
pub(super) fn counting(slots: &[ManifestSlot]) -> Option<usize> {
    let sound = slots.iter().enumerate().filter_map(|(number, slot)| Some((number, slot.manifest()?)));
    // Of equal ones `max_by_key` gives the last.
    sound.rev().max_by_key(|(_, manifest)| manifest.generation()).map(|(number, _)| number)
}

impl SlotState {
    /// What `bytes` hold, which begin at `lba`.
    fn of(bytes: &[u8], lba: u64) -> Self {
        let (header, ranges) = match ManifestHeader::parse(bytes) {
            Ok(parsed) => parsed,
            Err(_) if bytes.iter().all(|&byte| byte == 0) => return Self::Clear,
            Err(error) => return Self::Unknown(error),
        };
        // Whoever believes such a one would write the next manifest over what it names.
        if let Some(index) = ranges.iter().position(takes_slot) {
            return Self::Unknown(ManifestError::Range { index: index as u32 });
        }
        let mut hasher = blake3::Hasher::new();
        let found = hasher.update(&bytes[..MANIFEST_HASHED_LEN]).update(ranges.as_bytes()).finalize();
        let expected = blake3::Hash::from_bytes(header.blake3);
        if found != expected {
            return Self::WrongHash { expected, found };
        }
        let end = MANIFEST_HEADER_LEN + ranges.len() * RANGE_ENTRY_LEN;
        let is_announcing = ranges.iter().any(|range| range.kind == range::CAPSULE_NEXT);
        let saved_at = bytes.len() - SAVED_LBAS.len() * SECTOR_LEN as usize;
        let (rest, saved) = match is_announcing && end <= saved_at {
            true => (&bytes[end..saved_at], saved(&bytes[saved_at..])),
            false => (&bytes[end..], None),
        };
        let rest = rest.iter().position(|&byte| byte != 0);
        let rest_lba = rest.map(|at| lba + (end + at) as u64 / SECTOR_LEN);
        Self::Sound(Manifest { header: header.clone(), ranges: ranges.to_vec(), rest_lba, saved })
    }
}

/// Whether a range lies where manifests do, which name themselves nowhere, or is boot code that lies behind them.
fn takes_slot(range: &RangeEntry) -> bool {
    let [first, second] = SLOTS.map(u64::from);
    let is_before = range.end() <= first;
    let is_behind = range.lba.get() >= second + u64::from(MANIFEST_SECTORS_MAX);
    !is_before && (!is_behind || range.kind == range::BOOT_CODE)
}

/// The sectors in `bytes`, if they hold anything.
fn saved(bytes: &[u8]) -> Option<Box<Saved>> {
    let mut saved = Box::new([[0; SECTOR_LEN as usize]; SAVED_LBAS.len()]);
    for (sector, bytes) in saved.iter_mut().zip(bytes.chunks_exact(SECTOR_LEN as usize)) {
        sector.copy_from_slice(bytes);
    }
    saved.iter().any(|sector| *sector != [0; SECTOR_LEN as usize]).then_some(saved)
}
