//! What every container can do.

use std::path::Path;

use crate::image::error::ImageError;
use crate::image::files::Files;
use crate::image::source::Source;
use crate::image::stream::Stream;

/// A form in which an image lies in a file.
pub(super) trait Container: Sync {
    /// Whether `outer`, all bytes of the file at `path`, is one.
    ///
    /// # Errors
    ///
    /// [`ImageError::Read`] if it cannot be read.
    fn detect(&self, path: &Path, outer: &dyn Source) -> Result<bool, ImageError>;

    /// The command that prints the bytes of an image in such a container, if there is more to read in it than a few numbers at
    /// its beginning.
    fn command(&self, _: &Path) -> Option<String> {
        None
    }

    /// The image in `outer`, which is one. Files beside it are opened through `files` alone.
    ///
    /// # Errors
    ///
    /// It is damaged, or cannot be read.
    fn open<'s>(
        &self,
        path: &Path,
        outer: Box<dyn Source + 's>,
        files: &mut Files,
    ) -> Result<Opened<'s>, ImageError>;
}

/// What a container gives of the image in it.
pub enum Opened<'s> {
    /// It can be read anywhere.
    Anywhere(Box<dyn Source + 's>),
    /// It can be read from start to end alone.
    Forward(Box<dyn Stream + 's>),
}

impl<'s> Opened<'s> {
    /// The image, to be read anywhere. `path` is for messages only.
    ///
    /// # Errors
    ///
    /// [`ImageError::ForwardOnly`] if it cannot be.
    pub fn anywhere(self, path: &Path) -> Result<Box<dyn Source + 's>, ImageError> {
        match self {
            Self::Anywhere(source) => Ok(source),
            Self::Forward(_) => Err(ImageError::ForwardOnly { path: path.to_owned() }),
        }
    }
}
