//! An image on a stick becomes another: only what differs is written, and at every moment the stick boots one of them.

use std::cell::Cell;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use ramkey_format::capsule::CapsuleHeader;
use ramkey_format::manifest::range;
use serde::Serialize;

use crate::capsule::{self, Contents, Description, DriveOptions, Role};
use crate::change::{ChangeError, Exchange, Exchanged, NewBytes, Way};
use crate::contents::{ImageFacts, Kind};
use crate::image::Scan;
use crate::job::added::AddedImage;
use crate::job::boot_code::can_boot;
use crate::job::changing::{Changing, Stopped, with_stick};
use crate::job::incoming::Incoming;
use crate::job::observer::part;
use crate::job::on_stick::{OnStick, find, images, volume};
use crate::job::renew::renew;
use crate::job::set::{Wanted, clear, has_hard_disk, turn_all};
use crate::job::{Destination, Images, JobError, Observer, Part, StickRequest};
use crate::layout::signature;
use crate::pipeline::{Effort, Input, Target};
use crate::plan::{Taken, carried};
use crate::stick::{self, Reader, StickState};
use crate::units::{SECTOR_LEN, hex, named};

/// A new image, and which one on the stick it is to replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReflashRequest {
    /// The new image, how it is looked at and packed, and what will stand beside it: that of a stick with this image alone. If
    /// nothing is named there, what stands beside it stays; so does all else that is asked for there.
    pub image: StickRequest,
    /// Title or file of the image that is replaced, if there is more than one.
    pub replaces: Option<String>,
}

/// A new image that is ready to be written, with those beside it.
pub struct PreparedImage {
    new: Incoming,
    /// Title or file of the image that is replaced, if it was named.
    replaces: Option<String>,
}

impl PreparedImage {
    /// The image, open.
    pub fn images(&self) -> &Images {
        &self.new.images
    }
}

/// What became of a stick.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct ReflashReport {
    /// The new image.
    #[serde(flatten)]
    pub image: AddedImage,
    /// BLAKE3 of the image that was there.
    pub was: String,
    /// Whether it was there already, and nothing was written.
    pub same: bool,
    /// Chunks of the image.
    pub chunks: usize,
    /// How many of them stayed where they are.
    pub kept: usize,
    /// The images that were named to stand beside it.
    pub beside: Vec<AddedImage>,
    /// Files of images that stand beside no other any more, and are gone.
    pub gone: Vec<String>,
    /// What that took: bytes written, with tables and manifests and with what finished a change that was cut off. Skipped are the
    /// stored bytes of the chunks that stayed; they are packed as they were, however the others are.
    pub effort: Effort,
    /// What is to be known of the image.
    pub warnings: Vec<String>,
    /// What is publicly known of the Windows on it, and what is to be known of README.TXT.
    pub notes: Vec<String>,
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
    let look = |request: &StickRequest, images: &Images| {
        if !request.companions.is_empty() {
            carried(&request.of_plan(&images.facts, 0), &Taken::default())?;
        }
        Ok(Vec::new())
    };
    let ReflashRequest { image, replaces } = request;
    Ok(PreparedImage { new: Incoming::prepare(image, destination, observer, look)?, replaces })
}

/// Opens the stick, verifies it, and replaces the image.
///
/// When `stop` is set, the piece in work is finished, and the stick boots what it did. Where there is no room for the new image
/// beside the old one, `consent` is asked whether it may be written over it: until that is done the stick does not boot, and the same
/// again finishes what was cut off.
///
/// # Errors
///
/// [`JobError::Target`], [`JobError::ForeignStick`], [`JobError::FaultyStick`], [`JobError::NotReplaced`],
/// [`JobError::OtherBootCode`], [`JobError::Change`];
/// [`JobError::Pipeline`], [`JobError::Differs`], or [`JobError::Unfinished`] once the new image is booted.
pub fn reflash(
    prepared: &PreparedImage,
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
    consent: &dyn Fn() -> bool,
) -> Result<ReflashReport, JobError> {
    let path = destination.target.path();
    with_stick(destination, &prepared.new.images.files(), observer, |target| {
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
    let found = |found| JobError::NotReplaced { path: path.to_owned(), found };
    let is_meant = |state: &StickState| match prepared.replaced(state).map_err(found)?.is_boot() {
        true => can_boot(&changing, state, &prepared.new.images.facts[0]),
        false => Ok(()),
    };
    let report = changing.prove_and(is_meant, true, |reader, state, is_cut| {
        let old = prepared.replaced(state).map_err(found)?;
        if let Some(title) =
            images(state).iter().find(|image| is_cut && is_announced(state, image)).map(OnStick::title)
            && title != old.title()
        {
            return Err(ChangeError::OtherFirst { title }.into());
        }
        let report = match old.is_boot() {
            true => in_menu(&changing, prepared, (reader, state), old, (is_cut, consent), observer),
            false if is_cut => Err(ChangeError::WrittenOver.into()),
            false => beside_others(&changing, prepared, (reader, state), &old),
        }?;
        let sources = &prepared.new.request.sources;
        let told = renew(&changing, reader, (sources, || Some(prepared.new.described())))?;
        let effort = Effort { skipped: report.effort.skipped, ..changing.effort() };
        let notes = report.notes.into_iter().chain(told).collect();
        let warnings = report.warnings.into_iter().chain(changing.warning()).collect();
        Ok(ReflashReport { warnings, notes, effort, ..report })
    })?;
    Ok(ReflashReport {
        image: prepared.with_origin(report.image),
        beside: report.beside.into_iter().map(|image| prepared.with_origin(image)).collect(),
        ..report
    })
}

impl PreparedImage {
    /// A new image with what was said of its file.
    fn with_origin(&self, image: AddedImage) -> AddedImage {
        let is_it = |facts: &ImageFacts| named(&facts.path) == image.path;
        let number = self.new.images.facts.iter().position(is_it);
        image.from(number.and_then(|number| self.new.read.origins[number].as_ref()))
    }

    /// The image that is replaced: of the menu, or one that is named and stands beside others. Of two of these with the name, one of
    /// which is the new image, the other is meant: it was put there before that was cut off.
    fn replaced<'v>(&self, state: &'v StickState) -> Result<OnStick<'v>, Vec<String>> {
        let name = self.replaces.as_deref();
        let (boot, beside): (Vec<OnStick>, Vec<OnStick>) =
            images(state).into_iter().partition(OnStick::is_boot);
        let is_new = |image: &OnStick| image.header.image_blake3 == self.new.read.scans[0].root;
        let in_menu = find(&boot, name);
        if in_menu.is_ok() || name.is_none() {
            return in_menu;
        }
        let old: Vec<OnStick> = beside.iter().copied().filter(|image| !is_new(image)).collect();
        let found = find(&beside, name).or_else(|_| find(&old, name));
        found.map_err(|others| boot.iter().map(OnStick::title).chain(others).collect())
    }
}

/// Whether a change of `image` is announced.
fn is_announced(state: &StickState, image: &OnStick) -> bool {
    let lba = image.entry.runs.first().map(|(lba, _)| *lba);
    let ranges = state.manifest().map_or(&[][..], |manifest| &manifest.ranges);
    ranges.iter().any(|range| range.kind == range::CAPSULE_NEXT && Some(range.lba.get()) == lba)
}

/// What is written so that the capsule becomes another: beside the old one, or over it, if that was begun or there is no other
/// room and somebody agrees. `needed` bytes of what is free are for something else.
fn planned(
    exchange: &Exchange,
    reader: &Reader,
    state: &StickState,
    (is_cut, consent): (bool, &dyn Fn() -> bool),
    needed: u64,
) -> Result<Exchanged, ChangeError> {
    if is_cut {
        return exchange.plan(reader, state, Way::OverAll);
    }
    let free = free_len(state);
    let fits = |planned: Exchanged| match planned.grows + needed <= free || needed == 0 {
        true => Ok(planned),
        false => Err(ChangeError::NoRoom { needed: planned.grows + needed, free }),
    };
    let no_room = match exchange.plan(reader, state, Way::Beside).and_then(fits) {
        Err(error @ (ChangeError::NoRoom { .. } | ChangeError::TooLong)) => error,
        planned => return planned,
    };
    let over = exchange.plan(reader, state, Way::Over).and_then(fits);
    let over = over.or_else(|_| exchange.plan(reader, state, Way::OverAll).and_then(fits));
    match over {
        Ok(over) if consent() => Ok(over),
        _ => Err(no_room),
    }
}

/// Bytes that are free on the stick.
fn free_len(state: &StickState) -> u64 {
    let free = volume(state).and_then(|found| Some((found.tree.as_ref()?.usage.free, &found.volume)));
    free.map_or(0, |(free, volume)| free * volume.cluster_len())
}

/// Replaces the image `old` of the menu, and those beside it if others were named: they come first, and what nothing needs any
/// more goes last.
fn in_menu(
    changing: &Changing,
    prepared: &PreparedImage,
    (reader, state): (&Reader, &StickState),
    old: OnStick,
    (is_cut, consent): (bool, &dyn Fn() -> bool),
    observer: &dyn Observer,
) -> Result<ReflashReport, Stopped> {
    let Incoming { request, images: opened, read, .. } = &prepared.new;
    if request.companions.is_empty() {
        return exchange(changing, prepared, (reader, state), old, (is_cut, consent), None, observer);
    }
    let wanted = Wanted::of(request, opened, &read.scans, state)?;
    if wanted.has_new() && is_cut {
        return Err(ChangeError::WrittenOver.into());
    }
    let answer = Cell::new(None);
    let consent = || {
        let agreed = answer.get().unwrap_or_else(consent);
        answer.set(Some(agreed));
        agreed
    };
    let way: (bool, &dyn Fn() -> bool) = (is_cut, &consent);
    if wanted.has_new() {
        // All of it, before anything is written.
        with_exchange(prepared, (reader, state), old, is_cut, Some(&wanted), |exchange| {
            planned(exchange, reader, state, way, wanted.needs(state))
        })?;
        wanted.put(changing, (reader, state), opened, &read.scans)?;
    }
    let state = if wanted.has_new() { &changing.state(reader) } else { state };
    let there = images(state);
    let now = there.into_iter().find(|image| image.entry.path == old.entry.path);
    let now = now.ok_or(ChangeError::NoFolder)?;
    let report = exchange(changing, prepared, (reader, state), now, way, Some(&wanted), observer)?;
    let gone = clear(changing, reader)?;
    let (same, effort) = (!changing.has_written(), changing.effort());
    let effort = Effort { skipped: report.effort.skipped, ..effort };
    Ok(ReflashReport { beside: wanted.images, gone, same, effort, ..report })
}

/// Replaces the image `old`, which stands beside others: the new one comes as a file, each image that needs the old one names it, and
/// the old one goes.
fn beside_others(
    changing: &Changing,
    prepared: &PreparedImage,
    (reader, state): (&Reader, &StickState),
    old: &OnStick,
) -> Result<ReflashReport, Stopped> {
    let (was, scan, facts) =
        (Description::of(old.header), &prepared.new.read.scans[0], &prepared.new.images.facts[0]);
    if !prepared.new.request.companions.is_empty() {
        return Err(ChangeError::Beside { title: was.title }.into());
    }
    let contents = contents(facts, scan, old.header, &was, state, None);
    let mut wanted = Wanted::instead_of(old, (&contents, scan), state)?;
    let old_path = &old.entry.path;
    wanted.put(changing, (reader, state), &prepared.new.images, &prepared.new.read.scans)?;
    turn_all(changing, reader, old, wanted.names[0])?;
    let is_other = wanted.images.iter().all(|image| image.file != *old_path);
    let gone = if is_other { clear(changing, reader)? } else { Vec::new() };
    Ok(ReflashReport {
        image: wanted.images.remove(0),
        was: hex(was.image_blake3),
        same: !changing.has_written(),
        chunks: scan.chunks.len(),
        kept: if is_other { 0 } else { scan.chunks.len() },
        beside: Vec::new(),
        gone,
        effort: changing.effort(),
        warnings: prepared.new.warnings(),
        notes: prepared.new.images.advice(),
    })
}

/// Does `work` with the exchange of the capsule `old`.
fn with_exchange<T>(
    prepared: &PreparedImage,
    (reader, state): (&Reader, &StickState),
    OnStick { entry, header }: OnStick,
    is_cut: bool,
    wanted: Option<&Wanted>,
    work: impl FnOnce(&Exchange) -> Result<T, ChangeError>,
) -> Result<T, ChangeError> {
    let (scan, facts) = (&prepared.new.read.scans[0], &prepared.new.images.facts[0]);
    let block = stick::StickFile::new(reader, entry);
    let block = block.read(header.table_offset.get(), header.table_len.get().into());
    let block = block.map_err(ChangeError::Read)?;
    // Of one that was being written over nothing is known.
    let table = match is_cut {
        true => None,
        false => Some(capsule::table(header, &block).map_err(|_| ChangeError::Unsound)?),
    };
    let was = Description::of(header);
    let mut contents = contents(facts, scan, header, &was, state, wanted);
    if table.is_some() && contents.made_of.is_none() && header.image_blake3 == scan.root {
        contents.made_of = capsule::made_of(header, &block);
    }
    work(&Exchange { entry, header, table: table.as_ref(), contents: &contents, scan })
}

/// Replaces the capsule `old`, which will have those beside it that are `wanted`, or the same as before.
fn exchange(
    changing: &Changing,
    prepared: &PreparedImage,
    (reader, state): (&Reader, &StickState),
    old: OnStick,
    way: (bool, &dyn Fn() -> bool),
    wanted: Option<&Wanted>,
    observer: &dyn Observer,
) -> Result<ReflashReport, Stopped> {
    let (scan, facts) = (&prepared.new.read.scans[0], &prepared.new.images.facts[0]);
    let planned = with_exchange(prepared, (reader, state), old, way.0, wanted, |exchange| {
        planned(exchange, reader, state, way, 0)
    });
    let Exchanged { steps, stored, chunks, kept, kept_len, .. } = planned?;

    let source = &*prepared.new.images.sources[0];
    let decides = steps.iter().find(|step| step.decides);
    if let Some(step) = decides {
        let read = |source| JobError::Read { path: facts.path.clone(), source };
        let new = part(observer, Part::Hash, step.layout.capsule_sectors() * SECTOR_LEN, |count| {
            NewBytes::read(scan.stored(source), &stored, &step.layout, &mut |bytes| count(bytes))
        });
        let name = named(&facts.path);
        if let Err(error) = changing.steps(&steps, &[Input { name: &name, stored: &new.map_err(read)? }]) {
            // Once more, around what keeps nothing; nobody is asked in the middle of it.
            changing.go_around(reader, error)?;
            let state = &changing.state(reader);
            let now = images(state).into_iter().find(|image| image.entry.path == old.entry.path);
            let now = now.ok_or(ChangeError::NoFolder)?;
            let way: (bool, &dyn Fn() -> bool) = (false, &|| false);
            return exchange(changing, prepared, (reader, state), now, way, wanted, observer);
        }
    }
    Ok(ReflashReport {
        image: AddedImage::new(facts, scan, old.entry.path.clone(), (old.title(), false)),
        was: hex(old.header.image_blake3),
        same: steps.is_empty(),
        chunks,
        kept,
        beside: Vec::new(),
        gone: Vec::new(),
        effort: Effort { skipped: kept_len, ..changing.effort() },
        warnings: prepared.new.warnings(),
        notes: prepared.new.images.advice(),
    })
}

/// What the new capsule says beside its image: what the old one did, as far as the image does not say otherwise.
fn contents<'c>(
    facts: &'c ImageFacts,
    scan: &Scan,
    header: &CapsuleHeader,
    was: &'c Description,
    state: &StickState,
    wanted: Option<&Wanted>,
) -> Contents<'c> {
    let is_same_class = |a: Kind, b: Kind| {
        (a == b) || !matches!((a, b), (Kind::Floppy | Kind::Disc, _) | (_, Kind::Floppy | Kind::Disc))
    };
    let drive = if is_same_class(was.kind, facts.kind) { was.drive } else { facts.drive };
    let there = images(state);
    let has_disk = || {
        let old = there.iter().find(|image| image.header.header_blake3 == header.header_blake3);
        old.is_some_and(|old| has_hard_disk(state, old))
    };
    // Whose hard disks come first stays, unless there were none in RAM beside it, or there will be none.
    let first_disk = match wanted.and_then(|wanted| wanted.first_disk) {
        Some((has, first_disk)) if has != has_disk() => first_disk,
        _ => was.options.first_disk,
    };
    let others = there.iter().filter_map(|image| {
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
        options: DriveOptions { first_disk, ..was.options },
        companions: wanted.map_or(header.companions, |wanted| wanted.names),
        disk_signature,
        made_of: facts.made_of.clone(),
    }
}
