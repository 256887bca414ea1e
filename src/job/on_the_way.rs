//! The Windows of an image gets a driver on the way to a stick: what is written is a copy of the image.

use std::env;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::contents::{MadeOf, Question};
use crate::image::Source;
use crate::job::driver_files::driver_files;
use crate::job::edited::changed;
use crate::job::{JobError, Opener, Part};
use crate::origin::{Algorithm, hash};
use crate::report::DriverReport;
use crate::sandbox::{Drivers, Edited, LookError, edit_windows};
use crate::windows::Wanted;

/// An image that got a driver on the way.
pub struct OnTheWay {
    /// The image as it was brought.
    pub(super) brought: Box<dyn Source>,
    /// The driver.
    pub driver: Option<DriverReport>,
    /// What the capsule says of it.
    pub(super) made_of: Option<MadeOf>,
    /// What was changed in the copy, a line each.
    pub changes: Vec<String>,
}

/// A copy of `brought`, the image at `path`, whose Windows has the driver at `driver`. `question` is what is asked of the image.
///
/// # Errors
///
/// [`JobError::Windows`] if this Windows cannot be changed so, [`JobError::Image`] if there is no room for the copy,
/// [`JobError::Read`].
pub(super) fn with_driver(
    path: &Path,
    brought: Box<dyn Source>,
    driver: &Path,
    question: &Question,
    opener: &Opener<'_>,
) -> Result<(Box<dyn Source>, OnTheWay), JobError> {
    let found = driver_files(driver, opener)?;
    let failed = |error: LookError| JobError::Windows { path: path.to_owned(), source: Box::new(error) };
    let drivers = Drivers { candidates: &found.candidates, floppy: found.floppy.as_deref() };
    let disks = question.system.unwrap_or_default();
    let wanted = Wanted::Add { attach: None, remove_other: false, allow_unsigned: false, disks };
    let edited = edit_windows(path, &*brought, question, drivers, wanted).map_err(failed)?;
    let Edited { driver, edit, .. } = edited;
    let changes = edit.notes.clone();
    // No signal is caught yet: it ends the program.
    let never = AtomicBool::new(false);
    let changed = changed(&*brought, edit, &env::temp_dir(), &never).map_err(|error| failed(error.into()))?;
    let copy = opener.keep(path, &changed)?;
    drop(changed);
    let driver = driver.map(|driver| DriverReport {
        name: driver.name,
        version: driver.version,
        blake3: driver.blake3,
        attach: driver.attach.name(),
    });
    let hashed = opener.part(Part::Hash, brought.len(), |count| hash(&*brought, &[Algorithm::Blake3], count));
    let hashed = hashed.map_err(|source| JobError::Read { path: path.to_owned(), source })?;
    let blake3 = hashed.of(Algorithm::Blake3).and_then(|value| value.try_into().ok());
    let made_of = driver.as_ref().zip(blake3);
    let made_of = made_of.map(|(driver, blake3)| MadeOf { len: hashed.len, blake3, text: driver.record() });
    Ok((copy, OnTheWay { brought, driver, made_of, changes }))
}
