//! `ramkey list`: the sticks of this machine.

use std::io::{self, Write};

use clap::Args;

use crate::cli::rights::that_may_be_asked_for;
use crate::cli::settings::machine;
use crate::cli::{CliError, Exit, Output, stop};
use crate::device::DeviceFacts;
use crate::job::{Change, Changed, Contents, Listed, Listing, list, watch};
use crate::units::{Bytes, named};

/// List the sticks that can be written, and why other disks cannot
///
/// A stick that `write` would refuse is listed with the reason and what ends it. The same is said of every other disk with --all.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Also list what is no stick: built-in disks, readers without a card, loop devices, devices made of others
    #[arg(long)]
    all: bool,

    /// Go on, and tell of each stick that comes, goes or changes, until Ctrl-C; with --json one object a line
    #[arg(long)]
    watch: bool,
}

impl ListArgs {
    /// Prints the sticks.
    ///
    /// # Errors
    ///
    /// If sysfs cannot be listed.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let system = that_may_be_asked_for(machine());
        if self.watch {
            let stop = stop::wish()?;
            return match watch(&system, self.all, &stop, |changed| tell(output, changed)) {
                Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Done),
                watched => watched.map(|()| Exit::Done),
            };
        }
        let listing = list(&system, self.all)?;
        output.show(&listing, |out| show(out, &listing))?;
        Ok(Exit::Done)
    }
}

/// The disks as people read them.
pub(super) fn show(out: &mut dyn Write, Listing { sticks, others, unlisted }: &Listing) -> io::Result<()> {
    if sticks.is_empty() {
        writeln!(out, "no stick is plugged in")?;
    }
    for disk in sticks {
        writeln!(out, "{}", headline(&disk.facts))?;
        show_contents(out, disk)?;
        show_refusal(out, disk)?;
    }
    for disk in others {
        writeln!(out, "{}", headline(&disk.facts))?;
        if disk.writable {
            writeln!(out, "  can be written if it is named")?;
        }
        show_refusal(out, disk)?;
    }
    match unlisted {
        0 => Ok(()),
        1 => writeln!(out, "1 disk is no stick: `ramkey list --all` says why"),
        count => writeln!(out, "{count} disks are no sticks: `ramkey list --all` says why"),
    }
}

fn show_contents(out: &mut dyn Write, disk: &Listed) -> io::Result<()> {
    for Contents { name, size, what } in &disk.contents {
        writeln!(out, "  {name}  {size}  {what}")?;
    }
    disk.notes.iter().try_for_each(|note| writeln!(out, "  note: {note}"))
}

fn show_refusal(out: &mut dyn Write, disk: &Listed) -> io::Result<()> {
    if let Some(refused) = &disk.refused {
        writeln!(out, "  {refused}")?;
    }
    match &disk.help {
        Some(help) => writeln!(out, "  help: {help}"),
        None => Ok(()),
    }
}

/// Prints what happened to a disk.
fn tell(output: &mut Output, changed: &Changed) -> Result<(), CliError> {
    if output.json {
        output.to.json_line(changed)?;
    } else {
        show_change(&mut output.to, changed)?;
    }
    Ok(output.to.flush()?)
}

fn show_change(out: &mut dyn Write, Changed { change, disk }: &Changed) -> io::Result<()> {
    let what = match change {
        Change::There => "there is",
        Change::PluggedIn => "plugged in",
        Change::Changed => "changed",
        Change::Gone => "gone",
    };
    writeln!(out, "{what}: {}", headline(&disk.facts))?;
    if *change == Change::Gone {
        return Ok(());
    }
    show_contents(out, disk)?;
    if disk.writable {
        writeln!(out, "  can be written")?;
    }
    show_refusal(out, disk)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::{show, show_change};
    use crate::device::{DeviceFacts, DeviceKind, DeviceNumber, Partition, Refusal};
    use crate::job::{Change, Changed, Contents, Listed, Listing};

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
            usb_path: "1-1".into(),
            usb_id: "0781:5567".into(),
            wwn: String::new(),
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
            notes: Vec::new(),
        }
    }

    fn listing() -> Listing {
        let mounted = Refusal::ReadOnly { node: "/dev/sdc".into() };
        let built_in = Refusal::NotRemovable { node: "/dev/sda".into() };
        Listing {
            sticks: vec![disk("/dev/sdb", true, None), disk("/dev/sdc", true, Some(mounted))],
            others: vec![disk("/dev/sda", false, Some(built_in))],
            unlisted: 0,
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
        assert_eq!(lines[last - 1], "  /dev/sda is refused: it is not removable", "{text}");
        let empty = Listing { sticks: Vec::new(), ..listing() };
        let mut text = Vec::new();
        show(&mut text, &empty).expect("a vector takes everything");
        assert!(text.starts_with(b"no stick is plugged in\n/dev/sda  "));
        let mut text = Vec::new();
        let unlisted = Listing { others: Vec::new(), unlisted: 2, ..empty };
        show(&mut text, &unlisted).expect("a vector takes everything");
        let expected = "no stick is plugged in\n2 disks are no sticks: `ramkey list --all` says why\n";
        assert_eq!(String::from_utf8(text).expect("text"), expected);
    }

    #[test]
    fn a_change_is_told_with_what_became_of_the_disk() {
        let told = |change, refused| {
            let mut text = Vec::new();
            let changed = Changed { change, disk: disk("/dev/sdb", true, refused) };
            show_change(&mut text, &changed).expect("a vector takes everything");
            String::from_utf8(text).expect("text").lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let lines = told(Change::PluggedIn, None);
        assert!(lines[0].starts_with("plugged in: /dev/sdb  SanDisk "), "{lines:?}");
        assert_eq!(lines[1..], ["  sdb1  1 GiB  FAT32", "  can be written"]);
        let lines = told(Change::Changed, Some(Refusal::ReadOnly { node: "/dev/sdb".into() }));
        assert_eq!(lines[2], "  /dev/sdb is refused: it is read-only");
        assert!(lines[3].starts_with("  help: "), "{lines:?}");
        assert_eq!(told(Change::Gone, None).len(), 1);
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
