//! The manifest, from its own hash.

use ramkey_format::manifest::{
    MANIFEST_HASHED_LEN, MANIFEST_HEADER_LEN, ManifestHeader, RANGE_ENTRY_LEN, RANGES_MAX,
};

use super::patched::{Patched, Sectors, differing, each_sector};
use crate::image::mend_bit;
use crate::stick::{ManifestSlot, SlotState, StickState};
use crate::units::SECTOR_LEN;

/// Where a manifest has the number of its ranges.
const COUNT: std::ops::Range<usize> = 40..44;

/// What makes a manifest sound again of which none is, or the zeros behind one and in the slot of a stick that was not changed.
pub(super) fn manifest(stick: &Patched, state: &StickState) -> Sectors {
    let Some(area) = &state.area else { return Sectors::new() };
    let Some(number) = area.counting() else {
        let mended = area.slots.iter().map(|slot| mend(stick, slot));
        return mended.flatten().next().unwrap_or_default();
    };
    let is_first = area.slots[number].manifest().is_some_and(|manifest| manifest.generation() == 1);
    if !is_first {
        return Sectors::new();
    }
    let zeros = |slot: &ManifestSlot| match &slot.state {
        SlotState::Sound(manifest) if manifest.generation() == 1 => {
            let from = slot.lba * SECTOR_LEN
                + (MANIFEST_HEADER_LEN + manifest.ranges.len() * RANGE_ENTRY_LEN) as u64;
            zeroed(stick, slot, (from - slot.lba * SECTOR_LEN) as usize)
        }
        SlotState::Clear | SlotState::Sound(_) => Sectors::new(),
        _ => zeroed(stick, slot, 0),
    };
    area.slots.iter().flat_map(zeros).collect()
}

/// The slot with zeros from byte `from` on.
fn zeroed(stick: &Patched, slot: &ManifestSlot, from: usize) -> Sectors {
    let mut bytes = bytes(stick, slot);
    bytes[from..].fill(0);
    differing(stick, slot.lba, &bytes)
}

/// The bytes of a slot, zeros for what cannot be read.
fn bytes(stick: &Patched, slot: &ManifestSlot) -> Vec<u8> {
    let sectors = each_sector(stick, slot.lba, slot.sectors);
    sectors.into_iter().flat_map(|sector| sector.unwrap_or([0; SECTOR_LEN as usize])).collect()
}

/// The manifest that begins in a slot with one bit exchanged, if that gives it the hash that it names.
fn mend(stick: &Patched, slot: &ManifestSlot) -> Option<Sectors> {
    if slot.state == SlotState::Clear {
        return None;
    }
    let mut whole = bytes(stick, slot);
    let told = u32::from_le_bytes(whole[COUNT].try_into().ok()?);
    let counts = std::iter::once(told).chain((0..32).map(|bit| told ^ 1 << bit));
    for count in counts.filter(|&count| (1..=RANGES_MAX as u32).contains(&count)) {
        let end = MANIFEST_HEADER_LEN + count as usize * RANGE_ENTRY_LEN;
        let mut hashed = [&whole[..MANIFEST_HASHED_LEN], &whole[MANIFEST_HEADER_LEN..end]].concat();
        hashed[COUNT].copy_from_slice(&count.to_le_bytes());
        let named: [u8; 32] = whole[MANIFEST_HASHED_LEN..MANIFEST_HEADER_LEN].try_into().ok()?;
        let found = *blake3::hash(&hashed).as_bytes();
        let distance: u32 = found.iter().zip(&named).map(|(a, b)| (a ^ b).count_ones()).sum();
        let is_mended = match (distance, count == told) {
            (0 | 1, _) => true,
            (_, true) => mend_bit(&mut hashed, &named.into()),
            _ => false,
        };
        if is_mended {
            let hash = blake3::hash(&hashed);
            whole[..MANIFEST_HASHED_LEN].copy_from_slice(&hashed[..MANIFEST_HASHED_LEN]);
            whole[MANIFEST_HASHED_LEN..MANIFEST_HEADER_LEN].copy_from_slice(hash.as_bytes());
            whole[MANIFEST_HEADER_LEN..end].copy_from_slice(&hashed[MANIFEST_HASHED_LEN..]);
            return ManifestHeader::parse(&whole).is_ok().then(|| differing(stick, slot.lba, &whole));
        }
    }
    None
}
