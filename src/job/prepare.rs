//! From a request to sticks that are laid out, whatever is to become of them.

use std::env;
use std::sync::Arc;

use crate::device::{InUse, OpenError, System, TargetPath, TemporarySpool};
use crate::image::{Packer, Scan, Source, Spool};
use crate::job::disc::{self, OwnFiles};
use crate::job::read::read_all;
use crate::job::readme::Described;
use crate::job::{Images, JobError, Observer, StickRequest, apart, in_use};
use crate::layout::{Layout, LayoutError, layout};
use crate::origin::Origin;
use crate::plan::{Plan, PlanError, Request, plan, plan_smallest};
use crate::report::{MachineReport, OriginReport, StickReport, readme};
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
    pub scans: Arc<Vec<Scan>>,
    /// The files that they came in, as they were downloaded.
    pub origins: Arc<Vec<Option<Origin>>>,
    /// The images.
    pub images: Arc<Images>,
    /// What is to be known of each image that may change while it is copied.
    pub in_use: Arc<Vec<Vec<String>>>,
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
        for (image, origin) in images.zip(&*self.origins) {
            image.origin = OriginReport::all(origin.as_ref());
        }
        let images = report.images.iter_mut().chain(&mut report.companions);
        for ((image, warnings), free) in images.zip(&*self.in_use).zip(&self.images.free) {
            image.warnings.extend(warnings.iter().cloned());
            image.load.swap_left_out = free.swap;
            let kept = free.kept.iter().filter(|kept| kept.is_news());
            image.notes.extend(kept.map(|kept| format!("free space is not left out: {kept}")));
        }
        for (image, product) in report.images.iter_mut().zip(&self.images.products) {
            image.notes.extend(product.map(|product| product.advice()));
            image.machine = Some(MachineReport::new(image.ram_needed, *product, image.room.as_ref()));
        }
        if let (Some(image), Some(on_the_way)) = (report.images.first_mut(), &self.images.on_the_way) {
            image.driver.clone_from(&on_the_way.driver);
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
    let mut sources = images.files();
    sources.extend(files.iter().flat_map(|files| Source::files(&files.source).iter().cloned()));
    let one = |len, in_use| {
        let parts = (images, files, in_use);
        let laid_out = lay_out(request, parts, &[len], &mut request.packer(), observer);
        laid_out.map(|mut one| one.remove(0)).map_err(|failed| failed.1)
    };
    let Some(Destination { system, target }) = destination else { return one(request.size, None) };
    let in_use = target.admit_and_know(system, &sources)?;
    if request.disc.is_some() {
        return match target {
            TargetPath::Block(facts) => Err(JobError::DiscOnDevice { node: facts.node.clone() }),
            _ => one(None, in_use),
        };
    }
    let len = target.stick_len(request.size).map_err(JobError::Target)?;
    one(len, in_use).map_err(|error| name_file(target, error))
}

/// How long the sticks are that are written together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lengths {
    /// Each as long as it is.
    Own,
    /// All as long as the shortest of them, so that they get the same bytes.
    Shortest,
}

/// The same for several sticks: the images are read and packed once. Nothing is prepared unless all of the targets can be written
/// and are apart from each other.
///
/// # Errors
///
/// As [`prepare`], and [`JobError::SameTarget`].
pub fn prepare_many(
    request: &StickRequest,
    images: Images,
    system: &System,
    targets: &[TargetPath],
    lengths: Lengths,
    observer: &dyn Observer,
) -> Result<Vec<Prepared>, JobError> {
    apart::check(system, targets, &images.files())?;
    let wanted = request.size.filter(|_| lengths == Lengths::Own);
    let lens = targets.iter().map(|target| target.stick_len(wanted)).collect::<Result<Vec<_>, _>>();
    let mut lens = lens.map_err(JobError::Target)?;
    if lengths == Lengths::Shortest {
        for (target, len) in targets.iter().zip(&lens) {
            if let (Some(wanted), Some(found)) = (request.size, len.filter(|len| Some(*len) < request.size)) {
                let path = target.path().to_owned();
                return Err(JobError::Target(OpenError::Size { path, found, wanted }));
            }
        }
        let shortest = lens.iter().flatten().copied().chain(request.size).min();
        lens.fill(shortest);
    }
    // Without a place for what is packed it is packed again for each.
    let spool = TemporarySpool::new(&env::temp_dir()).ok().map(|spool| Arc::new(spool) as Arc<dyn Spool>);
    let mut packer = request.packer().spooled(spool);
    let laid_out = lay_out(request, (images, None, None), &lens, &mut packer, observer);
    laid_out.map_err(|failed| {
        let (number, error) = *failed;
        name_file(&targets[number], error)
    })
}

/// A stick for each of `lens`; the number of the one that an error is about. What is in use on the machine is asked here, if it was not
/// a moment ago.
fn lay_out(
    request: &StickRequest,
    (mut images, mut files, in_use): (Images, Option<OwnFiles>, Option<InUse>),
    lens: &[Option<u64>],
    packer: &mut Packer,
    observer: &dyn Observer,
) -> Result<Vec<Prepared>, Box<(usize, JobError)>> {
    let disc = request.disc.as_ref();
    let mut requests: Vec<Request> =
        lens.iter().map(|len| request.of_plan(&images.facts, len.unwrap_or(0))).collect();
    let is_chosen = |len: &Option<u64>| disc.is_none() && len.is_none();
    // Before the images are read, because that takes long and most errors show here.
    let first = |(number, (request, len)): (usize, (&Request, &Option<u64>))| {
        let plan = match disc {
            Some(options) => disc::first_plan(request, options, files.as_ref()),
            None if is_chosen(len) => plan_smallest(request, 0).map_err(JobError::from),
            None => plan(request).map_err(JobError::from),
        };
        plan.map_err(|error| Box::new((number, error)))
    };
    let mut plans = requests.iter().zip(lens).enumerate().map(first).collect::<Result<Vec<Plan>, _>>()?;
    let in_use = Arc::new(in_use::warnings(&images.brought(), in_use));
    for (free, _) in images.free.iter_mut().zip(&*in_use).filter(|(_, in_use)| !in_use.is_empty()) {
        free.keep_in_use();
    }
    if let Some(files) = &mut files {
        files.hash(observer).map_err(|error| Box::new((0, error)))?;
    }
    let read = read_all(&images, packer, observer).map_err(|error| Box::new((0, error)))?;
    let described = Described::new(request, &images, &read);
    for (plan, request) in plans.iter_mut().zip(&mut requests) {
        request.readme = readme(&described.all(&plan.carried.capsules));
        plan.carried.readme.clone_from(&request.readme);
    }
    let (scans, origins, images) = (Arc::new(read.scans), Arc::new(read.origins), Arc::new(images));
    let mut prepared = Vec::new();
    for (number, (first, (request, len))) in plans.into_iter().zip(requests.iter().zip(lens)).enumerate() {
        let size_chosen = is_chosen(len);
        let fitted = match disc {
            Some(options) => disc::fit(request, options, &first.carried, &scans, files.as_ref()),
            None if size_chosen => grow(request, first, &scans),
            None => layout(&first, &scans).map(|layout| (first, layout)).map_err(JobError::from),
        };
        let (plan, layout) = fitted.map_err(|error| Box::new((number, error)))?;
        let (scans, images, in_use) = (Arc::clone(&scans), Arc::clone(&images), Arc::clone(&in_use));
        let origins = Arc::clone(&origins);
        // The user's own files are on discs only, and those are made one by one.
        prepared.push(Prepared {
            plan,
            layout,
            scans,
            origins,
            images,
            in_use,
            files: files.take(),
            size_chosen,
        });
    }
    Ok(prepared)
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
