//! Writes what was held back, in the order that the layout says.

use crate::layout::Layout;
use crate::pipeline::piece::{self, Piece};
use crate::pipeline::port::Port;
use crate::pipeline::write::Job;
use crate::pipeline::{Aftermath, Effort, Event, Failure, Phase, PipelineError, Proven};
use crate::units::SECTOR_LEN;

/// A complete stick: every byte was read back and found right. Only [`commit`] makes one.
#[must_use]
pub struct Committed {
    /// What it holds.
    pub layout: Layout,
    /// What that took.
    pub effort: Effort,
    /// Bytes written and read back.
    pub bytes: u64,
}

/// Writes each sector that was held back, flushes it and reads it back before the next.
///
/// From the first one on the medium may boot, and what it boots is proven. If one of them fails, all that were cleared
/// first are cleared again; if none were, nothing more is written.
///
/// # Errors
///
/// A [`Failure`] with the state of the stick: not bootable, or as it booted before; unknown if a sector could
/// not be cleared again, or not be exchanged.
pub fn commit(proven: Proven<'_>) -> Result<Committed, Failure> {
    let Proven { job, layout, port, bytes: proven, skipped, repairs } = proven;
    let held_back = Aftermath::held_back(&layout);
    let dead = |cause| Failure { stick: held_back, cause };
    job.check_stop(Phase::Commit).map_err(dead)?;
    job.target.same_device().map_err(PipelineError::DeviceChanged).map_err(dead)?;
    let bytes: u64 = piece::held_back(&layout).map(|piece| piece.len()).sum();
    job.tell(Event::Begin { phase: Phase::Commit, bytes });
    for piece in piece::held_back(&layout) {
        put(&job, &layout, &port, &piece)
            .map_err(|cause| Failure { stick: left_by(&job, &layout, &port), cause })?;
        job.tell(Event::Advance { phase: Phase::Commit, bytes: piece.len() });
    }
    let exchanged = if layout.is_exchange() { bytes } else { 0 };
    let bytes = proven + exchanged;
    let written = bytes.saturating_sub(skipped);
    let (level, buffered) = (job.target.level(), job.target.is_buffered());
    let effort = Effort { written, skipped, retries: port.retries(), repairs, level, buffered };
    Ok(Committed { layout, effort, bytes })
}

/// What is left when a sector that was held back could not be written.
fn left_by(job: &Job, layout: &Layout, port: &Port) -> Aftermath {
    // Zeros would be neither the old sector nor the new one.
    if layout.is_exchange() { Aftermath::Unknown } else { job.clear_again(layout, port) }
}

/// Writes a sector that was held back, and proves it.
fn put(job: &Job, layout: &Layout, port: &Port, piece: &Piece) -> Result<(), PipelineError> {
    let mut sector = [0; SECTOR_LEN as usize];
    piece::fill(piece, layout, job.inputs, &mut sector)?;
    port.put_sector(piece.lba, &sector)
}
