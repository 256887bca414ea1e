//! How far a job is: all of it, not one part of it, how fast it goes, and how long it goes on.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::panicking;
use std::time::{Duration, Instant};

use crate::cli::progress::{EJECTED, not_ejected};
use crate::job::{Event, Observer, Part};
use crate::units::Bytes;

/// For so long the bytes of one bar of the graph are counted.
const BAR: Duration = Duration::from_millis(500);
/// Bars that tell how fast it goes now.
const RECENT: usize = 10;

/// An observer that remembers.
pub(super) struct Pace {
    begun: Instant,
    is_unwanted: AtomicBool,
    state: Mutex<State>,
}

/// What the thread of work that is unwanted ends with.
struct Unwanted;

#[derive(Default)]
struct State {
    part: Option<Part>,
    /// Bytes of all parts.
    total: u64,
    /// Whether those that begin come to that.
    adds: bool,
    done: u64,
    /// Bytes of each [`BAR`] since the beginning.
    bars: Vec<u64>,
    notes: Vec<String>,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// What is being done.
    pub part: &'static str,
    /// Of all of it, in percent; never 100 as long as it goes on.
    pub percent: u64,
    /// In words: bytes, rate, and the time that is left.
    pub words: String,
    /// Bytes a second, the oldest first.
    pub rates: Vec<u64>,
    /// What happened on the way.
    pub notes: Vec<String>,
}

impl Pace {
    /// Nothing was done yet of `total` bytes; if that is 0, it is what the parts say when they begin.
    pub fn new(total: u64) -> Self {
        let state = State { total, adds: total == 0, ..State::default() };
        Self { begun: Instant::now(), is_unwanted: AtomicBool::new(false), state: Mutex::new(state) }
    }

    /// Ends the work, whose outcome nobody waits for, when it tells the next time how far it is. It must be work that writes nothing.
    pub fn end_work(&self) {
        self.is_unwanted.store(true, Ordering::Relaxed);
    }

    /// How far it is now.
    pub fn look(&self) -> Seen {
        self.state().seen(self.begun.elapsed())
    }

    /// Whether anything was told yet.
    pub fn has_begun(&self) -> bool {
        let state = self.state();
        state.part.is_some() || state.done > 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Pace {
    fn tell(&self, event: Event) {
        if self.is_unwanted.load(Ordering::Relaxed) && !panicking() {
            // What it has open is closed on the way, and nothing is said.
            resume_unwind(Box::new(Unwanted));
        }
        let since = self.begun.elapsed();
        self.state().take(event, since);
    }
}

impl State {
    fn take(&mut self, event: Event, since: Duration) {
        match event {
            Event::Begin { part, bytes } => {
                self.part = Some(part);
                self.total += if self.adds { bytes } else { 0 };
            }
            Event::Advance { bytes } => {
                self.done += bytes;
                let bar = (since.as_millis() / BAR.as_millis()) as usize;
                self.bars.resize(self.bars.len().max(bar + 1), 0);
                self.bars[bar] += bytes;
            }
            Event::End => self.part = None,
            Event::Repaired { lba, sectors, tries } => {
                let end = lba + sectors;
                let text =
                    format!("sectors {lba}..{end} came back changed, and are right after {tries} tries");
                self.notes.push(text);
            }
            Event::PartitionsNotSeen { source } => self.notes.push(format!(
                "the system does not see the new partition yet ({source}); plug the stick in again"
            )),
            Event::Ejected => self.notes.push(EJECTED.into()),
            Event::NotEjected { source } => self.notes.push(not_ejected(&source)),
            // The guide knows what it asked for.
            Event::Expect { .. } => {}
        }
    }

    fn seen(&self, since: Duration) -> Seen {
        let percent = (self.done * 100).checked_div(self.total).unwrap_or(0).min(99);
        // Bars in which nothing came count, too.
        let now = (since.as_millis() / BAR.as_millis()) as usize;
        let bars: Vec<u64> = (0..now).map(|bar| self.bars.get(bar).copied().unwrap_or(0)).collect();
        let recent = &bars[bars.len().saturating_sub(RECENT)..];
        let in_a_second =
            |bytes: u64, bars: usize| bytes * 1000 / (BAR.as_millis() as u64 * bars.max(1) as u64);
        let rate = in_a_second(recent.iter().sum(), recent.len());
        let left = self.total.saturating_sub(self.done).checked_div(rate);
        let words = match left {
            Some(left) if self.done > 0 => {
                format!(
                    "{} of {}, {}/s, about {} left",
                    Bytes(self.done),
                    Bytes(self.total),
                    Bytes(rate),
                    time(left)
                )
            }
            _ if self.total > 0 => format!("{} of {}", Bytes(self.done), Bytes(self.total)),
            _ => String::new(),
        };
        Seen {
            part: self.part.map_or("", Part::name),
            percent,
            words,
            rates: bars.iter().map(|bytes| in_a_second(*bytes, 1)).collect(),
            notes: self.notes.clone(),
        }
    }
}

/// A time that goes by, for people.
fn time(seconds: u64) -> String {
    match seconds {
        0..=59 => format!("{} s", seconds + 1),
        60..=3599 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_job_counts_and_what_is_left_of_it_goes_by_what_was_fast_lately() {
        let mut state = State { total: 40 << 20, ..State::default() };
        let at = Duration::from_millis;
        state.take(Event::Begin { part: Part::Hash, bytes: 20 << 20 }, at(0));
        assert_eq!(state.seen(at(0)).words, "0 bytes of 40 MiB");
        for second in 0..4 {
            state.take(Event::Advance { bytes: 2 << 20 }, at(1000 * second));
        }
        let seen = state.seen(at(4000));
        assert_eq!((seen.part, seen.percent), ("hashing", 20));
        assert_eq!(seen.words, "8 MiB of 40 MiB, 2 MiB/s, about 17 s left");
        assert_eq!(seen.rates, [4 << 20, 0, 4 << 20, 0, 4 << 20, 0, 4 << 20, 0]);
        state.take(Event::Begin { part: Part::Pack, bytes: 20 << 20 }, at(4000));
        state.take(Event::Advance { bytes: 32 << 20 }, at(4100));
        assert_eq!((state.seen(at(4600)).percent, state.part), (99, Some(Part::Pack)));
    }

    #[test]
    fn parts_that_nobody_foresaw_add_up() {
        let mut state = State { adds: true, ..State::default() };
        for _ in 0..2 {
            state.take(Event::Begin { part: Part::Hash, bytes: 1000 }, Duration::ZERO);
            state.take(Event::Advance { bytes: 500 }, Duration::ZERO);
        }
        assert_eq!(state.seen(Duration::ZERO).percent, 50);
    }

    #[test]
    fn a_time_is_rounded_up() {
        let words = [0, 59, 60, 61, 3599, 3600, 7261].map(time);
        assert_eq!(words, ["1 s", "60 s", "1 min", "2 min", "60 min", "1 h 0 min", "2 h 1 min"]);
    }
}
