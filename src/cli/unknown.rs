//! Asks before a stick is made of bytes of which nothing is known.

use std::io::{self, BufRead, Write};
use std::path::Path;

use crate::cli::terminal::can_ask;
use crate::cli::{CliError, Terminal};
use crate::job::Images;
use crate::units::named;

/// Asks for each image that has nothing by which a disk is known, and for each of those beside them too unless it is
/// empty.
///
/// # Errors
///
/// [`CliError::Unknown`] if nobody can answer, [`CliError::Unwanted`] for any answer but `yes`.
pub(super) fn ask(images: &Images) -> Result<(), CliError> {
    for (number, facts) in images.facts.iter().enumerate() {
        if !images.is_unknown(number) {
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
