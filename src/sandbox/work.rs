//! What a child is asked, and what it answers, as text of JSON.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{LookError, Told};
use super::given::next;
use super::into_file::into_file;
use super::pieces;
use super::rights::Confined;
use super::stick::{self, StickAnswer, StickTask};
use super::windows::{self, WindowsAnswer, WindowsTask};
use crate::contents::{Looked, Question, look};
use crate::doctor::{Diagnosis, diagnose};
use crate::image::{Bounds, FileSource, ImageError, Unpacked, Wrapped, open_given};

/// Longest request.
pub(super) const REQUEST_LEN_MAX: usize = 1 << 16;

/// What is asked. The files come beside it.
#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    /// The name of the image, for messages; it may be no text.
    path: Vec<u8>,
    task: Task,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Task {
    /// What is in an image?
    Look(Question),
    /// What on a stick contradicts what?
    Diagnose,
    /// What is on a stick of this program?
    Stick(StickTask),
    /// What becomes of the Windows in an image?
    Windows(WindowsTask),
    /// What is in an image? Its bytes are to be served.
    Serve {
        /// Whether there are no more files of it.
        is_all: bool,
    },
    /// What is packed in the first file? It is to be put into the second one, which is empty. How far that is, the place in
    /// the second one tells.
    Unpack {
        /// The name that is asked for, of a file in an archive.
        member: Option<String>,
        /// The folder of the second file, for messages; it may be no text.
        folder: Vec<u8>,
    },
}

/// What is answered.
#[derive(Serialize, Deserialize)]
pub(super) enum Answer {
    Looked(Box<Looked>),
    Diagnosed(Box<Diagnosis>),
    Unpacked(Unpacked),
    Stick(StickAnswer),
    Edited(WindowsAnswer),
    Failed(Told),
}

impl Request {
    pub fn new(path: &Path, task: Task) -> Self {
        Self { path: path.as_os_str().as_bytes().to_vec(), task }
    }

    /// Whether bytes are to be served, and no answer is given.
    pub fn is_to_serve(&self) -> bool {
        matches!(self.task, Task::Serve { .. })
    }

    /// Serves the image in `files`, in a process that has no rights.
    ///
    /// # Errors
    ///
    /// What the system says of the socket.
    pub fn serve(self, _: &Confined, files: Vec<File>, socket: &mut (impl Read + Write)) -> io::Result<()> {
        let is_all = matches!(self.task, Task::Serve { is_all: true });
        pieces::serve(&PathBuf::from(OsString::from_vec(self.path)), files, is_all, socket)
    }

    /// Does what is asked with `files`, in a process that has no rights.
    pub fn answer(self, _: &Confined, files: Vec<File>) -> Answer {
        let path = PathBuf::from(OsString::from_vec(self.path));
        let result = match self.task {
            Task::Serve { .. } => Err(ImageError::ForwardOnly { path: path.clone() }.into()),
            Task::Look(question) => looked(&path, files, &question),
            Task::Diagnose => diagnosed(&path, files),
            Task::Stick(task) => stick::answer(&path, task, files).map(Answer::Stick),
            Task::Windows(task) => windows::answer(&path, task, files).map(Answer::Edited),
            Task::Unpack { member, folder } => unpacked(&path, files, member.as_deref(), folder),
        };
        result.unwrap_or_else(|error| Answer::Failed(Told::new(&error, error.help())))
    }
}

fn looked(path: &Path, files: Vec<File>, question: &Question) -> Result<Answer, LookError> {
    let source = open_given(path, files)?;
    Ok(Answer::Looked(Box::new(look(path, &*source, question)?)))
}

fn unpacked(
    path: &Path,
    files: Vec<File>,
    member: Option<&str>,
    folder: Vec<u8>,
) -> Result<Answer, LookError> {
    let mut files = files.into_iter();
    let outer = FileSource::take(path, next(path, &mut files)?)?;
    let file = next(path, &mut files)?;
    let folder = PathBuf::from(OsString::from_vec(folder));
    let wrapped = Wrapped { path, outer: &outer, member, folder: &folder, bounds: Bounds::default() };
    // That it cannot be told keeps nothing from being unpacked.
    let progress = |count: u64| {
        let _ = (&file).seek(SeekFrom::Current(count.cast_signed()));
    };
    Ok(Answer::Unpacked(into_file(&wrapped, &file, &progress)?))
}

fn diagnosed(path: &Path, files: Vec<File>) -> Result<Answer, LookError> {
    let file = next(path, &mut files.into_iter())?;
    Ok(Answer::Diagnosed(Box::new(diagnose(&FileSource::take(path, file)?)?)))
}
