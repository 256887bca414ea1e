//! An image on a stick becomes another: only what differs is written, and at every moment the stick boots one of them.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use ramkey_format::capsule::CapsuleHeader;
use ramkey_format::manifest::range;
use serde::Serialize;

use crate::capsule::{self, Contents, Description, Role};
use crate::change::{ChangeError, Exchange, Exchanged, NewBytes, Way};
use crate::contents::{ImageFacts, Kind};
use crate::image::Scan;
use crate::job::changing::{Changing, Stopped, with_stick};
use crate::job::observer::part;
use crate::job::on_stick::{OnStick, find, images};
use crate::job::prepare::{Read, read_all};
use crate::job::{Destination, Images, JobError, Observer, Opener, Part, StickRequest, in_use};
use crate::layout::signature;
use crate::origin::Origin;
use crate::pipeline::{Effort, Input, Target};
use crate::report::OriginReport;
use crate::stick::{self, Reader, StickState};
use crate::units::{SECTOR_LEN, hex, named};

/// A new image, and which one on the stick it is to replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReflashRequest {
    /// The new image, and how it is looked at and packed: that of a stick with this image alone. What else is asked for there
    /// stays as it is on the stick.
    pub image: StickRequest,
    /// Title or file of the image that is replaced, if there is more than one.
    pub replaces: Option<String>,
}

/// A new image that is ready to be written.
pub struct PreparedImage {
    request: ReflashRequest,
    images: Images,
    scan: Scan,
    origin: Option<Origin>,
    warnings: Vec<String>,
}

impl PreparedImage {
    /// The image, open.
    pub fn images(&self) -> &Images {
        &self.images
    }
}

/// What became of a stick.
#[derive(Clone, Debug, Serialize)]
pub struct ReflashReport {
    /// The new image.
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
    /// BLAKE3 of the image that was there.
    pub was: String,
    /// What was said of its file and is true.
    pub origin: Vec<OriginReport>,
    /// Whether it was there already, and nothing was written.
    pub same: bool,
    /// Chunks of the image, and how many of them stayed where they are.
    pub chunks: usize,
    /// See `chunks`.
    pub kept: usize,
    /// What that took: bytes written, with tables and manifests and with what finished a change that was cut off. Skipped are the
    /// stored bytes of the chunks that stayed; they are packed as they were, however the others are.
    pub effort: Effort,
    /// What is to be known of the image.
    pub warnings: Vec<String>,
}

/// Opens the new image, hashes and packs it.
///
/// # Errors
///
/// [`JobError::Image`], [`JobError::Read`], or [`JobError::Target`] if the destination must not be written.
pub fn prepare_reflash(
    request: ReflashRequest,
    destination: Destination,
    observer: &dyn Observer,
) -> Result<PreparedImage, JobError> {
    let images = Images::open_by(&request.image, &Opener::new(observer))?;
    destination.target.admit(destination.system, &images.files())?;
    let warnings = in_use::warnings(&images.sources).concat();
    let Read { mut scans, mut origins } = read_all(&images, &mut request.image.packer(), observer)?;
    let (scan, origin) = (scans.remove(0), origins.remove(0));
    Ok(PreparedImage { request, images, scan, origin, warnings })
}

/// Opens the stick, verifies it, and replaces the image.
///
/// When `stop` is set, the piece in work is finished, and the stick boots what it did. Where there is no room for the new image
/// beside the old one, `consent` is asked whether it may be written over it: until that is done the stick does not boot, and the same
/// again finishes what was cut off.
///
/// # Errors
///
/// [`JobError::Target`], [`JobError::ForeignStick`], [`JobError::FaultyStick`], [`JobError::NotReplaced`], [`JobError::Change`];
/// [`JobError::Pipeline`], [`JobError::Differs`], or [`JobError::Unfinished`] once the new image is booted.
pub fn reflash(
    prepared: &PreparedImage,
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
    consent: &dyn Fn() -> bool,
) -> Result<ReflashReport, JobError> {
    let path = destination.target.path();
    with_stick(destination, &prepared.images.files(), observer, |target| {
        reflash_to(prepared, path, target, stop, observer, consent)
    })
}

/// The same on a target that is open already; `path` is for messages.
///
/// # Errors
///
/// As [`reflash`].
pub fn reflash_to(
    prepared: &PreparedImage,
    path: &Path,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
    consent: &dyn Fn() -> bool,
) -> Result<ReflashReport, JobError> {
    let changing = Changing::new(path, target, stop, observer);
    let name = prepared.request.replaces.as_deref();
    let found = |found| JobError::NotReplaced { path: path.to_owned(), found };
    let is_meant = |state: &StickState| replaced(state, name).map(drop).map_err(found);
    changing.prove_and(is_meant, true, |reader, state, is_cut| {
        let old = replaced(state, name).map_err(found)?;
        if let Some(title) =
            images(state).iter().find(|image| is_cut && is_announced(state, image)).map(OnStick::title)
            && title != old.title()
        {
            return Err(ChangeError::OtherFirst { title }.into());
        }
        exchange(&changing, prepared, (reader, state), old, (is_cut, consent), observer)
    })
}

/// The image of the menu that is replaced.
fn replaced<'v>(state: &'v StickState, name: Option<&str>) -> Result<OnStick<'v>, Vec<String>> {
    let images: Vec<OnStick> = images(state).into_iter().filter(OnStick::is_boot).collect();
    find(&images, name)
}

/// Whether a change of `image` is announced.
fn is_announced(state: &StickState, image: &OnStick) -> bool {
    let lba = image.entry.runs.first().map(|(lba, _)| *lba);
    let ranges = state.manifest().map_or(&[][..], |manifest| &manifest.ranges);
    ranges.iter().any(|range| range.kind == range::CAPSULE_NEXT && Some(range.lba.get()) == lba)
}

/// What is written so that the capsule becomes another: beside the old one, or over it, if that was begun or there is no other
/// room and somebody agrees.
fn planned(
    exchange: &Exchange,
    reader: &Reader,
    state: &StickState,
    (is_cut, consent): (bool, &dyn Fn() -> bool),
) -> Result<Exchanged, ChangeError> {
    if is_cut {
        return exchange.plan(reader, state, Way::OverAll);
    }
    let no_room = match exchange.plan(reader, state, Way::Beside) {
        Err(error @ (ChangeError::NoRoom { .. } | ChangeError::TooLong)) => error,
        planned => return planned,
    };
    let over = exchange.plan(reader, state, Way::Over);
    let over = over.or_else(|_| exchange.plan(reader, state, Way::OverAll));
    match over {
        Ok(over) if consent() => Ok(over),
        _ => Err(no_room),
    }
}

/// Replaces the capsule `old`.
fn exchange(
    changing: &Changing,
    prepared: &PreparedImage,
    (reader, state): (&Reader, &StickState),
    OnStick { entry, header }: OnStick,
    way: (bool, &dyn Fn() -> bool),
    observer: &dyn Observer,
) -> Result<ReflashReport, Stopped> {
    let (scan, facts) = (&prepared.scan, &prepared.images.facts[0]);
    let block = stick::StickFile::new(reader, entry);
    let block = block.read(header.table_offset.get(), header.table_len.get().into());
    let block = block.map_err(ChangeError::Read)?;
    // Of one that was being written over nothing is known.
    let table = match way.0 {
        true => None,
        false => Some(capsule::table(header, &block).map_err(|_| ChangeError::Unsound)?),
    };
    let was = Description::of(header);
    let contents = contents(facts, scan, header, &was, state);
    let exchange = Exchange { entry, header, table: table.as_ref(), contents: &contents, scan };
    let Exchanged { steps, stored, chunks, kept, kept_len } = planned(&exchange, reader, state, way)?;

    let source = &*prepared.images.sources[0];
    let decides = steps.iter().find(|step| step.decides);
    let name = named(&facts.path);
    if let Some(step) = decides {
        let read = |source| JobError::Read { path: facts.path.clone(), source };
        let new = part(observer, Part::Hash, step.layout.capsule_sectors() * SECTOR_LEN, |count| {
            NewBytes::read(scan.stored(source), &stored, &step.layout, &mut |bytes| count(bytes))
        });
        changing.steps(&steps, &[Input { name: &name, stored: &new.map_err(read)? }])?;
    }
    let mut warnings: Vec<String> = facts.warnings.iter().map(ToString::to_string).collect();
    warnings.extend(prepared.warnings.iter().chain(&prepared.images.notes[0]).cloned());
    Ok(ReflashReport {
        path: name.into_owned(),
        file: entry.path.clone(),
        title: was.title.clone(),
        words: capsule::drive_words(
            facts.kind,
            &facts.geometry,
            facts.boot_entry().map(|boot| boot.emulation),
        ),
        len: scan.len,
        blake3: hex(scan.root),
        ram_blake3: (scan.ram_root != scan.root).then(|| hex(scan.ram_root)),
        was: hex(was.image_blake3),
        origin: OriginReport::all(prepared.origin.as_ref()),
        same: steps.is_empty(),
        chunks,
        kept,
        effort: Effort { skipped: kept_len, ..changing.effort() },
        warnings,
    })
}

/// What the new capsule says beside its image: what the old one did, as far as the image does not say otherwise.
fn contents<'c>(
    facts: &'c ImageFacts,
    scan: &Scan,
    header: &CapsuleHeader,
    was: &'c Description,
    state: &StickState,
) -> Contents<'c> {
    let is_same_class = |a: Kind, b: Kind| {
        (a == b) || !matches!((a, b), (Kind::Floppy | Kind::Disc, _) | (_, Kind::Floppy | Kind::Disc))
    };
    let drive = if is_same_class(was.kind, facts.kind) { was.drive } else { facts.drive };
    let others = images(state).into_iter().filter_map(|image| {
        let other = Description::of(image.header);
        (other.role == Role::Companion).then_some(other.disk_signature.unwrap_or(0))
    });
    let taken: Vec<u32> = others.collect();
    let disk_signature = if facts.disk_signature == Some(0) { signature(&scan.root, &taken) } else { 0 };
    Contents {
        facts,
        title: &was.title,
        drive,
        role: was.role,
        options: was.options,
        companions: header.companions,
        disk_signature,
    }
}
