//! Makes a stick with the built-in image in a temporary file: written and verified like any other.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::device::{System, TargetPath};
use crate::emulator;
use crate::job::{Destination, Images, JobError, Observer, StickRequest, prepare, verify, write};
use crate::plan::StartOptions;
use crate::report::Report;
use crate::verify::{StickVerdict, Strictness};

/// Size of the temporary stick.
const STICK_LEN: u64 = 64 << 20;
/// Seconds that a menu of one image would wait.
const MENU_TIMEOUT: u8 = 3;

/// The stick, removed when this is dropped.
pub struct Demo {
    /// What was written.
    pub report: Report,
    /// What reading all of it found.
    pub verdict: StickVerdict,
    folder: Folder,
}

impl Demo {
    /// The stick's file.
    pub fn stick(&self) -> PathBuf {
        self.folder.stick()
    }
}

/// Writes the stick and verifies every byte of it.
///
/// # Errors
///
/// What writing or reading a stick can fail with. That it is not as written is no error but an answer.
pub fn demo(stop: &AtomicBool, observer: &dyn Observer) -> Result<Demo, JobError> {
    let folder = Folder::new()?;
    let image = folder.path.join("demo.img");
    fs::write(&image, emulator::demo_image())
        .map_err(|source| JobError::Read { path: image.clone(), source })?;
    let report = write_stick(&image, &folder.stick(), stop, observer)?;
    let verdict = verify(&folder.stick(), Strictness::EveryByte, &|_| ())?;
    Ok(Demo { report, verdict, folder })
}

fn write_stick(
    image: &Path,
    stick: &Path,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<Report, JobError> {
    let request = StickRequest {
        titles: vec!["ramkey demo".into()],
        size: Some(STICK_LEN),
        start: StartOptions { menu_timeout: MENU_TIMEOUT, ..StartOptions::default() },
        ..StickRequest::new(vec![image.to_owned()])
    };
    let system = System::default();
    let target = TargetPath::look(&system, stick).map_err(JobError::Target)?;
    let destination = Destination { system: &system, target: &target };
    let prepared = prepare(&request, Images::open(&request)?, Some(destination), &|_| ())?;
    write(&prepared, destination, stop, observer)
}

/// The demo's files, removed at its end.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> Result<Self, JobError> {
        let path = std::env::temp_dir().join(format!("ramkey-demo-{}", std::process::id()));
        match fs::create_dir(&path) {
            Ok(()) => Ok(Self { path }),
            Err(source) => Err(JobError::Read { path, source }),
        }
    }

    fn stick(&self) -> PathBuf {
        self.path.join("stick.img")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind lies in the system's folder for temporary files.
        let _ = fs::remove_dir_all(&self.path);
    }
}
