//! Looks what a target holds of a layout, and writes nothing.

use crate::layout::Layout;
use crate::pipeline::piece::{self, Piece};
use crate::pipeline::{Buffer, Event, Job, PIECE_LEN, Phase, PipelineError};
use crate::units::SECTOR_LEN;

/// What a sector of a target holds, beside what a layout puts there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// What the layout puts there; zeros where it puts nothing.
    Same,
    /// Zeros, and the layout puts something else there.
    Clear,
    /// Anything else.
    Other,
}

/// What sector `lba` of the job's target holds.
///
/// # Errors
///
/// [`PipelineError::Read`] if it cannot be read, or what reading an image gives.
pub fn held(layout: &Layout, job: &Job, lba: u64) -> Result<Held, PipelineError> {
    let mut found = Buffer::new(SECTOR_LEN as usize, job.target.alignment());
    let offset = lba * SECTOR_LEN;
    job.target.read_at(offset, found.bytes_mut()).map_err(|source| PipelineError::Read { offset, source })?;
    let is_clear = found.bytes().iter().all(|&byte| byte == 0);
    let is_same = match all(layout).find(|piece| piece.has(lba)) {
        None => is_clear,
        Some(piece) => {
            // An image proves whole pieces only.
            let mut wanted = vec![0; piece.len() as usize];
            piece::fill(&piece, layout, job.inputs, &mut wanted)?;
            wanted[((lba - piece.lba) * SECTOR_LEN) as usize..][..SECTOR_LEN as usize] == *found.bytes()
        }
    };
    Ok(match (is_same, is_clear) {
        (true, _) => Held::Same,
        (false, true) => Held::Clear,
        (false, false) => Held::Other,
    })
}

/// The first sector of a piece of the layout that the target does not hold as it should; `None` if it holds all of them. A piece
/// that cannot be read is one that it does not hold.
///
/// # Errors
///
/// [`PipelineError::Layout`] if the layout does not fit, [`PipelineError::Stopped`], or what reading an image gives.
pub fn first_difference(layout: &Layout, job: &Job) -> Result<Option<u64>, PipelineError> {
    piece::check(layout, job.target.len())?;
    let bytes = all(layout).map(|piece| piece.len()).sum();
    job.tell(Event::Begin { phase: Phase::ReadBack, bytes });
    let mut wanted = Buffer::new(PIECE_LEN as usize, 1);
    let mut found = Buffer::new(PIECE_LEN as usize, job.target.alignment());
    for piece in all(layout) {
        job.check_stop(Phase::ReadBack)?;
        let len = piece.len() as usize;
        let (wanted, found) = (&mut wanted.bytes_mut()[..len], &mut found.bytes_mut()[..len]);
        piece::fill(&piece, layout, job.inputs, wanted)?;
        if job.target.read_at(piece.lba * SECTOR_LEN, found).is_err() || wanted != found {
            return Ok(Some(piece.lba));
        }
        job.tell(Event::Advance { phase: Phase::ReadBack, bytes: piece.len() });
    }
    Ok(None)
}

/// Every piece, those that are held back first.
fn all(layout: &Layout) -> impl Iterator<Item = Piece> {
    piece::held_back(layout).chain(piece::pieces(layout))
}
