//! Reads sticks of this program, which others may have made or changed: as root by a child without rights.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{MemfdFlags, memfd_create};

use super::donors::{NamedDonor, given};
use super::error::LookError;
use super::gauge::Gauge;
use super::parent::{Wait, ask, has_rights};
use super::rights::Limits;
use super::stick::{Question, State, StickAnswer, StickTask};
use super::work::{Answer, Task};
use crate::device::ReadOnly;
use crate::map::{self, Map, MapQuestion};
use crate::repair::{self, Donor, Mend, Scope, Update, UpdateError};
use crate::stick::has_trace;
use crate::units::SECTOR_LEN;
use crate::verify::{self, NotTaken, StickVerdict, Strictness, TakenImage, Way};

/// How often a stick is read over, for whoever shows how far it is: more is no progress.
const READ_MAX: u64 = 8;

/// Reads all of a stick and judges it, as [`verify::verify`] does; `None` if nothing on it is of this program. As root a child
/// without rights reads it, and `go_on` is asked again and again whether anybody wants its answer. `count` is told of bytes that were
/// read.
///
/// # Errors
///
/// That there is no child or no answer; [`LookError::Stopped`].
pub fn verify(
    path: &Path,
    stick: &ReadOnly,
    strictness: Strictness,
    (go_on, count): (&dyn Fn() -> bool, &dyn Fn(u64)),
) -> Result<Option<StickVerdict>, LookError> {
    if !has_rights() {
        return Ok(has_trace(stick).then(|| verify::verify(stick, strictness, count)));
    }
    let asking = Asking { count, ..Asking::new(path, stick, go_on) };
    match asking.ask(Question::Verify(strictness), Limits::Proving)? {
        StickAnswer::Verdict(found) => asking.checked(found, strictness, true),
        _ => Err(asking.cannot_be()),
    }
}

/// What is on a stick, as [`verify::facts`] says it; `None` if nothing on it is of this program. As root a child without rights
/// reads it.
///
/// # Errors
///
/// That there is no child or no answer.
pub fn facts(path: &Path, stick: &ReadOnly) -> Result<Option<StickVerdict>, LookError> {
    if !has_rights() {
        return Ok(has_trace(stick).then(|| verify::facts(stick)));
    }
    let asking = Asking::new(path, stick, &|| true);
    match asking.ask(Question::Facts, Limits::Proving)? {
        StickAnswer::Verdict(found) => asking.checked(found, Strictness::Boot, false),
        _ => Err(asking.cannot_be()),
    }
}

/// The image of a stick that can be taken out, as [`TakenImage::find`] finds it; as root a child without rights does.
///
/// # Errors
///
/// That there is no child or no answer.
pub fn find_image(
    path: &Path,
    stick: &ReadOnly,
    name: Option<&str>,
) -> Result<Result<TakenImage, NotTaken>, LookError> {
    if !has_rights() {
        return Ok(TakenImage::find(stick, name));
    }
    let asking = Asking::new(path, stick, &|| true);
    asking.taken(Question::Find(name.map(str::to_owned)), Limits::Proving)
}

/// Takes an image out of a stick, as [`TakenImage::take_out`] does it, into a file that is empty and open for writing. As root a child
/// without rights does, and writes into that file. `go_on` is asked again and again, and `count` told of bytes of the image.
///
/// # Errors
///
/// That there is no child or no answer.
pub fn take_out(
    path: &Path,
    stick: &ReadOnly,
    name: Option<&str>,
    out: &File,
    (go_on, count): (&dyn Fn() -> bool, &dyn Fn(u64)),
) -> Result<Result<TakenImage, NotTaken>, LookError> {
    if !has_rights() {
        let tell = |bytes| {
            count(bytes);
            go_on()
        };
        let write = |offset, bytes: &[u8]| out.write_all_at(bytes, offset);
        return Ok(TakenImage::take_out(stick, name, &Way { write: &write, tell: &tell }));
    }
    let asking = Asking { path, stick, files: std::slice::from_ref(out), go_on, count };
    match asking.taken(Question::TakeOut(name.map(str::to_owned)), Limits::TakingOut) {
        Err(LookError::Stopped { .. }) => Ok(Err(NotTaken::Stopped)),
        answer => answer,
    }
}

/// What a stick is; as root a child without rights finds that out.
///
/// # Errors
///
/// That there is no child or no answer.
pub fn state(path: &Path, stick: &ReadOnly) -> Result<State, LookError> {
    if !has_rights() {
        return Ok(State::of(stick));
    }
    let asking = Asking::new(path, stick, &|| true);
    match asking.ask(Question::State, Limits::Proving)? {
        StickAnswer::State(state) => Ok(state),
        _ => Err(asking.cannot_be()),
    }
}

/// What of a stick can be put right with the images that are at hand, as [`repair()`](crate::repair::repair) says it. As root a child
/// without rights finds that out, so the images must have descriptors; `go_on` is asked as by [`verify()`].
///
/// # Errors
///
/// That there is no child or no answer; [`LookError::Stopped`].
pub fn mend(
    path: &Path,
    stick: &ReadOnly,
    donors: &[NamedDonor],
    scope: Scope,
    go_on: &dyn Fn() -> bool,
) -> Result<Mend, LookError> {
    if !has_rights() {
        let donors: Vec<Donor> = donors.iter().map(NamedDonor::donor).collect();
        return Ok(scope.repair(stick, &donors).into());
    }
    let (given, files) = given(path, donors)?;
    let asking = Asking { files: &files, ..Asking::new(path, stick, go_on) };
    match asking.ask(Question::Mend(given, scope), Limits::Proving)? {
        StickAnswer::Mend(mend) => {
            let mend = mend.read(stick.len() / SECTOR_LEN).filter(|mend| mend.is_within(scope));
            mend.ok_or_else(|| asking.cannot_be())
        }
        _ => Err(asking.cannot_be()),
    }
}

/// What is written so that a stick has the boot code of this program, as [`update()`](crate::repair::update) says it; as root a child
/// without rights finds that out; `go_on` is asked as by [`verify()`].
///
/// # Errors
///
/// That there is no child or no answer; [`LookError::Stopped`].
pub fn update(
    path: &Path,
    stick: &ReadOnly,
    go_on: &dyn Fn() -> bool,
) -> Result<Result<Update, UpdateError>, LookError> {
    if !has_rights() {
        return Ok(repair::update(stick));
    }
    let asking = Asking::new(path, stick, go_on);
    match asking.ask(Question::Update, Limits::Proving)? {
        StickAnswer::Update(Ok(update)) => {
            update.read(stick.len() / SECTOR_LEN).map(Ok).ok_or_else(|| asking.cannot_be())
        }
        StickAnswer::Update(Err(error)) => Ok(Err(error)),
        _ => Err(asking.cannot_be()),
    }
}

/// What lies where on a stick, as [`map::of_stick`] says it. As root a child without rights reads it; `count` is told of bytes that were
/// read.
///
/// # Errors
///
/// That there is no child or no answer.
pub fn map(
    path: &Path,
    stick: &ReadOnly,
    question: &MapQuestion,
    count: &dyn Fn(u64),
) -> Result<Map, LookError> {
    if !has_rights() {
        return Ok(map::of_stick(stick, question, count));
    }
    let told = |values: &[[u8; 32]]| -> io::Result<File> {
        let file = File::from(memfd_create("ramkey", MemfdFlags::CLOEXEC)?);
        file.write_all_at(values.as_flattened(), 0)?;
        Ok(file)
    };
    let files = question.against.map(told).transpose();
    let files = files.map_err(|source| LookError::Start { path: path.to_owned(), source })?;
    let asking = Asking { files: files.as_slice(), count, ..Asking::new(path, stick, &|| true) };
    let MapQuestion { proof, against } = *question;
    match asking.ask(Question::Map { proof, against: against.is_some() }, Limits::Proving)? {
        StickAnswer::Map(map) if map.is_possible(stick.len()) => Ok(*map),
        _ => Err(asking.cannot_be()),
    }
}

/// A question to a child, with all that it needs.
struct Asking<'a> {
    path: &'a Path,
    stick: &'a ReadOnly,
    /// Those that come behind the stick's.
    files: &'a [File],
    go_on: &'a dyn Fn() -> bool,
    count: &'a dyn Fn(u64),
}

impl<'a> Asking<'a> {
    fn new(path: &'a Path, stick: &'a ReadOnly, go_on: &'a dyn Fn() -> bool) -> Self {
        Self { path, stick, files: &[], go_on, count: &|_| () }
    }
}

impl Asking<'_> {
    fn ask(&self, question: Question, limits: Limits) -> Result<StickAnswer, LookError> {
        let cannot_start = |source| LookError::Start { path: self.path.to_owned(), source };
        let gauge = Gauge::new().map_err(cannot_start)?;
        let handles = self.stick.handles();
        let task = StickTask { question, has_direct: handles.len() > 1 };
        let files = [gauge.file()].into_iter().chain(handles).chain(self.files).map(File::try_clone);
        let files = files.collect::<io::Result<Vec<_>>>().map_err(cannot_start)?;
        let most = self.stick.len().saturating_mul(READ_MAX);
        let look = || match gauge.told(most) {
            _ if !(self.go_on)() => Wait::NoMore,
            None => Wait::On,
            Some(0) => Wait::Anew,
            Some(bytes) => {
                (self.count)(bytes);
                Wait::Anew
            }
        };
        let answer = ask(self.path, &files, Task::Stick(task), limits, &look)?;
        // What it did since it was looked at the last time.
        if let Some(bytes) = gauge.told(most) {
            (self.count)(bytes);
        }
        match answer {
            Answer::Stick(answer) => Ok(answer),
            Answer::Failed(told) => Err(LookError::Told(told)),
            _ => Err(self.cannot_be()),
        }
    }

    fn cannot_be(&self) -> LookError {
        LookError::Answer { path: self.path.to_owned() }
    }

    fn checked(
        &self,
        found: Option<Box<StickVerdict>>,
        strictness: Strictness,
        proof: bool,
    ) -> Result<Option<StickVerdict>, LookError> {
        match found {
            None => Ok(None),
            Some(verdict) if verdict.is_possible(self.stick.len(), strictness, proof) => Ok(Some(*verdict)),
            Some(_) => Err(self.cannot_be()),
        }
    }

    fn taken(&self, question: Question, limits: Limits) -> Result<Result<TakenImage, NotTaken>, LookError> {
        match self.ask(question, limits)? {
            StickAnswer::Taken(Ok(taken)) if !taken.is_possible() => Err(self.cannot_be()),
            StickAnswer::Taken(taken) => Ok(taken),
            _ => Err(self.cannot_be()),
        }
    }
}
