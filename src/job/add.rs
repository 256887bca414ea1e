//! Another image comes to a stick that is there.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::capsule::drive_words;
use crate::change::{self, NewCapsule};
use crate::image::Scan;
use crate::job::changing::{Changing, Stopped, with_stick};
use crate::job::on_stick::{OnStick, images};
use crate::job::prepare::{Read, read_all};
use crate::job::{Destination, Images, JobError, Observer, Opener, StickRequest, in_use};
use crate::layout::{LayoutError, capsules};
use crate::pipeline::{Effort, Input, Target};
use crate::plan::{CapsulePlan, Carried, IMAGES_MAX, Taken, carried};
use crate::report::OriginReport;
use crate::stick::{Reader, StickState};
use crate::units::{SECTOR_LEN, hex, named};

/// Images that are ready to come to a stick.
pub struct PreparedAddition {
    request: StickRequest,
    images: Images,
    read: Read,
    warnings: Vec<String>,
}

impl PreparedAddition {
    /// The images, open.
    pub fn images(&self) -> &Images {
        &self.images
    }
}

/// What came to a stick.
#[derive(Clone, Debug, Serialize)]
pub struct AddReport {
    /// The images: the one in the menu, and those that stand beside it.
    pub images: Vec<AddedImage>,
    /// What that took.
    pub effort: Effort,
    /// What is to be known of the images.
    pub warnings: Vec<String>,
}

/// An image that came to a stick.
#[derive(Clone, Debug, Serialize)]
pub struct AddedImage {
    /// Where it came from.
    pub path: String,
    /// Its file on the stick.
    pub file: String,
    /// Its title in the menu.
    pub title: String,
    /// Kind and geometry in words.
    pub words: String,
    /// Length in bytes.
    pub len: u64,
    /// Its BLAKE3, as `b3sum` prints it.
    pub blake3: String,
    /// BLAKE3 of what will be in memory, if that is another.
    pub ram_blake3: Option<String>,
    /// Whether it stands beside the other one and is in no menu.
    pub companion: bool,
    /// What was said of its file and is true.
    pub origin: Vec<OriginReport>,
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
    let images = Images::open_by(&request, &Opener::new(observer))?;
    destination.target.admit(destination.system, &images.files())?;
    let warnings = in_use::warnings(&images.sources).concat();
    // Before the images are read, because that takes long.
    let plan = carried(&request.of_plan(&images.facts, 0), &Taken::default())?;
    let read = read_all(&images, &mut request.packer(), observer)?;
    let lost = plan.iter().filter_map(|capsule| capsule.title_lost.map(str::to_owned));
    let warnings = warnings.into_iter().chain(lost).collect();
    Ok(PreparedAddition { request, images, read, warnings })
}

/// Opens the stick, verifies it, and adds the images.
///
/// When `stop` is set, the piece in work is finished, and the stick has what it had.
///
/// # Errors
///
/// [`JobError::Target`], [`JobError::ForeignStick`], [`JobError::FaultyStick`], [`JobError::MenuFull`], [`JobError::TitleTaken`],
/// [`JobError::Change`]; [`JobError::Pipeline`], [`JobError::Differs`], or [`JobError::Unfinished`] once the images are there.
pub fn add(
    prepared: &PreparedAddition,
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<AddReport, JobError> {
    let path = destination.target.path();
    with_stick(destination, &prepared.images.files(), observer, |target| {
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
    let is_possible = |state: &StickState| prepared.taken(path, state).map(drop);
    changing.prove_and(is_possible, false, |reader, state, _| prepared.put(&changing, reader, state, path))
}

impl PreparedAddition {
    /// The titles and files that the stick has.
    fn taken(&self, path: &Path, state: &StickState) -> Result<Taken, JobError> {
        let there = images(state);
        let titles: Vec<String> = there.iter().filter(|image| image.is_boot()).map(OnStick::title).collect();
        if titles.len() >= IMAGES_MAX {
            return Err(JobError::MenuFull { path: path.to_owned(), limit: IMAGES_MAX });
        }
        if let Some(title) = self.request.titles.iter().find(|title| titles.contains(title)) {
            return Err(JobError::TitleTaken { path: path.to_owned(), title: title.clone() });
        }
        let entries = crate::job::on_stick::volume(state).and_then(|volume| volume.tree.as_ref());
        let entries = entries.map_or(&[][..], |tree| &tree.entries);
        let files = entries.iter().filter_map(|entry| entry.short_path.rsplit('/').next());
        Ok(Taken { titles, files: files.map(str::to_owned).collect() })
    }

    fn put(
        &self,
        changing: &Changing,
        reader: &Reader,
        state: &StickState,
        path: &Path,
    ) -> Result<AddReport, Stopped> {
        let Self { request, images, read: Read { scans, origins }, .. } = self;
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
        let steps = change::add(reader, state, &new)?;
        let names: Vec<String> = images.facts.iter().map(|facts| named(&facts.path).into_owned()).collect();
        let bytes: Vec<_> =
            images.sources.iter().zip(scans).map(|(source, scan)| scan.stored(&**source)).collect();
        let inputs: Vec<Input> =
            order.iter().map(|&index| Input { name: &names[index], stored: &*bytes[index] }).collect();
        changing.steps(&steps, &inputs)?;
        let images = carried.capsules.iter().zip(scans).zip(origins).zip(names);
        let added = |(((plan, scan), origin), path): (((_, _), &Option<_>), _)| AddedImage {
            origin: OriginReport::all(origin.as_ref()),
            ..AddedImage::of(plan, scan, path)
        };
        Ok(AddReport {
            images: images.map(added).collect(),
            effort: changing.effort(),
            warnings: self.warnings(),
        })
    }

    fn warnings(&self) -> Vec<String> {
        let of_facts = self.images.facts.iter().flat_map(|facts| &facts.warnings).map(ToString::to_string);
        of_facts.chain(self.warnings.iter().cloned()).chain(self.images.notes.concat()).collect()
    }
}

impl AddedImage {
    fn of(plan: &CapsulePlan, scan: &Scan, path: String) -> Self {
        let facts = &plan.facts;
        let emulation = facts.boot_entry().map(|boot| boot.emulation);
        Self {
            path,
            file: format!("{}/{}", ramkey_format::capsule::FOLDER, plan.file_name),
            title: plan.title.clone(),
            words: drive_words(facts.kind, &facts.geometry, emulation),
            len: scan.len,
            blake3: hex(scan.root),
            ram_blake3: (scan.ram_root != scan.root).then(|| hex(scan.ram_root)),
            companion: !plan.is_boot(),
            origin: Vec::new(),
        }
    }
}
