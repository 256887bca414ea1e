//! The heads that CHS counts by, where nobody measured them.

use super::{Drive, GROWTHS};
use crate::access::{HEADS, trial};
use crate::way::Method;

impl Drive {
    /// Whether the next read is by CHS with heads that nobody measured.
    pub fn heads_are_in_doubt(&self) -> bool {
        self.method == Method::Chs && self.told_heads.is_some()
    }

    /// Makes [`trial`] number `number`, by CHS alone; `false` and no change when there are no more.
    pub fn try_heads(&mut self, number: usize) -> bool {
        let Some(trial) = self.told_heads.and_then(|told| trial(number, told)) else { return false };
        self.searching = true;
        self.count_by(trial.heads, trial.single);
        true
    }

    /// Ends the search: the image proved these heads.
    pub fn keep_heads(&mut self) {
        self.told_heads = None;
        self.searching = false;
        self.trace.heads_proven = true;
    }

    /// Ends the search for now.
    pub fn leave_in_doubt(&mut self) {
        self.searching = false;
    }

    /// Ends the search: counts by what was told, for good.
    pub fn told_heads_again(&mut self) {
        self.searching = false;
        if let Some(heads) = self.told_heads.take() {
            self.count_by(heads, false);
        }
    }

    /// After reads that failed, or brought wrong data, though nobody searched: the drive gave up EDD later. Counts by the
    /// next of [`HEADS`]; `false` if the heads are not in doubt, or all were tried: then by what was told again, for good.
    pub(super) fn other_heads(&mut self) -> bool {
        if self.searching || !self.heads_are_in_doubt() {
            return false;
        }
        let Some(&heads) = HEADS.get(self.usual) else {
            self.told_heads_again();
            return false;
        };
        self.usual += 1;
        self.count_by(heads, true);
        true
    }

    fn count_by(&mut self, heads: u16, single: bool) {
        if let Some(geometry) = &mut self.geometry {
            geometry.heads = heads;
        }
        self.chs.start_again(single);
        self.good = 0;
        self.growths = if single { 0 } else { GROWTHS };
    }
}
