//! Why a job was not done, and what it leaves behind.

use std::io;
use std::path::PathBuf;

use crate::change::ChangeError;
use crate::contents::NoCut;
use crate::device::{OpenError, Refusal};
use crate::job::NotResumed;
use crate::layout::LayoutError;
use crate::linux_phram::PhramError;
use crate::origin::OriginError;
use crate::pipeline::{Aftermath, Difference, Failure};
use crate::plan::PlanError;
use crate::repair::UpdateError;
use crate::sandbox::LookError;
use crate::units::{Bytes, counted, named};
use crate::verify::Fault;

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The target cannot be written.
    #[error(transparent)]
    Target(OpenError),
    /// A file or device cannot be read.
    #[error(transparent)]
    Open(OpenError),
    /// An image that was to be written cannot be used.
    #[error(transparent)]
    Image(#[from] LookError),
    /// An image is not what it was said to be.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// What was to be inspected is no image.
    #[error(transparent)]
    Unusable(LookError),
    /// There can be no such stick.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A disc image was to be written to a device.
    #[error("{} is a device and a disc image is a file", named(node))]
    DiscOnDevice {
        /// The device.
        node: PathBuf,
    },
    /// The images do not fit.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A file that is there already is too small for the stick.
    #[error("{} is there already, and its {len} bytes are too few for this stick", named(path))]
    SmallFile {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        len: u64,
        /// What has no room.
        source: Box<JobError>,
    },
    /// A disc image that was to be copied has a fault.
    #[error("{} is a disc image of ramkey that is damaged: {}{}", named(path), faults.first().map(ToString::to_string).unwrap_or_default(), more(faults))]
    DamagedDisc {
        /// The disc image.
        path: PathBuf,
        /// What is wrong with it, at least one.
        faults: Vec<Fault>,
    },
    /// A disc image was to be copied to what is smaller.
    #[error(
        "{} has {available} bytes, {} too few for {}, which has {needed}",
        target.as_deref().map_or("the stick".into(), named),
        needed.saturating_sub(*available),
        named(image)
    )]
    SmallTarget {
        /// The device or file, if one was named.
        target: Option<PathBuf>,
        /// The disc image.
        image: PathBuf,
        /// Bytes that it has.
        needed: u64,
        /// Bytes that the target has.
        available: u64,
        /// What a person can do.
        help: &'static str,
    },
    /// A new file does not fit its disk, and is gone again; or one that was there before does not.
    #[error("{} has no room: {} and the stick takes {} of it", named(path), full(source), Bytes(*needed))]
    NoRoom {
        /// The file.
        path: PathBuf,
        /// What the stick takes, in bytes.
        needed: u64,
        /// What is known of the file now.
        stick: Aftermath,
        /// What the system said.
        source: io::Error,
    },
    /// Writing stopped.
    #[error(transparent)]
    Pipeline(#[from] Failure),
    /// The stick does not keep what is written to it.
    #[error("{}", differences.first().map(ToString::to_string).unwrap_or_default())]
    Differs {
        /// What is known of its sector 0.
        stick: Aftermath,
        /// The ranges that stay wrong, at least one.
        differences: Vec<Difference>,
    },
    /// Clusters of a stick do not keep what they get, and there are too few others.
    #[error(
        "{} keeps nothing in some places, and has {} elsewhere where {} are needed",
        named(path),
        Bytes(*free),
        Bytes(*needed)
    )]
    NoOtherRoom {
        /// The stick, which boots what it did.
        path: PathBuf,
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are free.
        free: u64,
        /// What was not kept.
        source: Box<JobError>,
    },
    /// A stick does not keep a part of the disc that was copied to it, which lies where it lies.
    #[error("{} does not keep what is written to it, and each block of a disc has its place", named(path))]
    FixedPlaces {
        /// The stick.
        path: PathBuf,
        /// What is known of its sector 0.
        stick: Aftermath,
        /// The ranges that stay wrong, at least one.
        differences: Vec<Difference>,
    },
    /// What was to be changed is no stick of this program.
    #[error("{} is no stick of ramkey, so there is nothing on it to change", named(path))]
    ForeignStick {
        /// The file or device.
        path: PathBuf,
    },
    /// A stick that was to be changed has faults.
    #[error("{} has faults: {}{}", named(path), faults.first().map(ToString::to_string).unwrap_or_default(), more(faults))]
    FaultyStick {
        /// The stick.
        path: PathBuf,
        /// What is wrong with it, at least one.
        faults: Vec<Fault>,
    },
    /// A medium that was to be changed is a disc as well.
    #[error("{} is a disc image, or a copy of one", named(path))]
    DiscStays {
        /// The medium.
        path: PathBuf,
    },
    /// The boot code of a stick may not boot an image that was to come to it.
    #[error(
        "{} has the boot code of another ramkey, which may refuse an image whose kind is a guess",
        named(path)
    )]
    OtherBootCode {
        /// The stick.
        path: PathBuf,
        /// Whether it does not boot, because an image was being written over the one before it: nothing else comes before that.
        is_dead: bool,
    },
    /// It is not clear which image is to be replaced.
    #[error("{}", which(path, found))]
    NotReplaced {
        /// The stick.
        path: PathBuf,
        /// The titles of those that could be.
        found: Vec<String>,
    },
    /// A stick cannot be changed in its place.
    #[error("{} cannot be changed in its place", named(path))]
    Change {
        /// The stick.
        path: PathBuf,
        /// Whether a change that was cut off was finished before.
        has_written: bool,
        /// Why.
        source: ChangeError,
    },
    /// The stick boots what is new, and what was to be put in order behind that is not.
    #[error("the new image is on the stick and is what it boots, but not all of the change was finished")]
    Unfinished {
        /// What stopped it.
        cause: Box<JobError>,
    },
    /// A stick that was to be repaired is another's now. What was put on it since would be lost.
    #[error("another system partitioned or formatted {} since ramkey wrote it", named(path))]
    TakenOver {
        /// The stick.
        path: PathBuf,
    },
    /// What was to be verified is no stick.
    #[error("{} is no stick of ramkey", named(path))]
    NoStick {
        /// The file or device.
        path: PathBuf,
    },
    /// A stick cannot be looked at.
    #[error("looking at {}", named(path))]
    Doctor {
        /// The file or device.
        path: PathBuf,
        /// What is in the way.
        source: LookError,
    },
    /// A file that would be made is there already, with other contents.
    #[error("{} exists and holds something else", named(path))]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("writing {}", named(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An image cannot be made smaller.
    #[error("{} cannot be shrunk: {why}", named(path))]
    Shrink {
        /// The image.
        path: PathBuf,
        /// Why.
        why: Box<NoCut>,
    },
    /// A stick was to be made smaller.
    #[error("{} is a stick of ramkey, or was one, and is not shrunk", named(path))]
    ShrinkStick {
        /// The stick.
        path: PathBuf,
    },
    /// A smaller image was to be written to a device.
    #[error("{} is a device and a smaller image is a file", named(node))]
    ShrinkDevice {
        /// The device.
        node: PathBuf,
    },
    /// A smaller image was not finished, and is gone again.
    #[error("stopped on request, and {} is not there any more", named(path))]
    ShrinkStopped {
        /// The smaller image.
        path: PathBuf,
    },
    /// A changed image was to be written to a device.
    #[error("{} is a device, and a changed image is a file", named(node))]
    ImageOnDevice {
        /// The device.
        node: PathBuf,
    },
    /// The image is in a container, and cannot be changed in its place.
    #[error("{} is no plain image, and is not changed in its place", named(path))]
    NotPlain {
        /// The image.
        path: PathBuf,
    },
    /// The Windows in an image cannot be changed.
    #[error("{}", named(path))]
    Windows {
        /// The image.
        path: PathBuf,
        /// Why.
        source: Box<LookError>,
    },
    /// The addition to an initramfs cannot be made.
    #[error(transparent)]
    Phram(#[from] PhramError),
    /// Two targets are one.
    #[error("{} and {} are the same stick, or one lies on the other", named(path), named(other))]
    SameTarget {
        /// One of them.
        path: PathBuf,
        /// The other.
        other: PathBuf,
    },
    /// A write was to go on that was not interrupted there.
    #[error("{} is not the unfinished stick of this write: {why}", named(path))]
    NotResumed {
        /// The device or file.
        path: PathBuf,
        /// What is there.
        why: NotResumed,
    },
    /// It is not clear which image is to be taken out of a stick.
    #[error("{}", extracted(path, found))]
    NotExtracted {
        /// The stick.
        path: PathBuf,
        /// Those that there are.
        found: Vec<String>,
    },
    /// An image that was to be taken out of a stick is not whole. There is no file of it.
    #[error("{file} of {} is damaged: {}", named(path), places.join("; "))]
    DamagedImage {
        /// The stick.
        path: PathBuf,
        /// The capsule's file.
        file: String,
        /// What is wrong with it, at least one, with its bytes.
        places: Vec<String>,
    },
    /// An image was to be taken out into a device.
    #[error("{} is a device, and an image is taken out into a file", named(node))]
    ExtractDevice {
        /// The device.
        node: PathBuf,
    },
    /// An image was not taken out to its end.
    #[error("stopped on request, and {} is not there any more", named(path))]
    ExtractStopped {
        /// The file.
        path: PathBuf,
    },
    /// The boot code of a stick cannot be exchanged.
    #[error("{} cannot get other boot code", named(path))]
    Update {
        /// The stick.
        path: PathBuf,
        /// Why.
        source: UpdateError,
    },
    /// The system does not tell something.
    #[error("reading {}", named(path))]
    Read {
        /// What was read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An image was to come to a stick that has as many as its menu shows.
    #[error("{} has {limit} images, which is all that its menu shows", named(path))]
    MenuFull {
        /// The stick.
        path: PathBuf,
        /// Images that the menu shows.
        limit: usize,
    },
    /// An image on the stick has the title that was asked for.
    #[error("{} has an image with the title \"{title}\" already", named(path))]
    TitleTaken {
        /// The stick.
        path: PathBuf,
        /// The title.
        title: String,
    },
    /// The last image of a stick was to go.
    #[error("\"{title}\" is the last image of {}, which would boot nothing", named(path))]
    LastImage {
        /// The stick.
        path: PathBuf,
        /// Its title.
        title: String,
    },
    /// An image was to go that another one needs beside it.
    #[error("\"{title}\" on {} stands beside \"{by}\", which needs it", named(path))]
    Needed {
        /// The stick.
        path: PathBuf,
        /// Its title.
        title: String,
        /// The title of the image that needs it.
        by: String,
    },
}

impl JobError {
    /// What is known of the stick that was to be written: untouched, unless writing had begun.
    pub fn stick(&self) -> Aftermath {
        match self {
            Self::Pipeline(failure) => failure.stick,
            Self::NoRoom { stick, .. } | Self::Differs { stick, .. } | Self::FixedPlaces { stick, .. } => {
                *stick
            }
            Self::NoOtherRoom { source, .. } => source.stick(),
            _ => Aftermath::Untouched,
        }
    }

    /// The ranges of a stick that do not hold what was written to them, if that is why.
    pub fn differences(&self) -> &[Difference] {
        match self {
            Self::Differs { differences, .. } | Self::FixedPlaces { differences, .. } => differences,
            Self::NoOtherRoom { source, .. } => source.differences(),
            _ => &[],
        }
    }
}

/// That there is more than one.
fn more(faults: &[Fault]) -> String {
    match faults.len() {
        0 | 1 => String::new(),
        count => format!(", and {} more", counted(count as u64 - 1, "fault")),
    }
}

/// Which images there are.
fn which(path: &std::path::Path, found: &[String]) -> String {
    let titles: Vec<String> = found.iter().map(|title| format!("\"{title}\"")).collect();
    match found {
        [] => format!("{} has no image", named(path)),
        [_] => format!("{} has another image: {}", named(path), titles.join(", ")),
        _ => format!("{} has several images: {}", named(path), titles.join(", ")),
    }
}

/// Which images could be taken out.
fn extracted(path: &std::path::Path, found: &[String]) -> String {
    match found {
        [] => format!("{} has no image that can be taken out", named(path)),
        [only] => format!("{} has another image: {only}", named(path)),
        _ => format!("{} has several images: {}", named(path), found.join(", ")),
    }
}

/// Which limit was met.
fn full(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::FileTooLarge => "a file may not be so long there,",
        io::ErrorKind::QuotaExceeded => "the quota is used up,",
        _ => "the disk is full,",
    }
}

impl From<Refusal> for JobError {
    fn from(refusal: Refusal) -> Self {
        Self::Target(refusal.into())
    }
}
