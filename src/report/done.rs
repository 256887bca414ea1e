//! A finished write as a record.

use serde::Serialize;

use crate::image::Scan;
use crate::layout::Layout;
use crate::pipeline::{Committed, Effort, Repair};
use crate::plan::Plan;
use crate::report::StickReport;

/// A finished write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Report {
    /// The stick.
    #[serde(flatten)]
    pub stick: StickReport,
    /// Ranges that had to be written more than once.
    pub repairs: Vec<Repair>,
    /// What it took.
    pub effort: Effort,
    /// What was there already, if the write was to go on.
    pub resumed: Option<Resumed>,
}

/// What was there already when a write went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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

    /// That some of it was.
    pub fn partly(effort: &Effort) -> Self {
        Self { complete: false, skipped: effort.skipped, written: effort.written }
    }
}

impl Report {
    /// Describes a finished write.
    pub fn new(plan: &Plan, scans: &[Scan], committed: &Committed) -> Self {
        let stick = StickReport::new(plan, &committed.layout, scans);
        let effort = committed.effort.clone();
        Self { stick, repairs: effort.repairs.clone(), effort, resumed: None }
    }

    /// Describes a stick that was complete already.
    pub fn of_complete(plan: &Plan, layout: &Layout, scans: &[Scan]) -> Self {
        let stick = StickReport::new(plan, layout, scans);
        let effort = Effort { skipped: stick.bytes, ..Effort::default() };
        let resumed = Some(Resumed::complete(stick.bytes));
        Self { stick, repairs: Vec::new(), effort, resumed }
    }
}
