//! The file of `--log`: what a command did, with the time, for whoever has to find out later.

use std::fmt::Arguments;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use crate::units::shown;

/// How each log begins, so that nothing else is ever appended to.
const HEAD: &str = "# log of ramkey\n";
/// The word of the line with which a command begins.
const BEGIN: &str = "begin";

static LOG: OnceLock<Mutex<File>> = OnceLock::new();

/// From now on everything is written to the end of this file, which only its owner can read if it is made now.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::AlreadyExists`] if something else than a log is there.
pub(super) fn open(path: &Path) -> io::Result<()> {
    if path.exists() && !is_log(path)? {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let mut file = File::options().append(true).create(true).mode(0o600).open(path)?;
    if file.metadata()?.len() == 0 {
        file.write_all(HEAD.as_bytes())?;
    }
    // A process has one command line, and so one log.
    let _ = LOG.set(Mutex::new(file));
    Ok(())
}

/// Whether a file is a log, or empty.
fn is_log(path: &Path) -> io::Result<bool> {
    // Opening another kind of file may wait for ever.
    if !path.is_file() {
        return Ok(false);
    }
    let mut head = Vec::new();
    File::open(path)?.take(HEAD.len() as u64).read_to_end(&mut head)?;
    Ok(head.is_empty() || head == HEAD.as_bytes())
}

/// Tells the log who works and what was asked.
pub(super) fn begin(version: &str, words: &[String]) {
    line(BEGIN, format_args!("version {version}: {}", words.join(" ")));
}

/// A line in the log, if there is one. There is nowhere to report that it could not be written: what is done goes before what is told of it.
pub(super) fn line(kind: &str, text: Arguments) {
    if let Some(log) = LOG.get() {
        let time = humantime::format_rfc3339_millis(SystemTime::now());
        let text = text.to_string();
        let line = format!("{time} {} {kind:<5} {}\n", std::process::id(), shown(text.trim_end()));
        let mut file = log.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = file.write_all(line.as_bytes());
    }
}

/// What the last command wrote to a log: how it began, and at most so many bytes of its end.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::InvalidData`] if it is no log.
pub(super) fn last(path: &Path, most: usize) -> io::Result<String> {
    if !is_log(path)? {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no log of ramkey"));
    }
    let text = std::fs::read(path)?;
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !HEAD.starts_with(line)).collect();
    let is_begin = |line: &&str| line.split_whitespace().nth(2) == Some(BEGIN);
    let first = lines.iter().rposition(is_begin).unwrap_or(0);
    let process = lines.get(first).and_then(|line| line.split_whitespace().nth(1));
    // Commands may run at the same time.
    let own = lines[first..].iter().filter(|line| line.split_whitespace().nth(1) == process);
    let own: Vec<String> = own.map(|line| format!("{line}\n")).collect();
    let Some((begin, behind)) = own.split_first() else { return Ok(String::new()) };
    let mut len = 0;
    let fits = |line: &&String| {
        len += line.len();
        len <= most
    };
    let kept = behind.iter().rev().take_while(fits).count();
    Ok(begin.clone() + &behind[behind.len() - kept..].concat())
}

#[cfg(test)]
mod tests {
    use super::{HEAD, last};

    #[test]
    fn a_long_command_keeps_how_it_began_and_its_end() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let line = |process, text: &str| format!("2026-01-01T00:00:00.000Z {process} {text}\n");
        let (begin, end) = (line(7, "begin version 1: ramkey list"), line(7, "step  ends"));
        let other = line(8, "step  of another");
        let many = line(7, "step  does something").repeat(100);
        let text = [HEAD, &line(6, "begin version 1: ramkey map"), &begin, &many, &other, &end].concat();
        std::fs::write(file.path(), text).expect("a log");
        assert_eq!(last(file.path(), end.len()).expect("lines"), begin.clone() + &end);
        assert_eq!(last(file.path(), 1 << 20).expect("lines"), begin + &many + &end);
    }
}
