//! What is a stick's own: boot code in each place where a BIOS may begin, tables, a file system, the manifest.

mod fat;
mod frame;
mod gpt;
mod identity;
mod manifest;
mod mbr;
mod overlay;
mod place;
mod plain;
mod start;

use std::ops::Range;

use ramkey_format::memory::{BOOT_LBA, MANIFEST_LBA, PARTITION_LBA};

use super::beside::{Beside, Placed};
use super::capsules::capsules;
use super::error::LayoutError;
use super::extent::{Extent, Layout, Role};
use super::extents::Extents;
use super::identity::options;
use crate::boot;
pub use crate::boot::loader_sum;
use crate::image::Scan;
use crate::plan::{Division, GPT_SECTORS, LayoutKind, Plan, StartOptions};
use crate::units::SECTOR_LEN;
use fat::{FatVolume, NewFile};
pub use frame::{Frame, options_of, start_of_hash};
use identity::Identity;
pub use plain::plain;

/// The sectors that are cleared before anything else is written: sector 0, and wherever a boot header may be, of this
/// stick or of one that was there before. While they are clear no copy of sector 0 boots either, because each proves
/// the boot header first.
pub(super) const CLEARED_FIRST: [u64; 3] = [0, BOOT_LBA as u64, (PARTITION_LBA + BOOT_LBA) as u64];

/// Lays out the stick of `plan`, with what `beside` adds, and no image in the sectors `bad`. `scans` are the images' hashes, in the order of the plan.
///
/// # Errors
///
/// [`LayoutError::TooLarge`] if the capsules do not fit the file system, [`LayoutError::TooManyRanges`] if they are
/// too many, and what `beside` fails with; the others are faults of this program.
///
/// # Panics
///
/// If there is not exactly one scan for each image of the plan.
pub(super) fn layout(
    plan: &Plan,
    scans: &[Scan],
    bad: &[u64],
    beside: &dyn Fn(&Placed) -> Result<Beside, LayoutError>,
) -> Result<Layout, LayoutError> {
    assert_eq!(plan.carried.capsules.len(), scans.len(), "one scan for each image");
    let Plan { division, carried } = plan;
    let identity = Identity::of(plan, scans);
    let capsules = capsules(carried, scans)?;
    let Code { options, boot_code, boot_checksum, code } = Code::of(division, carried.start)?;
    let files = carried.capsules.iter().zip(&capsules);
    let files: Vec<NewFile> =
        files.map(|(plan, capsule)| NewFile { name: &plan.file_name, len: capsule.file_len }).collect();
    // A disc has it in ISO 9660, which alone names it.
    let text = if division.disc.is_none() { &carried.readme[..] } else { &[] };
    let contents = (&files[..], text.len() as u64);
    let mut volume = FatVolume::make(division, contents, identity.volume_serial, &code, bad)?;
    let seen = start::seen_from(division, &volume.boot_sector, 0);
    let sector_0 = mbr::sector_0(division, &identity, &code, &seen)?;

    let mut extents = Extents::default();
    extents.bytes(0, Role::Sector0, sector_0.to_vec());
    volume.copy_sector_0(&sector_0);
    table(&mut extents, division, &identity)?;
    let beside = beside(&Placed {
        capsules: &capsules,
        files: &volume.files,
        options,
        partition_type: mbr::partition_type(division),
    })?;
    extents.0.extend(beside.extents);
    let start = start::Start { division, code: &code, sector_0: &sector_0, boot_code, boot_checksum };
    start.lay_out(&volume, &mut extents);
    present(&mut extents, &volume, &volume.tables, Role::FatTable);
    for directory in &volume.directories {
        present(&mut extents, &volume, directory, Role::Directory);
    }
    for (image, (capsule, file)) in (0..).zip(capsules.iter().zip(&volume.files)) {
        extents.capsule(image, capsule, file);
    }
    if let Some(place) = &volume.text {
        let mut bytes = text.to_vec();
        bytes.resize(text.len().next_multiple_of(SECTOR_LEN as usize), 0);
        extents.bytes(place.sectors.start, Role::Text, bytes);
    }
    extents.0.sort_by_key(|extent| extent.lba);

    let without_text = volume.text.as_ref().map(|text| (text.named_in, &text.without));
    let hashes = manifest::Hashes { capsules: &capsules, files: beside.files_hash, without_text };
    let bytes = manifest::manifest(division, identity.stick, &extents.0, &hashes)?;
    extents.bytes(u64::from(MANIFEST_LBA), Role::Manifest, bytes);
    extents.0.sort_by_key(|extent| extent.lba);
    let layout = Layout {
        stick_sectors: division.sectors,
        cleared_first: CLEARED_FIRST.to_vec(),
        held_back: held_back(&extents.0),
        extents: extents.0,
    };
    layout.check().map_err(|what| LayoutError::Unsound { what })?;
    Ok(layout)
}

/// The boot code of a stick.
struct Code {
    /// What tells it from that of a stick with other options.
    options: [u8; 8],
    /// The boot area.
    boot_code: Vec<u8>,
    boot_checksum: u32,
    /// Sector 0 without BPB and table.
    code: [u8; 512],
}

impl Code {
    fn of(division: &Division, start: StartOptions) -> Result<Self, LayoutError> {
        let wrong = |what| LayoutError::BootCode { what };
        let options = options(division, start);
        let boot_code = boot::boot_area(&boot::Patch {
            options,
            volume: boot::BootVolume::Fat { lba: division.volume.lba as u32 },
            is_disc: division.disc.is_some(),
            start,
        })
        .map_err(wrong)?;
        let boot_checksum = boot::stage2_checksum(&boot_code);
        let stage1 = place::place(division, 0).stage1;
        let code = boot::sector_0(boot_checksum, stage1).map_err(wrong)?;
        Ok(Self { options, boot_code, boot_checksum, code })
    }
}

/// The sectors that stay clear until everything else is proven, in the order in which they are written then: each boot
/// header, and sector 0 last. From the first header on a copy of sector 0 may boot, and what it boots is proven.
pub(super) fn held_back(extents: &[Extent]) -> Vec<u64> {
    let held_back = [Role::BootCopy, Role::BootCode, Role::Sector0];
    let of_role = |role| extents.iter().filter(move |extent| extent.role == role).map(|extent| extent.lba);
    held_back.into_iter().flat_map(of_role).collect()
}

/// The sectors of `range` that are there in `volume`, and zeros for the others.
fn present(extents: &mut Extents, volume: &FatVolume, range: &Range<u64>, role: Role) {
    extents.runs(range.clone(), role, volume.present(range).map(|(lba, sector)| (lba, *sector)));
}

/// The sectors that a GPT has, or at the end of the stick must not look as if there were one.
fn table(extents: &mut Extents, division: &Division, identity: &Identity) -> Result<(), LayoutError> {
    let last = division.sectors - GPT_SECTORS..division.sectors;
    match division.layout {
        LayoutKind::Gpt => {
            let disk = gpt::tables(division, identity)?;
            extents.sparse(1..1 + GPT_SECTORS, Role::Table, |lba| *disk.sector(lba));
            extents.sparse(last, Role::Table, |lba| *disk.sector(lba));
        }
        _ => extents.zeros(last, Role::Cleared),
    }
    Ok(())
}
