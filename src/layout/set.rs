//! What the capsules of one entry say of each other.

use ramkey_format::capsule::{COMPANIONS_MAX, Companion};

use crate::capsule::companion;
use crate::image::Scan;
use crate::plan::{CapsulePlan, Carried};

/// The NT disk signature that each RAM disk gets, in the order of the plan; 0 where the image has its own, or no place
/// for one.
///
/// It is made from the image's hash, never zero, and no other drive that the machine sees beside it has the same.
pub fn disk_signatures(carried: &Carried, scans: &[Scan]) -> Vec<u32> {
    let own = |capsule: &CapsulePlan| capsule.facts.disk_signature.filter(|&signature| signature != 0);
    let mut given = vec![0; carried.capsules.len()];
    for (index, (capsule, scan)) in carried.capsules.iter().zip(scans).enumerate() {
        if capsule.facts.disk_signature != Some(0) {
            continue;
        }
        // Two entries of the menu are never in memory together.
        let beside = |other: usize| !(capsule.is_boot() && carried.capsules[other].is_boot());
        let taken: Vec<u32> = (0..carried.capsules.len())
            .filter(|&other| beside(other))
            .flat_map(|other| [own(&carried.capsules[other]).unwrap_or(0), given[other]])
            .collect();
        given[index] = signature(&scan.root, &taken);
    }
    given
}

/// The NT disk signature of an image with this hash that has none of its own; not one of those in `taken`.
pub fn signature(root: &[u8; 32], taken: &[u32]) -> u32 {
    let [a, b, c, d, ..] = *root;
    let mut signature = u32::from_le_bytes([a, b, c, d]) | 1;
    // Ends: it stays odd, and there are more odd numbers than drives.
    while taken.contains(&signature) {
        signature = signature.wrapping_add(2);
    }
    signature
}

/// The companions that every image of the menu names.
pub(super) fn companions(carried: &Carried, scans: &[Scan]) -> [Companion; COMPANIONS_MAX] {
    let mut places = [Companion::default(); COMPANIONS_MAX];
    let companions = carried.capsules.iter().zip(scans).filter(|(capsule, _)| !capsule.is_boot());
    for (place, (capsule, scan)) in places.iter_mut().zip(companions) {
        *place = companion(&capsule.file_name, &scan.root);
    }
    places
}
