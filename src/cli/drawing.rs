//! Files of drawings: nothing is ever overwritten by one but another of its kind.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::cli::CliError;
use crate::cli::own_output::look;
use crate::device::{OpenError, System};
use crate::job::JobError;
use crate::map::{Map, SVG_HEAD};

/// A file to which a drawing can be written.
pub(super) struct DrawingFile {
    /// The file.
    pub path: PathBuf,
    /// How every drawing of its kind begins.
    head: &'static str,
}

/// Why a drawing has no place.
pub(super) enum Refused {
    /// It would take the place of what is drawn.
    IsDrawn,
    /// It would take the place of something else.
    Other,
    /// No file can be made, or the words of this command go there.
    Failed(Box<CliError>),
}

impl DrawingFile {
    /// Finds out whether a drawing of `drawn` that begins with `head` can be written to `path`; leaves everything as it was.
    pub fn look(system: &System, path: &Path, head: &'static str, drawn: &Path) -> Result<Self, Refused> {
        let failed = |source| {
            let error = JobError::Target(OpenError::Open { path: path.to_owned(), source });
            Refused::Failed(Box::new(error.into()))
        };
        if place(path).is_some_and(|drawing| place(drawn) == Some(drawing)) {
            return Err(Refused::IsDrawn);
        }
        look(system, path).map_err(|error| Refused::Failed(Box::new(error)))?;
        match File::create_new(path) {
            Ok(_) => fs::remove_file(path).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if old(path, head).map_err(failed)?.is_none() {
                    return Err(Refused::Other);
                }
            }
            Err(error) => return Err(failed(error)),
        }
        Ok(Self { path: path.to_owned(), head })
    }

    /// Writes the drawing.
    ///
    /// # Errors
    ///
    /// What the system says; `AlreadyExists` if another file is there by now.
    pub fn write(&self, svg: &str) -> io::Result<()> {
        match File::create_new(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match old(&self.path, self.head)? {
                Some(file) => replace(file, svg),
                None => Err(error),
            },
            file => file.and_then(|file| {
                // A drawing that is cut would be nobody's.
                replace(file, svg).inspect_err(|_| drop(fs::remove_file(&self.path)))
            }),
        }
    }
}

/// The file at `path` for the map of `drawn`.
///
/// # Errors
///
/// [`CliError::NoDrawing`] if it would take the place of something else, and as [`DrawingFile::look`].
pub(super) fn map_file(path: &Path, drawn: &Path) -> Result<DrawingFile, CliError> {
    DrawingFile::look(&System::default(), path, SVG_HEAD, drawn).map_err(|refused| match refused {
        Refused::IsDrawn | Refused::Other => CliError::NoDrawing { path: path.to_owned() },
        Refused::Failed(error) => *error,
    })
}

/// Draws a map of `name` into such a file.
///
/// # Errors
///
/// [`CliError::NotDrawn`].
pub(super) fn draw(file: &DrawingFile, map: &Map, name: &str) -> Result<(), CliError> {
    let drawn = file.write(&map.svg(name));
    drawn.map_err(|source| CliError::NotDrawn { path: file.path.clone(), source })
}

/// The file at `path`, open, if it begins with `head`.
fn old(path: &Path, head: &str) -> io::Result<Option<File>> {
    // Opening another kind of file may wait for ever.
    if !path.is_file() {
        return Ok(None);
    }
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut found = Vec::new();
    (&file).take(head.len() as u64).read_to_end(&mut found)?;
    Ok((found == head.as_bytes()).then_some(file))
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
