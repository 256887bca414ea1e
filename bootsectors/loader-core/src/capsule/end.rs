//! Whether a capsule reaches as far as it should: what tells a right way to read a drive from a wrong one.

use core::ops::Range;

use ramkey_format::capsule::{CapsuleHeader, ChunkEntry, Form};
use zerocopy::{FromZeros, IntoBytes};

use super::Proof;
use crate::blake3::{ChunkHasher, HASH_LEN};
use crate::drive::Sectors;
use crate::file::{FileError, FileReader};
use crate::volume::Volume;

/// What lies farthest in a capsule whose table block was proven.
pub struct End {
    /// The hash of the capsule's header.
    header: [u8; HASH_LEN],
    farthest: Farthest,
}

/// Whether what lies farthest in the file is what it should be: the table block by its hash, and the raw chunk that lies
/// behind it by its value in the table. Asks for no byte again, nor for less: the caller doubts how the drive is read.
///
/// The table is read once: `known` keeps what it told of this capsule for the next call, which reads it only where nothing
/// lies behind it. A way of reading that brings what lies farthest brings what is nearer, too.
///
/// `false` if a packed chunk lies farther than all of these: nothing is told from it without its decoder.
///
/// # Errors
///
/// The file cannot be read.
pub fn end_is_proven<S: Sectors, V: Volume>(
    reader: &mut FileReader<'_, S, V>,
    header: &CapsuleHeader,
    known: &mut Option<End>,
) -> Result<bool, FileError> {
    let end = known.take().filter(|end| end.header == header.header_blake3);
    let is_known = end.is_some();
    let end = match end {
        Some(end) => end,
        None => match find_end(reader, header)? {
            Some(farthest) => End { header: header.header_blake3, farthest },
            None => return Ok(false),
        },
    };
    match &known.insert(end).farthest.what {
        What::Table => Ok(!is_known || find_end(reader, header)?.is_some()),
        What::Packed => Ok(false),
        What::Raw(index, entry) => {
            let proof = Proof::new(header, entry, *index);
            let mut hasher = proof.hasher();
            hash_file(reader, entry.stored(), &mut hasher)?;
            Ok(proof.is(hasher))
        }
    }
}

/// Proves the table block, and finds what lies farthest; `None` if it is not what it should be.
fn find_end<S: Sectors, V: Volume>(
    reader: &mut FileReader<'_, S, V>,
    header: &CapsuleHeader,
) -> Result<Option<Farthest>, FileError> {
    let start = header.table_offset.get();
    let (entries_end, end) = (start + header.entries_len(), start + u64::from(header.table_len.get()));
    let mut table = ChunkHasher::new(0);
    let mut farthest = Farthest { end, what: What::Table };
    for index in 0..header.chunk_count.get() {
        let mut entry = ChunkEntry::new_zeroed();
        let at = u64::from(index) * size_of::<ChunkEntry>() as u64;
        reader.read_exact(start + at, entry.as_mut_bytes())?;
        table.update(entry.as_bytes());
        match header.form(index, &entry) {
            Err(_) => return Ok(None),
            Ok(Form::Zero) => {}
            Ok(Form::Raw) => farthest.meets(entry.stored().end, What::Raw(index, entry)),
            Ok(Form::Packed { .. }) => farthest.meets(entry.stored().end, What::Packed),
        }
    }
    hash_file(reader, entries_end..end, &mut table)?;
    Ok((table.finish_root() == header.table_blake3).then_some(farthest))
}

/// What lies farthest in a file, of what was met.
struct Farthest {
    end: u64,
    what: What,
}

/// A part of a capsule.
enum What {
    Table,
    Raw(u32, ChunkEntry),
    Packed,
}

impl Farthest {
    /// Remembers `what` if it ends farther.
    fn meets(&mut self, end: u64, what: What) {
        if end > self.end {
            *self = Self { end, what };
        }
    }
}

/// Hashes bytes of the file.
fn hash_file<S: Sectors, V: Volume>(
    reader: &mut FileReader<'_, S, V>,
    bytes: Range<u64>,
    hasher: &mut ChunkHasher,
) -> Result<(), FileError> {
    let Range { start: mut from, end } = bytes;
    while from < end {
        let piece = reader.piece(from, (end - from) as usize)?;
        hasher.update(piece);
        from += piece.len() as u64;
    }
    Ok(())
}
