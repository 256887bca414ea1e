//! Writes an image that is made of another one to a file, and reads it back.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::device::FileTarget;
use crate::image::Source;
use crate::job::observer::part;
use crate::job::{JobError, Observer, Part};
use crate::pipeline::{Buffer, Phase, Target};
use crate::units::{SECTOR_LEN, hex};

/// Bytes that are copied together.
const PIECE_LEN: usize = 1 << 20;

/// What is done with each piece: its offset, its bytes, and room for as many.
type EachPiece<'e> = dyn FnMut(u64, &[u8], &mut [u8]) -> Result<(), JobError> + 'e;

/// An image that is written to a file.
pub(super) struct NewImage<'w> {
    /// The image that it is made of, for messages.
    pub path: &'w Path,
    /// The file.
    pub to: &'w Path,
    /// Its bytes.
    pub image: &'w dyn Source,
    pub stop: &'w AtomicBool,
    pub observer: &'w dyn Observer,
}

impl NewImage<'_> {
    /// Writes it and reads it back; gives its BLAKE3.
    pub fn write(&self, file: &FileTarget) -> Result<String, JobError> {
        let mut hasher = blake3::Hasher::new();
        let len = self.image.len();
        let failed = |source| JobError::Write { path: self.to.to_owned(), source };
        self.each(Phase::Write, len, &mut |offset, piece, _| {
            hasher.update(piece);
            // The file is all holes.
            let is_zeros = piece.iter().all(|&byte| byte == 0);
            if is_zeros { Ok(()) } else { file.write_at(offset, piece).map_err(failed) }
        })?;
        part(self.observer, Part::Write(Phase::Flush), 0, |_| file.flush()).map_err(failed)?;
        self.each(Phase::ReadBack, len, &mut |offset, piece, found| {
            file.read_at(offset, found).map_err(failed)?;
            let other = piece.iter().zip(&*found).position(|(written, found)| written != found);
            other.map_or(Ok(()), |at| {
                let at = offset + at as u64;
                let changed = format!("byte {at:#x} reads back changed, or the image changed meanwhile");
                Err(failed(io::Error::other(changed)))
            })
        })?;
        Ok(hex(hasher.finalize().as_bytes()))
    }

    /// Calls `each` with each piece of the image.
    fn each(&self, phase: Phase, len: u64, each: &mut EachPiece<'_>) -> Result<(), JobError> {
        let alignment = SECTOR_LEN as usize * 8;
        let (mut piece, mut other) = (Buffer::new(PIECE_LEN, alignment), Buffer::new(PIECE_LEN, alignment));
        part(self.observer, Part::Write(phase), len, |count| {
            for offset in (0..len).step_by(PIECE_LEN) {
                if self.stop.load(Ordering::Relaxed) {
                    return Err(JobError::ShrinkStopped { path: self.to.to_owned() });
                }
                let part_len = (len - offset).min(PIECE_LEN as u64) as usize;
                let (piece, other) = (&mut piece.bytes_mut()[..part_len], &mut other.bytes_mut()[..part_len]);
                let read = self.image.read_at(offset, piece);
                read.map_err(|source| JobError::Read { path: self.path.to_owned(), source })?;
                each(offset, piece, other)?;
                count(part_len as u64);
            }
            Ok(())
        })
    }
}
