//! How far it is, on standard error: a bar on a terminal, lines elsewhere.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::account::Account;
use crate::cli::events::Teller;
use crate::cli::terminal::{is_error_screen, note, step};
use crate::cli::voice::{Voice, say_last, says};
use crate::job::{Event, Observer};
use crate::units::Bytes;

/// Where there is no bar, a job that ends sooner says nothing of how far it is.
const PATIENCE: Duration = Duration::from_secs(5);
/// Lines are at least so far apart.
const PAUSE: Duration = Duration::from_secs(1);

/// The progress of one job, from its first part to its last.
///
/// What it shows beside numbers are names of ours. Where events are wanted, they are told in the place of all that.
pub struct Progress {
    state: Mutex<State>,
    /// Tells in the place of the bar.
    teller: Option<Teller>,
    /// Whether what is prepared is also written, which counts from the beginning.
    writes: bool,
}

struct State {
    account: Account,
    bar: Option<ProgressBar>,
    lines: Lines,
    is_shown: bool,
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress {
    /// That of a job.
    pub fn new() -> Self {
        Self::of(false)
    }

    /// That of a job which prepares, and then writes what it prepared.
    pub fn of_writing() -> Self {
        Self::of(true)
    }

    fn of(writes: bool) -> Self {
        let begun = Instant::now();
        let lines = Lines { next: begun + PATIENCE, told: None };
        let state = State { account: Account::default(), bar: None, lines, is_shown: false };
        Self { state: Mutex::new(state), teller: Teller::if_wanted(None), writes }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Progress {
    /// Leaves one line of what took long.
    fn drop(&mut self) {
        let mut state = self.state();
        state.end(Instant::now());
        if state.is_shown && state.account.took() >= PAUSE {
            note(format_args!("{}", state.account.summary()));
        }
    }
}

impl State {
    fn begin(&mut self, now: Instant) {
        if is_error_screen() && says(Voice::Usual) {
            let (total, done) = self.account.bytes();
            let bar = self.bar.get_or_insert_with(|| bar(total, done));
            bar.set_length(total);
            bar.set_position(done);
            bar.set_message(self.account.part().unwrap_or_default());
            self.is_shown = true;
        } else {
            self.tell(now);
        }
    }

    fn advance(&mut self, bytes: u64) {
        self.account.advance(bytes);
        match &self.bar {
            Some(bar) => {
                let (total, done) = self.account.bytes();
                bar.set_length(total);
                bar.set_position(done);
            }
            None => self.tell(Instant::now()),
        }
    }

    fn end(&mut self, now: Instant) {
        if let Some((name, bytes, took)) = self.account.end(now).filter(|(_, bytes, _)| *bytes > 0) {
            step(format_args!("{name} {} took {:.3} s", Bytes(bytes), took.as_secs_f64()));
        }
    }

    /// A line, if it is time for one.
    fn tell(&mut self, now: Instant) {
        if says(Voice::Usual) && self.lines.is_due(now, &self.account) {
            note(format_args!("{}", self.account.line(now)));
            self.is_shown = true;
        }
    }

    /// Clears the bar, so that something else can be printed or asked.
    fn hide(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// When lines are due: after a while, then at most one in a second, and each tells something new.
struct Lines {
    next: Instant,
    told: Option<(&'static str, u64)>,
}

impl Lines {
    fn is_due(&mut self, now: Instant, account: &Account) -> bool {
        let Some(part) = account.part().filter(|_| now >= self.next) else { return false };
        let news = Some((part, account.percent()));
        if news == self.told {
            return false;
        }
        (self.next, self.told) = (now + PAUSE, news);
        true
    }
}

/// A bar of a job of which so many bytes of `total` were done before there was a bar: its speed is of what comes.
fn bar(total: u64, done: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
    bar.set_position(done);
    bar.reset_eta();
    let template =
        "{msg:<12} {bar:30} {percent:>3}%  {bytes} of {total_bytes}  {binary_bytes_per_sec}  {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar
}

impl Observer for Progress {
    fn tell(&self, event: Event) {
        if let Some(teller) = &self.teller {
            return teller.tell(&event);
        }
        let mut state = self.state();
        match event {
            Event::Expect { bytes, later } => {
                state.account.expect(bytes + if self.writes { later } else { 0 });
            }
            Event::Begin { part, bytes } => {
                let now = Instant::now();
                state.end(now);
                step(format_args!("{}: {}", part.name(), Bytes(bytes)));
                state.account.begin(part, bytes, now);
                state.begin(now);
            }
            Event::Advance { bytes } => state.advance(bytes),
            Event::End => {
                state.end(Instant::now());
                state.hide();
            }
            Event::Repaired { lba, sectors, tries } => {
                let end = lba + sectors;
                let text =
                    format!("sectors {lba}..{end} came back changed, and are right after {tries} tries");
                match &state.bar {
                    Some(bar) => bar.println(text),
                    None => note(format_args!("{text}")),
                }
            }
            Event::PartitionsNotSeen { source } => note(format_args!(
                "note: the system does not see the new partition yet ({source}); plug the stick in again"
            )),
            Event::Ejected => say_last(EJECTED.into()),
            Event::NotEjected { source } => note(format_args!("note: {}", not_ejected(&source))),
        }
    }
}

/// What is said of a stick that was ejected.
pub(super) const EJECTED: &str = "ejected   you may pull the stick now";

/// What is said of one that was not.
pub(super) fn not_ejected(source: &std::io::Error) -> String {
    format!("the stick is proven, but it was not ejected ({source}); pull it when its light is out")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Account, Lines, PATIENCE, bar};
    use crate::job::Part;

    #[test]
    fn what_was_done_before_a_question_is_no_speed_of_what_comes_behind_it() {
        let bar = bar(1 << 40, 1 << 39);
        assert_eq!(bar.position(), 1 << 39);
        std::thread::sleep(Duration::from_millis(2));
        assert!(bar.per_sec() < 1.0, "{}", bar.per_sec());
    }

    #[test]
    fn lines_come_at_most_once_a_second_and_none_comes_of_what_is_short() {
        let start = Instant::now();
        let mut lines = Lines { next: start + PATIENCE, told: None };
        let mut account = Account::default();
        account.begin(Part::Read, 1000, start);
        let mut times = Vec::new();
        // A tenth of a percent in a tenth of a second.
        for tenth in 0..1000 {
            account.advance(1);
            let now = start + Duration::from_millis(tenth * 100);
            if lines.is_due(now, &account) {
                times.push(tenth);
            }
        }
        assert_eq!(times[0], 50);
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 10), "{times:?}");
        assert!(times.len() > 90, "{times:?}");
        // Nothing moves any more.
        assert!(!lines.is_due(start + Duration::from_secs(500), &account) || account.percent() == 100);
        assert!(!lines.is_due(start + Duration::from_secs(600), &account));
    }
}
