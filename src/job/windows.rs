//! Puts the driver of RAM disks into the Windows of an image, or takes it out.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::contents::Question;
use crate::contents::windows::{Answer, DiskOrder, Windows};
use crate::device::{FileTarget, System, TargetPath};
use crate::image::Source;
use crate::job::driver_files::{DriverFiles, driver_files};
use crate::job::new_image::NewImage;
use crate::job::write::undo;
use crate::job::{Destination, JobError, Observer, Opener, in_use};
use crate::sandbox::{Drivers, Edited, LookError, edit_windows, lesser_user, look};
use crate::units::named;
use crate::windows::{Attach, Changed, Edit, NtfsTool, Wanted, WindowsError, prove};

/// What the name of the image as it was before ends with.
const BEFORE_DRIVER: &str = ".before-driver";
const WITH_DRIVER: &str = ".with-driver";
/// What the name of the new image ends with until it is whole.
const UNFINISHED: &str = ".unfinished";

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
                Wanted::Add { attach, remove_other, allow_unsigned }
            }
            Self::Remove { installed } => Wanted::Remove { installed },
        }
    }
}

/// Where the changed image goes.
#[derive(Clone, Copy)]
pub enum WindowsOutput<'d> {
    /// Nowhere: it is only said what would be changed.
    Nowhere,
    /// To a file that is not there yet or empty.
    New(Destination<'d>),
    /// To the place of the image, which is kept beside it.
    InPlace,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

/// Changes the Windows in the image at `path`. The image itself is read only: what is changed is a copy, which is read back
/// and looked at before it takes the place of anything.
///
/// # Errors
///
/// [`JobError::Windows`] if this Windows cannot be changed so, [`JobError::NotPlain`], [`JobError::Exists`] or
/// [`JobError::ImageOnDevice`] for the place, [`JobError::Target`], [`JobError::Image`], [`JobError::Read`],
/// [`JobError::Write`], and [`JobError::ShrinkStopped`] when `stop` is set.
pub fn change_windows(
    path: &Path,
    change: &WindowsChange,
    output: WindowsOutput<'_>,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<WindowsReport, JobError> {
    let opener = Opener::new(observer);
    let found = match change {
        WindowsChange::Add { driver, .. } => driver_files(driver, &opener)?,
        WindowsChange::Remove { .. } => DriverFiles::default(),
    };
    let sources = [opener.open(path)?];
    let source = &*sources[0];
    let place = Place::find(path, source, output, change)?;
    let failed = |error: LookError| JobError::Windows { path: path.to_owned(), source: Box::new(error) };
    let drivers = Drivers { candidates: &found.candidates, floppy: found.floppy.as_deref() };
    let edited = edit_windows(path, source, drivers, change.wanted()).map_err(failed)?;
    let Edited { driver, before, starts, edit } = edited;
    let mut report = WindowsReport {
        path: named(path).into_owned(),
        driver,
        to: None,
        backup: None,
        changes: edit.notes.clone(),
        before,
        after: None,
        starts: None,
        blake3: None,
        warnings: in_use::warnings(&sources).into_iter().flatten().collect(),
    };
    let failed = |error: WindowsError| failed(error.into());
    let tool = if edit.ntfs.is_empty() { None } else { Some(NtfsTool::find(lesser_user()).map_err(failed)?) };
    let Some(place) = place else { return Ok(report) };
    if edit.is_empty() && place.backup.is_some() {
        (report.after, report.starts) = (Some(report.before.clone()), Some(starts));
        return Ok(report);
    }
    let changed = changed(source, edit, tool, place.folder()).map_err(failed)?;
    let work = NewImage { path, to: place.target.path(), image: &changed, stop, observer };
    let file = FileTarget::open(&place.target, changed.len()).map_err(JobError::Target)?;
    let blake3 = work.write(&file).and_then(|blake3| {
        // What is said of it now is said of the file.
        let written = opener.open(place.target.path())?;
        let windows = windows_of(path, &*written)?;
        (report.after, report.starts) = (Some(windows.verdict), Some(windows.starts));
        place.settle(path)?;
        Ok(blake3)
    });
    let blake3 = blake3.inspect_err(|_| {
        // A part of an image is of no use. What is in the way of that is in the way of the error's cause, too.
        let _ = undo(&place.target);
    })?;
    report.blake3 = Some(blake3);
    report.to = Some(named(place.backup.as_ref().map_or(place.target.path(), |_| path)).into_owned());
    report.backup = place.backup.as_deref().map(|backup| named(backup).into_owned());
    Ok(report)
}

/// The Windows on an image that was just written.
fn windows_of(path: &Path, source: &dyn Source) -> Result<Windows, JobError> {
    let question = Question { system: Some(DiskOrder::default()), ..Question::default() };
    let none = || {
        let error = WindowsError::ReadBack { why: "there is no Windows any more".into() };
        JobError::Windows { path: path.to_owned(), source: Box::new(error.into()) }
    };
    look(path, source, &question)?.windows.ok_or_else(none)
}

/// The image with all that is changed, proven as far as it can be before it is written.
fn changed<'s>(
    source: &'s dyn Source,
    edit: Edit,
    tool: Option<NtfsTool>,
    folder: &Path,
) -> Result<Changed<'s>, WindowsError> {
    let mut sectors = edit.sectors;
    if let Some(tool) = tool {
        sectors.extend(tool.write(source, &edit.ntfs, folder)?);
    }
    let changed = Changed::new(source, sectors);
    prove(&changed, &edit.ntfs)?;
    Ok(changed)
}

/// Where the changed image is written, and what becomes of the old one.
struct Place {
    target: TargetPath,
    /// The name that the old one gets, if the new one takes its place.
    backup: Option<PathBuf>,
}

impl Place {
    fn find(
        path: &Path,
        source: &dyn Source,
        output: WindowsOutput<'_>,
        change: &WindowsChange,
    ) -> Result<Option<Self>, JobError> {
        match output {
            WindowsOutput::Nowhere => Ok(None),
            WindowsOutput::New(Destination { system, target }) => {
                target.admit(system, source.files())?;
                let to = target.path().to_owned();
                match target {
                    TargetPath::Block(_) => Err(JobError::ImageOnDevice { node: to }),
                    TargetPath::File { len: 1.., .. } => Err(JobError::Exists { path: to }),
                    TargetPath::File { .. } | TargetPath::New { .. } => {
                        Ok(Some(Self { target: target.clone(), backup: None }))
                    }
                }
            }
            WindowsOutput::InPlace => Self::beside(path, source, change).map(Some),
        }
    }

    /// A place beside the image, which must be a file that nothing uses and hold nothing but the image.
    fn beside(path: &Path, source: &dyn Source, change: &WindowsChange) -> Result<Self, JobError> {
        let failed = |source| JobError::Read { path: path.to_owned(), source };
        let not_plain = || JobError::NotPlain { path: path.to_owned() };
        if source.wrapping().is_some() || !source.unpacked().is_empty() || source.files().len() != 1 {
            return Err(not_plain());
        }
        let real = fs::canonicalize(path).map_err(failed)?;
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
        for path in [&backup, &unfinished] {
            if fs::symlink_metadata(path).is_ok() {
                return Err(JobError::Exists { path: path.clone() });
            }
        }
        Ok(Self { target: TargetPath::New { path: unfinished }, backup: Some(backup) })
    }

    /// The folder that it is in.
    fn folder(&self) -> &Path {
        let folder = self.target.path().parent().unwrap_or(Path::new("."));
        if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
    }

    /// Lets the new image, which is whole, take the place of the old one, which stays under another name. At each moment one of
    /// them has the name of the image, or, where a file cannot have two names, the old one has that of the backup.
    fn settle(&self, path: &Path) -> Result<(), JobError> {
        let Some(backup) = &self.backup else { return Ok(()) };
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source: io::Error| JobError::Write { path, source }
        };
        let (new, real) = (self.target.path(), fs::canonicalize(path).map_err(failed(path))?);
        let rights = fs::metadata(&real).map_err(failed(&real))?.permissions();
        fs::set_permissions(new, rights).map_err(failed(new))?;
        if fs::hard_link(&real, backup).is_err() {
            fs::rename(&real, backup).map_err(failed(backup))?;
        }
        fs::rename(new, &real).map_err(failed(&real))?;
        // What is named in a folder is on the disk once the folder is.
        File::open(self.folder()).and_then(|folder| folder.sync_all()).map_err(failed(self.folder()))
    }
}
