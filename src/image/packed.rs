//! The stored bytes of an image that was packed.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use ramkey_format::capsule::{Codec, Form};

use super::chunk::{CHUNK_LEN, Part};
use super::frame::{Effort, Frames, Window};
use super::source::Source;
use super::spool::Spool;
use super::stored::{StoredBytes, Unproven};
use super::trimmed::Trimmed;
use super::workers::Workers;
use crate::units::SECTOR_LEN;

/// Stored bytes that have a hash of their own: those of one request of the pipeline.
const BLOCK_LEN: usize = 1 << 20;

/// The chunks of an image as they are stored, some of them packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    effort: Effort,
    workers: Workers,
    /// How each is stored: packed ones close together, raw ones from a multiple of 512 on.
    pub(super) parts: Vec<Part>,
    /// Where the packed bytes of each are.
    kept: Vec<Kept>,
    /// How many stored bytes there are.
    len: u64,
    /// BLAKE3 of each [`BLOCK_LEN`] of them.
    blocks: Vec<blake3::Hash>,
}

/// Where the packed bytes of a chunk are.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    /// They must be made again.
    Nowhere,
    /// In memory.
    Memory(Arc<[u8]>),
    /// In a spool.
    Spool {
        /// Which.
        spool: Arc<dyn Spool>,
        /// From here on.
        offset: u64,
    },
}

/// Where they are makes no difference to an image.
impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Kept {}

impl Packed {
    /// How it was packed, for an identity: level, chunks before, and which chunks are worth it.
    pub fn effort_code(&self) -> [u8; 10] {
        let Effort { level, before, worth } = self.effort;
        let mut code = [level as u8, before as u8, 0, 0, 0, 0, 0, 0, 0, 0];
        code[2..6].copy_from_slice(&worth.stored.to_le_bytes());
        code[6..].copy_from_slice(&worth.plain.to_le_bytes());
        code
    }

    /// The stored bytes of `source`, the image that was packed.
    pub(super) fn stored<'a>(&self, source: Trimmed<'a>) -> Box<dyn StoredBytes + 'a> {
        Box::new(Again { packed: self.clone(), source, last: Mutex::new(None) })
    }

    /// The packed bytes of chunk `index`, if they were kept and are still there.
    fn kept(&self, index: usize) -> Option<Arc<[u8]>> {
        match &self.kept[index] {
            Kept::Nowhere => None,
            Kept::Memory(bytes) => Some(Arc::clone(bytes)),
            Kept::Spool { spool, offset } => {
                let bytes = &self.parts[index].bytes;
                let mut frame = vec![0; (bytes.end - bytes.start) as usize];
                spool.get(*offset, &mut frame).ok().map(|()| frame.into())
            }
        }
    }

    /// The chunks of which stored bytes lie in `bytes`.
    fn chunks_of(&self, bytes: &Range<u64>) -> Vec<usize> {
        let parts = self.parts.iter().enumerate();
        let has = |part: &Part| part.bytes.start < bytes.end && part.bytes.end > bytes.start;
        parts.filter(|(_, part)| has(part)).map(|(index, _)| index).collect()
    }
}

/// An image while it is packed, chunk by chunk.
pub(super) struct Growing {
    made: Packed,
    /// Stored bytes that have no hash yet.
    waiting: Vec<u8>,
}

impl Growing {
    /// An image without a chunk.
    pub fn new(effort: Effort, workers: Workers) -> Self {
        let parts = Vec::new();
        let made = Packed { effort, workers, parts, kept: Vec::new(), len: 0, blocks: Vec::new() };
        Self { made, waiting: Vec::new() }
    }

    /// Adds a chunk that is all zeros.
    pub fn push_zeros(&mut self) {
        self.made.parts.push(Part { form: Form::Zero, bytes: 0..0 });
        self.made.kept.push(Kept::Nowhere);
    }

    /// Adds a chunk as it is.
    pub fn push_raw(&mut self, bytes: &[u8]) {
        let start = self.made.len.next_multiple_of(SECTOR_LEN);
        self.push(Form::Raw, start, bytes);
        self.made.kept.push(Kept::Nowhere);
    }

    /// Adds a chunk that is packed and kept there.
    pub fn push_packed(&mut self, frame: &[u8], kept: Kept) {
        let before = self.made.effort.before_of(self.made.parts.len()) as u8;
        self.push(Form::Packed { codec: Codec::Zstd, before }, self.made.len, frame);
        self.made.kept.push(kept);
    }

    fn push(&mut self, form: Form, start: u64, bytes: &[u8]) {
        let (made, waiting) = (&mut self.made, &mut self.waiting);
        waiting.resize(waiting.len() + (start - made.len) as usize, 0);
        waiting.extend_from_slice(bytes);
        made.len = start + bytes.len() as u64;
        made.parts.push(Part { form, bytes: start..made.len });
        let full = waiting.len() - waiting.len() % BLOCK_LEN;
        made.blocks.extend(waiting[..full].chunks(BLOCK_LEN).map(blake3::hash));
        waiting.drain(..full);
    }

    /// All of it. `None` if no chunk is packed.
    pub fn finish(self) -> Option<Packed> {
        let Self { mut made, waiting } = self;
        made.blocks.extend(waiting.chunks(BLOCK_LEN).map(blake3::hash));
        let packs = made.parts.iter().any(|part| matches!(part.form, Form::Packed { .. }));
        Some(made).filter(|_| packs)
    }
}

/// The stored bytes of an image that was packed, made again where they were not kept.
struct Again<'a> {
    packed: Packed,
    source: Trimmed<'a>,
    /// The last chunk that was made, which the next bytes may begin with.
    last: Mutex<Option<(usize, Arc<[u8]>)>>,
}

impl Again<'_> {
    /// The stored bytes of chunk `index`: of another length than they should have if the image was changed.
    fn make<'w>(&self, frames: &mut Frames<'w>, index: usize, window: Window<'w>) -> io::Result<Arc<[u8]>> {
        let frame = match self.packed.parts[index].form {
            Form::Packed { .. } => frames.pack(window)?,
            _ => None,
        };
        Ok(frame.map_or_else(|| window.data.into(), Into::into))
    }

    /// The stored bytes of each of `chunks`, which ascend, one by one.
    fn each(&self, chunks: &[usize], mut give: impl FnMut(usize, Arc<[u8]>)) -> io::Result<()> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = chunks;
        while let [index, rest @ ..] = left {
            let same = last.take().filter(|(other, _)| other == index).map(|(_, bytes)| bytes);
            let found = same.or_else(|| self.packed.kept(*index));
            let made = match found {
                Some(bytes) => {
                    left = rest;
                    vec![(*index, bytes)]
                }
                None => {
                    let is_lost = |index: &&usize| matches!(self.packed.kept[**index], Kept::Nowhere);
                    let count = 1 + rest.iter().take_while(is_lost).count();
                    let Packed { workers, effort, .. } = self.packed;
                    let made =
                        workers.some(&self.source, effort, &left[..count], &|frames, index, window| {
                            self.make(frames, index, window)
                        })?;
                    let (now, later) = left.split_at(made.len());
                    left = later;
                    now.iter().copied().zip(made).collect()
                }
            };
            for (index, bytes) in made {
                give(index, bytes.clone());
                *last = Some((index, bytes));
            }
        }
        Ok(())
    }
}

impl StoredBytes for Again<'_> {
    fn len(&self) -> u64 {
        self.packed.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let wanted = offset..offset + buffer.len() as u64;
        if wanted.end > self.packed.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer.fill(0);
        self.each(&self.packed.chunks_of(&wanted), |index, bytes| {
            let part = &self.packed.parts[index].bytes;
            let (start, end) = (part.start.max(wanted.start), part.end.min(wanted.end));
            let found = bytes.get((start - part.start) as usize..).unwrap_or(&[]);
            let place = &mut buffer[(start - offset) as usize..(end - offset) as usize];
            let len = place.len().min(found.len());
            place[..len].copy_from_slice(&found[..len]);
        })
    }

    fn prove(&self, offset: u64, bytes: &[u8]) -> Result<(), Unproven> {
        let end = offset + bytes.len() as u64;
        let is_whole = |at: u64| at.is_multiple_of(BLOCK_LEN as u64) || at == self.packed.len;
        if !is_whole(offset) || !is_whole(end) {
            return Err(Unproven::Unaligned);
        }
        for (index, block) in (offset as usize / BLOCK_LEN..).zip(bytes.chunks(BLOCK_LEN)) {
            let expected = self.packed.blocks.get(index).ok_or(Unproven::Unaligned)?;
            if blake3::hash(block) != *expected {
                let start = (index * BLOCK_LEN) as u64;
                let chunks = self.packed.chunks_of(&(start..start + block.len() as u64));
                let first = chunks.first().map_or(0, |index| (index * CHUNK_LEN) as u64);
                let end = chunks.last().map_or(0, |index| ((index + 1) * CHUNK_LEN) as u64);
                return Err(Unproven::Changed(first..end.min(self.source.len())));
            }
        }
        Ok(())
    }
}
