//! What the capsules of one entry say of each other.

use ramkey_format::capsule::{COMPANIONS_MAX, Companion, flags};

use crate::image::{Identity, Scan};
use crate::plan::{CapsulePlan, CapsuleRole, Plan, Writes};

/// The NT disk signature that each RAM disk gets, in the order of the plan; 0 where the image has its own, or no place
/// for one.
///
/// It is made from the image's hash, never zero, and no other drive that the machine sees beside it has the same.
pub fn disk_signatures(plan: &Plan, scans: &[Scan]) -> Vec<u32> {
    let own = |capsule: &CapsulePlan| capsule.facts.disk_signature.filter(|&signature| signature != 0);
    let mut given = vec![0; plan.capsules.len()];
    for (index, (capsule, scan)) in plan.capsules.iter().zip(scans).enumerate() {
        if capsule.facts.disk_signature != Some(0) {
            continue;
        }
        // Two entries of the menu are never in memory together.
        let beside = |other: usize| !(capsule.is_boot() && plan.capsules[other].is_boot());
        let taken: Vec<u32> = (0..plan.capsules.len())
            .filter(|&other| beside(other))
            .flat_map(|other| [own(&plan.capsules[other]).unwrap_or(0), given[other]])
            .collect();
        let [a, b, c, d, ..] = scan.root;
        let mut signature = u32::from_le_bytes([a, b, c, d]) | 1;
        // Ends: it stays odd, and there are more odd numbers than drives.
        while taken.contains(&signature) {
            signature = signature.wrapping_add(2);
        }
        given[index] = signature;
    }
    given
}

/// The companions that every image of the menu names.
pub(super) fn companions(plan: &Plan, scans: &[Scan]) -> [Companion; COMPANIONS_MAX] {
    let mut places = [Companion::default(); COMPANIONS_MAX];
    let companions = plan.capsules.iter().zip(scans).filter(|(capsule, _)| !capsule.is_boot());
    for (place, (capsule, scan)) in places.iter_mut().zip(companions) {
        place.name = stem(&capsule.file_name);
        place.image_blake3.copy_from_slice(&scan.root[..16]);
    }
    places
}

/// The name before the extension, as in a directory.
fn stem(file_name: &str) -> [u8; 8] {
    let mut stem = [b' '; 8];
    for (place, byte) in stem.iter_mut().zip(file_name.bytes().take_while(|&byte| byte != b'.')) {
        *place = byte;
    }
    stem
}

/// The bits of a capsule's flags.
pub fn capsule_flags(plan: &Plan, capsule: &CapsulePlan) -> u32 {
    let writes = match capsule.writes {
        Writes::Kept => 0,
        Writes::Refused => flags::READ_ONLY,
        Writes::Dropped => flags::FAKE_WRITE,
    };
    let CapsuleRole::Boot { internal_first } = capsule.role else { return writes | flags::COMPANION };
    let set = |flag, is_set| if is_set { flag } else { 0 };
    writes
        | set(flags::INTERNAL_FIRST, internal_first)
        | set(flags::KEEP_STICK, plan.set.keep_stick)
        | set(flags::GRUB4DOS, plan.set.identity == Identity::Grub4dos)
        | plan.set.copy.flags()
}
