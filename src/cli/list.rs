//! `ramkey list`: the sticks of this machine.

use clap::Args;
use serde::Serialize;

use crate::cli::{CliError, Exit, Output, own_files};
use crate::device::{DeviceFacts, FileSystem, ReadOnly, System, TargetPath, refusal};
use crate::units::Bytes;
use crate::verify::is_stick;

/// List the sticks that can be written, and why others cannot
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Also show the disks that are no sticks
    #[arg(long)]
    all: bool,
}

/// What a stick of ours is called that has no partitions.
const STICK: &str = "a stick of ramkey";

#[derive(Serialize)]
struct Stick {
    #[serde(flatten)]
    facts: DeviceFacts,
    writable: bool,
    refused: Option<String>,
    contents: Vec<Contents>,
}

/// A partition, or the whole of a stick without any.
#[derive(Serialize)]
pub(super) struct Contents {
    /// Name of the device.
    pub name: String,
    /// Its size, for people.
    pub size: String,
    /// File system and label.
    pub what: String,
}

impl ListArgs {
    /// Prints the sticks.
    ///
    /// # Errors
    ///
    /// If sysfs cannot be listed.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let system = System::default();
        let disks =
            system.disks().map_err(|source| CliError::Read { path: system.sys.join("block"), source })?;
        let shown = disks.into_iter().filter(|facts| facts.len > 0 && (self.all || facts.is_stick()));
        let in_use = system.in_use(&[]);
        let sticks: Vec<Stick> = shown
            .map(|facts| {
                let refused = refusal(&facts, &in_use.of_device(facts.number, &[]));
                Stick {
                    writable: refused.is_none(),
                    refused: refused.map(|refusal| refusal.to_string()),
                    contents: contents(&system, &facts),
                    facts,
                }
            })
            .collect();
        output.show(&sticks, |out| {
            if sticks.is_empty() {
                writeln!(out, "no stick is plugged in; `ramkey list --all` shows every disk")?;
            }
            for stick in &sticks {
                writeln!(out, "{}", headline(&stick.facts))?;
                for Contents { name, size, what } in &stick.contents {
                    writeln!(out, "  {name}  {size}  {what}")?;
                }
                if let Some(refused) = &stick.refused {
                    writeln!(out, "  {refused}")?;
                }
            }
            Ok(())
        })?;
        Ok(Exit::Done)
    }
}

/// Node, vendor, model, serial number and size in one line.
pub(super) fn headline(facts: &DeviceFacts) -> String {
    let serial = if facts.serial.is_empty() { String::new() } else { format!(", serial {}", facts.serial) };
    let bus = if facts.usb { ", USB" } else { "" };
    format!(
        "{}  {}{serial}, {} ({} bytes){bus}",
        facts.node.display(),
        facts.title(),
        Bytes(facts.len),
        facts.len
    )
}

/// What a person knows the stick by: partitions, file systems and labels.
pub(super) fn contents(system: &System, facts: &DeviceFacts) -> Vec<Contents> {
    let device = ReadOnly::open(&TargetPath::Block(Box::new(facts.clone()))).ok();
    let what = |number, offset| {
        if device.as_ref().is_some_and(|device| offset == 0 && is_stick(device)) {
            return STICK.into();
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
    let whole = facts.node.file_name().unwrap_or_default().to_string_lossy().into_owned();
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
    let own = device.as_ref().filter(|device| is_stick(*device)).and_then(own_files::on);
    if let (Some(own), Some(first)) = (own, contents.first_mut()) {
        let is_named = first.what == STICK;
        first.what = if is_named { own } else { format!("{}; {own}", first.what) };
    }
    contents
}
