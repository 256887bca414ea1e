//! What takes the room of an image, for people.

use std::io::{self, Write};

use crate::contents::{FileUse, Room};
use crate::units::Bytes;

/// The file systems and the files that take most room, a line each; `label` stands before the first.
pub(super) fn show_room(out: &mut dyn Write, label: &str, room: &Room) -> io::Result<()> {
    let mut label = label.to_owned();
    let mut line = |out: &mut dyn Write, text: String| -> io::Result<()> {
        writeln!(out, "{label}{text}")?;
        label = " ".repeat(label.len());
        Ok(())
    };
    for volume in &room.volumes {
        let free = match volume.free {
            Some(free) => format!("{} of {} are free", Bytes(free), Bytes(volume.len)),
            None => format!("{}, and what is free cannot be told", Bytes(volume.len)),
        };
        line(out, format!("{}{}: {free}", partition(volume.partition, ", "), volume.system))?;
    }
    for file in &room.files {
        let used_for = match file.used_for {
            FileUse::File => "",
            FileUse::Swap => ", swapped memory",
            FileUse::Hibernation => ", the memory of a system that slept",
            FileUse::Spare => ", with all below it: nobody needs it to run Windows",
        };
        let place = match room.volumes.len() {
            0 | 1 => String::new(),
            _ => partition(file.partition, ": "),
        };
        line(out, format!("{:>10}  {place}{}{used_for}", Bytes(file.len).to_string(), file.path))?;
    }
    if room.partial && !room.volumes.is_empty() {
        line(out, "not all of it was looked at: it is damaged, or too large".into())?;
    }
    Ok(())
}

/// A partition with its number and what follows it; nothing without a partition table.
fn partition(number: usize, behind: &str) -> String {
    if number == 0 { String::new() } else { format!("partition {number}{behind}") }
}
