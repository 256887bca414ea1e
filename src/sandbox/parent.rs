//! The process that asks.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{geteuid, getuid};

use super::child::{NAME, serves};
use super::descriptors::send;
use super::error::LookError;
use super::work::{ANSWER_LEN_MAX, Answer, Request, Task};
use crate::contents::{self, Looked, Question};
use crate::doctor::{self, Diagnosis};
use crate::image::Source;

/// This program, whatever its file is called now.
const PROGRAM: &str = "/proc/self/exe";

/// What is known of the image in `source`, as [`contents::look`] says it. As root a child without rights looks; it gets the
/// descriptors of `source`, so that must have them. `path` is for messages and titles only.
///
/// # Errors
///
/// As [`contents::look`], and that there is no child or no answer: then nothing has been looked at.
pub fn look(path: &Path, source: &dyn Source, question: &Question) -> Result<Looked, LookError> {
    if !has_rights() {
        return Ok(contents::look(path, source, question)?);
    }
    match ask(path, source, Task::Look(*question))? {
        Answer::Looked(mut looked) if looked.is_possible(question, source.len(), source.wrapping()) => {
            looked.facts.path = path.to_owned();
            Ok(*looked)
        }
        Answer::Failed(told) => Err(LookError::Told(told)),
        _ => Err(LookError::Answer { path: path.to_owned() }),
    }
}

/// What on the stick in `source` contradicts what, as [`doctor::diagnose`] says it; as root by a child without rights.
///
/// # Errors
///
/// As [`doctor::diagnose`], and that there is no child or no answer.
pub fn diagnose(path: &Path, source: &dyn Source) -> Result<Diagnosis, LookError> {
    if !has_rights() {
        return Ok(doctor::diagnose(&source)?);
    }
    match ask(path, source, Task::Diagnose)? {
        Answer::Diagnosed(diagnosis) if diagnosis.is_possible(source.len()) => Ok(*diagnosis),
        Answer::Failed(told) => Err(LookError::Told(told)),
        _ => Err(LookError::Answer { path: path.to_owned() }),
    }
}

/// Whether this process can do more than the user who started it.
fn has_rights() -> bool {
    geteuid().is_root() || geteuid() != getuid()
}

/// Asks a child, which ends with its answer.
fn ask(path: &Path, source: &dyn Source, task: Task) -> Result<Answer, LookError> {
    let cannot_start = |source| LookError::Start { path: path.to_owned(), source };
    let mut child = start(path, source, task).map_err(cannot_start)?;
    let mut bytes = Vec::new();
    let out = child.stdout.take().expect("it was asked for");
    let read = out.take(ANSWER_LEN_MAX + 1).read_to_end(&mut bytes);
    if read.is_err() || bytes.len() as u64 > ANSWER_LEN_MAX {
        // It is waited for all the same.
        let _ = child.kill();
    }
    let status = child.wait().map_err(cannot_start)?;
    if !status.success() {
        return Err(LookError::Ended { path: path.to_owned(), how: ending(status) });
    }
    serde_json::from_slice(&bytes).map_err(|_| LookError::Answer { path: path.to_owned() })
}

fn start(path: &Path, source: &dyn Source, task: Task) -> io::Result<Child> {
    if !serves() {
        return Err(io::Error::other("this program is not made for it"));
    }
    if source.descriptors().is_empty() {
        return Err(io::Error::other("its bytes are in no open file"));
    }
    let request = serde_json::to_vec(&Request::new(path, task))?;
    let (ours, theirs) = UnixStream::pair()?;
    let mut command = Command::new(PROGRAM);
    command.arg0(NAME).env_clear().stdin(OwnedFd::from(theirs)).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    if let Err(error) = send(&ours, &request, source.descriptors()) {
        let _ = child.kill();
        let _ = child.wait();
        return Err(error);
    }
    Ok(child)
}

fn ending(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("was ended by signal {signal}"),
        (_, Some(code)) => format!("ended with status {code}"),
        _ => "ended".into(),
    }
}
