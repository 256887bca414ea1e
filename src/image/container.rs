//! Files that hold an image, but are none: compressed ones, virtual machines' disks, raw CDs, floppies by track; and
//! files that hold no image at all.
//!
//! Most are told by a few bytes at their start, which the code of a boot sector may have too. So what a BIOS or a file
//! system needs says more: a boot signature, a BIOS parameter block, the descriptors of a CD.

mod checks;
mod remedy;
mod signatures;
mod text;

use std::path::Path;

pub(super) use remedy::cut;

use super::{ImageError, Source, iso, table, volume};
use remedy::Remedy;
use signatures::SIGNATURES;

/// Bytes from the start of a file that are looked at: two sectors of a raw CD with subchannels.
const HEAD_LEN: u64 = 8192;
/// Bytes from the end of a file that are looked at.
const TAIL_LEN: u64 = 512;

/// What a file is, if it is no raw image.
struct Found {
    what: &'static str,
    remedy: Remedy,
}

/// What is looked at of a file.
struct Sample<'a> {
    source: &'a dyn Source,
    len: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Sample<'_> {
    /// Whether `bytes` stand at `offset` of the head.
    fn at(&self, offset: usize, bytes: &[u8]) -> bool {
        self.head.get(offset..).unwrap_or_default().starts_with(bytes)
    }

    /// Whether `bytes` stand so many bytes before the end.
    fn before_end(&self, distance: usize, bytes: &[u8]) -> bool {
        self.tail.len().checked_sub(distance).is_some_and(|at| self.tail[at..].starts_with(bytes))
    }

    /// Whether `bytes` stand at `offset` of the file, wherever that is.
    fn has(&self, offset: u64, bytes: &[u8]) -> bool {
        let mut found = vec![0; bytes.len()];
        let is_there = offset.saturating_add(bytes.len() as u64) <= self.len;
        is_there && self.source.read_at(offset, &mut found).is_ok() && found == bytes
    }

    fn u32_at(&self, offset: usize) -> Option<u64> {
        let bytes = self.head.get(offset..)?.first_chunk()?;
        Some(u64::from(u32::from_le_bytes(*bytes)))
    }

    /// Whether it has what a BIOS boots, or a file system.
    fn is_disk(&self) -> bool {
        let Some(first) = self.head.first_chunk::<512>() else { return false };
        first[510..] == table::SIGNATURE
            || volume::read(first).is_some()
            || !matches!(iso::read(self.source), Ok(None))
    }

    /// The kind of file that its first bytes tell.
    fn kind(&self) -> Option<Found> {
        let signature = SIGNATURES.iter().copied().flatten().find(|found| self.at(found.offset, found.magic));
        match signature {
            Some(found) => Some(Found { what: found.what, remedy: found.remedy }),
            None => checks::find(self).or_else(|| text::find(&self.head)),
        }
    }
}

/// Refuses a file that is no raw image.
///
/// # Errors
///
/// [`ImageError::NotRaw`], or [`ImageError::Read`] if it cannot be read.
pub(super) fn refuse(path: &Path, source: &dyn Source) -> Result<(), ImageError> {
    let sample = sample(path, source)?;
    found(&sample).map_or(Ok(()), |Found { what, remedy }| {
        let described = text::described(&sample.head);
        let help = remedy.help(path, described.as_deref());
        Err(ImageError::NotRaw { path: path.to_owned(), what, help })
    })
}

/// What a file is that is no raw image, as in `compressed (gzip)`; `None` if it may be one or cannot be read.
pub(crate) fn no_raw(source: &dyn Source) -> Option<&'static str> {
    found(&sample(Path::new(""), source).ok()?).map(|found| found.what)
}

fn sample<'a>(path: &Path, source: &'a dyn Source) -> Result<Sample<'a>, ImageError> {
    let len = source.len();
    let bytes = |offset: u64, count: u64| {
        let mut bytes = vec![0; (len - offset).min(count) as usize];
        match source.read_at(offset, &mut bytes) {
            Ok(()) => Ok(bytes),
            Err(source) => Err(ImageError::Read { path: path.to_owned(), offset, source }),
        }
    };
    let (head, tail) = (bytes(0, HEAD_LEN)?, bytes(len.saturating_sub(TAIL_LEN), TAIL_LEN)?);
    Ok(Sample { source, len, head, tail })
}

fn found(sample: &Sample) -> Option<Found> {
    checks::footer(sample)
        .or_else(|| checks::kernel(sample))
        .or_else(|| checks::efi_program(sample))
        .or_else(|| sample.kind().filter(|_| !sample.is_disk()))
}
