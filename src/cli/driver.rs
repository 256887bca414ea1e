//! `ramkey write --driver`: what is said of the image that gets a driver on the way.

use crate::cli::terminal::note;
use crate::job::Images;
use crate::units::named;

/// Says what was changed in the copy of the first image, if something was.
pub(super) fn tell(images: &Images) {
    let Some(on_the_way) = &images.on_the_way else { return };
    note(format_args!("note: {} is copied, and the copy gets the driver:", named(&images.facts[0].path)));
    for change in &on_the_way.changes {
        note(format_args!("note: {change}"));
    }
    if let Some(verdict) = &images.verdict {
        note(format_args!("note: {verdict}"));
    }
}
