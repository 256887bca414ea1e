//! Sticks that lie: they claim more than they have, forget, change bits, or are slow in places. Sparse, and in memory.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use ramkey::pipeline::Target;

pub type Sector = [u8; 512];

/// What comes back of a sector that the stick does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Zeros,
    Ones,
    /// Bytes that nobody wrote lately: another sector's number in each.
    Old,
    /// An error; writes fail, too.
    Error,
}

/// What is wrong with a stick. All numbers are sectors.
#[derive(Clone, Debug)]
pub struct Lies {
    /// What it says that it has.
    pub claimed: u64,
    /// What it has.
    pub real: u64,
    /// It counts from the start again behind each so many.
    pub wraps: Option<u64>,
    pub missing: Missing,
    /// The last so many that were written are read from a memory that forgets them.
    pub cache: usize,
    /// What was written there since the last power cycle is gone after the next.
    pub volatile: Range<u64>,
    /// One bit of what is written there changes.
    pub weak: Range<u64>,
    /// They cannot be read.
    pub unreadable: Range<u64>,
    /// They take a hundred times as long.
    pub slow: Range<u64>,
    /// After so many writes nothing works any more.
    pub pulled_after: u64,
}

impl Lies {
    /// None: what `claimed` sectors say is true.
    pub fn none(claimed: u64) -> Self {
        Self {
            claimed,
            real: claimed,
            wraps: None,
            missing: Missing::Zeros,
            cache: 0,
            volatile: 0..0,
            weak: 0..0,
            unreadable: 0..0,
            slow: 0..0,
            pulled_after: u64::MAX,
        }
    }

    /// It has `real` sectors and counts from the start again behind them.
    pub fn wraps(claimed: u64, real: u64) -> Self {
        Self { real, wraps: Some(real), ..Self::none(claimed) }
    }

    /// It has `real` sectors; what is written behind them is gone.
    pub fn drops(claimed: u64, real: u64, missing: Missing) -> Self {
        Self { real, missing, ..Self::none(claimed) }
    }
}

#[derive(Default)]
pub struct State {
    /// What is on the medium, by its real place; a sector that is not here holds D1h.
    kept: BTreeMap<u64, Sector>,
    /// What volatile sectors held at the last power cycle.
    before: BTreeMap<u64, Option<Sector>>,
    /// What the memory holds, by the number that was written, and how often it was of late; and these, the oldest first.
    cached: BTreeMap<u64, (Sector, usize)>,
    order: VecDeque<u64>,
    /// Sectors that were written and read.
    pub written: u64,
    pub read: u64,
    /// Requests to write and to read.
    pub writes: u64,
    pub reads: u64,
    /// What the clock of this stick says.
    clock: Duration,
}

/// A stick that lies.
pub struct Fake {
    pub lies: Lies,
    state: Mutex<State>,
}

fn broken() -> io::Error {
    io::Error::from_raw_os_error(5)
}

impl Fake {
    pub fn new(lies: Lies) -> Self {
        Self { lies, state: Mutex::default() }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What its clock says: only requests take time.
    pub fn clock(&self) -> Duration {
        self.state().clock
    }

    /// It is pulled out and plugged in again.
    pub fn power_cycle(&self) {
        let mut state = self.state();
        state.cached.clear();
        state.order.clear();
        for (lba, sector) in std::mem::take(&mut state.before) {
            match sector {
                Some(sector) => state.kept.insert(lba, sector),
                None => state.kept.remove(&lba),
            };
        }
    }

    /// What the medium itself holds where `lba` leads, past any cache.
    pub fn on_medium(&self, lba: u64) -> Option<Sector> {
        let place = self.place(lba)?;
        Some(self.state().kept.get(&place).copied().unwrap_or([0xD1; 512]))
    }

    /// Where a sector lies, if it is there.
    fn place(&self, lba: u64) -> Option<u64> {
        let place = self.lies.wraps.map_or(lba, |wraps| lba % wraps);
        (place < self.lies.real).then_some(place)
    }

    fn read_sector(&self, state: &State, lba: u64) -> io::Result<Sector> {
        if self.lies.unreadable.contains(&lba) {
            return Err(broken());
        }
        if let Some((sector, _)) = state.cached.get(&lba) {
            return Ok(*sector);
        }
        match (self.place(lba), self.lies.missing) {
            (Some(place), _) => Ok(state.kept.get(&place).copied().unwrap_or([0xD1; 512])),
            (None, Missing::Zeros) => Ok([0; 512]),
            (None, Missing::Ones) => Ok([0xFF; 512]),
            (None, Missing::Old) => Ok([(lba % 251) as u8; 512]),
            (None, Missing::Error) => Err(broken()),
        }
    }

    fn write_sector(&self, state: &mut State, lba: u64, sector: &Sector) -> io::Result<()> {
        if self.lies.cache > 0 {
            let often = state.cached.get(&lba).map_or(0, |(_, often)| *often);
            state.cached.insert(lba, (*sector, often + 1));
            state.order.push_back(lba);
            if state.order.len() > self.lies.cache
                && let Some(oldest) = state.order.pop_front()
                && let Some((_, often)) = state.cached.get_mut(&oldest)
            {
                *often -= 1;
                if *often == 0 {
                    state.cached.remove(&oldest);
                }
            }
        }
        let Some(place) = self.place(lba) else {
            return if self.lies.missing == Missing::Error { Err(broken()) } else { Ok(()) };
        };
        if self.lies.volatile.contains(&place) {
            let old = state.kept.get(&place).copied();
            state.before.entry(place).or_insert(old);
        }
        let mut sector = *sector;
        if self.lies.weak.contains(&place) {
            sector[(place % 512) as usize] ^= 0x10;
        }
        state.kept.insert(place, sector);
        Ok(())
    }

    /// Lets the clock run on for a request.
    fn pass(&self, state: &mut State, first: u64, sectors: u64) {
        let slow = (first..first + sectors).filter(|lba| self.lies.slow.contains(lba)).count() as u64;
        state.clock += Duration::from_micros(100 + 25 * (sectors + 99 * slow));
    }

    fn check(&self, offset: u64, len: usize) {
        assert!(
            offset.is_multiple_of(512) && len.is_multiple_of(512) && len > 0,
            "a request has whole sectors"
        );
        assert!(offset + len as u64 <= self.lies.claimed * 512, "a request ends on the stick");
    }
}

impl Target for Fake {
    fn len(&self) -> u64 {
        self.lies.claimed * 512
    }

    fn alignment(&self) -> usize {
        4096
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.check(offset, buffer.len());
        let mut state = self.state();
        if state.writes > self.lies.pulled_after {
            return Err(broken());
        }
        state.reads += 1;
        let (first, sectors) = (offset / 512, buffer.len() as u64 / 512);
        self.pass(&mut state, first, sectors);
        for (lba, sector) in (first..).zip(buffer.as_chunks_mut().0) {
            *sector = self.read_sector(&state, lba)?;
        }
        state.read += sectors;
        Ok(())
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> io::Result<()> {
        self.check(offset, buffer.len());
        let mut state = self.state();
        state.writes += 1;
        if state.writes > self.lies.pulled_after {
            return Err(broken());
        }
        let (first, sectors) = (offset / 512, buffer.len() as u64 / 512);
        self.pass(&mut state, first, sectors);
        for (lba, sector) in (first..).zip(buffer.as_chunks().0) {
            self.write_sector(&mut state, lba, sector)?;
        }
        state.written += sectors;
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    fn may_lie(&self) -> bool {
        true
    }
}
