//! What writing a stick would do.

use crate::job::Prepared;
use crate::job::images::UNKNOWN;
use crate::report::StickReport;

/// Describes the stick and every range of it that would be written, and opens nothing for writing.
pub fn plan(prepared: &Prepared) -> StickReport {
    let Prepared { plan, layout, scans, images, .. } = prepared;
    let mut report = prepared.finish(StickReport::new(plan, layout, scans));
    for (number, image) in report.images.iter_mut().chain(&mut report.companions).enumerate() {
        if images.is_unknown(number) {
            image.notes.push(UNKNOWN.into());
        }
    }
    report
}
