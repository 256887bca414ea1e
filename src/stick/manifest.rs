//! The slots of the stick manifest, and which of them counts.

use ramkey_format::manifest::{
    MANIFEST_HASHED_LEN, MANIFEST_HEADER_LEN, ManifestError, ManifestHeader, RANGE_ENTRY_LEN, RangeEntry,
};
use ramkey_format::memory::{MANIFEST_2_LBA, MANIFEST_LBA, MANIFEST_SECTORS_MAX};
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
}

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
        let mut hasher = blake3::Hasher::new();
        let found = hasher.update(&bytes[..MANIFEST_HASHED_LEN]).update(ranges.as_bytes()).finalize();
        let expected = blake3::Hash::from_bytes(header.blake3);
        if found != expected {
            return Self::WrongHash { expected, found };
        }
        let end = MANIFEST_HEADER_LEN + ranges.len() * RANGE_ENTRY_LEN;
        let rest = bytes[end..].iter().position(|&byte| byte != 0);
        let rest_lba = rest.map(|at| lba + (end + at) as u64 / SECTOR_LEN);
        Self::Sound(Manifest { header: header.clone(), ranges: ranges.to_vec(), rest_lba })
    }
}
