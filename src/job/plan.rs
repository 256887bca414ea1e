//! What writing a stick would do.

use crate::contents::{ImageFacts, KindChoice, Question, Room};
use crate::image::Source;
use crate::job::Prepared;
use crate::job::images::UNKNOWN;
use crate::report::StickReport;
use crate::sandbox::look;

/// Describes the stick alone, as far as it is decided: the images' files are not looked into again.
pub fn outline(prepared: &Prepared) -> StickReport {
    let Prepared { plan, layout, scans, .. } = prepared;
    prepared.finish(StickReport::new(plan, layout, scans))
}

/// Describes the stick and every range of it that would be written, and opens nothing for writing.
pub fn plan(prepared: &Prepared) -> StickReport {
    let Prepared { plan, layout, scans, images, .. } = prepared;
    let mut report = StickReport::new(plan, layout, scans);
    for (number, image) in report.images.iter_mut().chain(&mut report.companions).enumerate() {
        if images.is_unknown(number) {
            image.notes.push(UNKNOWN.into());
        }
        image.room = room(&*images.sources[number], &images.facts[number]);
    }
    prepared.finish(report)
}

/// What takes the room of an image; `None` if that cannot be told.
fn room(source: &dyn Source, facts: &ImageFacts) -> Option<Room> {
    let question = Question { kind: KindChoice::Is(facts.kind), room: true, ..Question::default() };
    look(&facts.path, source, &question).ok()?.room
}
