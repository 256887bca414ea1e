//! Loads a capsule: header, chunk table, chunks; nothing is used before its hash is right.

use ramkey_format::capsule::{
    CAPSULE_HEADER_LEN, CapsuleError, CapsuleHeader, ChunkEntry, HEADER_HASHED_LEN, codec,
};
use zerocopy::{FromBytes, FromZeros, IntoBytes};

use crate::blake3::{ChunkHasher, Combiner, HASH_LEN, hash};
use crate::drive::Sectors;
use crate::file::{FileError, FileReader};
use crate::volume::Volume;

/// Bytes that are hashed or cleared between two calls of the progress function.
const PIECE: usize = 32 << 10;

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
    /// The chunk table does not have its hash, at any transfer size.
    TableHash,
    /// The chunk table was read right, but memory holds something else.
    MemoryWrong,
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
/// Another version is told from a damaged header: only the magic and the version are believed without the hash. A
/// header that is wrong is read once more, alone: some BIOSes spoil long transfers.
pub fn open<S: Sectors, V: Volume>(reader: &mut FileReader<'_, S, V>) -> Result<CapsuleHeader, OpenError> {
    let found = reader.len();
    if found < CAPSULE_HEADER_LEN as u64 {
        return Err(OpenError::Format(CapsuleError::NotACapsule));
    }
    let mut bytes = [0; CAPSULE_HEADER_LEN];
    reader.read_exact(0, &mut bytes)?;
    let header = match check_header(&bytes) {
        Ok(header) => header,
        Err(_) => check_header(reader.first_sector()?)?,
    };
    let expected = header.file_len.get();
    if found < expected {
        return Err(OpenError::Truncated { expected, found });
    }
    Ok(header)
}

fn check_header(bytes: &[u8]) -> Result<CapsuleHeader, OpenError> {
    let parsed = CapsuleHeader::parse(bytes);
    if let Err(error @ (CapsuleError::NotACapsule | CapsuleError::Version { .. })) = parsed {
        return Err(OpenError::Format(error));
    }
    let hashed = bytes.get(..HEADER_HASHED_LEN).unwrap_or(&[]);
    let expected = bytes.get(HEADER_HASHED_LEN..CAPSULE_HEADER_LEN).unwrap_or(&[]);
    if hash(hashed)[..] != *expected {
        return Err(OpenError::HeaderHash);
    }
    Ok(parsed?.clone())
}

/// Reads the chunk table to the start of `table` and checks it.
///
/// # Errors
///
/// See [`OpenError`].
pub fn load_table<'t, S: Sectors, V: Volume>(
    reader: &mut FileReader<'_, S, V>,
    header: &CapsuleHeader,
    table: &'t mut [u8],
) -> Result<&'t [ChunkEntry], OpenError> {
    let needed = header.table_len();
    let room = usize::try_from(needed).ok().and_then(|len| table.get_mut(..len));
    let bytes = room.ok_or(OpenError::TableRoom { needed })?;
    loop {
        let mut read = ChunkHasher::new(0);
        copy(reader, CAPSULE_HEADER_LEN as u64, bytes, Some(&mut read), &mut |_| ())?;
        if hash(bytes) == header.table_blake3 {
            break;
        }
        if read.finish_root() == header.table_blake3 {
            return Err(OpenError::MemoryWrong);
        }
        if !reader.shrink() {
            return Err(OpenError::TableHash);
        }
        reader.invalidate();
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
/// a chunk that is read again is taken back with a negative number first).
///
/// # Errors
///
/// See [`ChunkError`]; `out` then holds nothing that may be used.
pub fn load_chunk<S: Sectors, V: Volume>(
    reader: &mut FileReader<'_, S, V>,
    header: &CapsuleHeader,
    entry: &ChunkEntry,
    index: u32,
    out: &mut [u8],
    progress: &mut dyn FnMut(i32),
) -> Result<(), ChunkError> {
    load(reader, header, entry, index, out, progress)
}

/// Whether the last chunk that is stored has the value that the table gives it; `true` if none is stored. Keeps nothing,
/// and neither asks again nor for less: the caller doubts how the drive is read.
///
/// # Errors
///
/// The file cannot be read.
pub fn end_is_proven<S: Sectors, V: Volume>(
    reader: &mut FileReader<'_, S, V>,
    header: &CapsuleHeader,
) -> Result<bool, FileError> {
    let mut entry = ChunkEntry::new_zeroed();
    for index in (0..header.chunk_count.get()).rev() {
        let at = CAPSULE_HEADER_LEN + index as usize * size_of::<ChunkEntry>();
        reader.read_exact(at as u64, entry.as_mut_bytes())?;
        if entry.codec == codec::ZERO {
            continue;
        }
        let proof = Proof::new(header, &entry, index);
        let mut hasher = proof.hasher();
        let (mut from, mut left) = (entry.stored_offset.get(), header.raw_len(index) as usize);
        while left > 0 {
            let piece = reader.piece(from, left)?;
            hasher.update(piece);
            from += piece.len() as u64;
            left -= piece.len();
        }
        return Ok(proof.is(hasher));
    }
    Ok(true)
}

/// Where a chunk goes: plain memory, or memory with a fault in tests.
trait Memory {
    fn put(&mut self, at: usize, bytes: &[u8]);
    fn clear(&mut self, at: usize, len: usize);
    fn bytes(&self) -> &[u8];
}

impl Memory for [u8] {
    fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    fn clear(&mut self, at: usize, len: usize) {
        if let Some(place) = self.get_mut(at..at + len) {
            place.fill(0);
        }
    }

    fn bytes(&self) -> &[u8] {
        self
    }
}

fn load<S: Sectors, V: Volume>(
    reader: &mut FileReader<'_, S, V>,
    header: &CapsuleHeader,
    entry: &ChunkEntry,
    index: u32,
    out: &mut (impl Memory + ?Sized),
    progress: &mut dyn FnMut(i32),
) -> Result<(), ChunkError> {
    let len = out.bytes().len();
    if len as u64 != header.raw_len(index) {
        return Err(ChunkError::Room);
    }
    let proof = Proof::new(header, entry, index);
    if entry.codec == codec::ZERO {
        for at in (0..len).step_by(PIECE) {
            let piece = PIECE.min(len - at);
            out.clear(at, piece);
            progress(piece as i32);
        }
        return match proof.holds(out.bytes(), progress) {
            true => Ok(()),
            false if out.bytes().iter().all(|&byte| byte == 0) => Err(ChunkError::StickWrong),
            false => Err(ChunkError::MemoryWrong),
        };
    }
    let from = entry.stored_offset.get();
    copy(reader, from, out, None, progress)?;
    if proof.holds(out.bytes(), progress) {
        return Ok(());
    }
    // What went wrong is not known yet: read again, and now hash the data also before it is copied.
    loop {
        let smaller = reader.shrink();
        reader.invalidate();
        progress(-(len as i32));
        let mut read = proof.hasher();
        copy(reader, from, out, Some(&mut read), progress)?;
        let read_right = proof.is(read);
        if proof.holds(out.bytes(), progress) {
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
struct Proof<'e> {
    offset: u64,
    only: bool,
    expected: &'e [u8; HASH_LEN],
}

impl<'e> Proof<'e> {
    fn new(header: &CapsuleHeader, entry: &'e ChunkEntry, index: u32) -> Self {
        Self {
            offset: u64::from(index) << header.chunk_shift,
            only: header.chunk_count.get() == 1,
            expected: &entry.chaining_value,
        }
    }

    fn hasher(&self) -> ChunkHasher {
        ChunkHasher::new(self.offset)
    }

    fn is(&self, hasher: ChunkHasher) -> bool {
        let found = if self.only { hasher.finish_root() } else { hasher.finish_non_root() };
        found == *self.expected
    }

    fn holds(&self, bytes: &[u8], progress: &mut dyn FnMut(i32)) -> bool {
        let mut hasher = self.hasher();
        for piece in bytes.chunks(PIECE) {
            hasher.update(piece);
            progress(0);
        }
        self.is(hasher)
    }
}

fn copy<S: Sectors, V: Volume>(
    reader: &mut FileReader<'_, S, V>,
    offset: u64,
    out: &mut (impl Memory + ?Sized),
    mut hasher: Option<&mut ChunkHasher>,
    progress: &mut dyn FnMut(i32),
) -> Result<(), FileError> {
    let len = out.bytes().len();
    let mut at = 0;
    while at < len {
        let piece = reader.piece(offset + at as u64, len - at)?;
        if let Some(hasher) = &mut hasher {
            hasher.update(piece);
        }
        out.put(at, piece);
        at += piece.len();
        progress(piece.len() as i32);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};
    use std::{vec, vec::Vec};

    use zerocopy::little_endian::{U32, U64};

    use super::*;
    use crate::drive::ReadError;
    use crate::fat::FatVolume;

    /// A volume whose drive gets one bit wrong while `lies` lasts.
    struct Stick {
        bytes: Vec<u8>,
        lies: u32,
    }

    impl Sectors for Stick {
        fn read(&mut self, lba: u64, max: u16) -> Result<&[u8], ReadError> {
            let start = lba as usize * 512;
            self.bytes.get(start..start + usize::from(max) * 512).ok_or(ReadError { status: 4, lba })
        }

        fn invalidate(&mut self) {
            if self.lies > 0 {
                self.lies -= 1;
                if self.lies == 0 {
                    let at = self.bytes.windows(3).rposition(|bytes| bytes == [7, 6, 7]).unwrap();
                    self.bytes[at + 1] = 7;
                }
            }
        }
    }

    /// Memory with one bit that stays clear, for as many writes as `stuck` says.
    struct Faulty {
        bytes: Vec<u8>,
        stuck: u32,
    }

    impl Memory for Faulty {
        fn put(&mut self, at: usize, bytes: &[u8]) {
            self.bytes[..].put(at, bytes);
            if (at..at + bytes.len()).contains(&5000) && self.stuck > 0 {
                self.stuck -= 1;
                self.bytes[5000] &= !1;
            }
        }

        fn clear(&mut self, at: usize, len: usize) {
            self.bytes[..].clear(at, len);
            if self.stuck > 0 {
                self.bytes[5000] |= 0x80;
            }
        }

        fn bytes(&self) -> &[u8] {
            &self.bytes
        }
    }

    const LEN: usize = 20_000;

    fn header_and_entry(data: &[u8], codec: u8) -> (CapsuleHeader, ChunkEntry) {
        let mut header = CapsuleHeader::read_from_bytes(&[0; 512]).unwrap();
        header.image_len = U64::new(LEN as u64);
        header.chunk_count = U32::new(1);
        header.chunk_shift = 20;
        let mut entry = ChunkEntry::read_from_bytes(&[0; 48]).unwrap();
        entry.codec = codec;
        entry.chaining_value = hash(data);
        (header, entry)
    }

    fn run(stick_lies: u32, stuck: u32, image: [u8; LEN], codec: u8) -> (Result<(), ChunkError>, i32) {
        let mut bytes = Cursor::new(vec![0; 200 * 512]);
        fatfs::format_volume(&mut bytes, fatfs::FormatVolumeOptions::new()).unwrap();
        let disk = fatfs::FileSystem::new(&mut bytes, fatfs::FsOptions::new()).unwrap();
        let folder = disk.root_dir().create_dir("RAMKEY").unwrap();
        let mut stored = image;
        stored[9000] = if stick_lies > 0 { 6 } else { stored[9000] };
        folder.create_file("A.RKC").unwrap().write_all(&stored).unwrap();
        drop(folder);
        disk.unmount().unwrap();
        let mut stick = Stick { bytes: bytes.into_inner(), lies: stick_lies };
        let mut window = [0; 512];
        let mut volume = FatVolume::open(&mut stick, 0, &mut window).unwrap();
        let mut folder = volume.find_folder(&mut stick, b"RAMKEY     ").unwrap();
        let file = volume.next_file(&mut stick, &mut folder, b"RKC").unwrap().unwrap();
        let mut reader = FileReader::new(&mut stick, &mut volume, file);
        let (header, entry) = header_and_entry(&image, codec);
        let mut memory = Faulty { bytes: vec![0xD1; LEN], stuck };
        let mut done = 0;
        let result = load(&mut reader, &header, &entry, 0, &mut memory, &mut |bytes| done += bytes);
        if result.is_ok() {
            assert!(memory.bytes == image);
        }
        (result, done)
    }

    #[test]
    fn wrong_memory_is_told_from_a_wrong_stick() {
        let image = [7; LEN];
        assert_eq!(run(0, 0, image, codec::RAW), (Ok(()), LEN as i32));
        assert_eq!(run(0, u32::MAX, image, codec::RAW), (Err(ChunkError::MemoryWrong), LEN as i32));
        assert_eq!(run(u32::MAX, 0, image, codec::RAW), (Err(ChunkError::StickWrong), LEN as i32));
        assert_eq!(run(1, 0, image, codec::RAW), (Ok(()), LEN as i32), "the second read is right");
        assert_eq!(run(0, 1, image, codec::RAW), (Ok(()), LEN as i32), "the second copy holds");
    }

    #[test]
    fn zeros_are_proven_like_data() {
        assert_eq!(run(0, 0, [0; LEN], codec::ZERO), (Ok(()), LEN as i32));
        assert_eq!(run(0, 1, [0; LEN], codec::ZERO).0, Err(ChunkError::MemoryWrong));
        // A table that says zeros, with the value of something else.
        assert_eq!(run(0, 0, [7; LEN], codec::ZERO).0, Err(ChunkError::StickWrong));
    }
}
