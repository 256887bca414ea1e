//! Asks before a stick is made of bytes of which nothing is known.

use std::io::{self, BufRead, Write};
use std::path::Path;

use crate::cli::args::Images;
use crate::cli::terminal::can_ask;
use crate::cli::{CliError, Terminal};
use crate::contents::{ImageFacts, is_blank, is_known};
use crate::image::Source;
use crate::units::named;

/// What `write` asks, as a note.
pub(super) const NOTE: &str = "it has no boot signature, no partition table and no file system that is known; `ramkey write` \
                               asks before it writes it";

/// Asks for each image that has nothing by which a disk is known, and for each of those beside them too unless it is
/// empty. `boots` is how many are booted.
///
/// # Errors
///
/// [`CliError::Unknown`] if nobody can answer, [`CliError::Unwanted`] for any answer but `yes`.
pub(super) fn ask(images: &Images, boots: usize) -> Result<(), CliError> {
    for (number, facts) in images.facts.iter().enumerate() {
        if !is_asked_about(images, boots, number) {
            continue;
        }
        let path = facts.path.clone();
        if !can_ask() {
            return Err(CliError::Unknown { path });
        }
        if !is_wanted(&path)? {
            return Err(CliError::Unwanted { path });
        }
    }
    Ok(())
}

/// Whether nothing is known of the image with this number, and it is no empty disk beside those that boot.
pub(super) fn is_asked_about(images: &Images, boots: usize, number: usize) -> bool {
    let (source, facts) = (&*images.sources[number], &images.facts[number]);
    let is_empty_drive = number >= boots && is_blank(source);
    !is_known(source, facts) && !is_empty_drive
}

/// What is said of an image of which nothing is known where nobody is asked.
pub(super) fn note(source: &dyn Source, facts: &ImageFacts) -> Option<String> {
    (!is_known(source, facts)).then(|| NOTE.to_owned())
}

fn is_wanted(path: &Path) -> io::Result<bool> {
    let mut screen = Terminal::error();
    writeln!(
        screen,
        "{} has no boot signature, no partition table and no file system that is known.",
        named(path)
    )?;
    write!(screen, "It may be no image of a disk. Type yes to write it: ")?;
    screen.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
