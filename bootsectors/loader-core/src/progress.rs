//! How far a load is, from BIOS timer ticks and integers.

/// Ticks in a day, after which the BIOS counter begins again.
pub const TICKS_PER_DAY: u32 = 0x18_00B0;
/// Ticks in ten seconds; a tick is 54.925 ms.
const TICKS_PER_10_S: u32 = 182;

/// The BIOS tick counter (0:46Ch), without its jump at midnight.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    last: u32,
    elapsed: u32,
}

impl Clock {
    /// Starts at `now`, the counter's value.
    pub fn new(now: u32) -> Self {
        Self { last: now, elapsed: 0 }
    }

    /// Ticks since the start; `now` is the counter's value.
    pub fn elapsed(&mut self, now: u32) -> u32 {
        let since = match now.checked_sub(self.last) {
            Some(since) => since,
            // Midnight. A counter that goes back for another reason must not make a day pass.
            None if self.last < TICKS_PER_DAY => match TICKS_PER_DAY - self.last + now {
                since if since < TICKS_PER_DAY / 2 => since,
                _ => 0,
            },
            None => 0,
        };
        self.last = now;
        self.elapsed = self.elapsed.saturating_add(since);
        self.elapsed
    }
}

/// Whole seconds in `ticks`.
pub fn seconds(ticks: u32) -> u32 {
    let tens = ticks / TICKS_PER_10_S;
    tens * 10 + (ticks - tens * TICKS_PER_10_S) * 10 / TICKS_PER_10_S
}

/// Ticks in `seconds`, which fit a byte.
pub fn ticks(seconds: u8) -> u32 {
    (u32::from(seconds) * TICKS_PER_10_S).div_ceil(10)
}

/// A load in progress.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    total: u64,
    done: u64,
    ticks: u32,
}

impl Progress {
    /// Nothing of `total` bytes is done.
    pub fn new(total: u64) -> Self {
        Self { total, done: 0, ticks: 0 }
    }

    /// `bytes` more are done (or fewer, when a chunk is read again), `ticks` after the start.
    pub fn advance(&mut self, bytes: i32, ticks: u32) {
        self.done = self.done.saturating_add_signed(i64::from(bytes)).min(self.total);
        self.ticks = ticks;
    }

    /// Bytes done.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Bytes in all.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Per cent done, rounded down: 100 is the end. Of nothing, 100.
    pub fn percent(&self) -> u32 {
        let (done, total) = scaled(self.done, self.total);
        (done * 100).checked_div(total).unwrap_or(100)
    }

    /// KiB per second since the start, or `None` before the first tick.
    pub fn kib_per_second(&self) -> Option<u32> {
        let kib = (self.done >> 10) as u32;
        let whole = kib.checked_div(self.ticks)?;
        let part = (kib % self.ticks) * TICKS_PER_10_S / self.ticks;
        Some((whole.saturating_mul(TICKS_PER_10_S).saturating_add(part)) / 10)
    }

    /// Seconds that the rest takes at this speed, rounded up, or `None` while the speed is unknown.
    pub fn seconds_left(&self) -> Option<u32> {
        let left = ((self.total - self.done + 1023) >> 10) as u32;
        let rate = self.kib_per_second()?;
        (rate > 0).then(|| left.div_ceil(rate))
    }
}

/// Both numbers shifted right until `total` times 100 fits 32 bits.
fn scaled(done: u64, total: u64) -> (u32, u32) {
    let mut shift = 0;
    while total >> shift >= 1 << 25 {
        shift += 1;
    }
    // `done` rounds down and `total` up, so that 100 per cent is not told early.
    let up = u64::from(shift > 0 && done < total);
    ((done >> shift) as u32, (total >> shift) as u32 + up as u32)
}
