//! Asks before something is erased: a device, or a file with contents of its own.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::cli::list::headline;
use crate::cli::terminal::can_ask;
use crate::cli::{CliError, Progress, Terminal};
use crate::device::{DeviceFacts, OwnMount, System, TargetPath};
use crate::job::{Contents, Observer, contents, lost_with_file};
use crate::units::{Bytes, named, shown};

/// What is asked before a target is erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    path: PathBuf,
    /// What would be lost and what is unmounted, a line each.
    pub lines: Vec<String>,
    /// What is in a file that would be lost.
    lost: Option<String>,
    what_for: &'static str,
}

impl Question {
    /// For a device always; for a file only if something would be lost: it is not empty, not all zeros, and no stick
    /// that ramkey wrote or began to write and that holds nothing else. `mounts` are unmounted first.
    ///
    /// # Errors
    ///
    /// [`CliError::Job`] if the file cannot be looked at.
    pub fn of(
        system: &System,
        target: &TargetPath,
        mounts: &[OwnMount],
        observer: &dyn Observer,
    ) -> Result<Option<Self>, CliError> {
        let (mut lines, lost) = match target {
            TargetPath::Block(facts) => (of_device(system, facts), None),
            TargetPath::File { path, len, .. } => {
                let Some(what) = lost_with_file(target, path, observer)? else { return Ok(None) };
                let file = format!("  {}  {} ({len} bytes), {what}", named(path), Bytes(*len));
                (vec!["Everything in this file will be lost:".into(), file], Some(what))
            }
            TargetPath::New { .. } => return Ok(None),
        };
        lines.extend(mounts.iter().map(|mount| format!("  {}", unmounted(mount))));
        let what_for = if mounts.is_empty() { "to erase it" } else { "to unmount and erase it" };
        Ok(Some(Self { path: target.path().to_owned(), lines, lost, what_for }))
    }

    /// What is to be typed, and what happens then.
    pub fn prompt(&self) -> String {
        prompt(&self.path, self.what_for)
    }

    /// Whether an answer names the target.
    pub fn is_answered_by(&self, answer: &[u8]) -> bool {
        names(answer.trim_ascii(), &self.path)
    }

    /// That there is nobody to ask.
    fn unasked(self) -> CliError {
        match self.lost {
            Some(what) => CliError::Occupied { path: self.path, what },
            None => CliError::NoTerminal { path: self.path },
        }
    }
}

/// Asks before a target is erased, if that is asked: shows what is there and what will be unmounted, and waits for the word that
/// erases it.
///
/// # Errors
///
/// [`CliError::NoTerminal`] or [`CliError::Occupied`] if nobody can answer, [`CliError::NotConfirmed`] for any other
/// answer, [`CliError::Job`] if the file cannot be looked at.
pub fn ask(system: &System, target: &TargetPath, mounts: &[OwnMount]) -> Result<(), CliError> {
    match Question::of(system, target, mounts, &Progress::new())? {
        None => Ok(()),
        Some(question) if !can_ask() => Err(question.unasked()),
        Some(question) => answered(target, &question.lines, question.what_for),
    }
}

/// Asks before these file systems of a device are unmounted.
///
/// # Errors
///
/// [`CliError::NotUnmounted`] if nobody can answer, [`CliError::NotConfirmed`] for any other answer.
pub fn ask_to_unmount(target: &TargetPath, mounts: &[OwnMount]) -> Result<(), CliError> {
    if !can_ask() {
        let folder = mounts.first().map(|mount| mount.folder.clone()).unwrap_or_default();
        return Err(CliError::NotUnmounted { path: target.path().to_owned(), folder });
    }
    let lines: Vec<String> = mounts.iter().map(unmounted).collect();
    answered(target, &lines, "to do that")
}

/// What becomes of a mount, for people.
pub fn unmounted(mount: &OwnMount) -> String {
    format!("{} ({}) on {} is unmounted", mount.name, mount.file_system, named(&mount.folder))
}

/// Which word is to be typed.
fn prompt(path: &Path, what_for: &str) -> String {
    format!("Type {} {what_for}", named(path.file_name().unwrap_or_default()))
}

/// Shows the lines and waits for the word.
fn answered(target: &TargetPath, lines: &[String], what_for: &str) -> Result<(), CliError> {
    let path = target.path().to_owned();
    let mut screen = Terminal::error();
    lines.iter().try_for_each(|line| writeln!(screen, "{line}"))?;
    write!(screen, "{}: ", prompt(&path, what_for))?;
    screen.flush()?;
    let mut answer = Vec::new();
    io::stdin().lock().read_until(b'\n', &mut answer)?;
    if names(answer.trim_ascii(), &path) { Ok(()) } else { Err(CliError::NotConfirmed { path }) }
}

/// Asks whether an image may be written over the one before it, for which the stick does not boot for a while. Nobody who can answer
/// is no.
pub fn may_write_over(stick: &Path) -> bool {
    let ask = || -> io::Result<bool> {
        let mut screen = Terminal::error();
        writeln!(screen, "There is no room on {} for the new image beside the old one.", named(stick))?;
        writeln!(
            screen,
            "It can be written over the old one. While that is done the stick does not boot, nor if it is cut off;"
        )?;
        writeln!(screen, "the same command then goes on. Your own files and the other images stay.")?;
        write!(screen, "Type yes to do that: ")?;
        screen.flush()?;
        let mut answer = Vec::new();
        io::stdin().lock().read_until(b'\n', &mut answer)?;
        Ok(answer.trim_ascii().eq_ignore_ascii_case(b"yes"))
    };
    can_ask() && ask().unwrap_or(false)
}

/// Asks before a device is changed in its place, and shows what will be done; a file is not asked about. `verb` is what happens to it.
///
/// # Errors
///
/// [`CliError::Unasked`] if nobody can answer, [`CliError::NotConfirmed`] for any answer but the device's name.
pub fn change(target: &TargetPath, lines: &[String], verb: &str) -> Result<(), CliError> {
    let TargetPath::Block(facts) = target else { return Ok(()) };
    if !can_ask() {
        return Err(CliError::Unasked { path: target.path().to_owned() });
    }
    let lines: Vec<String> =
        std::iter::once(format!("  {}", headline(facts))).chain(lines.iter().cloned()).collect();
    answered(target, &lines, &format!("to {verb} it"))
}

/// Names all of several targets before it is asked about each.
///
/// # Errors
///
/// What writing says.
pub fn list_all(targets: &[TargetPath]) -> Result<(), CliError> {
    let mut screen = Terminal::error();
    writeln!(screen, "{} sticks will be written, and each must be confirmed:", targets.len())?;
    for target in targets {
        let line = match target {
            TargetPath::Block(facts) => headline(facts),
            _ => named(target.path()).into_owned(),
        };
        writeln!(screen, "  {line}")?;
    }
    Ok(())
}

/// Whether an answer names the target: by its name, as it is or as it was shown, or by any path that leads to it.
fn names(answer: &[u8], target: &Path) -> bool {
    let name = target.file_name().unwrap_or_default();
    let shown = shown(&named(name)).into_owned();
    let whole = |path: &Path| fs::canonicalize(path).ok();
    let path = Path::new(OsStr::from_bytes(answer));
    !answer.is_empty()
        && (answer == name.as_bytes().trim_ascii()
            || answer == shown.trim().as_bytes()
            || whole(path).is_some_and(|path| whole(target) == Some(path)))
}

/// A line each.
fn of_device(system: &System, facts: &DeviceFacts) -> Vec<String> {
    let contents = contents(system, facts);
    let contents = contents.iter().map(|Contents { name, size, what }| format!("  {name}  {size}  {what}"));
    let head = ["Everything on this stick will be lost:".to_owned(), format!("  {}", headline(facts))];
    let notes = system.in_use(&[]).notes_of(facts.number);
    let notes = notes.iter().map(|note| format!("  note: {note}"));
    head.into_iter().chain(contents).chain(notes).collect()
}

#[cfg(test)]
mod tests {
    use super::names;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_target_is_confirmed_by_its_name_or_by_any_path_to_it_and_by_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["loop0", "loop1", "a\u{1b}b"] {
            fs::write(path(name), "").expect("a file");
        }
        symlink("loop0", path("by-id")).expect("a link");
        let text = |name: &str| path(name).to_str().expect("text").to_owned();
        for answer in ["loop0", &text("loop0"), &text("by-id"), &text("./loop0")] {
            assert!(names(answer.as_bytes(), &path("loop0")), "{answer}");
            assert!(!names(answer.as_bytes(), &path("loop1")), "{answer}");
        }
        for answer in ["", "loop", "loop00", "LOOP0", "yes", ".", "/", &text(""), "loop0 loop0"] {
            assert!(!names(answer.as_bytes(), &path("loop0")), "{answer}");
        }
        for answer in ["a\u{1b}b", r"a\x1bb"] {
            assert!(names(answer.as_bytes(), &path("a\u{1b}b")), "{answer}");
        }
    }
}
