//! README.TXT of a stick that was changed: it tells of the images that are there now.

use ramkey_format::manifest::{RangeEntry, is_changing, range};

use crate::capsule::{Told, told};
use crate::change::write_text;
use crate::job::around::is_stop;
use crate::job::changing::{Changing, Stopped};
use crate::job::on_stick::{OnStick, images, volume};
use crate::job::readme::Described;
use crate::report::{Paragraph, readme, tells_of};
use crate::stick::{Reader, StickState, TextState};
use crate::units::hex;

/// What the text of a stick is to say of its images, in the order of the menu; then come those that stand beside others. What `told`
/// says of one stays, and `described` tells of the others that came now.
fn paragraphs(state: &StickState, told: &[Told], described: Option<&Described>) -> Vec<Paragraph> {
    let mut there = images(state);
    there.sort_by_key(|image| (!image.is_boot(), image.entry.slot));
    let one = |image: &OnStick| {
        let (file, blake3) = (image.file_name().to_owned(), image.header.image_blake3);
        let digits = hex(blake3);
        let kept = told.iter().filter(|told| told.blake3 == digits);
        let kept = kept.clone().find(|told| told.file == file).or_else(|| kept.clone().next());
        let lines = described.and_then(|described| described.lines(&blake3));
        let paragraph = Paragraph {
            title: image.title(),
            file,
            is_boot: image.is_boot(),
            len: image.header.image_len.get(),
            blake3,
            more: Vec::new(),
        };
        match (kept, lines) {
            (_, Some((more, true))) | (None, Some((more, false))) => Paragraph { more, ..paragraph },
            (Some(told), _) => Paragraph { more: told.more.clone(), ..paragraph },
            (None, None) => paragraph.in_memory(&image.header.ram_blake3),
        }
    };
    there.iter().map(one).collect()
}

/// Whether no change of a stick is announced, not even one of its text.
fn is_as_it_was(state: &StickState) -> bool {
    let texts = |ranges: &[RangeEntry]| ranges.iter().filter(|range| range.kind == range::TEXT).count();
    state.manifest().is_some_and(|manifest| !is_changing(&manifest.ranges) && texts(&manifest.ranges) == 1)
}

/// Lets README.TXT of a stick that was changed tell of the images that are there now, if it is as ramkey wrote it. `describe` is asked
/// for those that came, if that is not told there or `sources` say more. Says what is to be known if that cannot be done.
///
/// # Errors
///
/// [`JobError::Unfinished`] with what failed: the images are those that were wanted.
pub(super) fn renew<'d>(
    changing: &Changing,
    reader: &Reader,
    (sources, describe): (&[String], impl FnOnce() -> Option<Described<'d>>),
) -> Result<Vec<String>, Stopped> {
    let state = changing.known_state(reader);
    let (Some(manifest), Some(tree)) =
        (state.manifest(), volume(&state).and_then(|found| found.tree.as_ref()))
    else {
        return Ok(Vec::new());
    };
    let Some(text) = TextState::of(reader, &manifest.ranges, &tree.entries).text() else {
        return Ok(Vec::new());
    };
    let told = told(&text.bytes);
    let is_told = |image: &OnStick| told.iter().any(|told| told.blake3 == hex(image.header.image_blake3));
    let described = match images(&state).iter().all(is_told) && sources.is_empty() {
        true => None,
        false => describe(),
    };
    let paragraphs = paragraphs(&state, &told, described.as_ref());
    if told.is_empty() || tells_of(&text.bytes, &paragraphs) {
        return Ok(Vec::new());
    }
    let text = readme(&paragraphs);
    match changing.steps_around((reader, &state), &[], |state| write_text(reader, state, &text)) {
        Ok(()) => Ok(Vec::new()),
        Err(Stopped::Change(error)) => {
            Ok(vec![format!("README.TXT tells of the images that were there before: {error}")])
        }
        // As long as the new one is not announced, nothing but the text is another than it was to be.
        Err(Stopped::Job(error)) if !is_stop(&error) && is_as_it_was(&changing.state(reader)) => {
            Ok(vec![format!("README.TXT tells of the images that were there before: {error}")])
        }
        Err(error @ Stopped::Job(_)) => Err(changing.unfinished(error)),
    }
}
