//! What a child is asked, and what it answers, as text of JSON.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{LookError, Told};
use super::rights::Confined;
use crate::contents::{Looked, Question, look};
use crate::doctor::{Diagnosis, diagnose};
use crate::image::{FileSource, open_given};

/// Longest request, and longest answer: a Windows has sixteen drivers of at most a few paths, a stick some thousand
/// findings.
pub(super) const REQUEST_LEN_MAX: usize = 1 << 16;
pub(super) const ANSWER_LEN_MAX: u64 = 8 << 20;

/// What is asked. The files come beside it.
#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    /// The name of the image, for messages; it may be no text.
    path: Vec<u8>,
    task: Task,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum Task {
    /// What is in an image?
    Look(Question),
    /// What on a stick contradicts what?
    Diagnose,
}

/// What is answered.
#[derive(Serialize, Deserialize)]
pub(super) enum Answer {
    Looked(Box<Looked>),
    Diagnosed(Box<Diagnosis>),
    Failed(Told),
}

impl Request {
    pub fn new(path: &Path, task: Task) -> Self {
        Self { path: path.as_os_str().as_bytes().to_vec(), task }
    }

    /// Does what is asked with `files`, in a process that has no rights.
    pub fn answer(self, _: &Confined, files: Vec<File>) -> Answer {
        let path = PathBuf::from(OsString::from_vec(self.path));
        let result = match self.task {
            Task::Look(question) => looked(&path, files, &question),
            Task::Diagnose => diagnosed(&path, files),
        };
        result.unwrap_or_else(|error| Answer::Failed(Told::new(&error, error.help())))
    }
}

fn looked(path: &Path, files: Vec<File>, question: &Question) -> Result<Answer, LookError> {
    let source = open_given(path, files)?;
    Ok(Answer::Looked(Box::new(look(path, &*source, question)?)))
}

fn diagnosed(path: &Path, files: Vec<File>) -> Result<Answer, LookError> {
    let file = files.into_iter().next().map_or_else(|| File::open(OsStr::new("")), Ok);
    let file = file.map_err(|source| crate::image::ImageError::Open { path: path.to_owned(), source })?;
    Ok(Answer::Diagnosed(Box::new(diagnose(&FileSource::take(path, file)?)?)))
}
