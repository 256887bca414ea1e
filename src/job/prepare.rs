//! From a request to a stick that is laid out, whatever is to become of it.

use crate::device::{System, TargetPath};
use crate::image::{Packer, Scan, Source, scan_trimmed};
use crate::job::disc::{self, OwnFiles};
use crate::job::observer::part;
use crate::job::{Images, JobError, Observer, Part, StickRequest, in_use};
use crate::layout::{Layout, LayoutError, layout};
use crate::plan::{Plan, PlanError, Request, plan, plan_smallest};
use crate::report::StickReport;
use crate::units::SECTOR_LEN;

/// Where a stick is to be written.
#[derive(Clone, Copy)]
pub struct Destination<'a> {
    /// The machine.
    pub system: &'a System,
    /// The target, looked at and not opened.
    pub target: &'a TargetPath,
}

/// A stick that can be written: everything but the bytes is decided.
pub struct Prepared {
    /// What is decided without the images' bytes.
    pub plan: Plan,
    /// What lies where.
    pub layout: Layout,
    /// The hashes of each image.
    pub scans: Vec<Scan>,
    /// The images.
    pub images: Images,
    /// What is to be known of each image that may change while it is copied.
    pub in_use: Vec<Vec<String>>,
    /// The user's own files on a disc, if there are any.
    pub files: Option<OwnFiles>,
    /// Whether nobody named a size.
    pub size_chosen: bool,
}

impl Prepared {
    /// Adds what is not in the plan.
    pub(super) fn finish(&self, mut report: StickReport) -> StickReport {
        for (image, notes) in report.images.iter_mut().zip(&self.images.notes) {
            image.warnings.extend(notes.iter().cloned());
        }
        let images = report.images.iter_mut().chain(&mut report.companions);
        for ((image, warnings), free) in images.zip(&self.in_use).zip(&self.images.free) {
            image.warnings.extend(warnings.iter().cloned());
            image.load.swap_left_out = free.swap;
            let kept = free.kept.iter().filter(|kept| kept.is_news());
            image.notes.extend(kept.map(|kept| format!("free space is not left out: {kept}")));
        }
        StickReport { size_chosen: self.size_chosen, ..report }.counted()
    }
}

/// Plans the stick, hashes the images and lays it out. Its length is that of the destination, or that of the request; without
/// either it becomes the smallest usual stick that has a tenth of its file system left. `images` are those of the request.
///
/// # Errors
///
/// [`JobError::Target`] if the destination must not be written or has another length, [`JobError::Plan`],
/// [`JobError::Read`], [`JobError::Layout`], or [`JobError::SmallFile`].
pub fn prepare(
    request: &StickRequest,
    images: Images,
    destination: Option<Destination>,
    observer: &dyn Observer,
) -> Result<Prepared, JobError> {
    let files = request.disc.as_ref().and_then(|disc| disc.folder.as_ref());
    let files = files.map(|folder| OwnFiles::look(folder)).transpose()?;
    let Some(Destination { system, target }) = destination else {
        return lay_out(request, images, files, request.size, observer);
    };
    let mut sources = images.files();
    sources.extend(files.iter().flat_map(|files| Source::files(&files.source).iter().cloned()));
    target.admit(system, &sources)?;
    if request.disc.is_some() {
        return match target {
            TargetPath::Block(facts) => Err(JobError::DiscOnDevice { node: facts.node.clone() }),
            _ => lay_out(request, images, files, None, observer),
        };
    }
    let len = target.stick_len(request.size).map_err(JobError::Target)?;
    lay_out(request, images, files, len, observer).map_err(|error| name_file(target, error))
}

fn lay_out(
    request: &StickRequest,
    mut images: Images,
    mut files: Option<OwnFiles>,
    stick_len: Option<u64>,
    observer: &dyn Observer,
) -> Result<Prepared, JobError> {
    let (disc, mut packer) = (request.disc.clone(), request.packer());
    let size_chosen = disc.is_none() && stick_len.is_none();
    let request = request.of_plan(&images.facts, stick_len.unwrap_or(0));
    // Before the images are read, because that takes long and most errors show here.
    let plan = match &disc {
        Some(options) => disc::first_plan(&request, options, files.as_ref())?,
        None if size_chosen => plan_smallest(&request, 0)?,
        None => plan(&request)?,
    };
    let in_use = in_use::warnings(&images.sources);
    for (free, _) in images.free.iter_mut().zip(&in_use).filter(|(_, in_use)| !in_use.is_empty()) {
        free.keep_in_use();
    }
    if let Some(files) = &mut files {
        files.hash(observer)?;
    }
    let scans = scan_all(&images, &mut packer, observer)?;
    let (plan, layout) = match &disc {
        Some(options) => disc::fit(&request, options, &plan.carried, &scans, files.as_ref())?,
        None if size_chosen => grow(&request, plan, &scans)?,
        None => {
            let layout = layout(&plan, &scans)?;
            (plan, layout)
        }
    };
    Ok(Prepared { plan, layout, scans, images, in_use, files, size_chosen })
}

/// Hashes and packs each image.
///
/// # Errors
///
/// [`JobError::Read`].
pub(super) fn scan_all(
    images: &Images,
    packer: &mut Packer,
    observer: &dyn Observer,
) -> Result<Vec<Scan>, JobError> {
    let mut scans = Vec::new();
    for ((source, facts), free) in images.sources.iter().zip(&images.facts).zip(&images.free) {
        let scanned = part(observer, Part::Hash, facts.len, |count| {
            scan_trimmed(&**source, &free.ranges, &mut |bytes| count(bytes))
        });
        let packed = scanned.and_then(|scan| match packer.packs() {
            false => Ok(scan),
            true => part(observer, Part::Pack, facts.len, |count| {
                scan.pack(&**source, packer, &mut |bytes| count(bytes))
            }),
        });
        scans.push(packed.map_err(|source| JobError::Read { path: facts.path.clone(), source })?);
    }
    Ok(scans)
}

/// Takes the next larger stick until a tenth is left. Ends: there is a largest.
fn grow(request: &Request, mut plan: Plan, scans: &[Scan]) -> Result<(Plan, Layout), JobError> {
    loop {
        match layout(&plan, scans) {
            Ok(layout) if layout.capsule_sectors() <= plan.division.volume.sectors / 10 * 9 => {
                return Ok((plan, layout));
            }
            Ok(_) | Err(LayoutError::TooLarge { .. }) => {
                plan = plan_smallest(request, 2 * plan.division.sectors * SECTOR_LEN)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Says of a file that is there already that its length is what is in the way.
fn name_file(target: &TargetPath, error: JobError) -> JobError {
    let small = match &error {
        JobError::Plan(error) => {
            matches!(error, PlanError::StickTooSmall { .. } | PlanError::ImageTooLarge { .. })
        }
        JobError::Layout(error) => matches!(error, LayoutError::TooLarge { .. }),
        _ => false,
    };
    match target {
        TargetPath::File { path, len: len @ 1.., .. } if small => {
            JobError::SmallFile { path: path.clone(), len: *len, source: Box::new(error) }
        }
        _ => error,
    }
}
