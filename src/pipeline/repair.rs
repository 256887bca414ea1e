//! Writes a piece again that came back changed.

use crate::pipeline::compare::{Difference, Expected};
use crate::pipeline::piece::Piece;
use crate::pipeline::port::Port;
use crate::pipeline::{Buffer, PipelineError, Repair};

/// Times that a piece is written again before it is given up.
const REPAIR_TRIES: u32 = 3;

/// Writes a piece again until it reads back right, or gives the sectors of it that do not.
pub(super) fn repair(
    expected: &Expected,
    port: &Port,
    piece: &Piece,
    buffer: &mut Buffer,
) -> Result<Result<Repair, Vec<Difference>>, PipelineError> {
    let bytes = &mut buffer.bytes_mut()[..piece.len() as usize];
    let mut last = Vec::new();
    for tries in 1..=REPAIR_TRIES {
        expected.fill(piece, bytes)?;
        let unwritable = port.write(piece.lba, bytes)?;
        port.target.flush().map_err(PipelineError::Flush)?;
        bytes.fill(0xD1);
        let unreadable = port.read(piece.lba, bytes)?;
        if unreadable.is_empty() && expected.is(piece, bytes) {
            return Ok(Ok(Repair { lba: piece.lba, sectors: piece.sectors, tries }));
        }
        // The first writing counts too.
        last = expected.differences(piece, bytes, (&unreadable, &unwritable), tries + 1)?;
    }
    Ok(Err(last))
}
