//! From the images of a command line to a stick that is laid out, whatever is to become of it.

use std::path::PathBuf;

use crate::cli::args::{Images, StickArgs};
use crate::cli::{CliError, Progress, image_in_use};
use crate::device::TargetPath;
use crate::image::{Scan, scan};
use crate::layout::{Layout, LayoutError, layout};
use crate::plan::{Plan, PlanError, Request, plan, plan_smallest};
use crate::report::StickReport;
use crate::units::SECTOR_LEN;

/// A stick that can be written: everything but the bytes is decided.
pub(super) struct Prepared {
    pub plan: Plan,
    pub layout: Layout,
    pub scans: Vec<Scan>,
    pub images: Images,
    /// What is to be known of each image that may change while it is copied.
    pub in_use: Vec<Vec<String>>,
    /// Whether nobody named a size.
    pub size_chosen: bool,
}

impl Prepared {
    /// Describes the stick.
    pub fn report(&self) -> StickReport {
        self.finish(StickReport::new(&self.plan, &self.layout, &self.scans))
    }

    /// Adds what is not in the plan.
    pub fn finish(&self, mut report: StickReport) -> StickReport {
        for (image, notes) in report.images.iter_mut().zip(&self.images.notes) {
            image.warnings.extend(notes.iter().cloned());
        }
        let images = report.images.iter_mut().chain(&mut report.companions);
        for (image, warnings) in images.zip(&self.in_use) {
            image.warnings.extend(warnings.iter().cloned());
        }
        StickReport { size_chosen: self.size_chosen, ..report }.counted()
    }
}

/// Says of a file that is there already that its length is what is in the way.
pub(super) fn name_file(target: &TargetPath, error: CliError) -> CliError {
    let small = match &error {
        CliError::Plan(error) => {
            matches!(error, PlanError::StickTooSmall { .. } | PlanError::ImageTooLarge { .. })
        }
        CliError::Layout(error) => matches!(error, LayoutError::TooLarge { .. }),
        _ => false,
    };
    match target {
        TargetPath::File { path, len: len @ 1.., .. } if small => {
            CliError::SmallFile { path: path.clone(), len: *len, source: Box::new(error) }
        }
        _ => error,
    }
}

/// Plans the stick, hashes the images, lays it out. Without a length it becomes the smallest usual stick that has a
/// tenth of its file system left.
///
/// # Errors
///
/// [`CliError::Plan`], [`CliError::Read`] or [`CliError::Layout`].
pub(super) fn prepare(
    args: &StickArgs,
    images: Images,
    stick_len: Option<u64>,
) -> Result<Prepared, CliError> {
    let request = args.request(&images.facts, stick_len.unwrap_or(0));
    // Before the images are read, because that takes long and most errors show here.
    let plan = if stick_len.is_some() { plan(&request)? } else { plan_smallest(&request, 0)? };
    let paths: Vec<PathBuf> = images.facts.iter().map(|facts| facts.path.clone()).collect();
    let in_use = image_in_use::warnings(&paths);
    let mut scans = Vec::new();
    for (source, facts) in images.sources.iter().zip(&images.facts) {
        let bar = Progress::bar("hashing", facts.len);
        let result = scan(&**source, &mut |bytes| bar.inc(bytes));
        bar.finish_and_clear();
        scans.push(result.map_err(|source| CliError::Read { path: facts.path.clone(), source })?);
    }
    let size_chosen = stick_len.is_none();
    let (plan, layout) = if size_chosen { grow(&request, plan, &scans)? } else { lay_out(plan, &scans)? };
    Ok(Prepared { plan, layout, scans, images, in_use, size_chosen })
}

fn lay_out(plan: Plan, scans: &[Scan]) -> Result<(Plan, Layout), CliError> {
    let layout = layout(&plan, scans)?;
    Ok((plan, layout))
}

/// Takes the next larger stick until a tenth is left. Ends: there is a largest.
fn grow(request: &Request, mut plan: Plan, scans: &[Scan]) -> Result<(Plan, Layout), CliError> {
    loop {
        match layout(&plan, scans) {
            Ok(layout) if layout.capsule_sectors() <= plan.volume.sectors / 10 * 9 => {
                return Ok((plan, layout));
            }
            Ok(_) | Err(LayoutError::TooLarge { .. }) => {
                plan = plan_smallest(request, 2 * plan.stick_sectors * SECTOR_LEN)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}
