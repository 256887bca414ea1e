//! From a request to a plan.

use ramkey_format::capsule::CAPSULE_HEADER_LEN;

use super::error::PlanError;
use super::fs::FatSize;
use super::planned::{CapsulePlan, Plan};
use super::request::{IMAGES_MAX, LABEL, Request};
use super::{names, set};
use crate::capsule::table_len;
use crate::units::SECTOR_LEN;

/// Lengths of the smallest and the largest stick that is chosen for the user.
const USUAL_LEN_MIN: u64 = 16 << 20;
const USUAL_LEN_MAX: u64 = 2 << 40;
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
    set::check(request)?;
    let capsules = names::capsules(request)?;
    let label = names::label(request.label.as_deref().unwrap_or(LABEL))?;
    let layout = request.layout.of(request.stick_sectors);
    let (lba, end) = layout.volume_bounds(request.stick_sectors)?;
    let sectors = end - lba;
    let size = FatSize { layout, lba, sectors, outside: request.stick_sectors - sectors };
    let volume = size.choose(request.fs)?;
    for CapsulePlan { facts, .. } in &capsules {
        let needed = CAPSULE_HEADER_LEN as u64 + table_len(facts.len);
        let available = volume.sectors * SECTOR_LEN;
        if needed > available {
            return Err(PlanError::ImageTooLarge { path: facts.path.clone(), needed, available });
        }
    }
    Ok(Plan {
        stick_sectors: request.stick_sectors,
        layout,
        volume,
        label,
        id: request.id,
        geometry: layout.geometry(request.stick_sectors),
        start: request.start,
        set: request.set,
        capsules,
    })
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
        let too_small = match &result {
            Err(PlanError::StickTooSmall { .. } | PlanError::ImageTooLarge { .. }) => true,
            Err(PlanError::FsSize { least, found, .. }) => found < least,
            _ => false,
        };
        if !too_small {
            break;
        }
    }
    result
}
