//! The file of a disc's label: nothing else is ever overwritten by one.

use std::path::Path;

use crate::cli::CliError;
use crate::cli::drawing::{DrawingFile, Refused};
use crate::device::System;
use crate::report::{LABEL_HEAD, Label, StickReport};

/// A file to which a label can be written.
pub(super) struct LabelFile(DrawingFile);

impl LabelFile {
    /// Finds out, before a disc is written to `disc`, whether a label can be written to `path`; leaves everything as it was.
    ///
    /// # Errors
    ///
    /// [`CliError::LabelIsDisc`] or [`CliError::NoLabel`] if it would take the place of something else, [`CliError::Job`]
    /// if no file can be made, [`CliError::OwnOutput`] if the words of this command go there.
    pub(super) fn look(system: &System, path: &Path, disc: &Path) -> Result<Self, CliError> {
        let path = path.to_owned();
        match DrawingFile::look(system, &path, LABEL_HEAD, disc) {
            Ok(file) => Ok(Self(file)),
            Err(Refused::IsDrawn) => Err(CliError::LabelIsDisc { path }),
            Err(Refused::Other) => Err(CliError::NoLabel { path }),
            Err(Refused::Failed(error)) => Err(*error),
        }
    }

    /// Writes the label of the disc that was written to `disc`.
    ///
    /// # Errors
    ///
    /// [`CliError::NotLabelled`], also if another file is there by now.
    pub(super) fn write(&self, report: &StickReport, disc: &Path) -> Result<(), CliError> {
        let svg = Label::of(report).map(|label| label.svg()).unwrap_or_default();
        self.0.write(&svg).map_err(|source| CliError::NotLabelled {
            disc: disc.to_owned(),
            path: self.0.path.clone(),
            source,
        })
    }
}
