//! Puts the driver of RAM disks into the Windows of an image, or takes it out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::contents::windows::{Answer, DiskOrder, Windows};
use crate::contents::{KindChoice, Question};
use crate::device::{FileTarget, OpenError, System, TargetPath};
use crate::image::{Source, SourceFile};
use crate::job::driver_files::{DriverFiles, driver_files};
use crate::job::edited::changed;
use crate::job::new_image::NewImage;
use crate::job::write::undo;
use crate::job::{Destination, JobError, Observer, Opener, in_use, replace};
use crate::sandbox::{Drivers, Edited, LookError, edit_windows, lesser_user, look};
use crate::units::named;
use crate::windows::{Attach, Edit, NtfsTool, Wanted, WindowsError};

/// What the name of the image as it was before ends with.
const BEFORE_DRIVER: &str = ".before-driver";
const WITH_DRIVER: &str = ".with-driver";
/// What the name of the new image ends with until it is whole.
const UNFINISHED: &str = ".unfinished";

/// What is asked of an image.
const QUESTION: Question = Question {
    kind: KindChoice::Auto,
    geometry: None,
    system: Some(DiskOrder::RamFirst),
    cut: false,
    free: None,
    room: false,
    areas: false,
};

/// What is done with a Windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowsChange {
    /// A driver is added.
    Add {
        /// Its file, a folder with it, or the image of a floppy with it.
        driver: PathBuf,
        /// How it gets its device, if not in its usual way.
        attach: Option<Attach>,
        /// Whether another driver for RAM disks is taken out.
        remove_other: bool,
        /// Whether a driver without a signature is added to a Windows that wants one.
        allow_unsigned: bool,
    },
    /// What was added is taken back.
    Remove {
        /// Whether a driver that somebody else installed goes, too.
        installed: bool,
    },
}

impl WindowsChange {
    /// The same without the driver's file.
    fn wanted(&self) -> Wanted {
        match *self {
            Self::Add { attach, remove_other, allow_unsigned, .. } => {
                Wanted::Add { attach, remove_other, allow_unsigned, disks: DiskOrder::RamFirst }
            }
            Self::Remove { installed } => Wanted::Remove { installed },
        }
    }
}

/// Where the changed image goes.
#[derive(Clone, Copy)]
pub enum WindowsOutput<'d> {
    /// To a file that is not there yet or empty.
    New(Destination<'d>),
    /// To the place of the image, which is kept beside it.
    InPlace,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct WindowsReport {
    /// The image.
    pub path: String,
    /// The driver that was added, with its version.
    pub driver: Option<String>,
    /// The changed image; null if nothing was written.
    pub to: Option<String>,
    /// The image as it was; null unless it was changed in its place.
    pub backup: Option<String>,
    /// What is changed, a line each.
    pub changes: Vec<String>,
    /// What was said of the Windows before.
    pub before: String,
    /// What is said of it now; null if that is not known because nothing was written.
    pub after: Option<String>,
    /// Whether it starts from its RAM disk now: `yes`, `no` or `unknown`; null as `after`.
    pub starts: Option<Answer>,
    /// BLAKE3 of the changed image, as `b3sum` prints it; null if nothing was written.
    pub blake3: Option<String>,
    /// What is to be known of the image.
    pub warnings: Vec<String>,
}

/// A Windows that can be changed.
pub struct PreparedWindows {
    path: PathBuf,
    source: Box<dyn Source>,
    place: Place,
    edit: Edit,
    /// Whether it starts as it is.
    starts: Answer,
    report: WindowsReport,
}

/// Finds out what becomes of the Windows in the image at `path`, and whether it can be written to its place. Nothing is changed.
///
/// # Errors
///
/// [`JobError::Windows`] if this Windows cannot be changed so, [`JobError::NotPlain`], [`JobError::Exists`] or
/// [`JobError::ImageOnDevice`] for the place, [`JobError::Target`], [`JobError::Image`], [`JobError::Read`].
pub fn prepare_windows(
    path: &Path,
    change: &WindowsChange,
    output: WindowsOutput<'_>,
    observer: &dyn Observer,
) -> Result<PreparedWindows, JobError> {
    let opener = Opener::new(observer);
    let found = match change {
        WindowsChange::Add { driver, .. } => driver_files(driver, &opener)?,
        WindowsChange::Remove { .. } => DriverFiles::default(),
    };
    let source = opener.open(path)?;
    let place = Place::find(path, &*source, output, change)?;
    let failed = |error: LookError| JobError::Windows { path: path.to_owned(), source: Box::new(error) };
    let drivers = Drivers { candidates: &found.candidates, floppy: found.floppy.as_deref() };
    let edited = edit_windows(path, &*source, &QUESTION, drivers, change.wanted()).map_err(failed)?;
    let Edited { driver, before, starts, edit } = edited;
    if !edit.ntfs.is_empty() {
        NtfsTool::find(lesser_user()).map_err(|error| failed(error.into()))?;
    }
    let report = WindowsReport {
        path: named(path).into_owned(),
        driver: driver.map(|driver| driver.title()),
        to: None,
        backup: None,
        changes: edit.notes.clone(),
        before,
        after: None,
        starts: None,
        blake3: None,
        warnings: in_use::warnings(&[&*source], None).into_iter().flatten().collect(),
    };
    Ok(PreparedWindows { path: path.to_owned(), source, place, edit, starts, report })
}

impl PreparedWindows {
    /// What would be changed.
    pub fn plan(self) -> WindowsReport {
        self.report
    }

    /// Writes the changed image. The image itself is read only: what is changed is a copy, which is read back and looked at before
    /// it takes the place of anything.
    ///
    /// # Errors
    ///
    /// As [`prepare_windows`] if something is there now that was not; [`JobError::Write`], and [`JobError::ShrinkStopped`] when
    /// `stop` is set. Then the image is as it was.
    pub fn change(self, stop: &AtomicBool, observer: &dyn Observer) -> Result<WindowsReport, JobError> {
        let Self { path, source, place, edit, starts, mut report } = self;
        let (path, source) = (&*path, &*source);
        if edit.is_empty() && place.backup.is_some() {
            (report.after, report.starts) = (Some(report.before.clone()), Some(starts));
            return Ok(report);
        }
        let failed =
            |error: WindowsError| JobError::Windows { path: path.to_owned(), source: Box::new(error.into()) };
        let changed = changed(source, edit, place.folder(), stop).map_err(failed)?;
        let work = NewImage { path, to: place.target.path(), image: &changed, stop, observer };
        let file = FileTarget::open_private(&place.target, changed.len()).map_err(JobError::Target)?;
        let blake3 = work.write(&file).and_then(|blake3| {
            // What is said of it now is said of the file.
            let written = Opener::new(observer).open(place.target.path())?;
            let windows = windows_of(path, &*written)?;
            (report.after, report.starts) = (Some(windows.verdict), Some(windows.starts));
            report.warnings.extend(place.settle(source)?);
            Ok(blake3)
        });
        let blake3 = blake3.inspect_err(|_| {
            // A part of an image is of no use. What is in the way of that is in the way of the error's cause, too.
            let _ = undo(&place.target);
        })?;
        report.blake3 = Some(blake3);
        let to = if place.backup.is_some() { path } else { place.target.path() };
        report.to = Some(named(to).into_owned());
        report.backup = place.backup.as_ref().map(|(_, backup)| named(backup).into_owned());
        Ok(report)
    }
}

/// The Windows on an image that was just written.
fn windows_of(path: &Path, source: &dyn Source) -> Result<Windows, JobError> {
    let none = || {
        let error = WindowsError::ReadBack { why: "there is no Windows any more".into() };
        JobError::Windows { path: path.to_owned(), source: Box::new(error.into()) }
    };
    look(path, source, &QUESTION)?.windows.ok_or_else(none)
}

/// Where the changed image is written, and what becomes of the old one.
struct Place {
    target: TargetPath,
    /// The file of the old one and the name that it gets, if the new one takes its place.
    backup: Option<(PathBuf, PathBuf)>,
}

impl Place {
    fn find(
        path: &Path,
        source: &dyn Source,
        output: WindowsOutput<'_>,
        change: &WindowsChange,
    ) -> Result<Self, JobError> {
        let WindowsOutput::New(Destination { system, target }) = output else {
            return Self::beside(path, source, change);
        };
        target.admit(system, source.files())?;
        let to = target.path().to_owned();
        match target {
            TargetPath::Block(_) => Err(JobError::ImageOnDevice { node: to }),
            TargetPath::File { len: 1.., .. } => Err(JobError::Exists { path: to }),
            TargetPath::File { .. } | TargetPath::New { .. } => {
                Ok(Self { target: target.clone(), backup: None })
            }
        }
    }

    /// A place beside the image, which must be a file that nothing uses and hold nothing but the image.
    fn beside(path: &Path, source: &dyn Source, change: &WindowsChange) -> Result<Self, JobError> {
        let failed = |source| JobError::Read { path: path.to_owned(), source };
        let not_plain = || JobError::NotPlain { path: path.to_owned() };
        if source.wrapping().is_some() || !source.unpacked().is_empty() || source.files().len() != 1 {
            return Err(not_plain());
        }
        // Standard input has no name that it could keep.
        let real = fs::canonicalize(path).map_err(|_| not_plain())?;
        let meta = fs::metadata(&real).map_err(failed)?;
        if !meta.is_file() || meta.len() != source.len() {
            return Err(not_plain());
        }
        let system = System::default();
        TargetPath::look(&system, &real).map_err(JobError::Target)?.admit(&system, &[])?;
        let ending = match change {
            WindowsChange::Add { .. } => BEFORE_DRIVER,
            WindowsChange::Remove { .. } => WITH_DRIVER,
        };
        let [backup, unfinished] = [ending, UNFINISHED].map(|ending| {
            let mut name = real.clone().into_os_string();
            name.push(ending);
            PathBuf::from(name)
        });
        if replace::is_taken(&backup, &real) {
            return Err(JobError::Exists { path: backup });
        }
        if fs::symlink_metadata(&unfinished).is_ok() {
            return Err(JobError::Exists { path: unfinished });
        }
        Ok(Self { target: TargetPath::New { path: unfinished }, backup: Some((real, backup)) })
    }

    /// The folder that it is in.
    fn folder(&self) -> &Path {
        let folder = self.target.path().parent().unwrap_or(Path::new("."));
        if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
    }

    /// Gives the new image, which is whole, the rights of `source`, and lets it take the place of the old one, which stays under
    /// another name. Gives what is to be known then.
    fn settle(&self, source: &dyn Source) -> Result<Vec<String>, JobError> {
        let new = self.target.path();
        let Some((real, backup)) = &self.backup else {
            let is_new = matches!(self.target, TargetPath::New { .. });
            return if is_new { replace::let_read(new, source).map(|()| Vec::new()) } else { Ok(Vec::new()) };
        };
        if SourceFile::look(real).ok().map(|file| file.identity())
            != source.files().first().map(SourceFile::identity)
        {
            return Err(JobError::Target(OpenError::Changed { path: real.clone() }));
        }
        let mut warnings: Vec<String> = replace::keep_owner(new, real)?.into_iter().collect();
        replace::exchange(new, real, backup, &|old, name| fs::hard_link(old, name))?;
        warnings.extend(replace::on_disk(self.folder()));
        Ok(warnings)
    }
}
