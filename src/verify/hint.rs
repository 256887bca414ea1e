//! What makes a file on the stick boot that is an image and no capsule, or a capsule that the menu does not show.

use ramkey_format::capsule::{EXTENSION, FOLDER};

use crate::contents::no_raw;
use crate::plan::file_names;
use crate::stick::{Entry, FileBytes, Reader};
use crate::units::{SECTOR_LEN, shell_word};

/// Endings of files that hold an image of a disk, as people have them.
const IMAGE_ENDINGS: [&str; 12] =
    ["img", "ima", "iso", "dsk", "flp", "vfd", "hdd", "raw", "bin", "vhd", "vmdk", "qcow2"];

/// What makes an image that was copied onto the stick boot, if it is one and does not. `is_capsule` says that it begins
/// as one.
pub(super) fn hint(reader: &Reader, entry: &Entry, is_capsule: bool) -> Option<String> {
    let name = name_of(entry);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let is_in_folder = entry.path.rsplit_once('/').is_some_and(|(folder, _)| folder == FOLDER);
    let looks_like_image = IMAGE_ENDINGS.contains(&ending.as_str()) && entry.len >= SECTOR_LEN;
    if entry.is_capsule || entry.is_folder {
        None
    } else if is_capsule {
        Some(format!("the boot menu does not show it: it must be named {FOLDER}/*.{EXTENSION}"))
    } else if (is_in_folder && !name.starts_with('.')) || looks_like_image {
        Some(format!("it does not boot: {}", how_to_boot(reader, entry)))
    } else {
        None
    }
}

/// How a file that is no capsule becomes one.
pub(super) fn how_to_boot(reader: &Reader, entry: &Entry) -> String {
    let name = name_of(entry);
    let word = shell_word(name);
    if let Some(what) = no_raw(&FileBytes::new(reader, entry)) {
        return format!(
            "it is {what} and no raw image: copy it from the stick, and `ramkey inspect {word}` says what to do"
        );
    }
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let capsule = file_names(stem).swap_remove(0);
    format!(
        "only capsules boot: if it is an image, copy it from the stick, write it with \
         `ramkey write {word} --to other.img`, and copy {FOLDER}/{capsule} of other.img into the folder {FOLDER} of \
         this stick"
    )
}

fn name_of(entry: &Entry) -> &str {
    entry.path.rsplit('/').next().unwrap_or_default()
}
