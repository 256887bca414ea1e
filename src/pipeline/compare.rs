//! What was read back beside what should be there, sector by sector.

use std::fmt;
use std::ops::Range;

use crate::layout::{Content, Layout};
use crate::pipeline::piece::{self, Piece};
use crate::pipeline::port::Refused;
use crate::pipeline::{Input, PipelineError};
use crate::units::SECTOR_LEN;

/// What was read where something else was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Bytes with this BLAKE3 hash.
    Bytes(blake3::Hash),
    /// Nothing: reading failed with this message.
    Unreadable(String),
    /// Bytes with this BLAKE3 hash, because writing failed with this message.
    Unwritable(blake3::Hash, String),
}

/// One range that does not hold what was written to it: as many sectors as lie together and have the same fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// First byte, from the start of the stick.
    pub offset: u64,
    /// One past the last byte.
    pub end: u64,
    /// BLAKE3 of the bytes written.
    pub written: blake3::Hash,
    /// What was read back.
    pub read: Found,
    /// Times that it was written, and then read back.
    pub tries: u32,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, end, written, read, tries: _ } = self;
        match read {
            Found::Bytes(read) => {
                write!(f, "bytes {offset:#x}..{end:#x} changed: wrote {written}, read back {read}")
            }
            Found::Unreadable(why) => {
                write!(f, "bytes {offset:#x}..{end:#x} cannot be read: wrote {written}, {why}")
            }
            Found::Unwritable(read, why) => {
                write!(f, "bytes {offset:#x}..{end:#x} cannot be written: {why}; read back {read}")
            }
        }
    }
}

/// What the stick should hold.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub layout: &'a Layout,
    pub inputs: &'a [Input<'a>],
}

impl Expected<'_> {
    /// Fills `buffer` with what was written to a piece: zeros where something is held back that was cleared.
    pub fn fill(&self, piece: &Piece, buffer: &mut [u8]) -> Result<(), PipelineError> {
        if piece.is_held_back(self.layout) {
            buffer.fill(0);
            return Ok(());
        }
        piece::fill(piece, self.layout, self.inputs, buffer)
    }

    /// Whether `bytes` are what was written to a piece. Bytes of an image are proven by its hashes.
    pub fn is(&self, piece: &Piece, bytes: &[u8]) -> bool {
        let extent = &self.layout.extents[piece.extent];
        match &extent.content {
            _ if piece.is_held_back(self.layout) => is_zero(bytes),
            Content::Zeros => is_zero(bytes),
            Content::Bytes(all) => {
                let start = ((piece.lba - extent.lba) * SECTOR_LEN) as usize;
                all[start..start + bytes.len()] == *bytes
            }
            Content::Stamps { .. } => {
                (piece.lba..).zip(bytes.chunks(SECTOR_LEN as usize)).all(|(lba, found)| {
                    let mut sector = [0; SECTOR_LEN as usize];
                    extent.fill(lba, &mut sector);
                    sector == *found
                })
            }
            Content::Image { image, offset } => {
                let Some(input) = self.inputs.get(*image) else { return false };
                let offset = offset + (piece.lba - extent.lba) * SECTOR_LEN;
                let len = input.stored.len().saturating_sub(offset).min(bytes.len() as u64);
                let (data, padding) = bytes.split_at(len as usize);
                is_zero(padding) && input.stored.prove(offset, data).is_ok()
            }
        }
    }

    /// The sectors of a piece that differ, as ranges. `refused` could not be read, and `unwritable` not be written.
    pub fn differences(
        &self,
        piece: &Piece,
        bytes: &[u8],
        (unreadable, unwritable): (&[Refused], &[Refused]),
        tries: u32,
    ) -> Result<Vec<Difference>, PipelineError> {
        let mut expected = vec![0; bytes.len()];
        self.fill(piece, &mut expected)?;
        let place = |sectors: &Range<u64>| {
            let at = |lba: u64| ((lba - piece.lba) * SECTOR_LEN) as usize;
            at(sectors.start)..at(sectors.end)
        };
        let is_same = |lba: u64| expected[place(&(lba..lba + 1))] == bytes[place(&(lba..lba + 1))];
        let error = |refused: &[Refused], lba: u64| {
            refused.iter().find(|refused| refused.lba == lba).map(|refused| refused.error.clone())
        };
        let fault = |lba: u64| match error(unreadable, lba) {
            Some(error) => Some(Fault::Unreadable(error)),
            None if is_same(lba) => None,
            None => Some(error(unwritable, lba).map_or(Fault::Changed, Fault::Unwritable)),
        };
        let mut runs: Vec<(Range<u64>, Fault)> = Vec::new();
        for lba in piece.lba..piece.lba + piece.sectors {
            let Some(fault) = fault(lba) else { continue };
            match runs.last_mut() {
                Some((run, last)) if run.end == lba && *last == fault => run.end += 1,
                _ => runs.push((lba..lba + 1, fault)),
            }
        }
        let difference = |(run, fault): (Range<u64>, Fault)| {
            let place = place(&run);
            let read = blake3::hash(&bytes[place.clone()]);
            Difference {
                offset: run.start * SECTOR_LEN,
                end: run.end * SECTOR_LEN,
                written: blake3::hash(&expected[place]),
                read: match fault {
                    Fault::Changed => Found::Bytes(read),
                    Fault::Unreadable(why) => Found::Unreadable(why),
                    Fault::Unwritable(why) => Found::Unwritable(read, why),
                },
                tries,
            }
        };
        Ok(runs.into_iter().map(difference).collect())
    }
}

/// What is wrong with a sector.
#[derive(PartialEq, Eq)]
enum Fault {
    Changed,
    Unreadable(String),
    Unwritable(String),
}

/// Whether all bytes are zero.
pub(super) fn is_zero(bytes: &[u8]) -> bool {
    let blocks = bytes.chunks_exact(64);
    let rest = blocks.remainder();
    // The fold over 64 bytes at a time is one the compiler makes wide.
    blocks.into_iter().all(|block| block.iter().fold(0, |sum, &byte| sum | byte) == 0)
        && rest.iter().all(|&byte| byte == 0)
}
