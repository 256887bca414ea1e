//! Disks that lie in one file, with their map in it.

use std::path::Path;

use super::fault::{Fault, Form};
use super::mapped::{self, Found, Map};
use crate::image::containers::container::{Container, Opened};
use crate::image::error::ImageError;
use crate::image::files::Files;
use crate::image::source::Source;

/// A format of such disks.
pub(super) trait Alone: Sync {
    /// Where the bytes of its disks are.
    type Map: Map + 'static;
    /// What is said of it.
    const FORM: Form;

    /// See [`Container::detect`].
    fn detect(path: &Path, outer: &dyn Source) -> Result<bool, ImageError>;

    /// The disk in `outer`, of which it is not known yet whether its map makes sense.
    ///
    /// # Errors
    ///
    /// It cannot be used, or read.
    fn parse(outer: &dyn Source) -> Result<Found<Self::Map>, Fault>;
}

impl<F: Alone> Container for F {
    fn detect(&self, path: &Path, outer: &dyn Source) -> Result<bool, ImageError> {
        F::detect(path, outer)
    }

    fn command(&self, path: &Path) -> Option<String> {
        Some(F::FORM.plain_command(path))
    }

    fn open<'s>(
        &self,
        path: &Path,
        outer: Box<dyn Source + 's>,
        _: &mut Files,
    ) -> Result<Opened<'s>, ImageError> {
        let found = F::parse(&*outer).map_err(|fault| fault.named(path, &F::FORM))?;
        mapped::open(path, &F::FORM, vec![outer], found)
    }
}
