//! Which machines an image is for, and what makes it smaller.

use serde::Serialize;

use crate::contents::windows::Product;
use crate::contents::{FileUse, Room};
use crate::units::{Bytes, MIB};

/// Memory that machines are sold with, in MB of 1048576 bytes.
pub(super) const MACHINES: [u64; 9] = [16, 32, 64, 96, 128, 192, 256, 384, 512];
/// Memory that a BIOS keeps at the end for its own tables and modes: mostly 64 KiB to 1 MiB.
pub(super) const KEPT_BY_BIOS: u64 = MIB;
/// Most things that are named.
const SMALLER_MAX: usize = 5;
/// Free bytes that are worth a shrink.
const FREE_MIN: u64 = MIB;

/// Which of the usual machines take an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct MachineReport {
    /// The system on it, if more is known of that than that it is one.
    pub system: Option<&'static str>,
    /// Memory that this system wants for itself, in MB of 1048576 bytes; null where that is not known.
    pub system_mb: Option<u64>,
    /// The usual machines that have the memory for the image, what a BIOS keeps, and what the system wants as far as that is
    /// known, in MB: of 16, 32, 64, 96, 128, 192, 256, 384 and 512.
    pub machines: Vec<u64>,
    /// What makes the image smaller, the first things first; at most five.
    pub smaller: Vec<SmallerReport>,
}

/// Something that makes an image smaller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SmallerReport {
    /// A file, a folder, or the free space.
    pub what: String,
    /// Bytes that it takes.
    pub len: u64,
    /// What is to be done with it, for people.
    #[serde(skip)]
    why: &'static str,
}

impl MachineReport {
    /// Describes the machines for an image that needs `ram_needed` bytes, with what `product` wants on top.
    pub fn new(ram_needed: u64, product: Option<Product>, room: Option<&Room>) -> Self {
        let system_mb = product.and_then(|product| product.ram_mb);
        let needed = ram_needed.saturating_add(KEPT_BY_BIOS).saturating_add(system_mb.unwrap_or(0) * MIB);
        Self {
            system: product.map(|product| product.name),
            system_mb,
            machines: MACHINES.into_iter().filter(|mb| mb * MIB >= needed).collect(),
            smaller: room.map(smaller).unwrap_or_default(),
        }
    }

    /// Which machines these are, for people.
    pub fn words(&self) -> String {
        let both = match (self.system, self.system_mb) {
            (Some(system), Some(mb)) => format!("it and the {mb} MB that {system} wants"),
            (Some(system), None) => format!("it; how much {system} wants beside it is not known"),
            (None, _) => "it; what its system wants beside it is not known".into(),
        };
        let largest = MACHINES[MACHINES.len() - 1];
        match self.machines[..] {
            [] => format!("more than {largest} MB take {both}"),
            [only] => format!("{only} MB take {both}"),
            [first, ..] => format!("{first} to {largest} MB take {both}"),
        }
    }

    /// What makes it smaller, a line each.
    pub fn smaller_words(&self) -> Vec<String> {
        let words = |smaller: &SmallerReport| {
            let SmallerReport { what, len, why } = smaller;
            format!("{} of {what}{why}", Bytes(*len))
        };
        self.smaller.iter().map(words).collect()
    }
}

/// What can go first: what nobody misses, then free space, and if there is neither the largest files.
fn smaller(room: &Room) -> Vec<SmallerReport> {
    let why = |used_for: FileUse| match used_for {
        FileUse::Swap => Some(": swapped memory, which Windows can do without"),
        FileUse::Hibernation => Some(": the memory of a system that slept"),
        FileUse::Spare => Some(", with all below it: needed for setup, repairs, removals and help alone"),
        FileUse::File => None,
    };
    let spare = room.files.iter().filter_map(|file| {
        let why = why(file.used_for)?;
        Some(SmallerReport { what: file.path.clone(), len: file.len, why })
    });
    let free = room.volumes.last().and_then(|volume| {
        let free = volume.free.filter(|free| *free >= FREE_MIN)?;
        let what = format!("free space on its {}", volume.system);
        Some(SmallerReport { what, len: free, why: ": see docs/shrink.md" })
    });
    let mut found: Vec<SmallerReport> = spare.collect();
    found.sort_by_key(|smaller| std::cmp::Reverse(smaller.len));
    found.truncate(SMALLER_MAX - 1);
    found.extend(free);
    if found.is_empty() {
        let files = room.files.iter().take(SMALLER_MAX);
        found.extend(files.map(|file| SmallerReport { what: file.path.clone(), len: file.len, why: "" }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{FileUse, MIB, MachineReport, Room};
    use crate::contents::windows::Product;
    use crate::contents::{RoomFile, VolumeRoom};

    const XP: Product = Product { name: "Windows XP", ended: "", ram_mb: Some(64) };

    #[test]
    fn a_machine_must_have_room_for_the_image_its_bios_and_what_the_system_wants() {
        let machines = |mb: u64, product| MachineReport::new(mb * MIB, product, None);
        assert_eq!(machines(15, None).machines[0], 16);
        assert_eq!(machines(16, None).machines[0], 32);
        assert_eq!(machines(127, Some(XP)).machines, [192, 256, 384, 512]);
        assert_eq!(machines(128, Some(XP)).machines, [256, 384, 512]);
        assert_eq!(machines(447, Some(XP)).words(), "512 MB take it and the 64 MB that Windows XP wants");
        assert_eq!(
            machines(448, Some(XP)).words(),
            "more than 512 MB take it and the 64 MB that Windows XP wants"
        );
        let words = "64 to 512 MB take it; what its system wants beside it is not known";
        assert_eq!(machines(60, None).words(), words);
    }

    #[test]
    fn what_nobody_misses_goes_first_then_free_space_and_else_the_largest_files() {
        let file = |path: &str, len, used_for| RoomFile { partition: 1, path: path.into(), len, used_for };
        let volume = |free| VolumeRoom { partition: 1, system: "NTFS".into(), len: 900 * MIB, free };
        let mut room = Room {
            volumes: vec![volume(Some(300 * MIB))],
            files: vec![
                file("\\pagefile.sys", 50 * MIB, FileUse::Swap),
                file("\\WINDOWS\\Driver Cache", 70 * MIB, FileUse::Spare),
                file("\\WINDOWS\\Driver Cache\\i386\\driver.cab", 69 * MIB, FileUse::File),
                file("\\WINDOWS\\system32\\mine.dll", 60 * MIB, FileUse::File),
            ],
            partial: false,
        };
        let named = |room: &Room| {
            let report = MachineReport::new(0, None, Some(room));
            report.smaller.into_iter().map(|smaller| smaller.what).collect::<Vec<_>>()
        };
        let all = ["\\WINDOWS\\Driver Cache", "\\pagefile.sys", "free space on its NTFS"];
        assert_eq!(named(&room), all);
        room.volumes = vec![volume(Some(MIB - 1))];
        room.files = (0..9).map(|n| file(&format!("\\{n}"), 9 - n, FileUse::File)).collect();
        assert_eq!(named(&room), ["\\0", "\\1", "\\2", "\\3", "\\4"]);
    }
}
