//! What was found, and how findings are gathered.

use serde::{Deserialize, Deserializer, Serialize};

use super::kinds::{Explanation, Kind};
use super::severity::Severity;

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// How bad it is.
    pub severity: Severity,
    /// The sector that says so.
    pub lba: u64,
    /// What was found, with its numbers.
    pub what: String,
    /// Why it matters.
    pub why: &'static str,
    /// Which machines and systems stumble over it.
    pub hurts: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Where that is known from.
    pub source: &'static str,
}

/// A finding without what its kind says.
#[derive(Deserialize)]
struct Told {
    kind: Kind,
    severity: Severity,
    lba: u64,
    what: String,
}

impl<'de> Deserialize<'de> for Finding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Told { kind, severity, lba, what } = Told::deserialize(deserializer)?;
        let &Explanation { why, hurts, remedy, source, .. } = kind.explanation();
        Ok(Self { kind, severity, lba, what, why, hurts, remedy, source })
    }
}

/// Most findings of one kind that are told one by one.
const SAME_MAX: usize = 32;

/// What has been found so far.
#[derive(Default)]
pub(super) struct Findings {
    told: Vec<Finding>,
    /// How often each kind was found.
    counts: Vec<(Kind, usize)>,
}

impl Findings {
    pub fn add(&mut self, kind: Kind, lba: u64, what: String) {
        let known = self.counts.iter().position(|(known, _)| *known == kind);
        let index = known.unwrap_or_else(|| {
            self.counts.push((kind, 0));
            self.counts.len() - 1
        });
        let count = &mut self.counts[index].1;
        *count += 1;
        if *count <= SAME_MAX {
            self.push(kind, lba, what);
        }
    }

    pub fn push(&mut self, kind: Kind, lba: u64, what: String) {
        let &Explanation { severity, why, hurts, remedy, source, .. } = kind.explanation();
        self.told.push(Finding { kind, severity, lba, what, why, hurts, remedy, source });
    }

    /// All findings; where there are many of a kind, the last one says how many more.
    pub fn finish(mut self) -> Vec<Finding> {
        for (kind, count) in std::mem::take(&mut self.counts) {
            if let Some(more) = count.checked_sub(SAME_MAX).filter(|&more| more > 0) {
                self.push(kind, 0, format!("and {more} more of this kind"));
            }
        }
        self.told
    }
}
