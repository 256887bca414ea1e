//! An image that came to a stick, as it is reported.

use ramkey_format::capsule::FOLDER;
use serde::Serialize;

use crate::capsule::drive_words;
use crate::contents::ImageFacts;
use crate::image::Scan;
use crate::origin::Origin;
use crate::plan::CapsulePlan;
use crate::report::OriginReport;
use crate::units::{hex, named};

/// An image that came to a stick.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct AddedImage {
    /// Where it came from.
    pub path: String,
    /// Its file on the stick.
    pub file: String,
    /// Its title in the menu.
    pub title: String,
    /// Kind and geometry in words.
    pub words: String,
    /// Length in bytes.
    pub len: u64,
    /// Its BLAKE3, as `b3sum` prints it.
    pub blake3: String,
    /// BLAKE3 of what will be in memory, if that is another.
    pub ram_blake3: Option<String>,
    /// Whether it stands beside another one and is in no menu.
    pub companion: bool,
    /// What was said of its file and is true.
    pub origin: Vec<OriginReport>,
}

impl AddedImage {
    /// An image that has the path `file` on the stick now.
    pub(super) fn new(
        facts: &ImageFacts,
        scan: &Scan,
        file: String,
        (title, companion): (String, bool),
    ) -> Self {
        let emulation = facts.boot_entry().map(|boot| boot.emulation);
        Self {
            path: named(&facts.path).into_owned(),
            file,
            title,
            words: drive_words(facts.kind, &facts.geometry, emulation),
            len: scan.len,
            blake3: hex(scan.root),
            ram_blake3: (scan.ram_root != scan.root).then(|| hex(scan.ram_root)),
            companion,
            origin: Vec::new(),
        }
    }

    /// The same with what was said of the file `origin`, in which it came.
    pub(super) fn from(self, origin: Option<&Origin>) -> Self {
        Self { origin: OriginReport::all(origin), ..self }
    }

    /// One that is as it was planned.
    pub(super) fn planned(plan: &CapsulePlan, scan: &Scan) -> Self {
        let file = format!("{FOLDER}/{}", plan.file_name);
        Self::new(&plan.facts, scan, file, (plan.title.clone(), !plan.is_boot()))
    }
}
