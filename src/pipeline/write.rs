//! Clears what makes a medium boot, then writes everything else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::layout::Layout;
use crate::pipeline::piece::{self, Piece};
use crate::pipeline::probe::{Tools, probe};
use crate::pipeline::{
    Aftermath, Buffer, Event, Failure, Input, PIECE_LEN, Phase, PipelineError, RunId, Target,
};
use crate::units::SECTOR_LEN;

/// A clear sector.
const ZEROS: [u8; SECTOR_LEN as usize] = [0; SECTOR_LEN as usize];

/// Everything that the pipeline works with, beside the layout.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The stick.
    pub target: &'a dyn Target,
    /// Buffers of [`PIECE_LEN`] bytes that are on the way at once, at least one.
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

    /// Writes one sector, flushes it and reads it back.
    pub(super) fn put_sector(
        &self,
        lba: u64,
        sector: &[u8; SECTOR_LEN as usize],
    ) -> Result<(), PipelineError> {
        let offset = lba * SECTOR_LEN;
        let mut buffer = Buffer::new(sector.len(), self.target.alignment());
        buffer.bytes_mut().copy_from_slice(sector);
        self.target.write_at(offset, buffer.bytes()).map_err(|source| PipelineError::Write {
            offset,
            end: offset + SECTOR_LEN,
            source,
        })?;
        self.target.flush().map_err(PipelineError::Flush)?;
        buffer.bytes_mut().fill(0xD1);
        self.target
            .read_at(offset, buffer.bytes_mut())
            .map_err(|source| PipelineError::Read { offset, source })?;
        if buffer.bytes() == sector { Ok(()) } else { Err(PipelineError::Lost { lba }) }
    }

    /// The sectors that `layout` wants cleared first, those of them that the medium has.
    fn cleared_first<'l>(&self, layout: &'l Layout) -> impl Iterator<Item = u64> + use<'l> {
        let sectors = self.target.len() / SECTOR_LEN;
        layout.cleared_first.iter().copied().filter(move |&lba| lba < sectors)
    }

    /// Clears the sectors without which nothing boots, in the layout's order, and proves that.
    fn clear(&self, layout: &Layout) -> Result<(), PipelineError> {
        if layout.is_exchange() {
            return Ok(());
        }
        let bytes = self.cleared_first(layout).map(|_| SECTOR_LEN).sum();
        self.tell(Event::Begin { phase: Phase::Clear, bytes });
        for lba in self.cleared_first(layout) {
            self.put_sector(lba, &ZEROS)?;
            self.tell(Event::Advance { phase: Phase::Clear, bytes: SECTOR_LEN });
        }
        Ok(())
    }

    /// Clears them once more after a failure, each even if another cannot be cleared; what is known of the stick then.
    pub(super) fn clear_again(&self, layout: &Layout) -> Aftermath {
        let failed = self.cleared_first(layout).filter(|&lba| self.put_sector(lba, &ZEROS).is_err()).count();
        if failed == 0 { Aftermath::WillNotBoot } else { Aftermath::Unknown }
    }
}

/// One piece as it was written, or is held back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub piece: Piece,
    /// BLAKE3 of the bytes that were written; of zeros while it is held back clear.
    pub hash: blake3::Hash,
}

/// A stick that holds everything but what is held back, which is clear or as it was. Nothing of it is proven.
#[must_use]
pub struct Written<'a> {
    pub(super) job: Job<'a>,
    pub(super) layout: Layout,
    /// All of the layout, what is held back clear first; without what is exchanged.
    pub(super) marks: Vec<Mark>,
}

/// Clears what the layout wants cleared first and proves that, then writes what is not held back and flushes it.
///
/// Reads the images in a second thread; at most [`Job::buffers`] are on the way. Nothing else is changed before those are
/// cleared.
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

    job.clear(&layout).map_err(|cause| Failure { stick: Aftermath::Unknown, cause })?;
    if let Some(id) = job.probe.filter(|_| !layout.is_exchange()) {
        // On a stick that counts from the start again a stamp may have come to lie on them.
        let tools = Tools { target: job.target, stop: job.stop, observe: job.observe, id };
        probe(tools, &layout).map_err(|cause| Failure { stick: job.clear_again(&layout), cause })?;
    }

    let held_back = Aftermath::held_back(&layout);
    let dead = |cause| Failure { stick: held_back, cause };
    let bytes = piece::pieces(&layout).map(|piece| piece.len()).sum();
    job.tell(Event::Begin { phase: Phase::Write, bytes });
    let zeros = blake3::hash(&ZEROS);
    let clear = piece::held_back(&layout).filter(|_| !layout.is_exchange());
    let mut marks: Vec<Mark> = clear.map(|piece| Mark { piece, hash: zeros }).collect();
    marks.extend(write_pieces(&layout, &job).map_err(dead)?);
    job.flush().map_err(dead)?;
    Ok(Written { job, layout, marks })
}

type Filled = Result<(Mark, Buffer), PipelineError>;

/// Moves every piece from a reading thread to the target; gives the hash of each.
fn write_pieces(layout: &Layout, job: &Job) -> Result<Vec<Mark>, PipelineError> {
    thread::scope(|scope| {
        let (filled, to_write) = sync_channel::<Filled>(job.buffers);
        let (emptied, to_fill) = sync_channel::<Buffer>(job.buffers);
        for _ in 0..job.buffers {
            // The receiver lives in this function, so a send cannot fail yet.
            let _ = emptied.send(Buffer::new(PIECE_LEN as usize, job.target.alignment()));
        }
        let inputs = job.inputs;
        scope.spawn(move || read_pieces(layout, inputs, &to_fill, &filled));

        let mut marks = Vec::new();
        while let Ok(message) = to_write.recv() {
            job.check_stop(Phase::Write)?;
            let (mark, buffer) = message?;
            put_piece(job, &mark.piece, &buffer.bytes()[..mark.piece.len() as usize])?;
            job.tell(Event::Advance { phase: Phase::Write, bytes: mark.piece.len() });
            marks.push(mark);
            // The reader is gone when it has nothing more to fill.
            let _ = emptied.send(buffer);
        }
        Ok(marks)
    })
}

/// Writes a piece, unless the target is known to hold zeros there already.
fn put_piece(job: &Job, piece: &Piece, bytes: &[u8]) -> Result<(), PipelineError> {
    if job.target.is_fresh() && bytes.iter().all(|&byte| byte == 0) {
        return Ok(());
    }
    job.target.write_at(piece.offset(), bytes).map_err(|source| PipelineError::Write {
        offset: piece.offset(),
        end: piece.end(),
        source,
    })
}

/// Fills buffers until there are no pieces left or nobody takes them.
fn read_pieces(layout: &Layout, inputs: &[Input], to_fill: &Receiver<Buffer>, filled: &SyncSender<Filled>) {
    for piece in piece::pieces(layout) {
        let Ok(mut buffer) = to_fill.recv() else { return };
        let bytes = &mut buffer.bytes_mut()[..piece.len() as usize];
        let result = piece::fill(&piece, layout, inputs, bytes).map(|()| blake3::hash(bytes));
        let failed = result.is_err();
        if filled.send(result.map(|hash| (Mark { piece, hash }, buffer))).is_err() || failed {
            return;
        }
    }
}
