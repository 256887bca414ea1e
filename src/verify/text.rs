//! Judges the text about the images, which nothing depends on: whatever became of it is told and is no fault.

use ramkey_format::capsule::{EXTENSION, FOLDER, README};
use ramkey_format::manifest::range;

use crate::capsule::told;
use crate::stick::{StickState, Text, TextState};
use crate::verify::boot_area::BootArea;
use crate::verify::fault::{Change, Fault, FaultKind, Findings, Place};
use crate::verify::verdict::{FoundCapsule, ReadmeState, Strictness};

const GONE: &str = "is gone, or has another name";
const OTHER: &str = "is not as ramkey wrote it";
const UNREADABLE: &str = "cannot be read";
const STALE: &str = "tells of other images than are there";
const CUT: &str = "was being written anew, and that was cut off: it is the one from before, or the new one";

/// What became of the text of a medium.
pub(super) fn state_of<'s>(
    reader: &crate::stick::Reader,
    state: &'s StickState,
    area: &BootArea,
) -> TextState<'s> {
    let tree = state.file_system.as_ref().and_then(|found| found.as_ref().ok()?.tree.as_ref());
    TextState::of(reader, area.ranges, tree.map_or(&[][..], |tree| &tree.entries))
}

/// Tells what became of `text`, beside `capsules`.
pub(super) fn judge(
    area: &BootArea,
    text: &TextState,
    capsules: &[FoundCapsule],
    strictness: Strictness,
    findings: &mut Findings,
) -> Option<ReadmeState> {
    let mut texts = area.ranges.iter().filter(|range| range.kind == range::TEXT);
    let (state, what) = match text {
        TextState::None => return None,
        TextState::Gone => (ReadmeState::Gone, GONE),
        TextState::Other(_) => (ReadmeState::Changed, OTHER),
        TextState::Unreadable(_, error) if strictness == Strictness::EveryByte => {
            findings.unreadable(error.clone(), Some(&path()));
            return Some(ReadmeState::Changed);
        }
        TextState::Unreadable(..) => (ReadmeState::Changed, UNREADABLE),
        TextState::AsWritten(text) => {
            if !text.entry.has_fixed_dates {
                findings.change(Change::Dates { path: text.entry.path.clone() });
            }
            if texts.clone().count() > 1 {
                findings.change(Change::Readme { path: path(), what: CUT.into() });
            }
            if tells_of(text, capsules) {
                return Some(ReadmeState::AsWritten);
            }
            // What became of an image says as much.
            if findings.faults.is_empty() && !findings.changes.iter().any(is_of_image) {
                findings.change(Change::Readme { path: path(), what: STALE.into() });
            }
            return Some(ReadmeState::OtherImages);
        }
    };
    match strictness {
        Strictness::Boot => findings.change(Change::Readme { path: path(), what: what.into() }),
        Strictness::EveryByte => {
            let place = texts
                .next_back()
                .map_or_else(Place::default, |range| Place::sectors(range.lba.get(), range.sectors.get()));
            let message = format!("it {what}");
            findings.fault(Fault::new(FaultKind::Readme, place.in_file(&path()), message));
        }
    }
    Some(state)
}

fn path() -> String {
    format!("{FOLDER}/{README}")
}

/// Whether a text tells of these images and of no others, as far as it can be understood.
fn tells_of(text: &Text, capsules: &[FoundCapsule]) -> bool {
    let mut told: Vec<(String, String)> =
        told(&text.bytes).into_iter().map(|told| (told.file, told.blake3)).collect();
    let name = |capsule: &FoundCapsule| capsule.file.rsplit('/').next().unwrap_or_default().to_owned();
    let mut there: Vec<(String, String)> =
        capsules.iter().map(|capsule| (name(capsule), capsule.blake3.clone())).collect();
    told.sort_unstable();
    there.sort_unstable();
    told.is_empty() || told == there
}

/// Whether a change says that other images are there than before.
fn is_of_image(change: &Change) -> bool {
    match change {
        Change::Added { path, .. } => path.ends_with(EXTENSION),
        Change::Removed { .. }
        | Change::Replaced { .. }
        | Change::Renamed { .. }
        | Change::Names { .. }
        | Change::Swapped { .. }
        | Change::Copied { .. }
        | Change::Unfinished { .. } => true,
        _ => false,
    }
}
