//! Sectors that do not keep what they get, as ranges.

use std::fmt;

use serde::Serialize;

use crate::pipeline::Kept;

/// Most ranges that are listed.
const RANGES_MAX: usize = 1000;

/// What a sector did with what it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// It was read, and holds this.
    Held(Kept),
    /// It cannot be read.
    Unreadable(String),
    /// It cannot be written.
    Unwritable(String),
}

/// What is wrong with a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BadKind {
    /// It holds the stamps of other sectors: the medium counts from the start again.
    Overwritten,
    /// Some bits changed.
    Changed,
    /// It holds zeros, FFh or old bytes: what was written is gone.
    Lost,
    /// It cannot be read.
    Unreadable,
    /// It cannot be written.
    Unwritable,
}

/// Sectors that follow one another, with the same fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct BadRange {
    /// First sector.
    pub lba: u64,
    /// Sectors.
    pub sectors: u64,
    /// What is wrong.
    pub kind: BadKind,
    /// The sector whose stamp the first of them holds.
    pub stamp_of: Option<u64>,
    /// Bits that changed in all of them.
    pub bits: Option<u64>,
    /// What the first of them holds, or what the system said of it.
    pub found: String,
}

impl fmt::Display for BadRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lba, sectors, kind, stamp_of, bits, found } = self;
        write!(f, "sectors {lba}..{}: ", lba + sectors)?;
        match (kind, stamp_of, bits) {
            (BadKind::Overwritten, Some(other), _) => {
                write!(f, "overwritten by what was written to sectors {other}..{}", other + sectors)
            }
            (BadKind::Changed, _, Some(1)) => f.write_str("1 bit changed"),
            (BadKind::Changed, _, Some(bits)) => write!(f, "{bits} bits changed"),
            (BadKind::Unreadable, ..) => write!(f, "cannot be read ({found})"),
            (BadKind::Unwritable, ..) => write!(f, "cannot be written ({found})"),
            _ => write!(f, "what was written is gone; {found} there"),
        }
    }
}

/// Sectors by what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Counts {
    /// They are as they should be.
    pub good: u64,
    /// See [`BadKind::Overwritten`].
    pub overwritten: u64,
    /// See [`BadKind::Changed`].
    pub changed: u64,
    /// See [`BadKind::Lost`].
    pub lost: u64,
    /// See [`BadKind::Unreadable`].
    pub unreadable: u64,
    /// See [`BadKind::Unwritable`].
    pub unwritable: u64,
}

impl Counts {
    /// Those that are not as they should be.
    pub fn bad(&self) -> u64 {
        self.overwritten + self.changed + self.lost + self.unreadable + self.unwritable
    }

    fn of(&mut self, kind: BadKind) -> &mut u64 {
        match kind {
            BadKind::Overwritten => &mut self.overwritten,
            BadKind::Changed => &mut self.changed,
            BadKind::Lost => &mut self.lost,
            BadKind::Unreadable => &mut self.unreadable,
            BadKind::Unwritable => &mut self.unwritable,
        }
    }
}

/// What a pass has found so far; sectors come in ascending order.
#[derive(Default)]
pub(super) struct Faults {
    pub counts: Counts,
    pub ranges: Vec<BadRange>,
    /// Ranges that are not listed.
    pub more: u64,
    /// The range that grows, if it is listed or not.
    open: Option<BadRange>,
    /// The shortest distance of a sector from the one whose stamp it holds.
    period: Option<u64>,
    /// The last ranges of which nothing is kept: they end where sectors are kept again. A few of them are enough.
    gone: Vec<(u64, u64)>,
}

/// Ranges of which nothing is kept that are remembered at once.
const GONE_MAX: usize = 64;

impl Faults {
    /// So many sectors are as they should be.
    pub fn good(&mut self, sectors: u64) {
        self.counts.good += sectors;
        self.open = None;
    }

    /// A sector is not.
    pub fn add(&mut self, lba: u64, what: What) {
        let (kind, stamp_of, bits, found) = match what {
            What::Held(Kept::Stamp { lba: other }) => {
                let distance = lba.abs_diff(other);
                self.period = Some(self.period.map_or(distance, |period| period.min(distance)));
                (BadKind::Overwritten, Some(other), None, String::new())
            }
            What::Held(Kept::Bits(bits)) => (BadKind::Changed, None, Some(u64::from(bits)), String::new()),
            What::Held(Kept::Zeros) => (BadKind::Lost, None, None, "zeros are".into()),
            What::Held(Kept::Ones) => (BadKind::Lost, None, None, "FFh is".into()),
            What::Held(Kept::Own | Kept::Other) => (BadKind::Lost, None, None, "other bytes are".into()),
            What::Unreadable(why) => (BadKind::Unreadable, None, None, why),
            What::Unwritable(why) => (BadKind::Unwritable, None, None, why),
        };
        *self.counts.of(kind) += 1;
        if !matches!(kind, BadKind::Overwritten | BadKind::Changed) {
            self.is_gone(lba);
        }
        let next = BadRange { lba, sectors: 1, kind, stamp_of, bits, found };
        if let Some(open) = self.open.as_mut().filter(|open| continues(open, &next)) {
            open.sectors += 1;
            open.bits = open.bits.map(|sum| sum + bits.unwrap_or(0));
            if self.more == 0
                && let Some(last) = self.ranges.last_mut()
            {
                last.clone_from(open);
            }
            return;
        }
        match self.ranges.len() < RANGES_MAX {
            true => self.ranges.push(next.clone()),
            false => self.more += 1,
        }
        self.open = Some(next);
    }

    fn is_gone(&mut self, lba: u64) {
        match self.gone.last_mut() {
            Some((_, end)) if *end == lba => *end += 1,
            _ => {
                if self.gone.len() == GONE_MAX {
                    self.gone.remove(0);
                }
                self.gone.push((lba, lba + 1));
            }
        }
    }

    /// Sectors that a medium of `sectors` has from the start on, as far as anything was kept of them: up to where it counts
    /// from the start again, and where from there down nothing is kept.
    pub fn end(&self, sectors: u64) -> u64 {
        let end = self.period.unwrap_or(sectors).min(sectors);
        // A period that is known ends what is gone in front of it.
        let last = self.gone.iter().find(|(start, stop)| *start < end && end <= *stop);
        last.map_or(end, |(start, _)| *start)
    }
}

/// Whether `next` goes on with `open`.
fn continues(open: &BadRange, next: &BadRange) -> bool {
    let is_next = open.lba + open.sectors == next.lba && open.kind == next.kind;
    is_next
        && match (open.stamp_of, next.stamp_of) {
            (Some(first), Some(stamp)) => first + open.sectors == stamp,
            _ => open.found == next.found,
        }
}
