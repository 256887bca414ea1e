//! How far a job is: all of it, not the part that is being done.

use std::time::{Duration, Instant};

use crate::job::Part;
use crate::pipeline::Phase;
use crate::units::Bytes;

/// The work of a job, counted in bytes.
///
/// A byte counts once for each time that it is handled: when it is hashed, when it is written and when it is read back. A job
/// says at its beginning how many there are; one that does not is counted as its parts begin.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// Bytes of all parts that are known of.
    total: u64,
    done: u64,
    now: Option<Work>,
    over: Vec<(&'static str, u64, Duration)>,
}

/// A part that is being done.
#[derive(Clone, Copy, Debug)]
struct Work {
    part: Part,
    done: u64,
    begun: Instant,
}

impl Work {
    /// Whether its bytes are those of the job. A few sectors before and after are written more than once.
    fn counts(&self) -> bool {
        !matches!(self.part, Part::Write(Phase::Clear | Phase::Probe | Phase::Flush | Phase::Commit))
    }
}

impl Account {
    /// From here on the job handles so many bytes.
    pub fn expect(&mut self, bytes: u64) {
        self.total = self.done + bytes;
    }

    /// A part of so many bytes begins.
    pub fn begin(&mut self, part: Part, bytes: u64, now: Instant) {
        self.end(now);
        let work = Work { part, done: 0, begun: now };
        match part {
            // Nothing comes behind it, and it knows its bytes.
            Part::Write(Phase::ReadBack) => self.total = self.done + bytes,
            _ if work.counts() => self.total = self.total.max(self.done + bytes),
            _ => {}
        }
        self.now = Some(work);
    }

    /// So many of its bytes are done.
    pub fn advance(&mut self, bytes: u64) {
        if let Some(work) = &mut self.now {
            work.done += bytes;
            self.done += if work.counts() { bytes } else { 0 };
            self.total = self.total.max(self.done);
        }
    }

    /// The part is over; its name, bytes and time, if it took any.
    pub fn end(&mut self, now: Instant) -> Option<(&'static str, u64, Duration)> {
        let work = self.now.take()?;
        let (name, took) = (work.part.name(), now.duration_since(work.begun));
        match self.over.iter_mut().find(|(of, ..)| *of == name) {
            Some((_, bytes, time)) => (*bytes, *time) = (*bytes + work.done, *time + took),
            None => self.over.push((name, work.done, took)),
        }
        Some((name, work.done, took))
    }

    /// Bytes of all parts, and those that are done.
    pub fn bytes(&self) -> (u64, u64) {
        (self.total, self.done)
    }

    /// Percent of the job that is done.
    pub fn percent(&self) -> u64 {
        (self.done * 100).checked_div(self.total).unwrap_or(0)
    }

    /// The name of the part that is being done.
    pub fn part(&self) -> Option<&'static str> {
        self.now.map(|work| work.part.name())
    }

    /// How long the rest takes if it goes on as this part does; nothing while that cannot be told.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let work = self.now.filter(|work| work.counts() && work.done > 0)?;
        let took = now.duration_since(work.begun);
        if took < SETTLED {
            return None;
        }
        let rest = (self.total - self.done) as f64 / work.done as f64;
        Duration::try_from_secs_f64(took.as_secs_f64() * rest).ok()
    }

    /// How far it is, on one line.
    pub fn line(&self, now: Instant) -> String {
        let Some(part) = self.part() else { return String::new() };
        let left = self.left(now).map(|left| format!(", {} left", clock(left))).unwrap_or_default();
        format!("{part}: {} of {} MiB{left}", self.done >> 20, self.total.div_ceil(1 << 20))
    }

    /// The time of all parts that are over; what a person took to answer is not in it.
    pub fn took(&self) -> Duration {
        self.over.iter().map(|(.., took)| *took).sum()
    }

    /// What was done, in its parts.
    pub fn summary(&self) -> String {
        let parts: Vec<String> = self
            .over
            .iter()
            .filter(|(_, bytes, _)| *bytes > 0)
            .map(|(name, bytes, took)| format!("{name} {} in {}", Bytes(*bytes), clock(*took)))
            .collect();
        format!("took {}: {}", clock(self.took()), parts.join(", "))
    }
}

/// A rate that was measured for less is none.
const SETTLED: Duration = Duration::from_millis(500);

/// Minutes and seconds.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Account, clock};
    use crate::job::Part;
    use crate::pipeline::Phase;

    const MIB: u64 = 1 << 20;

    #[test]
    fn hashing_writing_and_reading_back_are_counted_together() {
        let (mut account, start) = (Account::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        // An image of 24 MiB, of which 12 are left when it is packed.
        account.expect(72 * MIB);
        account.begin(Part::Hash, 24 * MIB, at(0));
        account.advance(12 * MIB);
        assert_eq!(account.percent(), 16);
        account.advance(12 * MIB);
        account.end(at(2));
        account.expect(24 * MIB);
        account.begin(Part::Write(Phase::Clear), 512, at(2));
        account.advance(512);
        account.begin(Part::Write(Phase::Write), 12 * MIB, at(2));
        account.advance(6 * MIB);
        assert_eq!(account.bytes(), (48 * MIB, 30 * MIB));
        // 6 MiB took 3 seconds; 6 are to be written and 12 to be read.
        assert_eq!(account.line(at(5)), "writing: 30 of 48 MiB, 0:09 left");
        account.advance(6 * MIB);
        account.begin(Part::Write(Phase::ReadBack), 12 * MIB, at(8));
        assert_eq!(account.line(at(8)), "reading back: 36 of 48 MiB");
        account.advance(12 * MIB);
        account.end(at(9));
        assert_eq!((account.percent(), account.part()), (100, None));
        let told = "took 0:09: hashing 24 MiB in 0:02, clearing 512 bytes in 0:00, writing 12 MiB in 0:06, reading back 12 MiB in 0:01";
        assert_eq!(account.summary(), told);
    }

    #[test]
    fn what_nobody_announced_is_added_when_it_begins_and_nothing_is_ever_more_than_whole() {
        let (mut account, now) = (Account::default(), Instant::now());
        account.begin(Part::Read, 8 * MIB, now);
        account.advance(9 * MIB);
        assert_eq!(account.percent(), 100);
        account.begin(Part::Write(Phase::ReadBack), 9 * MIB, now);
        assert_eq!((account.percent(), account.left(now)), (50, None));
        assert_eq!(Account::default().percent(), 0);
    }

    #[test]
    fn time_is_told_in_minutes_and_hours() {
        for (seconds, text) in [(0.4, "0:00"), (59.6, "1:00"), (61.0, "1:01"), (3661.0, "1:01:01")] {
            assert_eq!(clock(Duration::from_secs_f64(seconds)), text);
        }
    }
}
