//! Loads a capsule: header, chunk table, chunks; nothing is used before its hash is right.

use ramkey_format::capsule::{
    CAPSULE_HEADER_LEN, CapsuleError, CapsuleHeader, ChunkEntry, Form, HEADER_HASHED_LEN,
};

use crate::blake3::{ChunkHasher, Combiner, HASH_LEN, hash};
use crate::decode::{Encoded, PIECE, Room, Stored, decode};
use crate::drive::Sectors;
use crate::file::{FileError, FileReader};
use crate::volume::Volume;

mod end;

pub use end::{End, end_is_proven};

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
    /// There is no room for the table block.
    TableRoom {
        /// Bytes that it needs.
        needed: u64,
    },
    /// The table block does not have its hash, at any transfer size.
    TableHash,
    /// The table block was read right, but memory holds something else.
    MemoryWrong,
    /// The chunks' values do not combine to the hash of the image in memory.
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
    /// The window does not have the length that it should.
    Room,
    /// The chunk's entry is not one that this version can use.
    Format(CapsuleError),
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

/// Reads the table block to the start of `table` and checks it; returns the chunk table with which it begins.
///
/// # Errors
///
/// See [`OpenError`].
pub fn load_table<'t, S: Sectors, V: Volume>(
    reader: &mut FileReader<'_, S, V>,
    header: &CapsuleHeader,
    table: &'t mut [u8],
) -> Result<&'t [ChunkEntry], OpenError> {
    let (offset, needed) = (header.table_offset.get(), u64::from(header.table_len.get()));
    let room = usize::try_from(needed).ok().and_then(|len| table.get_mut(..len));
    let block = room.ok_or(OpenError::TableRoom { needed })?;
    let raw = Encoded { form: Form::Raw, stored: offset..offset + needed, before: &[] };
    loop {
        let mut watched = Watched::new(&mut *block, ChunkHasher::new(0));
        decode(&raw, reader, &mut [], &mut watched, &mut |_| ())?;
        let meant = watched.meant.finish_root();
        if hash(block) == header.table_blake3 {
            break;
        }
        if meant == header.table_blake3 {
            return Err(OpenError::MemoryWrong);
        }
        if !reader.shrink() {
            return Err(OpenError::TableHash);
        }
        reader.invalidate();
    }
    let entries = header.entries(block).ok_or(OpenError::TableRoom { needed })?;
    let mut combiner = Combiner::new();
    for (index, entry) in (0..).zip(entries) {
        header.form(index, entry)?;
        combiner.push(&entry.chaining_value);
    }
    if combiner.finish() != header.ram_blake3 {
        return Err(OpenError::ImageHash);
    }
    Ok(entries)
}

/// Loads chunk `index` to its place in memory, and proves what is there.
///
/// `window` is the place of the bytes that [`CapsuleHeader::window`] names; what lies before the chunk is there already.
/// `scratch` has room for what a decoder needs.
/// `progress` is called often, with the bytes of the chunk that were put since the last call (0 while hashing;
/// a chunk that is read again is taken back with a negative number first).
///
/// # Errors
///
/// See [`ChunkError`]; the chunk's place then holds nothing that may be used.
pub fn load_chunk<S: Sectors, V: Volume>(
    reader: &mut FileReader<'_, S, V>,
    header: &CapsuleHeader,
    entry: &ChunkEntry,
    index: u32,
    window: &mut [u8],
    scratch: &mut [u8],
    progress: &mut dyn FnMut(i32),
) -> Result<(), ChunkError> {
    let form = header.form(index, entry).map_err(ChunkError::Format)?;
    let before_len = usize::try_from(form.before_len(header.chunk_len())).ok();
    let parts = before_len.and_then(|len| window.split_at_mut_checked(len)).ok_or(ChunkError::Room)?;
    let (before, room) = parts;
    if room.len() as u64 != header.raw_len(index) {
        return Err(ChunkError::Room);
    }
    let chunk = Encoded { form, stored: entry.stored(), before };
    load(reader, &chunk, &Proof::new(header, entry, index), scratch, room, progress)
}

impl<S: Sectors, V: Volume> Stored for FileReader<'_, S, V> {
    type Error = FileError;

    fn piece(&mut self, offset: u64, max: usize) -> Result<&[u8], FileError> {
        FileReader::piece(self, offset, max)
    }
}

/// Zeros that are hashed at once.
const ZEROS: [u8; 64] = [0; 64];

/// Room that hashes what is meant to be in it, before it is put there.
struct Watched<'r, R: ?Sized> {
    room: &'r mut R,
    meant: ChunkHasher,
    /// Whether bytes were put that are not there.
    has_lost: bool,
}

impl<'r, R: Room + ?Sized> Watched<'r, R> {
    fn new(room: &'r mut R, meant: ChunkHasher) -> Self {
        Self { room, meant, has_lost: false }
    }
}

impl<R: Room + ?Sized> Room for Watched<'_, R> {
    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.meant.update(bytes);
        self.room.put(at, bytes);
        self.has_lost |= self.room.bytes().get(at..at + bytes.len()).is_some_and(|found| found != bytes);
    }

    fn clear(&mut self, at: usize, len: usize) {
        for at in (0..len).step_by(ZEROS.len()) {
            self.meant.update(ZEROS.get(..len - at).unwrap_or(&ZEROS));
        }
        self.room.clear(at, len);
    }

    fn bytes(&self) -> &[u8] {
        self.room.bytes()
    }
}

fn load<S: Sectors, V: Volume>(
    reader: &mut FileReader<'_, S, V>,
    chunk: &Encoded,
    proof: &Proof,
    scratch: &mut [u8],
    room: &mut (impl Room + ?Sized),
    progress: &mut dyn FnMut(i32),
) -> Result<(), ChunkError> {
    let len = room.bytes().len() as i32;
    decode(chunk, reader, scratch, room, &mut |put| progress(put as i32))?;
    if proof.holds(room.bytes(), progress) {
        return Ok(());
    }
    if chunk.form == Form::Zero {
        let is_clear = room.bytes().iter().all(|&byte| byte == 0);
        return Err(if is_clear { ChunkError::StickWrong } else { ChunkError::MemoryWrong });
    }
    // What went wrong is not known yet: read again, and now hash the data also before it is put.
    loop {
        let smaller = reader.shrink();
        reader.invalidate();
        progress(-len);
        let mut watched = Watched::new(&mut *room, proof.hasher());
        decode(chunk, reader, scratch, &mut watched, &mut |put| progress(put as i32))?;
        let (is_meant, has_lost) = (proof.is(watched.meant), watched.has_lost);
        if proof.holds(room.bytes(), progress) {
            return Ok(());
        }
        if is_meant {
            return Err(ChunkError::MemoryWrong);
        }
        if !smaller {
            // What memory lost may be repeated in what is meant, if the chunk is packed.
            return Err(if has_lost { ChunkError::MemoryWrong } else { ChunkError::StickWrong });
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

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};
    use std::{vec, vec::Vec};

    use zerocopy::FromBytes;
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

    impl Room for Faulty {
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

    fn header_and_entry(data: &[u8], form: Form) -> (CapsuleHeader, ChunkEntry) {
        let mut header = CapsuleHeader::read_from_bytes(&[0; 512]).unwrap();
        header.image_len = U64::new(LEN as u64);
        header.chunk_count = U32::new(1);
        header.chunk_shift = 20;
        let stored = if form == Form::Zero { 0..0 } else { 0..LEN as u64 };
        (header, ChunkEntry::new(form, stored, hash(data)))
    }

    fn run(stick_lies: u32, stuck: u32, image: [u8; LEN], form: Form) -> (Result<(), ChunkError>, i32) {
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
        let (header, entry) = header_and_entry(&image, form);
        let proof = Proof::new(&header, &entry, 0);
        let chunk = Encoded { form, stored: entry.stored(), before: &[] };
        let mut memory = Faulty { bytes: vec![0xD1; LEN], stuck };
        let mut done = 0;
        let result = load(&mut reader, &chunk, &proof, &mut [], &mut memory, &mut |bytes| done += bytes);
        if result.is_ok() {
            assert!(memory.bytes == image);
        }
        (result, done)
    }

    #[test]
    fn wrong_memory_is_told_from_a_wrong_stick() {
        let image = [7; LEN];
        assert_eq!(run(0, 0, image, Form::Raw), (Ok(()), LEN as i32));
        assert_eq!(run(0, u32::MAX, image, Form::Raw), (Err(ChunkError::MemoryWrong), LEN as i32));
        assert_eq!(run(u32::MAX, 0, image, Form::Raw), (Err(ChunkError::StickWrong), LEN as i32));
        assert_eq!(run(1, 0, image, Form::Raw), (Ok(()), LEN as i32), "the second read is right");
        assert_eq!(run(0, 1, image, Form::Raw), (Ok(()), LEN as i32), "the second copy holds");
    }

    #[test]
    fn what_memory_lost_is_known_though_it_was_repeated() {
        let put_again = |stuck| {
            let mut memory = Faulty { bytes: vec![0xD1; LEN], stuck };
            let mut watched = Watched::new(&mut memory, ChunkHasher::new(0));
            watched.put(0, &[7; 6000]);
            watched.put_again(6000, 6000, LEN - 6000);
            (watched.has_lost, watched.meant.finish_root() == hash(&[7; LEN]))
        };
        assert_eq!(put_again(0), (false, true));
        assert_eq!(put_again(u32::MAX), (true, false));
    }

    #[test]
    fn zeros_are_proven_like_data() {
        assert_eq!(run(0, 0, [0; LEN], Form::Zero), (Ok(()), LEN as i32));
        assert_eq!(run(0, 1, [0; LEN], Form::Zero).0, Err(ChunkError::MemoryWrong));
        // A table that says zeros, with the value of something else.
        assert_eq!(run(0, 0, [7; LEN], Form::Zero).0, Err(ChunkError::StickWrong));
    }
}
