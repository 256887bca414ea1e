//! Asks what becomes of a Windows in an image.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::error::LookError;
use super::parent::{Wait, ask, has_rights};
use super::rights::Limits;
use super::room::room;
use super::windows::{Edited, WindowsTask, edited};
use super::work::{Answer, Task};
use crate::contents::Question;
use crate::image::Source;
use crate::windows::{Candidate, Wanted, on_floppy};

/// Where a driver is looked for.
#[derive(Clone, Copy, Default)]
pub struct Drivers<'d> {
    /// Files that may be one.
    pub candidates: &'d [Candidate],
    /// An image that may have one.
    pub floppy: Option<&'d dyn Source>,
}

/// What becomes of the Windows in the image in `source`, which is looked at with `question`; as root, a child without rights finds that out.
///
/// # Errors
///
/// As [`look`](super::look); [`LookError::Windows`].
pub fn edit_windows(
    path: &Path,
    source: &dyn Source,
    question: &Question,
    drivers: Drivers<'_>,
    wanted: Wanted,
) -> Result<Edited, LookError> {
    if !has_rights() {
        let found = drivers.floppy.map(on_floppy).unwrap_or_default();
        let candidates: Vec<Candidate> = drivers.candidates.iter().cloned().chain(found).collect();
        return edited(path, source, question, &candidates, wanted);
    }
    let failed = |source| LookError::Start { path: path.to_owned(), source };
    let (mut bytes, _) = room(path)?;
    for candidate in drivers.candidates {
        bytes.write_all(&candidate.bytes).map_err(failed)?;
    }
    let floppy = drivers.floppy.map(Source::descriptors).unwrap_or_default();
    let files = source.descriptors().iter().chain(floppy).chain([&bytes]).map(File::try_clone);
    let files = files.collect::<io::Result<Vec<_>>>().map_err(failed)?;
    let candidates =
        drivers.candidates.iter().map(|file| (file.name.clone(), file.bytes.len() as u64)).collect();
    let image = source.descriptors().len();
    let task =
        Task::Windows(WindowsTask { question: *question, wanted, candidates, floppy: floppy.len(), image });
    match ask(path, &files, task, Limits::Unpacking, &|| Wait::On)? {
        Answer::Edited(answer) => {
            let cannot_be = || LookError::Answer { path: path.to_owned() };
            answer.read(&mut bytes, source.len()).ok_or_else(cannot_be)
        }
        Answer::Failed(told) => Err(LookError::Told(told)),
        _ => Err(LookError::Answer { path: path.to_owned() }),
    }
}
