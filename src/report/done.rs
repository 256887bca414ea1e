//! A finished write as a record.

use serde::Serialize;

use crate::image::Scan;
use crate::layout::Layout;
use crate::pipeline::{Committed, Repair};
use crate::plan::Plan;
use crate::report::StickReport;

/// A finished write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The stick.
    #[serde(flatten)]
    pub stick: StickReport,
    /// Ranges that had to be written more than once.
    pub repairs: Vec<Repair>,
    /// What was there already, if the write was to go on.
    pub resumed: Option<Resumed>,
}

/// What was there already when a write went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Resumed {
    /// Whether all of it was: nothing was written.
    pub complete: bool,
    /// Bytes that were there and were not written again.
    pub skipped: u64,
    /// Bytes that were written.
    pub written: u64,
}

impl Resumed {
    /// That of `bytes` nothing was missing.
    pub fn complete(bytes: u64) -> Self {
        Self { complete: true, skipped: bytes, written: 0 }
    }
}

impl Report {
    /// Describes a finished write.
    pub fn new(plan: &Plan, scans: &[Scan], committed: &Committed) -> Self {
        let stick = StickReport::new(plan, &committed.layout, scans);
        Self { stick, repairs: committed.repairs.clone(), resumed: None }
    }

    /// Describes a stick that was complete already.
    pub fn of_complete(plan: &Plan, layout: &Layout, scans: &[Scan]) -> Self {
        let stick = StickReport::new(plan, layout, scans);
        let resumed = Some(Resumed::complete(stick.bytes));
        Self { stick, repairs: Vec::new(), resumed }
    }
}
