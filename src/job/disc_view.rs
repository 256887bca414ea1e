//! What is to be known of a CD before it is booted from RAM.

use serde::Serialize;

use crate::contents::iso::{Disc, System};

/// A CD, and the system on it.
#[derive(Serialize, schemars::JsonSchema)]
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
    /// The CD that was looked at, and the system on it.
    pub(super) fn new((disc, system): (Disc, System)) -> Self {
        Self { disc, system, statement: system.statement(), advice: system.advice() }
    }
}
