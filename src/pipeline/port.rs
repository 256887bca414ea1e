//! Requests to a target: made again by fixed rules when they fail, and narrowed down to the sectors that fail.

use std::io;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use crate::pipeline::{Access, Buffer, PipelineError, Retry, Target};
use crate::units::SECTOR_LEN;

/// Times that a whole request is made, and that a single sector is, until it counts as failed.
const TRIES: u32 = 2;
/// Requests that fail one behind the other before the device is asked whether it is still there.
const ROW_MAX: u32 = 24;
/// Requests that may fail in one job. One bad range of 64 KiB takes 400.
const FAILED_MAX: u32 = 2048;
/// Time that may pass in requests that fail, in one job.
const PATIENCE: Duration = Duration::from_secs(120);
/// Parts of a request begin at multiples of so many sectors as long as they are longer: 4 KiB.
const STEP: u64 = 8;

/// The target, and what it took to reach it.
pub(super) struct Port<'a> {
    pub target: &'a dyn Target,
    record: Mutex<Record>,
}

#[derive(Default)]
struct Record {
    retries: Vec<Retry>,
    /// Requests that failed since the last that did not.
    row: u32,
    /// Requests that failed.
    failed: u32,
    /// Time that they took.
    lost: Duration,
    /// A sector that was read last.
    readable: u64,
    /// Nothing is tried a second time any more.
    is_given_up: bool,
}

/// A sector that a target refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub lba: u64,
    /// What the system said the last time.
    pub error: String,
}

/// What a request does with the sectors that are named.
type Request<'r> = &'r mut dyn FnMut(Range<u64>) -> io::Result<()>;

impl<'a> Port<'a> {
    pub fn new(target: &'a dyn Target) -> Self {
        Self { target, record: Mutex::default() }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was made again.
    pub fn retries(&self) -> Vec<Retry> {
        self.record().retries.clone()
    }

    /// Writes whole sectors from `lba` on; gives those that the target refuses.
    ///
    /// # Errors
    ///
    /// [`PipelineError::Write`] if it is gone, or refuses too much, or says what trying again cannot change.
    pub fn write(&self, lba: u64, bytes: &[u8]) -> Result<Vec<Refused>, PipelineError> {
        let whole = lba..lba + bytes.len() as u64 / SECTOR_LEN;
        let mut request = |part: Range<u64>| {
            let offset = part.start * SECTOR_LEN;
            if part == whole {
                return self.target.write_at(offset, bytes);
            }
            let mut buffer = self.buffer(&part);
            buffer.bytes_mut().copy_from_slice(&bytes[within(&whole, &part)]);
            self.target.write_at(offset, buffer.bytes())
        };
        self.request(Access::Write, whole.clone(), &mut request)
            .map_err(|(part, source)| PipelineError::write(part, source))
    }

    /// Fills `bytes` from sector `lba` on; gives the sectors that the target refuses, whose bytes mean nothing.
    ///
    /// # Errors
    ///
    /// [`PipelineError::Read`] in the same cases as [`Port::write`].
    pub fn read(&self, lba: u64, bytes: &mut [u8]) -> Result<Vec<Refused>, PipelineError> {
        let whole = lba..lba + bytes.len() as u64 / SECTOR_LEN;
        let mut request = |part: Range<u64>| {
            let offset = part.start * SECTOR_LEN;
            if part == whole {
                return self.target.read_at(offset, bytes);
            }
            let mut buffer = self.buffer(&part);
            self.target.read_at(offset, buffer.bytes_mut())?;
            bytes[within(&whole, &part)].copy_from_slice(buffer.bytes());
            Ok(())
        };
        self.request(Access::Read, whole.clone(), &mut request)
            .map_err(|(part, source)| PipelineError::Read { offset: part.start * SECTOR_LEN, source })
    }

    /// Memory for a part of a request: in its place it would not be aligned.
    fn buffer(&self, part: &Range<u64>) -> Buffer {
        Buffer::new(((part.end - part.start) * SECTOR_LEN) as usize, self.target.alignment())
    }

    /// Writes one sector, flushes it and reads it back.
    pub fn put_sector(&self, lba: u64, sector: &[u8; SECTOR_LEN as usize]) -> Result<(), PipelineError> {
        let mut buffer = Buffer::new(sector.len(), self.target.alignment());
        buffer.bytes_mut().copy_from_slice(sector);
        if let Some(refused) = self.write(lba, buffer.bytes())?.pop() {
            return Err(PipelineError::write(lba..lba + 1, io::Error::other(refused.error)));
        }
        self.target.flush().map_err(PipelineError::Flush)?;
        buffer.bytes_mut().fill(0xD1);
        if let Some(refused) = self.read(lba, buffer.bytes_mut())?.pop() {
            let source = io::Error::other(refused.error);
            return Err(PipelineError::Read { offset: lba * SECTOR_LEN, source });
        }
        if buffer.bytes() == sector { Ok(()) } else { Err(PipelineError::Lost { lba }) }
    }

    /// Makes a request, twice if it must, then its halves, and so down to single sectors.
    fn request(
        &self,
        access: Access,
        whole: Range<u64>,
        request: Request,
    ) -> Result<Vec<Refused>, (Range<u64>, io::Error)> {
        let (mut refused, mut failed, mut last) = (Vec::new(), 0, String::new());
        let mut parts = vec![whole.clone()];
        while let Some(part) = parts.pop() {
            let sectors = part.end - part.start;
            let tries = if sectors == 1 || part == whole { TRIES } else { 1 };
            let mut done = false;
            for _ in 0..tries {
                let started = Instant::now();
                match request(part.clone()) {
                    Ok(()) => {
                        self.worked(access, part.start);
                        done = true;
                        break;
                    }
                    Err(source) => {
                        failed += 1;
                        last = source.to_string();
                        let goes_on = is_worth_another(&source) && self.goes_on(started.elapsed());
                        if !goes_on {
                            return Err((part, source));
                        }
                    }
                }
            }
            match middle(&part) {
                _ if done => {}
                Some(middle) => parts.extend([middle..part.end, part.start..middle]),
                None => refused.push(Refused { lba: part.start, error: last.clone() }),
            }
        }
        if failed > 0 {
            let (lba, sectors) = (whole.start, whole.end - whole.start);
            self.record().retries.push(Retry { access, lba, sectors, failed, error: last });
        }
        Ok(refused)
    }

    fn worked(&self, access: Access, lba: u64) {
        let mut record = self.record();
        record.row = 0;
        if access == Access::Read {
            record.readable = lba;
        }
    }

    /// Whether the device may be asked for more after a request failed.
    fn goes_on(&self, took: Duration) -> bool {
        // A card reader keeps its node when another card comes.
        let is_same = self.target.same_device().is_ok();
        let mut record = self.record();
        record.is_given_up |= !is_same;
        record.failed += 1;
        record.row += 1;
        record.lost += took;
        record.is_given_up |= record.failed > FAILED_MAX || record.lost > PATIENCE;
        if record.is_given_up {
            return false;
        }
        if record.row < ROW_MAX {
            return true;
        }
        record.row = 0;
        let lba = record.readable;
        drop(record);
        let mut buffer = Buffer::new(SECTOR_LEN as usize, self.target.alignment());
        let is_there = self.target.read_at(lba * SECTOR_LEN, buffer.bytes_mut()).is_ok();
        self.record().is_given_up |= !is_there;
        is_there
    }
}

/// Where `part` lies in the bytes of `whole`.
fn within(whole: &Range<u64>, part: &Range<u64>) -> Range<usize> {
    let at = |lba: u64| ((lba - whole.start) * SECTOR_LEN) as usize;
    at(part.start)..at(part.end)
}

/// Where a range is cut in two; nowhere if it is a sector.
fn middle(part: &Range<u64>) -> Option<u64> {
    let middle = part.start + (part.end - part.start) / 2;
    let aligned = middle / STEP * STEP;
    [aligned, middle].into_iter().find(|middle| (part.start + 1..part.end).contains(middle))
}

/// Whether the same request may succeed later. A device that is gone, full or protected stays so.
fn is_worth_another(error: &io::Error) -> bool {
    // What Linux gives for errors of a medium, of a cable and of time.
    matches!(
        Errno::from_io_error(error),
        Some(Errno::IO | Errno::NODATA | Errno::ILSEQ | Errno::TIMEDOUT | Errno::NOLINK | Errno::AGAIN)
    )
}
