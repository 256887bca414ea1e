//! From a request to a plan.

use ramkey_format::capsule::CAPSULE_HEADER_LEN;

use super::disc::{BLOCK_SECTORS, DiscMedium, DiscRequest};
use super::division::GPT_SECTORS;
use super::error::PlanError;
use super::fs::FatSize;
use super::names::Taken;
use super::planned::{CapsulePlan, Carried, Division, Plan};
use super::request::{FsChoice, IMAGES_MAX, LABEL, Request};
use super::{names, set};
use crate::capsule::block_len;
use crate::stick::{LayoutKind, PARTITION_LBA};
use crate::units::SECTOR_LEN;

/// Lengths of the smallest and the largest stick that is chosen for the user.
const USUAL_LEN_MIN: u64 = 16 << 20;
const USUAL_LEN_MAX: u64 = 2 << 40;
/// Cylinders of 1 MiB before and in the partition of the smallest and of the largest disc: that of 4,000,000 blocks.
const DISC_CYLINDERS_MIN: u64 = 4;
const DISC_CYLINDERS_MAX: u64 = 7_813;

/// Decides everything about a stick that does not depend on the images' bytes.
///
/// # Errors
///
/// The images, drives and texts are checked first, then the size of the stick, then the file system.
pub fn plan(request: &Request) -> Result<Plan, PlanError> {
    if request.images.is_empty() {
        return Err(PlanError::NoImage);
    }
    if request.images.len() > IMAGES_MAX {
        return Err(PlanError::TooManyImages { found: request.images.len(), limit: IMAGES_MAX });
    }
    let capsules = carried(request, &Taken::default())?;
    let label = names::label(request.label.as_deref().unwrap_or(LABEL))?;
    let layout = request.layout.of(request.stick_sectors);
    let division = division(layout, request.stick_sectors, request.fs, label, request.disc.as_ref())?;
    let volume = &division.volume;
    for CapsulePlan { facts, .. } in &capsules {
        let needed = CAPSULE_HEADER_LEN as u64 + block_len(facts.len, facts.made_of.as_ref());
        let available = volume.sectors * SECTOR_LEN;
        if needed > available {
            return Err(PlanError::ImageTooLarge { path: facts.path.clone(), needed, available });
        }
    }
    Ok(Plan {
        division,
        carried: Carried {
            id: request.id,
            start: request.start,
            set: request.set,
            capsules,
            readme: request.readme.clone(),
        },
    })
}

/// The images of a request that come to a stick which has titles and files already, as that stick will carry them.
///
/// # Errors
///
/// What is wrong with the images, drives and titles.
pub fn carried(request: &Request, there: &Taken) -> Result<Vec<CapsulePlan>, PlanError> {
    set::check(request)?;
    names::capsules(request, there)
}

/// How a stick of `sectors` sectors with this label is divided, whatever it carries.
///
/// # Errors
///
/// [`PlanError::StickTooSmall`], or [`PlanError::FsSize`] if it cannot have that file system.
pub fn divide(
    layout: LayoutKind,
    sectors: u64,
    fs: FsChoice,
    label: [u8; 11],
) -> Result<Division, PlanError> {
    division(layout, sectors, fs, label, None)
}

/// How a stick without anything of this program is divided: one partition from 1 MiB on that ends on a MiB, with a label.
///
/// # Errors
///
/// [`PlanError::Label`], [`PlanError::StickTooSmall`], [`PlanError::FsSize`].
pub fn divide_plain(stick_sectors: u64, label: &str) -> Result<Division, PlanError> {
    let label = names::label(label)?;
    let layout = LayoutKind::Hdd;
    let lba = PARTITION_LBA;
    let usable = stick_sectors.saturating_sub(GPT_SECTORS).min(u64::from(u32::MAX));
    let end = usable / PARTITION_LBA * PARTITION_LBA;
    if end < 2 * PARTITION_LBA {
        let needed = (2 * PARTITION_LBA + GPT_SECTORS) * SECTOR_LEN;
        return Err(PlanError::StickTooSmall { needed, available: stick_sectors * SECTOR_LEN });
    }
    let sectors = end - lba;
    let size = FatSize { layout, lba, sectors, outside: stick_sectors - sectors, structures_end: Some(lba) };
    let volume = size.choose(FsChoice::Auto)?;
    let geometry = layout.geometry(stick_sectors);
    Ok(Division { sectors: stick_sectors, layout, volume, label, geometry, disc: None })
}

fn division(
    layout: LayoutKind,
    stick_sectors: u64,
    fs: FsChoice,
    label: [u8; 11],
    disc: Option<&DiscRequest>,
) -> Result<Division, PlanError> {
    let (lba, mut end) = layout.volume_bounds(stick_sectors)?;
    let disc = disc.map(|disc| {
        end = disc.partition_end(stick_sectors);
        disc.division(layout.stamped_end(stick_sectors), stick_sectors)
    });
    let sectors = end - lba;
    let outside = stick_sectors - sectors;
    let structures_end = disc.as_ref().map(|disc| disc.structures.end * BLOCK_SECTORS);
    let volume = FatSize { layout, lba, sectors, outside, structures_end }.choose(fs)?;
    let geometry = layout.geometry(stick_sectors);
    Ok(Division { sectors: stick_sectors, layout, volume, label, geometry, disc })
}

/// Plans the smallest disc whose partition ends with at least `least_cylinders` cylinders of 1 MiB, whatever size the
/// request names.
///
/// # Errors
///
/// What no larger disc would change, or what the largest is still too small for.
pub fn plan_disc(request: &Request, disc: &DiscRequest, least_cylinders: u64) -> Result<Plan, PlanError> {
    let mut result =
        Err(PlanError::StickTooSmall { needed: least_cylinders << 20, available: USUAL_LEN_MAX });
    for cylinders in least_cylinders.max(DISC_CYLINDERS_MIN)..=DISC_CYLINDERS_MAX {
        let stick_sectors = disc.sectors(cylinders);
        result = plan(&Request { stick_sectors, disc: Some(disc.clone()), ..request.clone() });
        if !is_too_small(&result) {
            break;
        }
    }
    result
}

/// Refuses a disc of `blocks` blocks that does not fit its medium.
///
/// # Errors
///
/// [`PlanError::DiscTooLarge`] names the smallest usual medium that it fits.
pub fn fits_medium(medium: DiscMedium, blocks: u64) -> Result<(), PlanError> {
    if blocks <= medium.blocks {
        return Ok(());
    }
    let larger = DiscMedium::ALL.into_iter().find(|medium| blocks <= medium.blocks);
    Err(PlanError::DiscTooLarge { blocks, medium, fits: larger.and_then(|medium| medium.name) })
}

/// Whether a larger stick may do.
fn is_too_small(result: &Result<Plan, PlanError>) -> bool {
    match result {
        Err(PlanError::StickTooSmall { .. } | PlanError::ImageTooLarge { .. }) => true,
        Err(PlanError::FsSize { least, found, .. }) => found < least,
        _ => false,
    }
}

/// Plans the smallest usual stick of at least `least_len` bytes that the request can have, whatever size it names:
/// 16 MiB, and each power of two up to 2 TiB.
///
/// # Errors
///
/// What no larger stick would change, or what the largest is still too small for.
pub fn plan_smallest(request: &Request, least_len: u64) -> Result<Plan, PlanError> {
    let mut result = Err(PlanError::StickTooSmall { needed: least_len, available: USUAL_LEN_MAX });
    let doubled = |len: &u64| (*len < USUAL_LEN_MAX).then_some(len * 2);
    for len in std::iter::successors(Some(USUAL_LEN_MIN), doubled).filter(|&len| len >= least_len) {
        result = plan(&Request { stick_sectors: len / SECTOR_LEN, ..request.clone() });
        if !is_too_small(&result) {
            break;
        }
    }
    result
}
