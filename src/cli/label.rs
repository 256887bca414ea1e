//! The file of a disc's label: nothing else is ever overwritten by one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::cli::CliError;
use crate::cli::own_output::look;
use crate::device::{OpenError, System};
use crate::job::JobError;
use crate::report::{LABEL_HEAD, Label, StickReport};

/// A file to which a label can be written.
pub(super) struct LabelFile {
    path: PathBuf,
}

impl LabelFile {
    /// Finds out, before a disc is written to `disc`, whether a label can be written to `path`; leaves everything as it was.
    ///
    /// # Errors
    ///
    /// [`CliError::LabelIsDisc`] or [`CliError::NoLabel`] if it would take the place of something else, [`CliError::Job`]
    /// if no file can be made, [`CliError::OwnOutput`] if the words of this command go there.
    pub(super) fn look(system: &System, path: &Path, disc: &Path) -> Result<Self, CliError> {
        let failed =
            |source| CliError::from(JobError::Target(OpenError::Open { path: path.to_owned(), source }));
        if place(path).is_some_and(|label| place(disc) == Some(label)) {
            return Err(CliError::LabelIsDisc { path: path.to_owned() });
        }
        look(system, path)?;
        match File::create_new(path) {
            Ok(_) => fs::remove_file(path).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if old(path).map_err(failed)?.is_none() {
                    return Err(CliError::NoLabel { path: path.to_owned() });
                }
            }
            Err(error) => return Err(failed(error)),
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Writes the label of the disc that was written to `disc`.
    ///
    /// # Errors
    ///
    /// [`CliError::NotLabelled`], also if another file is there by now.
    pub(super) fn write(&self, report: &StickReport, disc: &Path) -> Result<(), CliError> {
        let svg = Label::of(report).map(|label| label.svg()).unwrap_or_default();
        let written = match File::create_new(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match old(&self.path) {
                Ok(Some(file)) => replace(file, &svg),
                Ok(None) => Err(error),
                Err(error) => Err(error),
            },
            file => file.and_then(|file| {
                // A label that is cut would be nobody's.
                replace(file, &svg).inspect_err(|_| drop(fs::remove_file(&self.path)))
            }),
        };
        written.map_err(|source| CliError::NotLabelled {
            disc: disc.to_owned(),
            path: self.path.clone(),
            source,
        })
    }
}

/// The file at `path`, open, if it is a label.
fn old(path: &Path) -> io::Result<Option<File>> {
    // Opening another kind of file may wait for ever.
    if !path.is_file() {
        return Ok(None);
    }
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut head = Vec::new();
    (&file).take(LABEL_HEAD.len() as u64).read_to_end(&mut head)?;
    Ok((head == LABEL_HEAD.as_bytes()).then_some(file))
}

fn replace(mut file: File, svg: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(svg.as_bytes())?;
    file.sync_all()
}

/// Where a path leads, by the names that the system has for it, also if there is nothing yet.
fn place(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok().or_else(|| {
        let folder = match path.parent()? {
            folder if folder.as_os_str().is_empty() => Path::new("."),
            folder => folder,
        };
        Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
    })
}
