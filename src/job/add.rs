//! Another image comes to a stick that is there.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::change::{self, NewCapsule};
use crate::job::added::AddedImage;
use crate::job::boot_code::can_boot;
use crate::job::changing::{Changing, Stopped, with_stick};
use crate::job::incoming::Incoming;
use crate::job::on_stick::{OnStick, files, images};
use crate::job::read::Read;
use crate::job::renew::renew;
use crate::job::{Destination, Images, JobError, Observer, StickRequest};
use crate::layout::{LayoutError, capsules};
use crate::pipeline::{Effort, Input, Target};
use crate::plan::{Carried, IMAGES_MAX, Taken, carried};
use crate::stick::{Reader, StickState};
use crate::units::{SECTOR_LEN, named};

/// Images that are ready to come to a stick.
pub struct PreparedAddition(Incoming);

impl PreparedAddition {
    /// The images, open.
    pub fn images(&self) -> &Images {
        &self.0.images
    }
}

/// What came to a stick.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct AddReport {
    /// The images: the one in the menu, and those that stand beside it.
    pub images: Vec<AddedImage>,
    /// What that took.
    pub effort: Effort,
    /// What is to be known of the images.
    pub warnings: Vec<String>,
    /// What is publicly known of the Windows on them, and what is to be known of README.TXT.
    pub notes: Vec<String>,
}

/// Opens the images of `request`, one for the menu and those that stand beside it, and hashes and packs them. What the request
/// says of the stick itself does not count.
///
/// # Errors
///
/// [`JobError::Image`], [`JobError::Read`], or [`JobError::Target`] if the destination must not be written.
pub fn prepare_addition(
    request: StickRequest,
    destination: Destination,
    observer: &dyn Observer,
) -> Result<PreparedAddition, JobError> {
    let look = |request: &StickRequest, images: &Images| {
        let plan = carried(&request.of_plan(&images.facts, 0), &Taken::default())?;
        Ok(plan.iter().filter_map(|capsule| capsule.title_lost.map(str::to_owned)).collect())
    };
    Incoming::prepare(request, destination, observer, look).map(PreparedAddition)
}

/// Opens the stick, verifies it, and adds the images.
///
/// When `stop` is set, the piece in work is finished, and the stick has what it had.
///
/// # Errors
///
/// [`JobError::Target`], [`JobError::ForeignStick`], [`JobError::FaultyStick`], [`JobError::MenuFull`], [`JobError::TitleTaken`],
/// [`JobError::OtherBootCode`], [`JobError::Change`]; [`JobError::Pipeline`], [`JobError::Differs`], or [`JobError::Unfinished`] once the images are there.
pub fn add(
    prepared: &PreparedAddition,
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<AddReport, JobError> {
    let path = destination.target.path();
    with_stick(destination, &prepared.images().files(), observer, |target| {
        add_to(prepared, path, target, stop, observer)
    })
}

/// The same on a target that is open already; `path` is for messages.
///
/// # Errors
///
/// As [`add`].
pub fn add_to(
    prepared: &PreparedAddition,
    path: &Path,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<AddReport, JobError> {
    let changing = Changing::new(path, target, stop, observer);
    let is_possible = |state: &StickState| {
        prepared.taken(path, state)?;
        can_boot(&changing, state, &prepared.images().facts[0])
    };
    changing.prove_and(is_possible, false, |reader, state, _| {
        let report = prepared.put(&changing, reader, state, path)?;
        let PreparedAddition(new) = prepared;
        let told = renew(&changing, reader, (&new.request.sources, || Some(new.described())))?;
        let notes = report.notes.into_iter().chain(told).collect();
        let warnings = report.warnings.into_iter().chain(changing.warning()).collect();
        Ok(AddReport { warnings, notes, effort: changing.effort(), ..report })
    })
}

impl PreparedAddition {
    /// The titles and files that the stick has.
    fn taken(&self, path: &Path, state: &StickState) -> Result<Taken, JobError> {
        let there = images(state);
        let titles: Vec<String> = there.iter().filter(|image| image.is_boot()).map(OnStick::title).collect();
        if titles.len() >= IMAGES_MAX {
            return Err(JobError::MenuFull { path: path.to_owned(), limit: IMAGES_MAX });
        }
        if let Some(title) = self.0.request.titles.iter().find(|title| titles.contains(title)) {
            return Err(JobError::TitleTaken { path: path.to_owned(), title: title.clone() });
        }
        Ok(Taken { titles, files: files(state) })
    }

    fn put(
        &self,
        changing: &Changing,
        reader: &Reader,
        state: &StickState,
        path: &Path,
    ) -> Result<AddReport, Stopped> {
        let Self(incoming @ Incoming { request, images, read: Read { scans, origins, .. }, .. }) = self;
        let of_plan = request.of_plan(&images.facts, reader.sectors() * SECTOR_LEN);
        let plan = carried(&of_plan, &self.taken(path, state)?).map_err(JobError::from)?;
        let carried =
            Carried { id: None, start: of_plan.start, set: of_plan.set, capsules: plan, readme: Vec::new() };
        let made = capsules(&carried, scans).map_err(|error: LayoutError| JobError::from(error))?;
        // Those beside it come first: what is in the menu finds them.
        let order: Vec<usize> = (1..made.len()).chain([0]).collect();
        let new: Vec<NewCapsule> = order
            .iter()
            .map(|&index| NewCapsule { file_name: &carried.capsules[index].file_name, capsule: &made[index] })
            .collect();
        let names: Vec<String> = images.facts.iter().map(|facts| named(&facts.path).into_owned()).collect();
        let bytes: Vec<_> =
            images.sources.iter().zip(scans).map(|(source, scan)| scan.stored(&**source)).collect();
        let inputs: Vec<Input> =
            order.iter().map(|&index| Input { name: &names[index], stored: &*bytes[index] }).collect();
        changing.steps_around((reader, state), &inputs, |state| change::add(reader, state, &new))?;
        let images = carried.capsules.iter().zip(scans).zip(origins);
        Ok(AddReport {
            images: images
                .map(|((plan, scan), origin)| AddedImage::planned(plan, scan).from(origin.as_ref()))
                .collect(),
            effort: changing.effort(),
            warnings: incoming.warnings(),
            notes: incoming.images.advice(),
        })
    }
}
