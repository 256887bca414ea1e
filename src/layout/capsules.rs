//! The capsules of a plan, on whatever medium they are.

use super::error::LayoutError;
use super::set::{companions, disk_signatures};
use crate::capsule::{Capsule, Contents, TablePlace, encode};
use crate::image::Scan;
use crate::plan::Carried;

/// The capsules, in the order of the plan.
///
/// # Errors
///
/// [`LayoutError::Capsule`] if what is known of an image makes none.
pub fn capsules(carried: &Carried, scans: &[Scan]) -> Result<Vec<Capsule>, LayoutError> {
    let signatures = disk_signatures(carried, scans);
    let companions = companions(carried, scans);
    let capsules = carried.capsules.iter().zip(scans).zip(signatures);
    let capsules = capsules.map(|((capsule, scan), disk_signature)| {
        let contents = Contents {
            facts: &capsule.facts,
            title: &capsule.title,
            drive: capsule.number,
            role: capsule.set_role(),
            options: capsule.options(&carried.set),
            companions: if capsule.is_boot() { companions } else { Default::default() },
            disk_signature,
            made_of: capsule.facts.made_of.clone(),
        };
        let parts = scan.parts();
        let made = encode(&contents, scan, &parts, TablePlace::of(&parts));
        made.map_err(|_| LayoutError::Capsule { path: capsule.facts.path.clone() })
    });
    capsules.collect()
}
