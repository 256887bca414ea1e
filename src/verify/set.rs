//! Whether the images of a stick have the others that they need beside them.

use crate::capsule::ram_needed_together;
use crate::stick::Entry;
use crate::verify::fault::{Change, Fault, FaultKind, Findings, Place};
use crate::verify::verdict::FoundCapsule;

/// Looks for the companions of every image, sums up the memory, and puts the images of the menu first.
pub(super) fn connect(entries: &[Entry], capsules: &mut [FoundCapsule], findings: &mut Findings) {
    let short = |capsule: &FoundCapsule| entries.iter().find(|entry| entry.path == capsule.file);
    let known: Vec<(String, FoundCapsule)> = capsules
        .iter()
        .filter_map(|capsule| Some((short(capsule)?.short_path.clone(), capsule.clone())))
        .collect();
    let mut needed = Vec::new();
    for capsule in capsules.iter_mut().filter(|capsule| !capsule.companion) {
        let mut taken = vec![capsule.ram_needed];
        for companion in &mut capsule.companions {
            needed.push(companion.file.clone());
            let found = known.iter().find(|(short, _)| *short == companion.file).map(|(_, found)| found);
            let Some(found) = found else {
                // One that is there and cannot be understood has a fault of its own.
                if !entries.iter().any(|entry| entry.is_capsule && entry.short_path == companion.file) {
                    let message = format!("it needs {}, which is not there", companion.file);
                    findings.fault(of(capsule.file.as_str(), entries, message));
                }
                continue;
            };
            taken.push(found.ram_needed);
            companion.present = found.companion && found.blake3.starts_with(&companion.blake3);
            if !companion.present {
                let message = format!("it needs another image as {}", companion.file);
                findings.fault(of(capsule.file.as_str(), entries, message));
            }
        }
        capsule.ram_needed = ram_needed_together(taken);
    }
    for (short, capsule) in known.iter().filter(|(_, capsule)| capsule.companion) {
        if !needed.contains(short) {
            findings.change(Change::Alone { path: capsule.file.clone() });
        }
    }
    capsules.sort_by_key(|capsule| capsule.companion);
}

fn of(file: &str, entries: &[Entry], message: String) -> Fault {
    let lba = entries.iter().find(|entry| entry.path == file).and_then(|entry| entry.runs.first());
    let place = lba.map_or(Place::default(), |(lba, _)| Place::sectors(*lba, 1));
    Fault::new(FaultKind::Capsule, place.in_file(file), message)
}
