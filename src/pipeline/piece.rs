//! A layout cut into pieces that fit a buffer, and the bytes of each.

use std::ops::Range;

use crate::image::{StoredBytes, Unproven};
use crate::layout::{Content, Extent, Layout, Wanted};
use crate::pipeline::PipelineError;
use crate::units::SECTOR_LEN;

/// Most bytes in a piece: what one request writes, and what one hash covers.
pub const PIECE_LEN: u64 = 1 << 20;

/// An image as the pipeline needs it.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// Name for messages.
    pub name: &'a str,
    /// Its bytes as its capsule stores them, which prove themselves.
    pub stored: &'a dyn StoredBytes,
}

/// A run of sectors inside one extent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Number of the extent.
    pub extent: usize,
    /// First sector.
    pub lba: u64,
    /// Sectors; at most [`PIECE_LEN`] bytes.
    pub sectors: u64,
}

impl Piece {
    pub fn len(&self) -> u64 {
        self.sectors * SECTOR_LEN
    }

    pub fn has(&self, lba: u64) -> bool {
        (self.lba..self.lba + self.sectors).contains(&lba)
    }

    /// Whether it is one of those that [`held_back`] gives.
    pub fn is_held_back(&self, layout: &Layout) -> bool {
        layout.held_back.contains(&self.lba)
    }
}

/// Refuses a layout that could not be written as a whole: out of order, beyond `stick_len`, holding nothing back, or
/// holding back a sector that is not cleared first where others are, not in a range, or named twice.
pub(super) fn check(layout: &Layout, stick_len: u64) -> Result<(), PipelineError> {
    let mut free_from = 0;
    for extent in &layout.extents {
        let end = extent.lba.checked_add(extent.sectors);
        let len = extent.sectors.checked_mul(SECTOR_LEN);
        let sound = extent.sectors > 0
            && extent.lba >= free_from
            && end.is_some_and(|end| end <= layout.stick_sectors && end <= stick_len / SECTOR_LEN)
            && !matches!(&extent.content, Content::Bytes(bytes) if Some(bytes.len() as u64) != len);
        if !sound {
            return Err(PipelineError::Layout { lba: extent.lba });
        }
        free_from = end.unwrap_or(u64::MAX);
    }
    for (index, lba) in layout.held_back.iter().enumerate() {
        let is_written = layout.extents.iter().any(|extent| extent.has(*lba));
        let is_again = layout.held_back[..index].contains(lba);
        if !is_written || is_again || !layout.may_hold_back(*lba) {
            return Err(PipelineError::Layout { lba: *lba });
        }
    }
    // Without any it would be complete before it is proven.
    if layout.held_back.is_empty() { Err(PipelineError::Layout { lba: 0 }) } else { Ok(()) }
}

/// The sectors of `layout` that are held back, one by one, in the order of the commit.
pub(super) fn held_back(layout: &Layout) -> impl Iterator<Item = Piece> {
    layout.held_back.iter().filter_map(|&lba| {
        let extent = layout.extents.iter().position(|extent| extent.has(lba))?;
        Some(Piece { extent, lba, sectors: 1 })
    })
}

/// Every piece of `layout` that is not held back, in order.
pub(super) fn pieces(layout: &Layout) -> impl Iterator<Item = Piece> {
    let step = PIECE_LEN / SECTOR_LEN;
    layout.extents.iter().enumerate().flat_map(move |(index, extent)| {
        let runs = written_first(layout, extent).into_iter();
        runs.flat_map(move |run| {
            let end = run.end;
            let piece = move |lba| Piece { extent: index, lba, sectors: step.min(end - lba) };
            run.step_by(step as usize).map(piece)
        })
    })
}

/// What is left of `extent` without the sectors that are held back.
fn written_first(layout: &Layout, extent: &Extent) -> Vec<Range<u64>> {
    let mut held_back: Vec<u64> = layout.held_back.iter().copied().filter(|&lba| extent.has(lba)).collect();
    held_back.sort_unstable();
    let mut runs = Vec::new();
    let mut start = extent.lba;
    for lba in held_back {
        runs.push(start..lba);
        start = lba + 1;
    }
    runs.push(start..extent.lba + extent.sectors);
    runs.retain(|run| !run.is_empty());
    runs
}

/// Fills `buffer`, which is as long as the piece, with the bytes that belong there.
///
/// Stored bytes of an image are proven first.
pub(super) fn fill(
    piece: &Piece,
    layout: &Layout,
    inputs: &[Input],
    buffer: &mut [u8],
) -> Result<(), PipelineError> {
    let Some(Wanted { image, offset }) = layout.extents[piece.extent].fill(piece.lba, buffer) else {
        return Ok(());
    };
    let input = inputs.get(image).ok_or(PipelineError::Layout { lba: piece.lba })?;
    let len = input.stored.len().saturating_sub(offset).min(buffer.len() as u64) as usize;
    let (data, padding) = buffer.split_at_mut(len);
    padding.fill(0);
    input.stored.read_at(offset, data).map_err(|source| PipelineError::Image {
        image: input.name.to_owned(),
        offset,
        source,
    })?;
    input.stored.prove(offset, data).map_err(|error| match error {
        Unproven::Unaligned => PipelineError::Layout { lba: piece.lba },
        Unproven::Changed(bytes) => {
            PipelineError::ImageChanged { image: input.name.to_owned(), offset: bytes.start, end: bytes.end }
        }
    })
}
