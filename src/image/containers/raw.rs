//! No container: the file is the image.

use std::path::Path;

use super::container::{Container, Opened};
use crate::image::error::ImageError;
use crate::image::files::Files;
use crate::image::source::Source;

pub(super) struct Raw;

impl Container for Raw {
    fn detect(&self, _: &Path, _: &dyn Source) -> Result<bool, ImageError> {
        Ok(true)
    }

    fn open<'s>(
        &self,
        _: &Path,
        outer: Box<dyn Source + 's>,
        _: &mut Files,
    ) -> Result<Opened<'s>, ImageError> {
        Ok(Opened::Anywhere(outer))
    }
}
