//! Asks before something is erased: a device, or a file with contents of its own.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use crate::cli::list::{Contents, contents, headline};
use crate::cli::{CliError, Progress, own_files};
use crate::device::{DeviceFacts, FileSystem, ReadOnly, System, TargetPath};
use crate::image::{KindChoice, Source, probe};
use crate::units::Bytes;
use crate::verify::{facts, is_stick};

/// Asks for a device always; for a file only if something would be lost: it is not empty, not all zeros, and no stick
/// that ramkey wrote or began to write and that holds nothing else. Shows what is there, and waits for the word that erases it.
///
/// # Errors
///
/// [`CliError::NoTerminal`] or [`CliError::Occupied`] if nobody can answer, [`CliError::NotConfirmed`] for any other
/// answer, [`CliError::Target`] or [`CliError::Read`] if the file cannot be looked at.
pub fn ask(system: &System, target: &TargetPath) -> Result<(), CliError> {
    let shown = match target {
        TargetPath::Block(facts) => of_device(system, facts),
        TargetPath::File { path, len, .. } => match of_file(target, path)? {
            Some(what) if !has_terminal() => return Err(CliError::Occupied { path: path.clone(), what }),
            Some(what) => format!(
                "Everything in this file will be lost:\n  {}  {} ({len} bytes), {what}\n",
                path.display(),
                Bytes(*len)
            ),
            None => return Ok(()),
        },
        TargetPath::New { .. } => return Ok(()),
    };
    let path = target.path().to_owned();
    if !has_terminal() {
        return Err(CliError::NoTerminal { path });
    }
    let word = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut screen = io::stderr().lock();
    write!(screen, "{shown}Type {word} to erase it: ")?;
    screen.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim() == word.trim() { Ok(()) } else { Err(CliError::NotConfirmed { path }) }
}

fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn of_device(system: &System, facts: &DeviceFacts) -> String {
    let mut text = format!("Everything on this stick will be lost:\n  {}\n", headline(facts));
    for Contents { name, size, what } in contents(system, facts) {
        text += &format!("  {name}  {size}  {what}\n");
    }
    text
}

/// What would be lost with a file, or `None` if that is nothing.
fn of_file(target: &TargetPath, path: &Path) -> Result<Option<String>, CliError> {
    let file = ReadOnly::open(target).map_err(CliError::Target)?;
    if is_ours(&file) {
        return Ok(own_files::on(&file));
    }
    let bar = Progress::bar("looking", file.len());
    let data = file.first_data(&|bytes| bar.inc(bytes));
    bar.finish_and_clear();
    let data = data.map_err(|source| CliError::Read { path: path.to_owned(), source })?;
    Ok(data.map(|_| what_is_in(&file, path)))
}

/// Whether it is a stick of ours as it stands: one with an image, or one that was not finished. A boot area alone is
/// none, because it outlives a new partition table and a new file system.
fn is_ours(file: &ReadOnly) -> bool {
    let mut sector = [0xD1; 512];
    let unfinished = file.read_at(0, &mut sector).is_ok() && sector == [0; 512];
    is_stick(file) && (unfinished || !facts(file).capsules.is_empty())
}

/// The contents of a file, in a few words.
fn what_is_in(file: &ReadOnly, path: &Path) -> String {
    match FileSystem::probe(0, &|offset, buffer| file.read_at(offset, buffer)) {
        Some(FileSystem { kind, label }) if label.is_empty() => kind,
        Some(FileSystem { kind, label }) => format!("{kind} \"{label}\""),
        None => {
            let facts = probe(path, file as &dyn Source, KindChoice::Auto, None);
            facts.ok().and_then(|facts| facts.contents).unwrap_or_else(|| "unknown contents".into())
        }
    }
}
