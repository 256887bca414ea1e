//! Asks before a device is erased.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::cli::CliError;
use crate::cli::list::{Contents, contents, headline};
use crate::device::{DeviceFacts, System};

/// Shows the device and what is on it, and waits for the word that erases it.
///
/// # Errors
///
/// [`CliError::NoTerminal`] if nobody can answer, [`CliError::NotConfirmed`] for any other answer.
pub fn ask(system: &System, facts: &DeviceFacts) -> Result<(), CliError> {
    let path = || facts.node.clone();
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(CliError::NoTerminal { path: path() });
    }
    let word = facts.node.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut screen = io::stderr().lock();
    writeln!(screen, "Everything on this stick will be lost:\n  {}", headline(facts))?;
    for Contents { name, size, what } in contents(system, facts) {
        writeln!(screen, "  {name}  {size}  {what}")?;
    }
    write!(screen, "Type {word} to erase it: ")?;
    screen.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim() == word { Ok(()) } else { Err(CliError::NotConfirmed { path: path() }) }
}
