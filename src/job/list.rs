//! Finds the sticks of this machine.

use serde::Serialize;

use crate::device::{DeviceFacts, DeviceKind, FileSystem, ReadOnly, Refusal, System, TargetPath, refusal};
use crate::job::{JobError, loss};
use crate::stick::is_stick;
use crate::units::{Bytes, named};

/// What is said of a stick of which this process does not know all.
const UNTOLD: &str = "who uses it is told to root alone, whose rights `ramkey write` asks for";

/// The disks of this machine.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Listing {
    /// Disks that hang on USB or can be taken out.
    pub sticks: Vec<Listed>,
    /// The others, if all were asked for.
    pub others: Vec<Listed>,
    /// Disks that are no sticks and were not asked for.
    pub unlisted: usize,
}

/// A disk.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Listed {
    /// What the system tells of it.
    #[serde(flatten)]
    pub facts: DeviceFacts,
    /// Whether it can be written.
    pub writable: bool,
    /// Why not.
    pub refused: Option<String>,
    /// What to do about that, if anything helps.
    pub help: Option<String>,
    /// What is on it.
    pub contents: Vec<Contents>,
    /// What is to be known of it, and is no reason to refuse it.
    pub notes: Vec<String>,
}

/// A partition, or the whole of a stick without any.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Contents {
    /// Name of the device.
    pub name: String,
    /// Its size, for people.
    pub size: String,
    /// File system and label.
    pub what: String,
}

/// Lists the sticks, and if `all` are wanted the other disks: built-in ones, readers without a card, loop devices, devices
/// made of others.
///
/// # Errors
///
/// [`JobError::Read`] if sysfs cannot be listed.
pub fn list(system: &System, all: bool) -> Result<Listing, JobError> {
    let (sticks, others): (Vec<Judged>, Vec<Judged>) =
        judge(system)?.into_iter().partition(|judged| judged.facts.is_stick());
    let look = |judged: Vec<Judged>| judged.into_iter().map(|judged| judged.look(system)).collect();
    let (others, unlisted) = match all {
        true => (others, 0),
        false => {
            let count = others.iter().filter(|judged| judged.facts.kind == DeviceKind::Disk).count();
            (Vec::new(), count)
        }
    };
    Ok(Listing { sticks: look(sticks), others: look(others), unlisted })
}

/// What the system's tables tell of a disk. It was not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub facts: DeviceFacts,
    refused: Option<Refusal>,
    notes: Vec<String>,
}

/// Every disk with what `write` would say of it, by name.
///
/// # Errors
///
/// [`JobError::Read`] if sysfs cannot be listed.
pub(super) fn judge(system: &System) -> Result<Vec<Judged>, JobError> {
    let disks = system.disks().map_err(|source| JobError::Read { path: system.sys.join("block"), source })?;
    let in_use = system.in_use(&[]);
    // A loop device that shows nothing is nothing.
    let is_there = |facts: &DeviceFacts| facts.len > 0 || facts.kind == DeviceKind::Disk;
    let judge = |facts: DeviceFacts| {
        let uses = in_use.of_device(facts.number, &[]);
        let (known, is_left) = system.without_what_others_tell(uses);
        let refused = refusal(&facts, &known, system.allowed);
        let mut notes = in_use.notes_of(facts.number);
        notes.extend((is_left && refused.is_none()).then(|| UNTOLD.to_owned()));
        Judged { refused, notes, facts }
    };
    Ok(disks.into_iter().filter(is_there).map(judge).collect())
}

impl Judged {
    /// The same when it is there no more: what now has its name is another.
    pub fn gone(self) -> Listed {
        let (refused, help, contents) = (None, None, Vec::new());
        Listed { writable: false, refused, help, contents, notes: self.notes, facts: self.facts }
    }

    /// The same with what is on it.
    pub fn look(self, system: &System) -> Listed {
        let Self { facts, refused, notes } = self;
        Listed {
            writable: refused.is_none(),
            refused: refused.as_ref().map(ToString::to_string),
            // Those that only lead here are of no use here.
            help: refused.map(|refused| refused.help()).filter(|help| !help.contains("`ramkey list`")),
            contents: contents(system, &facts),
            notes,
            facts,
        }
    }
}

/// What a person knows the stick by: partitions, file systems and labels.
pub fn contents(system: &System, facts: &DeviceFacts) -> Vec<Contents> {
    let device = ReadOnly::open(&TargetPath::Block(Box::new(facts.clone()))).ok();
    let what = |number, offset| {
        if device.as_ref().is_some_and(|device| offset == 0 && is_stick(device)) {
            return device.as_ref().map_or("", |device| loss::name(device)).into();
        }
        let label = system.label(number);
        let probed = device
            .as_ref()
            .and_then(|device| FileSystem::probe(offset, &|offset, buffer| device.read_at(offset, buffer)));
        match label.or(probed) {
            Some(FileSystem { kind, label }) if label.is_empty() => kind,
            Some(FileSystem { kind, label }) => format!("{kind} \"{label}\""),
            None => "unknown contents".into(),
        }
    };
    let whole = named(facts.node.file_name().unwrap_or_default()).into_owned();
    let mut contents: Vec<Contents> = facts
        .partitions
        .iter()
        .map(|partition| Contents {
            name: partition.name.clone(),
            size: Bytes(partition.len).to_string(),
            what: what(partition.number, partition.offset),
        })
        .collect();
    if contents.is_empty() {
        let size = Bytes(facts.len).to_string();
        contents.push(Contents { name: whole, size, what: what(facts.number, 0) });
    }
    let own = device.as_ref().filter(|device| is_stick(*device)).and_then(|device| loss::files_on(device));
    if let (Some(own), Some(first)) = (own, contents.first_mut()) {
        let is_named = device.as_ref().is_some_and(|device| first.what == loss::name(device));
        first.what = if is_named { own } else { format!("{}; {own}", first.what) };
    }
    contents
}
