//! The manifest of a stick as it is written: every range, with its hash, in the first of both slots.

use ramkey_format::manifest::{RANGES_MAX, RangeEntry, range};
use ramkey_format::memory::{MANIFEST_2_LBA, MANIFEST_LBA, MANIFEST_SECTORS_MAX};
use zerocopy::FromZeros;

use crate::capsule::Capsule;
use crate::layout::error::LayoutError;
use crate::layout::extent::{Extent, Role};
use crate::layout::manifest::{ManifestFacts, manifest_slot};
use crate::plan::Division;
use crate::units::SECTOR_LEN;

/// The generation of a stick that was not changed.
const FIRST_GENERATION: u32 = 1;
/// Sectors of both slots.
const SLOTS: u32 = MANIFEST_2_LBA + MANIFEST_SECTORS_MAX - MANIFEST_LBA;

/// What the hashes of ranges are that are not those of their bytes.
pub(super) struct Hashes<'h> {
    /// The images.
    pub capsules: &'h [Capsule],
    /// That of the user's own files, one behind the other in whole blocks, where there are any.
    pub files: [u8; 32],
    /// The sector of a directory that names the text about the images, as it is without that.
    pub without_text: Option<(u64, &'h [u8; 512])>,
}

/// Makes the manifest of `extents`, which are all ranges but its own, in slot A; as long as both slots, zeros behind it,
/// so that nothing of an older one is left in either.
///
/// # Errors
///
/// [`LayoutError::TooManyRanges`] if they do not fit.
pub(super) fn manifest(
    division: &Division,
    stick_id: [u8; 16],
    extents: &[Extent],
    hashes: &Hashes,
) -> Result<Vec<u8>, LayoutError> {
    let facts = ManifestFacts {
        stick_sectors: division.sectors,
        volume_lba: division.volume.lba,
        volume_sectors: division.volume.sectors,
        layout: division.layout.code(),
        fat_bits: division.volume.bits.bits(),
        stick_id,
        label: division.label,
    };
    let ranges = ranges(extents, hashes);
    // A change needs one more for each capsule, and for the text about them.
    let texts = ranges.iter().filter(|range| range.kind == range::TEXT).count();
    let limit = RANGES_MAX - hashes.capsules.len() - texts;
    if ranges.len() > limit {
        return Err(LayoutError::TooManyRanges { found: ranges.len(), limit });
    }
    let mut bytes = manifest_slot(&facts, &ranges, FIRST_GENERATION)?;
    bytes.resize(SLOTS as usize * SECTOR_LEN as usize, 0);
    Ok(bytes)
}

/// One range for each run of neighbouring extents of one role.
pub(super) fn ranges(extents: &[Extent], hashes: &Hashes) -> Vec<RangeEntry> {
    let mut ranges = Vec::new();
    let mut done = vec![0; hashes.capsules.len()];
    let neighbours = |a: &Extent, b: &Extent| a.role == b.role && a.lba + a.sectors == b.lba;
    for run in extents.chunk_by(neighbours) {
        let sectors = run.iter().map(|extent| extent.sectors).sum::<u64>();
        let mut entry = RangeEntry::new_zeroed();
        entry.lba = run[0].lba.into();
        entry.sectors = sectors.into();
        entry.kind = kind(run[0].role);
        entry.blake3 = match run[0].role {
            Role::Capsule { image } => {
                entry.file_sector = done[image].into();
                done[image] += sectors;
                hashes.capsules[image].header_blake3
            }
            Role::Files => hashes.files,
            Role::Directory => hash(run, hashes.without_text),
            _ => hash(run, None),
        };
        ranges.push(entry);
    }
    ranges
}

pub(super) fn kind(role: Role) -> u8 {
    match role {
        Role::Sector0 => range::SECTOR_0,
        Role::Table => range::TABLE,
        Role::BootCode => range::BOOT_CODE,
        Role::BootCopy => range::BOOT_COPY,
        Role::Stamps => range::STAMPS,
        Role::FatReserved => range::FAT_RESERVED,
        Role::FatTable => range::FAT_TABLE,
        Role::Directory => range::DIRECTORY,
        Role::Capsule { .. } => range::CAPSULE,
        Role::Cleared => range::CLEARED,
        Role::Disc => range::DISC,
        Role::Files => range::FILES,
        Role::Text => range::TEXT,
        Role::Manifest => unreachable!("the manifest does not list itself"),
        Role::Copy => unreachable!("a copy has the manifest of its image"),
    }
}

/// The hash of a run, with another sector instead of one of it.
fn hash(run: &[Extent], instead: Option<(u64, &[u8; 512])>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    for extent in run {
        let step = buffer.len() as u64 / SECTOR_LEN;
        for first in (0..extent.sectors).step_by(step as usize) {
            let buffer = &mut buffer[..((extent.sectors - first).min(step) * SECTOR_LEN) as usize];
            let wanted = extent.fill(extent.lba + first, buffer);
            assert!(wanted.is_none(), "only files hold parts of images");
            if let Some((lba, sector)) = instead
                && let Some(place) = lba.checked_sub(extent.lba + first)
                && let Some(bytes) = buffer.chunks_exact_mut(SECTOR_LEN as usize).nth(place as usize)
            {
                bytes.copy_from_slice(sector);
            }
            hasher.update(buffer);
        }
    }
    *hasher.finalize().as_bytes()
}
