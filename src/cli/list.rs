//! `ramkey list`: the sticks of this machine.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use crate::cli::{CliError, Exit, Output, own_files};
use crate::device::{DeviceFacts, DeviceKind, FileSystem, InUse, ReadOnly, System, TargetPath, refusal};
use crate::stick::is_stick;
use crate::units::{Bytes, named};

/// List the sticks that can be written, and why other disks cannot
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Also list loop devices and devices made of others
    #[arg(long)]
    all: bool,
}

/// What a stick of ours is called that has no partitions.
const STICK: &str = "a stick of ramkey";

/// What is printed.
#[derive(Serialize)]
struct Listing {
    /// Disks that hang on USB or can be taken out.
    sticks: Vec<Listed>,
    /// The others.
    others: Vec<Listed>,
}

/// A disk.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    facts: DeviceFacts,
    writable: bool,
    refused: Option<String>,
    help: Option<String>,
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
        let wanted = |facts: &DeviceFacts| {
            facts.len > 0 && (self.all || !matches!(facts.kind, DeviceKind::Loop | DeviceKind::Virtual))
        };
        let (sticks, others): (Vec<DeviceFacts>, _) =
            disks.into_iter().filter(wanted).partition(DeviceFacts::is_stick);
        let in_use = system.in_use(&[]);
        let look =
            |facts: Vec<DeviceFacts>| facts.into_iter().map(|facts| look(&system, &in_use, facts)).collect();
        let listing = Listing { sticks: look(sticks), others: look(others) };
        output.show(&listing, |out| show(out, &listing))?;
        Ok(Exit::Done)
    }
}

fn look(system: &System, in_use: &InUse, facts: DeviceFacts) -> Listed {
    let refused = refusal(&facts, &in_use.of_device(facts.number, &[]));
    Listed {
        writable: refused.is_none(),
        refused: refused.as_ref().map(ToString::to_string),
        // Those that only lead here are of no use here.
        help: refused.map(|refused| refused.help()).filter(|help| !help.contains("`ramkey list`")),
        contents: contents(system, &facts),
        facts,
    }
}

fn show(out: &mut dyn Write, Listing { sticks, others }: &Listing) -> io::Result<()> {
    if sticks.is_empty() {
        writeln!(out, "no stick is plugged in")?;
    }
    for disk in sticks {
        writeln!(out, "{}", headline(&disk.facts))?;
        for Contents { name, size, what } in &disk.contents {
            writeln!(out, "  {name}  {size}  {what}")?;
        }
        if let Some(refused) = &disk.refused {
            writeln!(out, "  {refused}")?;
        }
        if let Some(help) = &disk.help {
            writeln!(out, "  help: {help}")?;
        }
    }
    for disk in others {
        writeln!(out, "{}", headline(&disk.facts))?;
        writeln!(out, "  {}", disk.refused.as_deref().unwrap_or("can be written if it is named"))?;
    }
    Ok(())
}

/// Node, vendor, model, serial number and size in one line.
pub(super) fn headline(facts: &DeviceFacts) -> String {
    let serial = if facts.serial.is_empty() { String::new() } else { format!(", serial {}", facts.serial) };
    let bus = if facts.usb { ", USB" } else { "" };
    format!(
        "{}  {}{serial}, {} ({} bytes){bus}",
        named(&facts.node),
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
    let own = device.as_ref().filter(|device| is_stick(*device)).and_then(own_files::on);
    if let (Some(own), Some(first)) = (own, contents.first_mut()) {
        let is_named = first.what == STICK;
        first.what = if is_named { own } else { format!("{}; {own}", first.what) };
    }
    contents
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::{Contents, Listed, Listing, show};
    use crate::device::{DeviceFacts, DeviceKind, DeviceNumber, Partition, Refusal};

    fn disk(node: &str, usb: bool, refused: Option<Refusal>) -> Listed {
        let number = DeviceNumber { major: 8, minor: 16 };
        let partition = Partition { name: "sdb1".into(), number, offset: 1 << 20, len: 1 << 30 };
        let facts = DeviceFacts {
            node: node.into(),
            number,
            kind: DeviceKind::Disk,
            len: 1 << 31,
            logical_sector: 512,
            read_only: false,
            removable: usb,
            usb,
            vendor: "SanDisk".into(),
            model: "Cruzer\u{202e}\u{1b}[2J".into(),
            serial: "1".into(),
            sequence: None,
            partitions: vec![partition],
        };
        let contents = vec![Contents { name: "sdb1".into(), size: "1 GiB".into(), what: "FAT32".into() }];
        Listed {
            facts,
            writable: refused.is_none(),
            help: refused.as_ref().map(Refusal::help),
            refused: refused.map(|refused| refused.to_string()),
            contents,
        }
    }

    fn listing() -> Listing {
        let mounted = Refusal::ReadOnly { node: "/dev/sdc".into() };
        let built_in = Refusal::NotRemovable { node: "/dev/sda".into() };
        Listing {
            sticks: vec![disk("/dev/sdb", true, None), disk("/dev/sdc", true, Some(mounted))],
            others: vec![disk("/dev/sda", false, Some(built_in))],
        }
    }

    #[test]
    fn sticks_are_listed_first_and_every_disk_that_is_refused_says_why() {
        let mut text = Vec::new();
        show(&mut text, &listing()).expect("a vector takes everything");
        let text = String::from_utf8(text).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        let about = |node: &str| lines.iter().position(|line| line.starts_with(node)).expect(node);
        assert!(about("/dev/sdb") < about("/dev/sdc") && about("/dev/sdc") < about("/dev/sda"), "{text}");
        let last = lines.len() - 1;
        assert_eq!(lines[about("/dev/sda") - 2], "  /dev/sdc is refused: it is read-only", "{text}");
        assert!(lines[about("/dev/sda") - 1].starts_with("  help: move the switch"), "{text}");
        assert_eq!(lines[last], "  /dev/sda is refused: it is not removable", "{text}");
        let empty = Listing { sticks: Vec::new(), others: listing().others };
        let mut text = Vec::new();
        show(&mut text, &empty).expect("a vector takes everything");
        assert!(text.starts_with(b"no stick is plugged in\n/dev/sda  "));
    }

    #[test]
    fn the_page_names_exactly_the_fields_that_json_has() {
        let json = serde_json::to_value(listing()).expect("JSON");
        let mut found = BTreeSet::new();
        collect("", &json, &mut found);
        let page = include_str!("../../docs/cli.md");
        let (_, table) = page.split_once("`ramkey list --json` prints").expect("a section");
        let rows =
            table.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
        let listed: BTreeSet<String> =
            rows.skip(2).map(|row| row.split('`').nth(1).expect(row).to_owned()).collect();
        assert_eq!(found, listed);
    }

    /// The fields of a value, as `a`, or as `a[].b` in a list.
    fn collect(path: &str, value: &Value, fields: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => object.iter().for_each(|(key, value)| {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                // The two lists have the same fields.
                if !path.starts_with("others[") {
                    fields.insert(path.clone());
                }
                collect(&path, value, fields);
            }),
            Value::Array(items) => items.iter().for_each(|item| collect(&format!("{path}[]"), item, fields)),
            _ => {}
        }
    }
}
