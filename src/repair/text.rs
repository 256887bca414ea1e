//! The text about the images, with one bit exchanged that gives it the hash of the manifest. One that somebody changed stays.

use super::patched::{Patched, Sectors, differing, each_sector};
use crate::image::mend_bit;
use crate::stick::{Manifest, Reader, StickState, TextState};

/// What makes the text as it was written.
pub(super) fn text(stick: &Patched, state: &StickState, manifest: &Manifest) -> Sectors {
    let reader = Reader::new(stick, &|_| {});
    let tree = state.file_system.as_ref().and_then(|found| found.as_ref().ok()?.tree.as_ref());
    let entries = tree.map_or(&[][..], |tree| &tree.entries);
    let TextState::Other(place) = TextState::of(&reader, &manifest.ranges, entries) else {
        return Sectors::new();
    };
    let Some(range) = place.range else { return Sectors::new() };
    let found = each_sector(stick, range.lba.get(), range.sectors.get());
    let Some(found) = found.into_iter().collect::<Option<Vec<_>>>() else { return Sectors::new() };
    let mut bytes = found.concat();
    match mend_bit(&mut bytes, &range.blake3.into()) {
        true => differing(stick, range.lba.get(), &bytes),
        false => Sectors::new(),
    }
}
