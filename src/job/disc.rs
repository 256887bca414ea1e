//! What is to be known of a CD before it is booted from RAM.

use serde::Serialize;

use crate::contents::iso::{self, Disc, System};
use crate::contents::{ImageFacts, Kind};
use crate::image::Source;

/// A CD, and the system on it.
#[derive(Serialize)]
pub struct DiscView {
    /// What its descriptors say.
    #[serde(flatten)]
    pub disc: Disc,
    /// Which system is on it.
    pub system: System,
    /// What happens when it is booted from RAM.
    pub statement: String,
    /// What the user can do so that it finds the CD.
    pub advice: Option<&'static str>,
}

impl DiscView {
    /// Looks at an image that becomes a CD; `None` for others, and where it cannot be read.
    pub(super) fn look(source: &dyn Source, facts: &ImageFacts) -> Option<Self> {
        if facts.kind != Kind::Disc {
            return None;
        }
        let disc = iso::read(source).ok()??;
        let system = iso::recognise(&disc, source).ok()?;
        Some(Self { disc, system, statement: system.statement(), advice: system.advice() })
    }
}
