//! One medium that is to be written: what is asked for, and where.

use crate::cli::{CliError, driver};
use crate::device::{System, TargetPath};
use crate::job::{Destination, Images, Observer, Opener, Prepared, StickRequest, prepare};

/// One medium that is to be written.
pub(super) struct Single {
    /// What is asked for.
    pub request: StickRequest,
    /// The machine, with what is allowed on it.
    pub system: System,
    /// Where it is written.
    pub target: TargetPath,
}

impl Single {
    /// Where it is written.
    pub fn destination(&self) -> Destination<'_> {
        Destination { system: &self.system, target: &self.target }
    }

    /// Reads the images, and lays the medium out.
    ///
    /// # Errors
    ///
    /// As those of [`prepare`].
    pub fn prepare(&self, opener: &Opener<'_>, observer: &dyn Observer) -> Result<Prepared, CliError> {
        let images = Images::open_by(&self.request, opener)?;
        driver::tell(&images);
        Ok(prepare(&self.request, images, Some(self.destination()), observer)?)
    }
}
