//! Which bytes go where on a stick: a pure function of the plan and the images' hashes.
//!
//! Nothing here reads a clock, a random number, a file or a device: the same plan and hashes give the same bytes on
//! every machine.

mod error;
mod extent;
mod fat;
mod gpt;
mod identity;
mod manifest;
mod materialise;
mod mbr;
mod overlay;
mod set;
mod start;

pub use error::LayoutError;
pub(crate) use extent::Wanted;
pub use extent::{CLEARED_FIRST, Content, Extent, Layout, Role};
pub use materialise::materialise;
pub use set::disk_signatures;

use std::ops::Range;

use ramkey_format::memory::MANIFEST_LBA;

use crate::boot;
use crate::capsule::{Capsule, Contents, Stored, encode};
use crate::image::Scan;
use crate::plan::{GPT_SECTORS, LayoutKind, Plan};
use crate::units::SECTOR_LEN;
use fat::FatVolume;
use identity::Identity;

/// Zeros between two sectors of a table that are worth a range of their own: 32 KiB.
const ZEROS_MIN: u64 = 64;

/// Lays out the stick of `plan`. `scans` are the images' hashes, in the order of the plan.
///
/// # Errors
///
/// [`LayoutError::TooLarge`] if the capsules do not fit the file system, [`LayoutError::TooManyRanges`] if they are
/// too many; the others are faults of this program.
///
/// # Panics
///
/// If there is not exactly one scan for each image of the plan.
pub fn layout(plan: &Plan, scans: &[Scan]) -> Result<Layout, LayoutError> {
    assert_eq!(plan.capsules.len(), scans.len(), "one scan for each image");
    let identity = Identity::of(plan, scans);
    let capsules = capsules(plan, scans);
    let lens: Vec<u64> = capsules.iter().map(|capsule| capsule.file_len).collect();
    let boot_code = boot::boot_area(&boot::Patch {
        options: identity::options(plan),
        volume_lba: plan.volume.lba as u32,
        start_timeout: plan.start_timeout,
        menu_timeout: plan.menu_timeout,
    })
    .map_err(|what| LayoutError::BootCode { what })?;
    let boot_checksum = boot::stage2_checksum(&boot_code);
    let stage1 = start::place(plan, 0).stage1;
    let code = boot::sector_0(boot_checksum, stage1).map_err(|what| LayoutError::BootCode { what })?;
    let mut volume = FatVolume::make(plan, &lens, identity.volume_serial, &code)?;
    let seen = start::seen_from(plan, &volume.boot_sector, 0);
    let sector_0 = mbr::sector_0(plan, &identity, &code, &seen)?;

    let mut extents = Extents::default();
    extents.bytes(0, Role::Sector0, sector_0.to_vec());
    volume.copy_sector_0(&sector_0);
    table(&mut extents, plan, &identity)?;
    let start = start::Start { plan, code: &code, sector_0: &sector_0, boot_code, boot_checksum };
    start.lay_out(&volume, &mut extents);
    extents.present(&volume.tables, Role::FatTable, &volume);
    for directory in &volume.directories {
        extents.present(directory, Role::Directory, &volume);
    }
    for (image, (capsule, file)) in (0..).zip(capsules.iter().zip(&volume.files)) {
        extents.capsule(image, capsule, file);
    }
    extents.0.sort_by_key(|extent| extent.lba);

    let bytes = manifest::manifest(plan, identity.stick, &extents.0, &capsules)?;
    extents.bytes(u64::from(MANIFEST_LBA), Role::Manifest, bytes);
    extents.0.sort_by_key(|extent| extent.lba);
    let layout = Layout { stick_sectors: plan.stick_sectors, extents: extents.0 };
    layout.check().map_err(|what| LayoutError::Unsound { what })?;
    Ok(layout)
}

/// The capsules, in the order of the plan.
fn capsules(plan: &Plan, scans: &[Scan]) -> Vec<Capsule> {
    let signatures = disk_signatures(plan, scans);
    let companions = set::companions(plan, scans);
    let capsules = plan.capsules.iter().zip(scans).zip(signatures);
    let capsules = capsules.map(|((capsule, scan), disk_signature)| {
        let contents = Contents {
            facts: &capsule.facts,
            title: &capsule.title,
            drive: capsule.number,
            role: capsule.set_role(),
            options: capsule.options(&plan.set),
            companions: if capsule.is_boot() { companions } else { Default::default() },
            disk_signature,
        };
        encode(&contents, scan)
    });
    capsules.collect()
}

/// The sectors that a GPT has, or at the end of the stick must not look as if there were one.
fn table(extents: &mut Extents, plan: &Plan, identity: &Identity) -> Result<(), LayoutError> {
    let last = plan.stick_sectors - GPT_SECTORS..plan.stick_sectors;
    match plan.layout {
        LayoutKind::Gpt => {
            let disk = gpt::tables(plan, identity)?;
            extents.sparse(1..1 + GPT_SECTORS, Role::Table, |lba| *disk.sector(lba));
            extents.sparse(last, Role::Table, |lba| *disk.sector(lba));
        }
        _ => extents.zeros(last, Role::Cleared),
    }
    Ok(())
}

/// Extents as they are found, in any order.
#[derive(Default)]
struct Extents(Vec<Extent>);

impl Extents {
    fn bytes(&mut self, lba: u64, role: Role, bytes: Vec<u8>) {
        let sectors = bytes.len() as u64 / SECTOR_LEN;
        self.0.push(Extent { lba, sectors, role, content: Content::Bytes(bytes) });
    }

    fn zeros(&mut self, range: Range<u64>, role: Role) {
        if !range.is_empty() {
            let sectors = range.end - range.start;
            self.0.push(Extent { lba: range.start, sectors, role, content: Content::Zeros });
        }
    }

    /// The few sectors of `range`, one by one.
    fn sparse(&mut self, range: Range<u64>, role: Role, sector: impl Fn(u64) -> [u8; 512]) {
        let present = range.clone().map(|lba| (lba, sector(lba))).filter(|(_, sector)| *sector != [0; 512]);
        self.runs(range, role, present);
    }

    /// The sectors of `range` that are there in `volume`, and zeros for the others.
    fn present(&mut self, range: &Range<u64>, role: Role, volume: &FatVolume) {
        self.runs(range.clone(), role, volume.present(range).map(|(lba, sector)| (lba, *sector)));
    }

    /// Covers `range` with extents: bytes around the sectors of `present`, zeros where they are far apart.
    fn runs(&mut self, range: Range<u64>, role: Role, present: impl Iterator<Item = (u64, [u8; 512])>) {
        let mut start = range.start;
        let mut bytes = Vec::new();
        for (lba, sector) in present {
            let end = start + bytes.len() as u64 / SECTOR_LEN;
            if lba - end >= ZEROS_MIN {
                if !bytes.is_empty() {
                    self.bytes(start, role, std::mem::take(&mut bytes));
                }
                self.zeros(end..lba, role);
                start = lba;
            } else {
                bytes.resize(((lba - start) * SECTOR_LEN) as usize, 0);
            }
            bytes.extend_from_slice(&sector);
        }
        let mut end = start + bytes.len() as u64 / SECTOR_LEN;
        if range.end - end < ZEROS_MIN && !bytes.is_empty() {
            bytes.resize(((range.end - start) * SECTOR_LEN) as usize, 0);
            end = range.end;
        }
        if !bytes.is_empty() {
            self.bytes(start, role, bytes);
        }
        self.zeros(end..range.end, role);
    }

    /// Puts the pieces of a capsule, in order, into the sectors of its file; what is left of the last cluster is not
    /// written.
    fn capsule(&mut self, image: usize, capsule: &Capsule, file: &[Range<u64>]) {
        let role = Role::Capsule { image };
        let mut room = file.iter().cloned();
        let mut here = 0..0;
        for piece in &capsule.pieces {
            let mut done = 0;
            while done < piece.sectors {
                if here.is_empty() {
                    here = room.next().expect("the file is as long as the capsule");
                }
                let sectors = (piece.sectors - done).min(here.end - here.start);
                let content = part(image, &piece.stored, done, sectors);
                self.0.push(Extent { lba: here.start, sectors, role, content });
                here.start += sectors;
                done += sectors;
            }
        }
    }
}

/// `sectors` sectors of a piece of the capsule of image number `image`, from sector `first` on.
fn part(image: usize, stored: &Stored, first: u64, sectors: u64) -> Content {
    let skip = first * SECTOR_LEN;
    match stored {
        Stored::Own(bytes) => {
            Content::Bytes(bytes[skip as usize..][..(sectors * SECTOR_LEN) as usize].to_vec())
        }
        Stored::Image { offset } => Content::Image { image, offset: offset + skip },
    }
}
