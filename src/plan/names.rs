//! The images of a plan: titles, file names, and the label.

use std::path::Path;

use ramkey_format::capsule::EXTENSION;

use super::error::PlanError;
use super::planned::{CapsulePlan, CapsuleRole};
use super::request::{IMAGES_MAX, Request};
use super::set::internal_first;
use super::titles::{self, Made};
use crate::contents::ImageFacts;

/// Name of an image whose own name has no usable character.
const NAMELESS: &str = "IMAGE";
/// Names that mean a device to DOS and Windows, with any extension.
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];

/// Titles and file names that a stick has already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Titles in the boot menu.
    pub titles: Vec<String>,
    /// Names of files in the folder of the images, by their short names.
    pub files: Vec<String>,
}

/// Titles and file names of all images, none of which is in `there`.
pub(super) fn capsules(request: &Request, there: &Taken) -> Result<Vec<CapsulePlan>, PlanError> {
    let count = request.images.len() + request.companions.len() + there.files.len();
    let mut capsules: Vec<CapsulePlan> = Vec::with_capacity(count);
    let mut add = |facts: &ImageFacts, title: Made, number: Option<u8>, writes, role| {
        let stem = short_stem(&facts.own_name());
        let is_taken = |name: &str| {
            capsules.iter().any(|other| other.file_name == name)
                || there.files.iter().any(|file| file == name)
        };
        // There are fewer images and files than numbers.
        let file_name = (0..=count)
            .map(|number| numbered(&stem, number))
            .find(|name| !is_taken(name))
            .expect("more numbers than images");
        let number = number.unwrap_or(facts.drive);
        let Made { title, lost: title_lost } = title;
        let facts = facts.clone();
        capsules.push(CapsulePlan { facts, title, title_lost, file_name, number, writes, role });
    };
    let mut taken = there.titles.clone();
    for image in &request.images {
        let path = &image.facts.path;
        let Made { title, lost } = match &image.title {
            Some(text) => match titles::asked(text) {
                Some(title) => Made { title, lost: None },
                None => return Err(PlanError::Title { path: path.clone(), title: text.clone() }),
            },
            None => titles::of_file(&image.facts.own_name()),
        };
        let title = Made { title: titles::distinct(&title, &taken), lost };
        taken.push(title.title.clone());
        let role = CapsuleRole::Boot { internal_first: internal_first(request, image) };
        add(&image.facts, title, None, image.writes, role);
    }
    for companion in &request.companions {
        let title = titles::of_file(&companion.facts.own_name());
        add(&companion.facts, title, companion.number, companion.writes, CapsuleRole::Companion);
    }
    Ok(capsules)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Names that the file of an image with this title may have, if the title is that of its own file.
pub(crate) fn file_names(title: &str) -> Vec<String> {
    // A title has no extension, but it may have a point.
    let stem = short_stem(Path::new(&format!("{title}.{EXTENSION}")));
    (0..=IMAGES_MAX).map(|number| numbered(&stem, number)).collect()
}

/// Up to eight characters that every FAT driver accepts.
fn short_stem(path: &Path) -> String {
    let keep = |c: char| {
        let c = c.to_ascii_uppercase();
        if c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-' { c } else { '_' }
    };
    let mut name: String = stem(path).chars().map(keep).take(8).collect();
    if name.bytes().all(|byte| byte == b'_') {
        name = NAMELESS.into();
    }
    let port = name.len() == 4 && (name.starts_with("COM") || name.starts_with("LPT"));
    if DEVICES.contains(&name.as_str()) || port {
        name.push('_');
    }
    name
}

fn numbered(stem: &str, number: usize) -> String {
    if number == 0 {
        return format!("{stem}.{EXTENSION}");
    }
    let suffix = format!("~{number}");
    let keep = stem.len().min(8 - suffix.len());
    format!("{}{suffix}.{EXTENSION}", &stem[..keep])
}

/// The label as FAT stores it.
pub(super) fn label(text: &str) -> Result<[u8; 11], PlanError> {
    let upper = text.to_ascii_uppercase();
    let allowed =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" !#$%&'()-@^_`{}~".contains(&byte);
    let sound = (1..=11).contains(&upper.len()) && upper.bytes().all(allowed) && !upper.starts_with(' ');
    if !sound {
        return Err(PlanError::Label { label: text.into() });
    }
    let mut label = [b' '; 11];
    label[..upper.len()].copy_from_slice(upper.as_bytes());
    Ok(label)
}
