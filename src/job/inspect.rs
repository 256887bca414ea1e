//! Finds out what a stick or an image is.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::capsule::ram_needed;
use crate::contents::windows::{DiskOrder, Windows};
use crate::contents::{FreeQuestion, FreeSpace, KindChoice, Looked, Question, Room};
use crate::folder::Wish;
use crate::image::{ImageError, ImageName, Sample, Source, sample};
use crate::job::folder::form_of;
use crate::job::images::{UNKNOWN, origins};
use crate::job::observer::part;
use crate::job::opener::{is_folder, telling};
use crate::job::{DiscView, JobError, Observer, Opener, Part, open};
use crate::origin::{self, Algorithm, Expectations, Hashes, Origin};
use crate::report::{HeaderReport, Loading, MachineReport, OriginReport, UnpackedReport};
use crate::sandbox::{facts, look, unwrapped};
use crate::units::{Geometry, hex, named};
use crate::verify::StickVerdict;

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
    /// Bytes that stay free in the image of a folder, if somebody said how many.
    pub folder_free: Option<u64>,
    /// What is expected of its file.
    pub expectations: Expectations,
}

/// What it is.
#[derive(Serialize, schemars::JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Inspected {
    /// A stick of ours, or what is left of one.
    Stick(Box<StickView>),
    /// The image of a disk.
    Image(Box<ImageView>),
}

/// A stick of which all but the images' bytes was read.
#[derive(Serialize, schemars::JsonSchema)]
pub struct StickView {
    /// Where it is.
    pub path: String,
    /// What was said of its file and is true.
    pub origin: Vec<OriginReport>,
    /// What was found.
    #[serde(flatten)]
    pub verdict: StickVerdict,
}

/// An image, and the disk that a machine would see.
#[derive(Serialize, schemars::JsonSchema)]
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
    /// Which machines it is for.
    pub machine: MachineReport,
    /// How long it will be loaded, by what some of it is packed to.
    pub load: Option<EstimateReport>,
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
    /// All hashes of the image, if they were asked for.
    pub hashes: Option<HashReport>,
    /// Those of its file, if there is more in that than the image.
    pub file_hashes: Option<HashReport>,
    /// What was said of its file and is true.
    pub origin: Vec<OriginReport>,
}

/// How long an image will be loaded, by what some of it is packed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct EstimateReport {
    /// Chunks of 256 KiB that were packed, a little, to tell; `write` packs harder.
    pub sampled: u64,
    /// Chunks of the image.
    pub chunks: u64,
    /// Bytes that all of it will be stored in, about.
    pub stored: u64,
    /// Seconds at the speeds of a plan, about.
    pub seconds: [u64; 4],
}

impl EstimateReport {
    fn new(sample: &Sample, len: u64) -> Self {
        let (stored, unpacked) = (sample.scaled(sample.stored), sample.scaled(sample.plain));
        let loading = Loading { read: stored, hashed: len, unpacked, packed: stored };
        Self { sampled: sample.chunks, chunks: sample.of, stored, seconds: loading.all_seconds() }
    }
}

/// The hashes of the same bytes, in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct HashReport {
    /// As `b3sum` prints it.
    pub blake3: String,
    /// As `sha256sum` prints it.
    pub sha256: String,
    /// As `sha1sum` prints it.
    pub sha1: String,
    /// As `md5sum` prints it.
    pub md5: String,
}

impl From<&Hashes> for HashReport {
    fn from(hashes: &Hashes) -> Self {
        let of = |algorithm| hashes.of(algorithm).map(hex).unwrap_or_default();
        let [blake3, sha256, sha1, md5] = Algorithm::ALL.map(of);
        Self { blake3, sha256, sha1, md5 }
    }
}

impl ImageView {
    fn new(
        looked: Looked,
        load: Option<EstimateReport>,
        origin: Option<&Origin>,
        hashes: Option<&Hashes>,
    ) -> Self {
        let file = origin.filter(|origin| origin.is_wrapped && hashes.is_some());
        let Looked { facts, is_known, disc, windows, room, free, .. } = looked;
        let free = free.unwrap_or_default();
        let facts = &facts;
        let texts = |is_note| {
            let warnings = facts.warnings.iter().filter(|warning| warning.is_note() == is_note);
            warnings.map(ToString::to_string).collect::<Vec<_>>()
        };
        let needed = ram_needed(facts.disk_sectors, facts.len);
        let product = windows.as_ref().and_then(Windows::known);
        let advice = product.map(|product| product.advice());
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
            ram_needed: needed,
            machine: MachineReport::new(needed, product, room.as_ref()),
            load,
            boot_signature: facts.boot_signature,
            warnings: texts(false),
            notes: texts(true).into_iter().chain(unknown).chain(advice).chain(kept(&free)).collect(),
            disk_signature: facts.disk_signature,
            disc: disc.map(DiscView::new),
            windows,
            room,
            left_out: free.len() - free.swap,
            swap_left_out: free.swap,
            blake3: hashes.map(|hashes| HashReport::from(hashes).blake3),
            hashes: hashes.map(HashReport::from),
            file_hashes: file.map(|origin| HashReport::from(&origin.hashes)),
            origin: OriginReport::all(origin),
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
/// [`JobError::Open`] or [`JobError::Unusable`] if it cannot be read or is neither, [`JobError::Origin`] if it is not what is expected.
pub fn inspect(request: &InspectRequest, observer: &dyn Observer) -> Result<Inspected, JobError> {
    let path = &request.path;
    if is_no_plain_name(path) || is_folder(path) {
        let wish = Wish { form: form_of(request.kind), free: request.folder_free, boots: false };
        let source = Opener::new(observer).open_as(path, wish).map_err(JobError::Unusable)?;
        return image(request, &*source, observer);
    }
    let source = &open(path)?;
    if let Some(verdict) = facts(path, source).map_err(JobError::Unusable)? {
        let opened = &*unwrapped(path, Box::new(source), &telling(observer)).map_err(JobError::Unusable)?;
        let origin = origin_of(request, opened, &[], observer)?;
        let (path, origin) = (named(path).into_owned(), OriginReport::all(origin.as_ref()));
        return Ok(Inspected::Stick(Box::new(StickView { path, origin, verdict })));
    }
    let source = unwrapped(path, Box::new(source), &telling(observer)).map_err(JobError::Unusable)?;
    image(request, &*source, observer)
}

/// Whether `path` names standard input, or a file in an archive.
pub(super) fn is_no_plain_name(path: &Path) -> bool {
    ImageName::is_input(path) || ImageName::find(path).member.is_some()
}

/// The file that is looked at, compared with what is expected of it; with the hashes `wanted`.
fn origin_of(
    request: &InspectRequest,
    source: &dyn Source,
    wanted: &[Algorithm],
    observer: &dyn Observer,
) -> Result<Option<Origin>, JobError> {
    Ok(origins(&[source], 1, &request.expectations, wanted, observer)?.into_iter().flatten().next())
}

fn image(
    request: &InspectRequest,
    source: &dyn Source,
    observer: &dyn Observer,
) -> Result<Inspected, JobError> {
    let InspectRequest { path, kind, geometry, .. } = request;
    let wanted = if request.hash { &Algorithm::ALL[..] } else { &[] };
    let origin = origin_of(request, source, wanted, observer)?;
    let question = Question {
        kind: *kind,
        geometry: *geometry,
        system: Some(DiskOrder::default()),
        room: true,
        free: Some(FreeQuestion { swap: true }),
        ..Question::default()
    };
    let looked = look(path, source, &question).map_err(JobError::Unusable)?;
    let free = looked.free.as_ref().map_or(&[][..], |free| &free.ranges);
    // That it cannot be read shows when it is read.
    let load = sample(source, free).ok().map(|sample| EstimateReport::new(&sample, source.len()));
    let hashes = match &origin {
        _ if !request.hash => None,
        Some(origin) if !origin.is_wrapped => Some(origin.hashes.clone()),
        _ => Some(hash(path, source, observer)?),
    };
    Ok(Inspected::Image(Box::new(ImageView::new(looked, load, origin.as_ref(), hashes.as_ref()))))
}

/// All hashes of an image that is not the same as its file.
fn hash(path: &Path, source: &dyn Source, observer: &dyn Observer) -> Result<Hashes, JobError> {
    let hashes =
        part(observer, Part::Hash, source.len(), |count| origin::hash(source, &Algorithm::ALL, count));
    let read = |source| ImageError::Read { path: path.to_owned(), offset: 0, source };
    hashes.map_err(|error| JobError::Unusable(read(error).into()))
}
