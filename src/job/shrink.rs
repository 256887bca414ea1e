//! Makes a smaller image of one whose last file system is a FAT.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::capsule::ram_needed;
use crate::contents::{Cut, ImageFacts, Limit, Question, Shortened};
use crate::device::{FileTarget, TargetPath};
use crate::image::Source;
use crate::job::new_image::NewImage;
use crate::job::write::undo;
use crate::job::{Destination, JobError, Observer, Opener, in_use};
use crate::sandbox::look;
use crate::stick::has_trace;
use crate::units::named;

/// A smaller image that was made, and what it was before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Shrunk {
    /// The image.
    pub path: String,
    /// The smaller one.
    pub to: String,
    /// The file system that was cut, as in `FAT16`.
    pub file_system: String,
    /// Number of its partition, or null without a partition table.
    pub partition: Option<usize>,
    /// The image before.
    pub before: ImageSize,
    /// The smaller one.
    pub after: ImageSize,
    /// Memory that is saved, in bytes.
    pub ram_saved: u64,
    /// Bytes of the clusters that are used.
    pub used: u64,
    /// Free bytes that the file system has left.
    pub free: u64,
    /// How many of them lie before the last cluster that is used.
    pub gaps: u64,
    /// Why it does not end earlier: `used`, `clusters` or `kind`.
    pub limit: &'static str,
    /// The file or folder that ends last, if the limit is `used` and its name is known.
    pub last: Option<String>,
    /// The fewest clusters of such a FAT, if they are the limit.
    pub clusters: Option<u64>,
    /// BLAKE3 of the smaller image, as `b3sum` prints it.
    pub blake3: String,
    /// What is to be known of the image.
    pub warnings: Vec<String>,
}

/// How large an image is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ImageSize {
    /// Length in bytes.
    pub len: u64,
    /// Cylinders/heads/sectors.
    pub geometry: String,
    /// Sectors of the disk in memory.
    pub disk_sectors: u32,
    /// Memory that a machine needs for it, in bytes.
    pub ram_needed: u64,
    /// Sectors of the file system.
    pub volume_sectors: u64,
}

impl ImageSize {
    fn new(facts: &ImageFacts, volume_sectors: u64) -> Self {
        Self {
            len: facts.len,
            geometry: facts.geometry.to_string(),
            disk_sectors: facts.disk_sectors,
            ram_needed: ram_needed(facts.disk_sectors, facts.len),
            volume_sectors,
        }
    }
}

/// An image that can be made smaller.
pub struct PreparedShrink<'d> {
    path: PathBuf,
    source: Box<dyn Source>,
    target: &'d TargetPath,
    facts: ImageFacts,
    cut: Cut,
    warnings: Vec<String>,
}

/// Looks at the image at `path`, and where it can be cut. The destination is a file that is not there yet or empty. Nothing is
/// changed.
///
/// # Errors
///
/// [`JobError::Shrink`] if the image cannot be cut, [`JobError::Target`], [`JobError::ShrinkDevice`] or
/// [`JobError::Exists`] for the destination, [`JobError::Image`], [`JobError::Read`].
pub fn prepare_shrink<'d>(
    path: &Path,
    destination: Destination<'d>,
    observer: &dyn Observer,
) -> Result<PreparedShrink<'d>, JobError> {
    let opener = Opener::new(observer);
    let opened = opener.open(path)?;
    let source = &*opened;
    let Destination { system, target } = destination;
    target.admit(system, &[source.files(), &opener.made_of()].concat())?;
    let to = target.path().to_owned();
    match target {
        TargetPath::Block(_) => return Err(JobError::ShrinkDevice { node: to }),
        TargetPath::File { len: 1.., .. } => return Err(JobError::Exists { path: to }),
        TargetPath::File { .. } | TargetPath::New { .. } => {}
    }
    if has_trace(source) {
        return Err(JobError::ShrinkStick { path: path.to_owned() });
    }
    let question = Question { cut: true, ..Question::default() };
    let looked = look(path, source, &question)?;
    let unread = || JobError::Read { path: path.to_owned(), source: io::ErrorKind::InvalidData.into() };
    let cut = looked.cut.ok_or_else(unread)?;
    let cut = cut.map_err(|why| JobError::Shrink { path: path.to_owned(), why: Box::new(why) })?;
    let warnings = in_use::warnings(&[source], None).into_iter().flatten().collect();
    Ok(PreparedShrink { path: path.to_owned(), source: opened, target, facts: looked.facts, cut, warnings })
}

/// Makes the smaller image and reads it back; the image itself stays as it is. The file is removed or emptied again if it is not
/// finished.
///
/// # Errors
///
/// [`JobError::Target`], [`JobError::Read`], [`JobError::Write`], and [`JobError::ShrinkStopped`] when `stop` is set.
pub fn shrink(
    prepared: PreparedShrink<'_>,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<Shrunk, JobError> {
    let PreparedShrink { path, source, target, facts, cut, warnings } = prepared;
    let (path, to) = (&*path, target.path());
    let file = FileTarget::open(target, cut.len).map_err(JobError::Target)?;
    let work = NewImage { path, to, image: &Shortened::new(&*source, &cut), stop, observer };
    let blake3 = work.write(&file).inspect_err(|_| {
        // A part of an image is of no use. What is in the way of that is in the way of the error's cause, too.
        let _ = undo(target);
    })?;
    Ok(report(&facts, cut, warnings, blake3, named(to).into_owned()))
}

fn report(before: &ImageFacts, cut: Cut, warnings: Vec<String>, blake3: String, to: String) -> Shrunk {
    let (limit, last, clusters) = match cut.limit {
        Limit::Used(last) => ("used", last, None),
        Limit::Clusters(clusters) => ("clusters", None, Some(clusters)),
        Limit::Kind => ("kind", None, None),
    };
    let path = named(&before.path).into_owned();
    let before = ImageSize::new(before, cut.sectors.0);
    let after = ImageSize::new(&cut.facts, cut.sectors.1);
    Shrunk {
        path,
        to,
        file_system: cut.system,
        partition: cut.partition,
        ram_saved: before.ram_needed.saturating_sub(after.ram_needed),
        before,
        after,
        used: cut.used,
        free: cut.free,
        gaps: cut.gaps,
        limit,
        last,
        clusters,
        blake3,
        warnings,
    }
}
