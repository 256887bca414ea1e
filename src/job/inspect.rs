//! Finds out what a stick or an image is.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::capsule::ram_needed;
use crate::contents::windows::{DiskOrder, Windows};
use crate::contents::{FreeQuestion, FreeSpace, KindChoice, Looked, Question, Room};
use crate::image::{ImageError, ImageName, Source, scan};
use crate::job::images::UNKNOWN;
use crate::job::observer::part;
use crate::job::opener::telling;
use crate::job::{DiscView, JobError, Observer, Opener, Part, open};
use crate::report::{HeaderReport, UnpackedReport};
use crate::sandbox::{look, unwrapped};
use crate::stick::has_trace;
use crate::units::{Geometry, hex, named};
use crate::verify::{StickVerdict, facts};

/// What is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectRequest {
    /// A stick, or a disk image.
    pub path: PathBuf,
    /// Whether an image is hashed.
    pub hash: bool,
    /// Kind of disk that an image is.
    pub kind: KindChoice,
    /// Geometry of an image, if it is not to say it.
    pub geometry: Option<Geometry>,
}

/// What it is.
#[derive(Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Inspected {
    /// A stick of ours, or what is left of one.
    Stick(Box<StickView>),
    /// The image of a disk.
    Image(Box<ImageView>),
}

/// A stick of which all but the images' bytes was read.
#[derive(Serialize)]
pub struct StickView {
    /// Where it is.
    pub path: String,
    /// What was found.
    #[serde(flatten)]
    pub verdict: StickVerdict,
}

/// An image, and the disk that a machine would see.
#[derive(Serialize)]
pub struct ImageView {
    /// The file.
    pub path: String,
    /// Kind of disk.
    pub kind: String,
    /// Why it is of that kind.
    pub reason: String,
    /// What is in it, if that is known.
    pub contents: Option<String>,
    /// Cylinders/heads/sectors.
    pub geometry: String,
    /// Length in bytes.
    pub len: u64,
    /// What it was packed in, from the outside to the inside.
    pub unpacked: Vec<UnpackedReport>,
    /// What is around it in its file, and left out.
    pub header: Option<HeaderReport>,
    /// Sectors of the disk.
    pub disk_sectors: u32,
    /// Sectors that the loader makes in front of a partition.
    pub lead_sectors: u32,
    /// BIOS drive number.
    pub drive: u8,
    /// Memory that a machine needs for it, in bytes.
    pub ram_needed: u64,
    /// Whether sector 0 ends with a boot signature.
    pub boot_signature: bool,
    /// What speaks against booting it, or what is wrong with it.
    pub warnings: Vec<String>,
    /// What is good to know and speaks against nothing.
    pub notes: Vec<String>,
    /// NT disk signature of the image; 0 if it has none and could have one.
    pub disk_signature: Option<u32>,
    /// The CD that it is.
    pub disc: Option<DiscView>,
    /// The Windows on it.
    pub windows: Option<Windows>,
    /// What takes its room.
    pub room: Option<Room>,
    /// Bytes that `write` leaves out because no file system on it needs them.
    pub left_out: u64,
    /// Bytes of swap files that it leaves out beside these with `--trim-swap`.
    pub swap_left_out: u64,
    /// BLAKE3, as `b3sum` prints it, if it was asked for.
    pub blake3: Option<String>,
}

impl ImageView {
    fn new(looked: Looked, blake3: Option<String>) -> Self {
        let Looked { facts, is_known, disc, windows, room, free, .. } = looked;
        let free = free.unwrap_or_default();
        let facts = &facts;
        let texts = |is_note| {
            let warnings = facts.warnings.iter().filter(|warning| warning.is_note() == is_note);
            warnings.map(ToString::to_string).collect::<Vec<_>>()
        };
        let unknown = (!is_known).then(|| UNKNOWN.to_owned());
        Self {
            path: named(&facts.path).into_owned(),
            kind: facts.kind.to_string(),
            reason: facts.reason.clone().into_owned(),
            contents: facts.contents.clone(),
            geometry: facts.geometry.to_string(),
            len: facts.len,
            unpacked: UnpackedReport::of(facts),
            header: HeaderReport::of(facts),
            disk_sectors: facts.disk_sectors,
            lead_sectors: facts.lead_sectors,
            drive: facts.drive,
            ram_needed: ram_needed(facts.disk_sectors, facts.len),
            boot_signature: facts.boot_signature,
            warnings: texts(false),
            notes: texts(true).into_iter().chain(unknown).chain(kept(&free)).collect(),
            disk_signature: facts.disk_signature,
            disc: disc.map(DiscView::new),
            windows,
            room,
            left_out: free.len() - free.swap,
            swap_left_out: free.swap,
            blake3,
        }
    }
}

/// Why free space is not left out.
fn kept(free: &FreeSpace) -> Vec<String> {
    let kept = free.kept.iter().filter(|kept| kept.is_news());
    kept.map(|kept| format!("free space is not left out: {kept}")).collect()
}

/// Looks at a stick, of which all but the images' bytes is read, or at an image.
///
/// # Errors
///
/// [`JobError::Open`] or [`JobError::Unusable`] if it cannot be read or is neither.
pub fn inspect(request: &InspectRequest, observer: &dyn Observer) -> Result<Inspected, JobError> {
    let path = &request.path;
    if is_no_plain_name(path) {
        let source = Opener::new(observer).open(path).map_err(JobError::Unusable)?;
        return image(request, &*source, observer);
    }
    let source = &open(path)?;
    if has_trace(source) {
        let path = named(path).into_owned();
        return Ok(Inspected::Stick(Box::new(StickView { path, verdict: facts(source) })));
    }
    let source = unwrapped(path, Box::new(source), &telling(observer)).map_err(JobError::Unusable)?;
    image(request, &*source, observer)
}

/// Whether `path` names standard input, or a file in an archive.
fn is_no_plain_name(path: &Path) -> bool {
    ImageName::is_input(path) || ImageName::find(path).member.is_some()
}

fn image(
    request: &InspectRequest,
    source: &dyn Source,
    observer: &dyn Observer,
) -> Result<Inspected, JobError> {
    let InspectRequest { path, kind, geometry, .. } = request;
    let question = Question {
        kind: *kind,
        geometry: *geometry,
        system: Some(DiskOrder::default()),
        room: true,
        free: Some(FreeQuestion { swap: true }),
        ..Question::default()
    };
    let looked = look(path, source, &question).map_err(JobError::Unusable)?;
    let hash = if request.hash { Some(hash(path, source, observer)?) } else { None };
    Ok(Inspected::Image(Box::new(ImageView::new(looked, hash))))
}

fn hash(path: &Path, source: &dyn Source, observer: &dyn Observer) -> Result<String, JobError> {
    let scanned = part(observer, Part::Hash, source.len(), |count| scan(source, &mut |bytes| count(bytes)));
    let read = |source| ImageError::Read { path: path.to_owned(), offset: 0, source };
    Ok(hex(scanned.map_err(|error| JobError::Unusable(read(error).into()))?.root))
}
