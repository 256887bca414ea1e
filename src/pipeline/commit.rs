//! Writes sector 0, last.

use crate::layout::{Content, Layout};
use crate::pipeline::{Event, Failure, Phase, PipelineError, Proven, Repair, StickState};
use crate::units::SECTOR_LEN;

/// A complete stick: every byte was read back and found right. Only [`commit`] makes one.
#[must_use]
pub struct Committed {
    /// What it holds.
    pub layout: Layout,
    /// Ranges that had to be written more than once.
    pub repairs: Vec<Repair>,
    /// Bytes written and read back.
    pub bytes: u64,
}

/// Writes sector 0, flushes it and reads it back.
///
/// If that fails, sector 0 is cleared again.
///
/// # Errors
///
/// A [`Failure`] with the state of the stick: not bootable, or unknown if sector 0 could not be cleared again.
pub fn commit(proven: Proven<'_>) -> Result<Committed, Failure> {
    let Proven { job, layout, marks, repairs } = proven;
    let dead = |cause| Failure { stick: StickState::WillNotBoot, cause };
    job.check_stop(Phase::Commit).map_err(dead)?;
    job.target.same_device().map_err(PipelineError::DeviceChanged).map_err(dead)?;
    let Content::Bytes(sector) = &layout.extents[0].content else {
        return Err(dead(PipelineError::Layout { lba: 0 }));
    };
    job.tell(Event::Begin { phase: Phase::Commit, bytes: SECTOR_LEN });
    if let Err(cause) = job.put_sector_0(sector) {
        let cleared = job.put_sector_0(&[0; SECTOR_LEN as usize]).is_ok();
        let stick = if cleared { StickState::WillNotBoot } else { StickState::Unknown };
        return Err(Failure { stick, cause });
    }
    job.tell(Event::Advance { phase: Phase::Commit, bytes: SECTOR_LEN });
    let bytes = marks.iter().map(|mark| mark.piece.len()).sum::<u64>() + SECTOR_LEN;
    Ok(Committed { layout, repairs, bytes })
}
