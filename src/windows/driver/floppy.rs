//! Drivers on a floppy for F6, which Windows' setup reads.

use std::collections::BTreeSet;

use super::{Candidate, DRIVER_LEN_MAX};
use crate::contents::windows::{DriverName, Volumes, WindowsVolume};
use crate::image::Source;

/// What setup reads of the floppy.
const LIST: &str = "txtsetup.oem";
const LIST_LEN_MAX: u64 = 1 << 16;
/// Most names and folders of the list that are looked for.
const NAMES_MAX: usize = 32;

/// The drivers on the volumes of a floppy or disk: those that are known, and those that its list for setup names.
pub fn on_floppy(source: &dyn Source) -> Vec<Candidate> {
    Volumes::of_disk(source).all.iter().flat_map(on_volume).collect()
}

fn on_volume(volume: &WindowsVolume<'_>) -> Vec<Candidate> {
    let list = volume.files.read(LIST, LIST_LEN_MAX).ok().flatten().unwrap_or_default();
    let list: String = list.iter().copied().map(char::from).collect();
    let words: Vec<&str> = list.split([',', '=', '"', ' ', '\t', '\r', '\n']).collect();
    let is_driver = |word: &&&str| word.to_ascii_lowercase().ends_with(".sys");
    let listed = words.iter().filter(is_driver).map(|word| word.to_ascii_lowercase());
    let known =
        DriverName::ALL.into_iter().flat_map(|driver| driver.installs().1).map(|name| (*name).to_owned());
    let names: BTreeSet<String> = known.chain(listed.take(NAMES_MAX)).collect();
    let is_folder = |word: &&&str| word.len() > 1 && word.starts_with('\\');
    let folders: BTreeSet<&str> =
        words.iter().filter(is_folder).take(NAMES_MAX).copied().chain([""]).collect();
    let mut found = Vec::new();
    for folder in folders {
        for name in &names {
            let path = format!("{folder}\\{name}");
            if let Ok(Some(bytes)) = volume.files.read(path.trim_start_matches('\\'), DRIVER_LEN_MAX) {
                found.push(Candidate { name: name.clone(), bytes });
            }
        }
    }
    found
}
