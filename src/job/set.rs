//! The images that stand beside another one while it is replaced: those that are new come first, and those that nothing needs
//! any more go last. In between one sector of each image of the menu decides.

use ramkey_format::capsule::{COMPANIONS_MAX, CapsuleHeader, Companion, DISK_LEN_MAX};
use ramkey_format::manifest::RangeEntry;

use crate::capsule::{Capsule, Contents, Description, Role, TablePlace, companion, encode};
use crate::change::{self, ChangeError, NewCapsule};
use crate::contents::{ImageFacts, Kind};
use crate::image::Scan;
use crate::job::added::AddedImage;
use crate::job::changing::{Changing, Stopped};
use crate::job::on_stick::{OnStick, files, images, volume};
use crate::job::{Images, JobError, StickRequest};
use crate::layout::capsules;
use crate::pipeline::Input;
use crate::plan::{Carried, FirstDisk, Taken, Writes, carried};
use crate::stick::{Entry, Reader, StickState};
use crate::units::{SECTOR_LEN, named};

/// What an image of the menu names beside it.
pub(super) type Names = [Companion; COMPANIONS_MAX];

/// A file that comes to the stick.
struct NewFile {
    file_name: String,
    capsule: Capsule,
    /// The number of its image among those that were opened.
    image: usize,
}

/// The images that are wanted beside another one, of which some are on the stick already.
#[derive(Default)]
pub(super) struct Wanted {
    /// What the image of the menu will name.
    pub names: Names,
    /// All of them.
    pub images: Vec<AddedImage>,
    /// Whether one of them is a hard disk, and whose disks then come first if nobody said otherwise.
    pub first_disk: Option<(bool, FirstDisk)>,
    new: Vec<NewFile>,
}

/// Whether an image of this kind is a hard disk.
fn is_hard_disk(kind: Kind) -> bool {
    matches!(kind, Kind::HardDisk | Kind::Partition)
}

/// Whether one of the images beside the one of the menu that is `boot` is a hard disk.
pub(super) fn has_hard_disk(state: &StickState, boot: &OnStick) -> bool {
    let is_one = |image: &OnStick| boot.needs(image) && is_hard_disk(Description::of(image.header).kind);
    images(state).iter().any(is_one)
}

impl Wanted {
    /// Those that `request` has beside its image.
    ///
    /// # Errors
    ///
    /// [`JobError::Plan`], [`JobError::Layout`].
    pub fn of(
        request: &StickRequest,
        opened: &Images,
        scans: &[Scan],
        state: &StickState,
    ) -> Result<Self, JobError> {
        let of_plan = request.of_plan(&opened.facts, 0);
        let plan = carried(&of_plan, &Taken { titles: Vec::new(), files: files(state) })?;
        let first_disk = plan[0].options(&of_plan.set).first_disk;
        let carried =
            Carried { id: None, start: of_plan.start, set: of_plan.set, capsules: plan, readme: Vec::new() };
        let made = capsules(&carried, scans)?;
        let there = images(state);
        let mut wanted = Self::default();
        let mut used: Vec<&str> = Vec::new();
        for (number, (plan, capsule)) in carried.capsules.iter().zip(made).enumerate().skip(1) {
            let scan = &scans[number];
            let is_free = |image: &&OnStick| !used.contains(&image.file_name());
            let known = there
                .iter()
                .filter(is_free)
                .find(|image| is_it(image.header, (&plan.facts, scan), (plan.number, plan.writes)));
            let mut added = AddedImage::planned(plan, scan);
            let file_name = match known {
                Some(known) => {
                    used.push(known.file_name());
                    (added.file, added.title) = (known.entry.path.clone(), known.title());
                    known.file_name().to_owned()
                }
                None => {
                    let file_name = plan.file_name.clone();
                    wanted.new.push(NewFile { file_name: file_name.clone(), capsule, image: number });
                    file_name
                }
            };
            wanted.names[number - 1] = companion(&file_name, &scan.root);
            wanted.images.push(added);
        }
        let has_disk = carried.capsules[1..].iter().any(|plan| is_hard_disk(plan.facts.kind));
        wanted.first_disk = Some((has_disk, first_disk));
        Ok(wanted)
    }

    /// One in the place of `old`, which stands beside others on the stick; `contents` is what it will be.
    ///
    /// # Errors
    ///
    /// [`ChangeError::Unsound`] if it is a drive of another class, or too large.
    pub fn instead_of(
        old: &OnStick,
        (contents, scan): (&Contents, &Scan),
        state: &StickState,
    ) -> Result<Self, Stopped> {
        let was = Description::of(old.header);
        let (facts, there) = (contents.facts, images(state));
        let is_same_class = was.kind == facts.kind || (is_hard_disk(was.kind) && is_hard_disk(facts.kind));
        let sectors = |image: &OnStick| u64::from(Description::of(image.header).disk_sectors);
        let is_too_large = |boot: &&OnStick| {
            let others = there.iter().filter(|image| boot.needs(image) && !is_same_file(image, old));
            let all = others.map(sectors).sum::<u64>() + sectors(boot) + u64::from(facts.disk_sectors);
            all * SECTOR_LEN > DISK_LEN_MAX
        };
        if !is_same_class || there.iter().filter(|image| image.needs(old)).any(|boot| is_too_large(&boot)) {
            return Err(ChangeError::Unsound.into());
        }
        // One of the same bytes has the same place in no other set, because it has the same number.
        let drive = (contents.drive, contents.options.writes);
        let known = there.iter().find(|image| is_it(image.header, (facts, scan), drive));
        let title = contents.title.to_owned();
        let mut wanted = Self::default();
        let path = match known {
            Some(known) => known.entry.path.clone(),
            None => {
                let parts = scan.parts();
                let capsule = encode(contents, scan, &parts, TablePlace::of(&parts))
                    .map_err(|_| ChangeError::Unsound)?;
                let file_name = new_name(facts, state)?;
                let path = format!("{}/{file_name}", ramkey_format::capsule::FOLDER);
                wanted.new.push(NewFile { file_name, capsule, image: 0 });
                path
            }
        };
        let file_name =
            known.map_or_else(|| wanted.new[0].file_name.clone(), |known| known.file_name().into());
        wanted.names[0] = companion(&file_name, &scan.root);
        wanted.images.push(AddedImage::new(facts, scan, path, (title, true)));
        Ok(wanted)
    }

    /// Bytes of free clusters that those that are new take.
    pub fn needs(&self, state: &StickState) -> u64 {
        let cluster_len = volume(state).map_or(SECTOR_LEN, |volume| volume.volume.cluster_len());
        self.new.iter().map(|new| new.capsule.file_len.next_multiple_of(cluster_len)).sum()
    }

    /// Whether some are not on the stick yet.
    pub fn has_new(&self) -> bool {
        !self.new.is_empty()
    }

    /// Puts those that are new on the stick, where nothing needs them yet.
    ///
    /// # Errors
    ///
    /// [`ChangeError`], and those of writing.
    pub fn put(
        &self,
        changing: &Changing,
        (reader, state): (&Reader, &StickState),
        opened: &Images,
        scans: &[Scan],
    ) -> Result<(), Stopped> {
        if self.new.is_empty() {
            return Ok(());
        }
        let new = self.new.iter().map(|new| NewCapsule { file_name: &new.file_name, capsule: &new.capsule });
        let new: Vec<NewCapsule> = new.collect();
        let of = |new: &NewFile| scans[new.image].stored(&*opened.sources[new.image]);
        let bytes: Vec<_> = self.new.iter().map(of).collect();
        let names = self.new.iter().map(|new| named(&opened.facts[new.image].path).into_owned());
        let names: Vec<String> = names.collect();
        let inputs = names.iter().zip(&bytes).map(|(name, stored)| Input { name, stored: &**stored });
        changing.steps_around((reader, state), &inputs.collect::<Vec<Input>>(), |state| {
            let mut steps = change::add(reader, state, &new)?;
            steps.iter_mut().for_each(|step| step.decides = false);
            Ok(steps)
        })
    }
}

/// Lets each image of the menu that needs the file of `old` need the one of `new` in its place, one after the other.
///
/// # Errors
///
/// [`ChangeError`], and those of writing.
pub(super) fn turn_all(
    changing: &Changing,
    reader: &Reader,
    old: &OnStick,
    new: Companion,
) -> Result<(), Stopped> {
    let old_name = companion(old.file_name(), &old.header.image_blake3);
    let mut has_turned = false;
    loop {
        let state = changing.state(reader);
        let there = images(&state);
        let needs_old = |image: &&OnStick| image.is_boot() && image.header.companions.contains(&old_name);
        let Some(boot) = there.iter().find(needs_old).filter(|_| old_name != new) else { return Ok(()) };
        let names = boot.header.companions.map(|name| if name == old_name { new } else { name });
        let steps = change::turn(reader, &state, (boot.entry, boot.header), names);
        let done = steps.map_err(Stopped::from).and_then(|steps| Ok(changing.all(&steps)?));
        done.map_err(|error| if has_turned { changing.unfinished(error) } else { error })?;
        has_turned = true;
    }
}

/// Takes away what this program put on the stick to stand beside others, and beside none of them stands any more. Gives the paths;
/// none while there is a capsule whose header makes no sense.
///
/// # Errors
///
/// [`JobError::Unfinished`]: the new image is there.
pub(super) fn clear(changing: &Changing, reader: &Reader) -> Result<Vec<String>, Stopped> {
    let state = changing.state(reader);
    let there = images(&state);
    // What a capsule needs whose header cannot be read is not known, and it may be made good yet.
    if volume(&state).is_some_and(|volume| volume.capsules.len() != there.len()) {
        return Ok(Vec::new());
    }
    let ranges = state.manifest().map_or(&[][..], |manifest| &manifest.ranges);
    let is_named = |entry: &Entry| {
        let lba = entry.runs.first().map(|(lba, _)| *lba);
        let is_it = |range: &RangeEntry| range.is_first_piece() && Some(range.lba.get()) == lba;
        ranges.iter().any(is_it)
    };
    let is_alone = |image: &&OnStick| {
        !image.is_boot() && is_named(image.entry) && !there.iter().any(|other| other.needs(image))
    };
    let alone: Vec<&Entry> = there.iter().filter(is_alone).map(|image| image.entry).collect();
    if !alone.is_empty() {
        let steps = change::remove(reader, &state, &alone).map_err(Stopped::from);
        let done = steps.and_then(|steps| Ok(changing.all(&steps)?));
        done.map_err(|error| changing.unfinished(error))?;
    }
    Ok(alone.iter().map(|entry| entry.path.clone()).collect())
}

fn is_same_file(one: &OnStick, other: &OnStick) -> bool {
    one.entry.path == other.entry.path
}

/// Whether a header is that of an image beside others that has this number, and what becomes of writes.
fn is_it(
    header: &CapsuleHeader,
    (facts, scan): (&ImageFacts, &Scan),
    (number, writes): (u8, Writes),
) -> bool {
    let there = Description::of(header);
    let is_shaped = facts.kind == Kind::Disc || there.geometry == facts.geometry;
    there.role == Role::Companion
        && (header.image_blake3, header.ram_blake3) == (scan.root, scan.ram_root)
        && (there.kind, there.drive, there.options.writes) == (facts.kind, number, writes)
        && is_shaped
}

/// A name for the file of an image that no file on the stick has.
fn new_name(facts: &ImageFacts, state: &StickState) -> Result<String, JobError> {
    let request = StickRequest::new(vec![facts.path.clone()]);
    let facts = std::slice::from_ref(facts);
    let plan = carried(&request.of_plan(facts, 0), &Taken { titles: Vec::new(), files: files(state) })?;
    Ok(plan[0].file_name.clone())
}
