//! A copy of an image whose Windows gets a driver, for as long as a stick is written from it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::device::{System, TargetPath};
use crate::job::{
    Destination, JobError, Observer, WindowsChange, WindowsOutput, WindowsReport, change_windows,
};

/// Most names that are tried for the folder of the copy.
const NAMES_MAX: u32 = 1000;

/// A copy in a folder of its own, which goes when this does.
pub struct TemporaryImage {
    folder: PathBuf,
    path: PathBuf,
}

impl TemporaryImage {
    /// Where it is. It has the name of the image.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TemporaryImage {
    fn drop(&mut self) {
        // What cannot be removed from a folder for temporary files is no reason to fail.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Makes a copy of the image at `path` in `folder` and adds the driver to it.
///
/// # Errors
///
/// As [`change_windows`]; then there is no copy.
pub fn with_driver(
    path: &Path,
    driver: &Path,
    folder: &Path,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<(TemporaryImage, WindowsReport), JobError> {
    let folder = made_in(folder)?;
    let name = path.file_name().unwrap_or(path.as_os_str());
    let image = TemporaryImage { path: folder.join(name), folder };
    let system = System::default();
    let target = TargetPath::look(&system, image.path()).map_err(JobError::Target)?;
    let output = WindowsOutput::New(Destination { system: &system, target: &target });
    let driver = driver.to_owned();
    let change = WindowsChange::Add { driver, attach: None, remove_other: false, allow_unsigned: false };
    let report = change_windows(path, &change, output, stop, observer)?;
    Ok((image, report))
}

/// A new folder there, of which nobody else knows.
fn made_in(folder: &Path) -> Result<PathBuf, JobError> {
    let failed = |source| JobError::Write { path: folder.to_owned(), source };
    for number in 0..NAMES_MAX {
        let path = folder.join(format!("ramkey-driver-{}-{number}", std::process::id()));
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(failed(std::io::ErrorKind::AlreadyExists.into()))
}
