//! Times that a program noted in an NTFS while it wrote, and that become another time.
//!
//! Records and entries of indexes have them at multiples of eight bytes, as the number of 100 ns since 1601. (Linux-NTFS
//! project, NTFS documentation.) The last two bytes of a sector are elsewhere while it is stored, and so is the end of a time there.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds from 1601 to 1970, and to the first day of 1980, which a FAT gets too.
const TO_1970: u64 = 134_774 * 86_400;
const FIRST_DAY: u64 = TO_1970 + 3_652 * 86_400;
const PER_SECOND: u64 = 10_000_000;
const TIME_LEN: usize = 8;
/// Bytes of a time that stay in the sector where it is the last one.
const LAST_LEN: usize = 6;
/// How far apart the clocks of two processes may be.
const APART: Duration = Duration::from_secs(2);

/// The time in which a program ran.
pub(super) struct Times(RangeInclusive<u64>);

fn since_1601(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    TO_1970.saturating_add(since.as_secs()).saturating_mul(PER_SECOND) + u64::from(since.subsec_nanos() / 100)
}

impl Times {
    /// It begins to run.
    pub fn from_now() -> Self {
        let from = since_1601(SystemTime::now() - APART);
        Self(from..=from)
    }

    /// It has ended.
    pub fn end(&mut self) {
        self.0 = *self.0.start()..=since_1601(SystemTime::now() + APART);
    }

    /// Puts the first day of 1980 in place of each time of this run that came into a sector, which was `old` before.
    pub fn forget(&self, old: &[u8], sector: &mut [u8]) {
        let Some(last) = sector.len().checked_sub(TIME_LEN) else { return };
        let (new, from) = ((FIRST_DAY * PER_SECOND).to_le_bytes(), self.0.start().to_le_bytes());
        for at in (0..=last).step_by(TIME_LEN) {
            let len = if at == last { LAST_LEN } else { TIME_LEN };
            let mut found = from;
            found[..len].copy_from_slice(&sector[at..at + len]);
            let is_new = old.get(at..at + len) != Some(&sector[at..at + len]);
            if is_new && self.0.contains(&u64::from_le_bytes(found)) {
                sector[at..at + len].copy_from_slice(&new[..len]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_times_of_the_run_become_the_first_day() {
        let mut times = Times::from_now();
        times.end();
        let now = since_1601(SystemTime::now());
        let (day, hour) = (FIRST_DAY * PER_SECOND, 3600 * PER_SECOND);
        let mut sector = vec![0; 512];
        let mut put = |at: usize, time: u64| sector[at..at + 8].copy_from_slice(&time.to_le_bytes());
        for (at, time) in [(0, now), (8, now - hour), (16, now + hour), (28, now), (64, now), (504, now)] {
            put(at, time);
        }
        sector[510..].fill(7);
        let mut old = vec![0; 512];
        old[64..72].copy_from_slice(&now.to_le_bytes());
        let before = sector.clone();
        times.forget(&old, &mut sector);
        assert_eq!(sector[..8], day.to_le_bytes());
        assert_eq!(sector[8..504], before[8..504]);
        assert_eq!(sector[504..510], day.to_le_bytes()[..6]);
        assert_eq!(sector[510..], [7, 7]);
    }

    #[test]
    fn times_are_counted_from_1601() {
        // 2000-01-01.
        let time = UNIX_EPOCH + Duration::from_secs(946_684_800);
        assert_eq!(since_1601(time), 125_911_584_000_000_000);
        assert_eq!(FIRST_DAY * PER_SECOND, 119_600_064_000_000_000);
    }
}
