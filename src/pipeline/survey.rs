//! All of a medium, stamped and read: which sectors do not keep what they get, how much it has, and where it is slow.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::pipeline::bad::{BadRange, Counts, Faults, What};
use crate::pipeline::belt::{self, Crew};
use crate::pipeline::pace::{Pace, SlowArea};
use crate::pipeline::piece::Piece;
use crate::pipeline::port::{Port, Refused};
use crate::pipeline::{Buffer, Event, Kept, PIECE_LEN, Phase, PipelineError, RunId, Target};
use crate::units::SECTOR_LEN;

/// Buffers that are on the way at once.
const BUFFERS: usize = 4;
/// Pieces that are listed at once: 4 GiB.
const PIECES: u64 = 4096;
/// Most sectors at the start that are stamped once more at the end, so that a stick which answers from its memory forgets what
/// it was given last: 64 MiB, and at most half of it.
const AGAIN_MAX: u64 = 64 << 11;
/// Sectors at the start that are written together: all from which anything of ours boots.
const TOGETHER: u64 = 2 * PIECE;
/// Bytes of a sector.
const SECTOR: usize = SECTOR_LEN as usize;
/// Sectors of a piece.
const PIECE: u64 = PIECE_LEN / SECTOR_LEN;

/// What is done with a piece.
type Work<'w> = dyn Fn(&Piece, &mut [u8]) -> Result<(), PipelineError> + Sync + 'w;

/// A medium that is looked at as a whole.
#[derive(Clone, Copy)]
pub struct Survey<'a> {
    /// The medium.
    pub target: &'a dyn Target,
    /// Set when the user asks to stop.
    pub stop: &'a AtomicBool,
    /// Told of each step; may be called from any thread.
    pub observe: &'a (dyn Fn(Event) + Sync),
    /// Time since any moment.
    pub clock: &'a (dyn Fn() -> Duration + Sync),
}

/// What one pass over a medium found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Bytes from the start on that were handled.
    pub done: u64,
    /// Bytes that were handled, some of them twice.
    pub handled: u64,
    /// Time that they took.
    pub took: Duration,
    /// How it ended before its end; `None` if it did not.
    pub ended: Option<Ended>,
    /// Sectors by what became of them.
    pub counts: Counts,
    /// The ranges that are not as they should be, ascending; not all if there are very many.
    pub ranges: Vec<BadRange>,
    /// How many more there are.
    pub more: u64,
    /// Places that are much slower than the others, twice.
    pub slow: Vec<SlowArea>,
    /// Bytes that the medium really has, if it was stamped and all of it was read.
    pub real: Option<u64>,
}

/// Why a pass ended before the end of the medium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The user asked to stop.
    Stopped,
    /// The medium is gone, or refuses too much: what the system said, and what it was about.
    GaveUp(String),
}

/// What the threads of a pass share.
struct Shared<'a> {
    port: Port<'a>,
    faults: Mutex<Faults>,
    /// Sectors of a piece that could not be read, by its first sector, until somebody looks at that piece.
    refused: Mutex<BTreeMap<u64, Vec<Refused>>>,
    pace: Mutex<Pace>,
}

impl<'a> Survey<'a> {
    /// Clears the sectors `boot` of those that the medium has, each proven before the next, so that nothing boots what was there
    /// while stamps have not reached it. Then writes the stamp of each sector to all of the medium, then those of the first sectors
    /// once more, and flushes it.
    ///
    /// The first two MiB go together with that: a wish to stop counts before them and after. A sector that cannot be cleared is
    /// found again with its stamp.
    pub fn stamp(&self, id: RunId, boot: &[u64]) -> Pass {
        if self.check_stop(Phase::Stamp).is_err() {
            return Pass { ended: Some(Ended::Stopped), ..Pass::default() };
        }
        let shared = self.shared();
        for &lba in boot.iter().filter(|&&lba| lba < self.sectors()) {
            let _ = shared.port.put_sector(lba, &[0; SECTOR]);
        }
        let fill = |piece: &Piece, bytes: &mut [u8]| {
            if piece.lba >= TOGETHER {
                self.check_stop(Phase::Stamp)?;
            }
            id.stamp_all(piece.lba, bytes);
            Ok(())
        };
        let empty = |piece: &Piece, bytes: &mut [u8]| {
            let refused = shared.port.write(piece.lba, bytes)?;
            let mut faults = lock(&shared.faults);
            for Refused { lba, error } in refused {
                faults.add(lba, What::Unwritable(error));
            }
            Ok(())
        };
        // A wish to stop drops what is on its way, so these are a run of their own.
        let together = 0..TOGETHER.min(self.sectors());
        let others = together.end..self.sectors();
        let again = 0..AGAIN_MAX.min(self.sectors() / 2);
        let mut pass = self.run(Phase::Stamp, &[together, others, again], &shared, &fill, &empty);
        self.tell(Event::Begin { phase: Phase::Flush, bytes: 0 });
        if let Err(error) = self.target.flush()
            && pass.ended.is_none()
        {
            pass.ended = Some(Ended::GaveUp(format!("flushing it: {error}")));
        }
        pass
    }

    /// Reads all of the medium; what it holds is compared with the stamps of a run, if there was one.
    pub fn read(&self, id: Option<RunId>) -> Pass {
        let shared = self.shared();
        let fill = |piece: &Piece, bytes: &mut [u8]| {
            self.check_stop(Phase::Survey)?;
            let started = (self.clock)();
            let refused = shared.port.read(piece.lba, bytes)?;
            match refused.is_empty() {
                true => {
                    lock(&shared.pace).add(piece.lba, piece.sectors, (self.clock)().saturating_sub(started))
                }
                false => drop(lock(&shared.refused).insert(piece.lba, refused)),
            }
            Ok(())
        };
        let empty = |piece: &Piece, bytes: &mut [u8]| {
            let refused = lock(&shared.refused).remove(&piece.lba).unwrap_or_default();
            let mut faults = lock(&shared.faults);
            let mut refused = refused.into_iter().peekable();
            for (lba, sector) in (piece.lba..).zip(bytes.as_chunks::<SECTOR>().0) {
                match (refused.next_if(|refused| refused.lba == lba), id) {
                    (Some(refused), _) => faults.add(lba, What::Unreadable(refused.error)),
                    (None, None) => faults.good(1),
                    (None, Some(id)) => match id.read(lba, sector) {
                        Kept::Own => faults.good(1),
                        held => faults.add(lba, What::Held(held)),
                    },
                }
            }
            Ok(())
        };
        let mut pass =
            self.run(Phase::Survey, std::slice::from_ref(&(0..self.sectors())), &shared, &fill, &empty);
        let pace = shared.pace.into_inner().unwrap_or_else(PoisonError::into_inner);
        pass.slow = self.slow(&pace);
        if id.is_some() && pass.ended.is_none() {
            pass.real = Some(lock(&shared.faults).end(self.sectors()) * SECTOR_LEN);
        }
        pass
    }

    fn shared(&self) -> Shared<'a> {
        let pace = Mutex::new(Pace::new(self.sectors()));
        Shared { port: Port::new(self.target), faults: Mutex::default(), refused: Mutex::default(), pace }
    }

    fn sectors(&self) -> u64 {
        self.target.len() / SECTOR_LEN
    }

    /// Passes all pieces of `ranges` from `fill` to `empty`.
    fn run(&self, phase: Phase, ranges: &[Range<u64>], shared: &Shared, fill: &Work, empty: &Work) -> Pass {
        let (started, done) = ((self.clock)(), AtomicU64::new(0));
        let sectors: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        self.tell(Event::Begin { phase, bytes: sectors * SECTOR_LEN });
        let mut buffers = belt::buffers(BUFFERS, self.target.alignment());
        let count = |piece: &Piece, bytes: &mut [u8]| {
            empty(piece, bytes)?;
            done.fetch_add(piece.len(), Ordering::Relaxed);
            self.tell(Event::Advance { phase, bytes: piece.len() });
            Ok(())
        };
        let parts = ranges.iter().flat_map(|range| {
            let starts = range.clone().step_by((PIECES * PIECE) as usize);
            starts.map(|start| start..range.end.min(start + PIECES * PIECE))
        });
        let mut ended = None;
        for Range { start, end } in parts {
            let piece = |lba| Piece { extent: 0, lba, sectors: PIECE.min(end - lba) };
            let pieces: Vec<Piece> = (start..end).step_by(PIECE as usize).map(piece).collect();
            ended = match belt::run(&pieces, &mut buffers, Crew { fill: 1, empty: 1 }, fill, &count) {
                Ok(()) => continue,
                Err(PipelineError::Stopped { .. }) => Some(Ended::Stopped),
                Err(error) => Some(Ended::GaveUp(words(&error))),
            };
            break;
        }
        let (done, took) = (done.into_inner(), (self.clock)().saturating_sub(started));
        let faults = lock(&shared.faults);
        Pass {
            done: done.min(self.sectors() * SECTOR_LEN),
            handled: done,
            took,
            ended,
            counts: faults.counts.clone(),
            ranges: faults.ranges.clone(),
            more: faults.more,
            slow: Vec::new(),
            real: None,
        }
    }

    /// Reads places that were slow once more: those that are slow again. A stick may rest at any moment.
    fn slow(&self, pace: &Pace) -> Vec<SlowArea> {
        let mut buffer = Buffer::new(PIECE_LEN as usize, self.target.alignment());
        let mut again = |range: Range<u64>| {
            let started = (self.clock)();
            for lba in range.clone().step_by(PIECE as usize) {
                let len = (PIECE.min(range.end - lba) * SECTOR_LEN) as usize;
                let is_stopped = self.check_stop(Phase::Survey).is_err();
                if is_stopped
                    || self.target.read_at(lba * SECTOR_LEN, &mut buffer.bytes_mut()[..len]).is_err()
                {
                    return None;
                }
            }
            Some((self.clock)().saturating_sub(started))
        };
        pace.slow(&mut again)
    }

    fn check_stop(&self, phase: Phase) -> Result<(), PipelineError> {
        if self.stop.load(Ordering::Relaxed) { Err(PipelineError::Stopped { phase }) } else { Ok(()) }
    }

    fn tell(&self, event: Event) {
        (self.observe)(event);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error with its cause.
fn words(error: &PipelineError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
