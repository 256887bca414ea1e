//! Loads a capsule: header, chunk table, chunks; nothing is used before its hash is right.

use ramkey_format::capsule::{
    CAPSULE_HEADER_LEN, CapsuleError, CapsuleHeader, ChunkEntry, HEADER_HASHED_LEN, codec,
};
use zerocopy::FromBytes;

use crate::blake3::{ChunkHasher, Combiner, HASH_LEN, hash};
use crate::drive::Sectors;
use crate::file::{FileError, FileReader};

/// Bytes that are hashed between two calls of the progress function.
const HASH_PIECE: usize = 32 << 10;

/// Why a capsule cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// The file cannot be read.
    File(FileError),
    /// The header or an entry of the table is not one that this version can use.
    Format(CapsuleError),
    /// The header does not have its hash.
    HeaderHash,
    /// The file is shorter than the header says.
    Truncated {
        /// Length that the header gives.
        expected: u64,
        /// Length of the file.
        found: u64,
    },
    /// There is no room for the chunk table.
    TableRoom {
        /// Bytes that it needs.
        needed: u64,
    },
    /// The chunk table does not have its hash.
    TableHash,
    /// The chunks' values do not combine to the image's hash.
    ImageHash,
}

impl From<FileError> for OpenError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<CapsuleError> for OpenError {
    fn from(error: CapsuleError) -> Self {
        Self::Format(error)
    }
}

/// Why a chunk is not in memory as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkError {
    /// The file cannot be read.
    File(FileError),
    /// The stick returned wrong data without an error, at every transfer size.
    StickWrong,
    /// The stick returned the right data, but memory holds something else.
    MemoryWrong,
    /// The room for the chunk does not have the chunk's length.
    Room,
}

impl From<FileError> for ChunkError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// Reads the header and checks it.
///
/// # Errors
///
/// Another version is told from a damaged header: only the magic and the version are believed without the hash.
pub fn open<S: Sectors>(reader: &mut FileReader<'_, '_, S>) -> Result<CapsuleHeader, OpenError> {
    let found = reader.len();
    if found < CAPSULE_HEADER_LEN as u64 {
        return Err(OpenError::Format(CapsuleError::NotACapsule));
    }
    let mut bytes = [0; CAPSULE_HEADER_LEN];
    reader.read_exact(0, &mut bytes)?;
    let parsed = CapsuleHeader::parse(&bytes);
    if let Err(error @ (CapsuleError::NotACapsule | CapsuleError::Version { .. })) = parsed {
        return Err(OpenError::Format(error));
    }
    let (hashed, expected) = bytes.split_at(HEADER_HASHED_LEN);
    if hash(hashed)[..] != *expected {
        return Err(OpenError::HeaderHash);
    }
    let header = parsed?.clone();
    let expected = header.file_len.get();
    if found < expected {
        return Err(OpenError::Truncated { expected, found });
    }
    Ok(header)
}

/// Reads the chunk table to the start of `table` and checks it.
///
/// # Errors
///
/// See [`OpenError`].
pub fn load_table<'t, S: Sectors>(
    reader: &mut FileReader<'_, '_, S>,
    header: &CapsuleHeader,
    table: &'t mut [u8],
) -> Result<&'t [ChunkEntry], OpenError> {
    let needed = header.table_len();
    let room = usize::try_from(needed).ok().and_then(|len| table.get_mut(..len));
    let bytes = room.ok_or(OpenError::TableRoom { needed })?;
    reader.read_exact(CAPSULE_HEADER_LEN as u64, bytes)?;
    if hash(bytes) != header.table_blake3 {
        return Err(OpenError::TableHash);
    }
    let entries = <[ChunkEntry]>::ref_from_bytes(bytes).map_err(|_| OpenError::TableRoom { needed })?;
    let mut combiner = Combiner::new();
    let mut stored_end = u64::from(header.data_offset.get());
    for (index, entry) in (0..).zip(entries) {
        stored_end = header.check_entry(index, entry, stored_end)?;
        combiner.push(&entry.chaining_value);
    }
    if combiner.finish() != header.image_blake3 {
        return Err(OpenError::ImageHash);
    }
    Ok(entries)
}

/// Loads chunk `index` to `out`, its place in memory, and proves what is there.
///
/// `progress` is called often, with the bytes of the chunk that were copied since the last call (0 while hashing;
/// a chunk that is read again counts again from a negative number).
///
/// # Errors
///
/// See [`ChunkError`]; `out` then holds nothing that may be used.
pub fn load_chunk<S: Sectors>(
    reader: &mut FileReader<'_, '_, S>,
    header: &CapsuleHeader,
    entry: &ChunkEntry,
    index: u32,
    out: &mut [u8],
    progress: &mut dyn FnMut(i32),
) -> Result<(), ChunkError> {
    if out.len() as u64 != header.raw_len(index) {
        return Err(ChunkError::Room);
    }
    let place = Place {
        offset: u64::from(index) << header.chunk_shift,
        only: header.chunk_count.get() == 1,
        expected: &entry.chaining_value,
    };
    if entry.codec == codec::ZERO {
        for piece in out.chunks_mut(HASH_PIECE) {
            piece.fill(0);
            progress(piece.len() as i32);
        }
        return match place.holds(out, progress) {
            true => Ok(()),
            false if out.iter().all(|&byte| byte == 0) => Err(ChunkError::StickWrong),
            false => Err(ChunkError::MemoryWrong),
        };
    }
    let from = entry.stored_offset.get();
    copy(reader, from, out, None, progress)?;
    if place.holds(out, progress) {
        return Ok(());
    }
    // What went wrong is not known yet: read again, and now hash the data also before it is copied.
    loop {
        let smaller = reader.shrink();
        reader.invalidate();
        progress(-(out.len() as i32));
        let mut read = place.hasher();
        copy(reader, from, out, Some(&mut read), progress)?;
        let read_right = place.is(read);
        if place.holds(out, progress) {
            return Ok(());
        }
        if read_right {
            return Err(ChunkError::MemoryWrong);
        }
        if !smaller {
            return Err(ChunkError::StickWrong);
        }
    }
}

/// What a chunk's bytes must hash to.
struct Place<'e> {
    offset: u64,
    only: bool,
    expected: &'e [u8; HASH_LEN],
}

impl Place<'_> {
    fn hasher(&self) -> ChunkHasher {
        ChunkHasher::new(self.offset)
    }

    fn is(&self, hasher: ChunkHasher) -> bool {
        let found = if self.only { hasher.finish_root() } else { hasher.finish_non_root() };
        found == *self.expected
    }

    fn holds(&self, bytes: &[u8], progress: &mut dyn FnMut(i32)) -> bool {
        let mut hasher = self.hasher();
        for piece in bytes.chunks(HASH_PIECE) {
            hasher.update(piece);
            progress(0);
        }
        self.is(hasher)
    }
}

fn copy<S: Sectors>(
    reader: &mut FileReader<'_, '_, S>,
    mut offset: u64,
    mut out: &mut [u8],
    mut hasher: Option<&mut ChunkHasher>,
    progress: &mut dyn FnMut(i32),
) -> Result<(), ChunkError> {
    while !out.is_empty() {
        let piece = reader.piece(offset, out.len())?;
        if let Some(hasher) = &mut hasher {
            hasher.update(piece);
        }
        let (head, rest) = out.split_at_mut(piece.len());
        head.copy_from_slice(piece);
        progress(head.len() as i32);
        offset += head.len() as u64;
        out = rest;
    }
    Ok(())
}
