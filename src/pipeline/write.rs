//! Clears what makes a medium boot, then writes everything else.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::layout::Layout;
use crate::pipeline::belt::{self, Crew};
use crate::pipeline::compare::is_zero;
use crate::pipeline::piece::{self, Piece};
use crate::pipeline::port::{Port, Refused};
use crate::pipeline::probe::{Tools, probe};
use crate::pipeline::{Aftermath, Buffer, Event, Failure, Input, Phase, PipelineError, RunId, Target};
use crate::units::SECTOR_LEN;

/// A clear sector.
const ZEROS: [u8; SECTOR_LEN as usize] = [0; SECTOR_LEN as usize];

/// Everything that the pipeline works with, beside the layout.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The stick.
    pub target: &'a dyn Target,
    /// Buffers of [`crate::pipeline::PIECE_LEN`] bytes that are on the way at once, at least one.
    pub buffers: usize,
    /// The images, in the order that the layout numbers them.
    pub inputs: &'a [Input<'a>],
    /// The stamps with which it is looked whether the stick has what it claims, after it was cleared; `None` if it is not.
    pub probe: Option<RunId>,
    /// Set when the user asks to stop: the piece in work is finished, what is held back stays as it is.
    pub stop: &'a AtomicBool,
    /// Told of each step; may be called from any thread.
    pub observe: &'a (dyn Fn(Event) + Sync),
}

impl Job<'_> {
    /// Buffers for one stick that is written alone: 8 MiB of memory.
    pub const BUFFERS: usize = 8;

    pub(super) fn tell(&self, event: Event) {
        (self.observe)(event);
    }

    pub(super) fn check_stop(&self, phase: Phase) -> Result<(), PipelineError> {
        if self.stop.load(Ordering::Relaxed) { Err(PipelineError::Stopped { phase }) } else { Ok(()) }
    }

    pub(super) fn flush(&self) -> Result<(), PipelineError> {
        self.tell(Event::Begin { phase: Phase::Flush, bytes: 0 });
        self.target.flush().map_err(PipelineError::Flush)
    }

    /// The sectors that `layout` wants cleared first, those of them that the medium has.
    fn cleared_first<'l>(&self, layout: &'l Layout) -> impl Iterator<Item = u64> + use<'l> {
        let sectors = self.target.len() / SECTOR_LEN;
        layout.cleared_first.iter().copied().filter(move |&lba| lba < sectors)
    }

    /// Clears the sectors without which nothing boots, in the layout's order, and proves that.
    fn clear(&self, layout: &Layout, port: &Port) -> Result<(), PipelineError> {
        if layout.is_exchange() {
            return Ok(());
        }
        let bytes = self.cleared_first(layout).map(|_| SECTOR_LEN).sum();
        self.tell(Event::Begin { phase: Phase::Clear, bytes });
        for lba in self.cleared_first(layout) {
            port.put_sector(lba, &ZEROS)?;
            self.tell(Event::Advance { phase: Phase::Clear, bytes: SECTOR_LEN });
        }
        Ok(())
    }

    /// Clears them once more after a failure, each even if another cannot be cleared; what is known of the stick then.
    pub(super) fn clear_again(&self, layout: &Layout, port: &Port) -> Aftermath {
        if self.target.same_device().is_err() {
            return Aftermath::Unknown;
        }
        let failed = self.cleared_first(layout).filter(|&lba| port.put_sector(lba, &ZEROS).is_err()).count();
        if failed == 0 { Aftermath::WillNotBoot } else { Aftermath::Unknown }
    }
}

/// A stick that holds everything but what is held back, which is clear or as it was. Nothing of it is proven.
#[must_use]
pub struct Written<'a> {
    pub(super) job: Job<'a>,
    pub(super) layout: Layout,
    pub(super) port: Box<Port<'a>>,
    pub(super) buffers: Vec<Buffer>,
    /// All of the layout, what is held back clear first; without what is exchanged.
    pub(super) pieces: Vec<Piece>,
    /// Sectors that could not be written.
    pub(super) unwritable: Vec<Refused>,
    /// Bytes that were not sent because the target holds them already.
    pub(super) skipped: u64,
}

/// Clears what the layout wants cleared first and proves that, then writes what is not held back and flushes it.
///
/// Reads the images in a second thread while two others write; at most [`Job::buffers`] are on the way. Nothing else is changed
/// before those are cleared. What the device refuses is written again, and in the end left to [`crate::pipeline::verify()`].
///
/// # Errors
///
/// A [`Failure`] with the state of the stick: untouched if the layout is wrong or the device was exchanged,
/// unknown if those sectors could not be cleared, and not bootable after that, or as it booted before.
pub fn write(layout: Layout, job: Job<'_>) -> Result<Written<'_>, Failure> {
    let untouched = |cause| Failure { stick: Aftermath::Untouched, cause };
    piece::check(&layout, job.target.len()).map_err(untouched)?;
    job.check_stop(Phase::Clear).map_err(untouched)?;
    job.target.same_device().map_err(PipelineError::DeviceChanged).map_err(untouched)?;

    // Each byte is written and read back.
    job.tell(Event::Expect { bytes: 2 * layout.written_sectors() * SECTOR_LEN });
    let port = Box::new(Port::new(job.target));
    let skipped_before = job.target.skipped();
    job.clear(&layout, &port).map_err(|cause| Failure { stick: Aftermath::Unknown, cause })?;
    if let Some(id) = job.probe.filter(|_| !layout.is_exchange()) {
        // On a stick that counts from the start again a stamp may have come to lie on them.
        let tools = Tools { target: job.target, stop: job.stop, observe: job.observe, id };
        probe(tools, &layout).map_err(|cause| {
            // One that is gone was cleared and proven before, and no stamp makes it boot.
            let is_gone = job.target.same_device().is_err();
            let stick = if is_gone { Aftermath::WillNotBoot } else { job.clear_again(&layout, &port) };
            Failure { stick, cause }
        })?;
    }

    let held_back = Aftermath::held_back(&layout);
    let dead = |cause| Failure { stick: held_back, cause };
    let mut buffers = belt::buffers(job.buffers, job.target.alignment());
    let to_write: Vec<Piece> = piece::pieces(&layout).collect();
    let (unwritable, zeros) = write_pieces(&layout, &job, &port, &to_write, &mut buffers).map_err(dead)?;
    job.flush().map_err(dead)?;
    let clear = piece::held_back(&layout).filter(|_| !layout.is_exchange());
    let pieces = clear.chain(to_write).collect();
    let skipped = zeros + job.target.skipped().saturating_sub(skipped_before);
    Ok(Written { job, layout, port, buffers, pieces, unwritable, skipped })
}

/// Moves every piece from a reading thread to the target. Gives the sectors that it refuses, and the bytes that it holds already.
fn write_pieces(
    layout: &Layout,
    job: &Job,
    port: &Port,
    pieces: &[Piece],
    buffers: &mut Vec<Buffer>,
) -> Result<(Vec<Refused>, u64), PipelineError> {
    job.tell(Event::Begin { phase: Phase::Write, bytes: pieces.iter().map(Piece::len).sum() });
    let unwritable = Mutex::new(Vec::new());
    let zeros = AtomicU64::new(0);
    // What the packing of an image gives comes in order, so one thread asks for it.
    let crew = Crew { fill: 1, empty: job.target.in_flight() };
    belt::run(
        pieces,
        buffers,
        crew,
        &|piece, bytes| piece::fill(piece, layout, job.inputs, bytes),
        &|piece, bytes| {
            job.check_stop(Phase::Write)?;
            let mut done = piece.len();
            if job.target.is_fresh() && is_zero(bytes) {
                zeros.fetch_add(done, Ordering::Relaxed);
            } else {
                let refused = port.write(piece.lba, bytes)?;
                done -= refused.len() as u64 * SECTOR_LEN;
                unwritable.lock().unwrap_or_else(PoisonError::into_inner).extend(refused);
            }
            job.tell(Event::Advance { phase: Phase::Write, bytes: done });
            Ok(())
        },
    )?;
    Ok((unwritable.into_inner().unwrap_or_else(PoisonError::into_inner), zeros.into_inner()))
}
