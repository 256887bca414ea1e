//! One chunk of an image: how its bytes are stored, and where.

use core::ops::Range;

use zerocopy::little_endian::{U32, U64};

use super::{CAPSULE_HEADER_LEN, CapsuleError, CapsuleHeader};

/// Length of [`ChunkEntry`], in bytes.
pub const CHUNK_ENTRY_LEN: usize = ChunkEntry::LEN;
/// Most bytes before a chunk to which its stored bytes may refer, so that who proves a capsule keeps no more: 16 MiB.
pub const BEFORE_LEN_MAX: u64 = 16 << 20;
/// Most stored bytes of a compressed block within a packed chunk, so that a decoder keeps no more of them: 48 KiB.
pub const PACKED_BLOCK_LEN_MAX: usize = 48 << 10;

/// Values of [`ChunkEntry::form`]. Nobody but this file looks at them: [`CapsuleHeader::form`] gives a [`Form`].
mod number {
    /// The chunk's bytes, as they are.
    pub const RAW: u8 = 0;
    /// Nothing is stored; the chunk is all zeros.
    pub const ZERO: u8 = 1;
    /// The chunk's bytes, packed by a codec.
    pub const PACKED: u8 = 2;
}

record! {
    /// One entry of the chunk table: the `i`-th is for the bytes in memory from `i << chunk_shift` on.
    #[derive(Copy)]
    pub struct ChunkEntry[48] {
        /// 0 raw: the bytes as they are; 1 zeros: nothing is stored; 2 packed
        pub form: u8,
        /// what packed the chunk: 1 Zstandard; 0 unless it is packed. A chunk that is packed in another way needs a newer
        /// reader
        pub codec: u8,
        /// whole chunks directly before this one, at most `i` and at most 16 MiB, to which its packed bytes may refer
        /// in memory; 0 unless it is packed
        pub before: u8,
        /// zero
        pub reserved: u8,
        /// stored bytes: the chunk's length for raw, 0 for zeros, at least 1 and fewer than the chunk's length for
        /// a packed one
        pub stored_len: U32,
        /// first stored byte from the start of the capsule, at least 512, a multiple of 512 unless the chunk is
        /// packed; 0 for zeros
        pub stored_offset: U64,
        /// BLAKE3 chaining value of the chunk at its place in memory; the root hash when it is the only chunk
        pub chaining_value: [u8; 32],
    }
}

/// How a chunk's bytes are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing is stored: the chunk is zeros.
    Zero,
    /// As they are.
    Raw,
    /// Packed.
    Packed {
        /// By what.
        codec: Codec,
        /// Whole chunks directly before this one to which the packed bytes may refer in memory.
        before: u8,
    },
}

impl Form {
    /// Bytes directly before a chunk in memory to which its stored bytes may refer, where a full chunk has `chunk_len`.
    pub const fn before_len(self, chunk_len: u64) -> u64 {
        match self {
            Self::Zero | Self::Raw => 0,
            Self::Packed { before, .. } => before as u64 * chunk_len,
        }
    }
}

/// What packs a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// One Zstandard frame (RFC 8878) of a single segment, with the chunk's length and without a dictionary or a checksum.
    /// The bytes before the chunk, as many as its entry says, are a prefix to which matches may refer. The stored bytes
    /// of a compressed block are at most [`PACKED_BLOCK_LEN_MAX`].
    Zstd,
}

impl Codec {
    /// Bytes of scratch memory of the decoder that needs most of it.
    pub const SCRATCH_LEN: usize = 64 << 10;

    /// The codec with this number in [`ChunkEntry::codec`].
    const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Its number in [`ChunkEntry::codec`].
    const fn number(self) -> u8 {
        match self {
            Self::Zstd => 1,
        }
    }
}

impl ChunkEntry {
    /// The entry of a chunk whose bytes are stored in this form, in the bytes `stored` of the capsule; 0..0 for zeros.
    pub fn new(form: Form, stored: Range<u64>, chaining_value: [u8; 32]) -> Self {
        let (form, codec, before) = match form {
            Form::Raw => (number::RAW, 0, 0),
            Form::Zero => (number::ZERO, 0, 0),
            Form::Packed { codec, before } => (number::PACKED, codec.number(), before),
        };
        let stored_len = U32::new((stored.end - stored.start) as u32);
        Self {
            form,
            codec,
            before,
            reserved: 0,
            stored_len,
            stored_offset: stored.start.into(),
            chaining_value,
        }
    }

    /// The bytes of the capsule that it names; none for zeros.
    pub fn stored(&self) -> Range<u64> {
        let start = self.stored_offset.get();
        start..start.saturating_add(self.stored_len.get().into())
    }
}

impl CapsuleHeader {
    /// The bytes of the image that are in memory when chunk `index` is there: those to which its stored bytes may refer,
    /// and at the end its own.
    ///
    /// # Errors
    ///
    /// As [`CapsuleHeader::form`].
    pub fn window(&self, index: u32, entry: &ChunkEntry) -> Result<Range<u64>, CapsuleError> {
        let before = self.form(index, entry)?.before_len(self.chunk_len());
        let start = u64::from(index) << self.chunk_shift;
        Ok(start - before..start + self.raw_len(index))
    }

    /// How chunk `index` is stored, as its entry says.
    ///
    /// # Errors
    ///
    /// [`CapsuleError::Chunk`] if the entry contradicts itself, the header or the chunk's place,
    /// [`CapsuleError::UnknownCodec`] if only its codec is not known.
    pub fn form(&self, index: u32, entry: &ChunkEntry) -> Result<Form, CapsuleError> {
        let (offset, len) = (entry.stored_offset.get(), u64::from(entry.stored_len.get()));
        let chunk_len = self.raw_len(index);
        let is_inside = offset >= CAPSULE_HEADER_LEN as u64
            && offset.checked_add(len).is_some_and(|end| end <= self.file_len.get());
        let is_packed = entry.form == number::PACKED;
        let is_sound = entry.reserved == 0
            && (is_packed || (entry.codec, entry.before) == (0, 0))
            && match entry.form {
                number::RAW => is_inside && len == chunk_len && offset.is_multiple_of(512),
                number::ZERO => (offset, len) == (0, 0),
                number::PACKED => {
                    is_inside
                        && (1..chunk_len).contains(&len)
                        && u32::from(entry.before) <= index
                        && u64::from(entry.before) << self.chunk_shift <= BEFORE_LEN_MAX
                }
                _ => false,
            };
        match entry.form {
            _ if !is_sound => Err(CapsuleError::Chunk { index }),
            number::ZERO => Ok(Form::Zero),
            number::PACKED => match Codec::of(entry.codec) {
                Some(codec) => Ok(Form::Packed { codec, before: entry.before }),
                None => Err(CapsuleError::UnknownCodec { index, found: entry.codec }),
            },
            _ => Ok(Form::Raw),
        }
    }
}
