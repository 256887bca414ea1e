//! What is known of a medium so far, of which the first word counts.

use std::collections::BTreeMap;

use super::range::{MapRange, NAME_LEN_MAX, Use};

/// Most ranges that are told apart.
pub(super) const RANGES_MAX: usize = 1 << 13;
/// Most free runs that are ranges of their own.
pub(super) const FREE_MAX: usize = 128;

/// A run of sectors: the first, and how many.
type Run = (u64, u64);

/// A medium on which ranges are painted.
pub(super) struct Canvas {
    sectors: u64,
    painted: BTreeMap<u64, MapRange>,
    /// Whether there was no room for a range.
    pub is_partial: bool,
}

impl Canvas {
    /// An empty one.
    pub fn new(sectors: u64) -> Self {
        Self { sectors, painted: BTreeMap::new(), is_partial: false }
    }

    /// Paints a run wherever nothing is yet.
    pub fn paint(&mut self, run: Run, used_for: Use, name: &str) {
        self.paint_image(run, used_for, name, None);
    }

    /// The same of the image with this number.
    pub fn paint_image(&mut self, (lba, sectors): Run, used_for: Use, name: &str, image: Option<usize>) {
        let end = lba.saturating_add(sectors).min(self.sectors);
        let mut at = lba;
        while at < end {
            let before = self.painted.range(..=at).next_back().map(|(_, range)| range.end());
            if let Some(behind) = before.filter(|&behind| behind > at) {
                at = behind;
                continue;
            }
            if self.painted.len() == RANGES_MAX {
                self.is_partial = true;
                return;
            }
            let next = self.painted.range(at..).next().map_or(end, |(&next, _)| next.min(end));
            let cut = name.char_indices().map(|(start, _)| start).find(|&start| start + 4 > NAME_LEN_MAX);
            let name = name[..cut.unwrap_or(name.len())].to_owned();
            self.painted.insert(at, MapRange { lba: at, sectors: next - at, used_for, name, image });
            at = next;
        }
    }

    /// All ranges; what is not painted is `rest`, or not known if there was no room for all.
    pub fn finish(self, rest: Use) -> Vec<MapRange> {
        let rest = if self.is_partial { Use::Unknown } else { rest };
        let mut ranges: Vec<MapRange> = Vec::new();
        let gap = |lba: u64, sectors| MapRange {
            lba,
            sectors,
            used_for: rest,
            name: rest.words().to_owned(),
            image: None,
        };
        let mut end = 0;
        for (lba, range) in self.painted {
            if lba > end {
                ranges.push(gap(end, lba - end));
            }
            end = range.end();
            // One thing may have been told in pieces.
            match ranges.last_mut() {
                Some(last) if is_same(last, &range) => last.sectors += range.sectors,
                _ => ranges.push(range),
            }
        }
        if end < self.sectors {
            ranges.push(gap(end, self.sectors - end));
        }
        ranges
    }
}

fn is_same(one: &MapRange, other: &MapRange) -> bool {
    (one.used_for, &one.name, one.image) == (other.used_for, &other.name, other.image)
}

/// Free runs, of which only the longest are kept, however many there are.
#[derive(Default)]
pub(super) struct FreeRuns {
    runs: Vec<Run>,
    /// Runs of fewer sectors are not kept.
    from: u64,
}

impl FreeRuns {
    /// Adds a run.
    pub fn add(&mut self, run: Run) {
        if run.1 >= self.from {
            self.runs.push(run);
        }
        if self.runs.len() > 16 * FREE_MAX {
            self.thin(8 * FREE_MAX);
        }
    }

    /// The runs, and of how many sectors each is at least; 0 if none was left out.
    pub fn finish(mut self) -> (Vec<Run>, u64) {
        self.thin(FREE_MAX);
        (self.runs, self.from)
    }

    fn thin(&mut self, most: usize) {
        while self.runs.len() > most {
            self.from = (self.from * 2).max(2);
            self.runs.retain(|(_, sectors)| *sectors >= self.from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Canvas, FREE_MAX, FreeRuns, RANGES_MAX, Use};

    #[test]
    fn what_is_painted_first_counts_and_the_ranges_leave_nothing_out() {
        let mut canvas = Canvas::new(100);
        canvas.paint((10, 10), Use::Capsule, "a");
        canvas.paint((15, 10), Use::File, "b");
        canvas.paint((5, 90), Use::Volume, "c");
        canvas.paint((96, 50), Use::Free, "d");
        let ranges = canvas.finish(Use::Unused);
        let told: Vec<(u64, u64, Use)> =
            ranges.iter().map(|range| (range.lba, range.sectors, range.used_for)).collect();
        let expected = [
            (0, 5, Use::Unused),
            (5, 5, Use::Volume),
            (10, 10, Use::Capsule),
            (20, 5, Use::File),
            (25, 70, Use::Volume),
            (95, 1, Use::Unused),
            (96, 4, Use::Free),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn pieces_of_the_same_thing_are_one_range() {
        let mut canvas = Canvas::new(30);
        canvas.paint((10, 10), Use::File, "a");
        canvas.paint((0, 10), Use::File, "a");
        canvas.paint((20, 10), Use::File, "b");
        let ranges = canvas.finish(Use::Unused);
        assert_eq!(ranges.iter().map(|range| range.sectors).collect::<Vec<_>>(), [20, 10]);
    }

    #[test]
    fn where_there_are_too_many_ranges_the_others_are_not_known() {
        let mut canvas = Canvas::new(1 << 20);
        (0..=RANGES_MAX as u64).for_each(|lba| canvas.paint((lba * 2, 1), Use::File, "a"));
        assert!(canvas.is_partial);
        let ranges = canvas.finish(Use::Unused);
        assert_eq!(ranges.last().map(|range| (range.used_for, range.end())), Some((Use::Unknown, 1 << 20)));
    }

    #[test]
    fn of_many_free_runs_the_longest_are_kept() {
        let mut free = FreeRuns::default();
        for lba in 0..100_000u64 {
            free.add((lba * 100, if lba % 1000 == 0 { 90 } else { 1 + lba % 3 }));
        }
        let (runs, from) = free.finish();
        assert_eq!(runs.len(), 100);
        assert!(runs.iter().all(|run| run.1 == 90) && (4..=90).contains(&from));
        let mut few = FreeRuns::default();
        (0..FREE_MAX as u64).for_each(|lba| few.add((lba * 2, 1)));
        let (runs, from) = few.finish();
        assert_eq!((runs.len(), from), (FREE_MAX, 0));
    }
}
