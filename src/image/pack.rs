//! Packs the chunks of an image, so that less is read from the stick.
//!
//! Each chunk is a Zstandard frame of its own that may refer to the bytes before the chunk. The frames are made twice: once
//! to know how long each is, which a layout needs, and again when they are written. So nothing that grows with an image is
//! kept, in memory or on a disk; between the two, the hash of each MiB of them is. The second time an image that was changed
//! meanwhile gives other bytes, which is seen. Every frame is unpacked by the loader's own decoder before it is believed.
//!
//! The frames depend on the image, the compression and the version of libzstd, which is pinned, and on nothing else: not on
//! the machine, nor on how many threads there are.

use std::io;
use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use ramkey_format::capsule::{Codec, Form};

use super::chunk::{CHUNK_LEN, Chunk, Part};
use super::frame::{Effort, Frames};
use super::hash::chunk_value;
use super::source::Source;
use super::stored::{StoredBytes, Unproven};
use super::trimmed::Trimmed;
use crate::units::SECTOR_LEN;

/// Stored bytes that have a hash of their own: those of one request of the pipeline.
const BLOCK_LEN: usize = 1 << 20;
/// Chunks that a thread packs, on average, between two moments at which all wait for the slowest.
const CHUNKS_PER_THREAD: usize = 8;
/// A chunk is packed if that saves at least this part of it: less is not worth unpacking it.
const SAVED_PART_MIN: usize = 32;

/// How hard a stick's images are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// As is usual: as hard as is worth the time.
    #[default]
    Auto,
    /// So that the stick is written soon.
    Fast,
    /// So that it is loaded soon, whatever that takes.
    Small,
}

impl Compression {
    fn effort(self) -> Option<Effort> {
        match self {
            Self::None => None,
            Self::Fast => Some(Effort { level: 3, before: 4 }),
            Self::Auto => Some(Effort { level: 19, before: 1 }),
            Self::Small => Some(Effort { level: 19, before: 4 }),
        }
    }
}

/// The chunks of an image as they are stored, some of them packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    effort: Effort,
    /// How each is stored: packed ones close together, raw ones from a multiple of 512 on.
    pub(super) parts: Vec<Part>,
    /// How many stored bytes there are.
    len: u64,
    /// BLAKE3 of each [`BLOCK_LEN`] of them.
    blocks: Vec<blake3::Hash>,
}

impl Packed {
    /// How hard it was packed, for an identity: level and chunks before.
    pub fn effort_code(&self) -> [u8; 2] {
        [self.effort.level as u8, self.effort.before as u8]
    }

    /// The stored bytes of `source`, the image that was packed.
    pub(super) fn stored<'a>(&self, source: Trimmed<'a>) -> Box<dyn StoredBytes + 'a> {
        Box::new(Again { packed: self.clone(), source, last: Mutex::new(None) })
    }

    /// Packs the image in `source`, whose chunks are `chunks`, on all processors. `None` if no chunk is worth it.
    ///
    /// # Errors
    ///
    /// What reading says; `InvalidData` if the image is another than was scanned.
    pub(super) fn of(
        source: &dyn Source,
        chunks: &[Chunk],
        compression: Compression,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<Option<Self>> {
        let Some(effort) = compression.effort() else { return Ok(None) };
        let mut made = Self { effort, parts: Vec::new(), len: 0, blocks: Vec::new() };
        let mut workers = workers(effort);
        let mut waiting = Vec::new();
        let step = CHUNKS_PER_THREAD * workers.len();
        for start in (0..chunks.len()).step_by(step) {
            let indices: Vec<usize> = (start..chunks.len().min(start + step)).collect();
            let wanted: Vec<usize> = indices.iter().copied().filter(|index| !chunks[*index].zero).collect();
            let packed = on_all(&mut workers, &wanted, &|frames, index| {
                let (before, data) = read(source, effort, index)?;
                if chunk_value(&data, (index * CHUNK_LEN) as u64, chunks.len())
                    != chunks[index].chaining_value
                {
                    let changed = "the image was changed while it was read";
                    return Err(io::Error::new(io::ErrorKind::InvalidData, changed));
                }
                let frame = frames.pack(&data, &before).filter(|frame| is_worth_it(frame, &data));
                Ok((frame.is_some(), frame.unwrap_or(data)))
            })?;
            let mut packed = packed.into_iter();
            for index in indices {
                match chunks[index].zero {
                    true => made.parts.push(Part { form: Form::Zero, bytes: 0..0 }),
                    false => packed.next().into_iter().for_each(|(is_packed, bytes)| {
                        made.push(&mut waiting, index, is_packed, &bytes);
                    }),
                }
                progress((source.len() - (index * CHUNK_LEN) as u64).min(CHUNK_LEN as u64));
            }
        }
        made.blocks.extend(waiting.chunks(BLOCK_LEN).map(blake3::hash));
        let packs = made.parts.iter().any(|part| matches!(part.form, Form::Packed { .. }));
        Ok(Some(made).filter(|_| packs))
    }

    /// Adds the next chunk. `waiting` has the stored bytes that have no hash yet.
    fn push(&mut self, waiting: &mut Vec<u8>, index: usize, is_packed: bool, bytes: &[u8]) {
        let form = match is_packed {
            true => Form::Packed { codec: Codec::Zstd, before: self.effort.before_of(index) as u8 },
            false => Form::Raw,
        };
        let start = if is_packed { self.len } else { self.len.next_multiple_of(SECTOR_LEN) };
        waiting.resize(waiting.len() + (start - self.len) as usize, 0);
        waiting.extend_from_slice(bytes);
        self.len = start + bytes.len() as u64;
        self.parts.push(Part { form, bytes: start..self.len });
        let full = waiting.len() - waiting.len() % BLOCK_LEN;
        self.blocks.extend(waiting[..full].chunks(BLOCK_LEN).map(blake3::hash));
        waiting.drain(..full);
    }
}

/// Whether packed bytes save enough.
fn is_worth_it(frame: &[u8], data: &[u8]) -> bool {
    frame.len() + data.len().div_ceil(SAVED_PART_MIN) <= data.len()
}

/// What each thread packs with, one for each processor.
fn workers(effort: Effort) -> Vec<Frames> {
    let count = thread::available_parallelism().map_or(1, NonZero::get);
    (0..count).map(|_| Frames::new(effort)).collect()
}

/// The bytes before chunk `index` to which it may refer, and its own.
fn read(source: &dyn Source, effort: Effort, index: usize) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let start = index * CHUNK_LEN;
    let before_len = effort.before_of(index) * CHUNK_LEN;
    let len = (source.len() - start as u64).min(CHUNK_LEN as u64) as usize;
    let mut before = vec![0; before_len + len];
    source.read_at((start - before_len) as u64, &mut before)?;
    let data = before.split_off(before_len);
    Ok((before, data))
}

/// What `work` makes of each of `indices`, in their order, done by all workers at once.
fn on_all<T: Send>(
    workers: &mut [Frames],
    indices: &[usize],
    work: &(dyn Fn(&mut Frames, usize) -> io::Result<T> + Sync),
) -> io::Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let made: Vec<Mutex<Option<io::Result<T>>>> = indices.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for frames in workers.iter_mut().take(indices.len()) {
            scope.spawn(|| {
                let frames = frames;
                while let Some((place, &index)) = {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    made.get(place).zip(indices.get(place))
                } {
                    let result = work(frames, index);
                    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                }
            });
        }
    });
    let made = made.into_iter().map(|place| place.into_inner().unwrap_or_else(PoisonError::into_inner));
    made.map(|result| result.unwrap_or_else(|| Err(io::ErrorKind::Interrupted.into()))).collect()
}

/// The stored bytes of an image that was packed, made again.
struct Again<'a> {
    packed: Packed,
    source: Trimmed<'a>,
    /// The last chunk that was made, which the next bytes may begin with.
    last: Mutex<Option<(usize, Vec<u8>)>>,
}

impl Again<'_> {
    /// The chunks of which stored bytes lie in `bytes`.
    fn chunks_of(&self, bytes: &Range<u64>) -> Vec<usize> {
        let parts = self.packed.parts.iter().enumerate();
        let has = |part: &Part| part.bytes.start < bytes.end && part.bytes.end > bytes.start;
        parts.filter(|(_, part)| has(part)).map(|(index, _)| index).collect()
    }

    /// The stored bytes of chunk `index`: of another length than they should have if the image was changed.
    fn make(&self, frames: &mut Frames, index: usize) -> io::Result<Vec<u8>> {
        let (before, data) = read(&self.source, self.packed.effort, index)?;
        Ok(match self.packed.parts[index].form {
            Form::Packed { .. } => frames.pack(&data, &before).unwrap_or(data),
            _ => data,
        })
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
        let mut chunks = self.chunks_of(&wanted);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = last.take().filter(|(index, _)| chunks.first() == Some(index));
        if kept.is_some() {
            chunks.remove(0);
        }
        let mut workers = workers(self.packed.effort);
        workers.truncate(chunks.len());
        let made = on_all(&mut workers, &chunks, &|frames, index| self.make(frames, index))?;
        for (index, bytes) in kept.into_iter().chain(chunks.into_iter().zip(made)) {
            let part = &self.packed.parts[index].bytes;
            let (start, end) = (part.start.max(wanted.start), part.end.min(wanted.end));
            let found = bytes.get((start - part.start) as usize..).unwrap_or(&[]);
            let place = &mut buffer[(start - offset) as usize..(end - offset) as usize];
            let len = place.len().min(found.len());
            place[..len].copy_from_slice(&found[..len]);
            *last = Some((index, bytes));
        }
        Ok(())
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
                let chunks = self.chunks_of(&(start..start + block.len() as u64));
                let first = chunks.first().map_or(0, |index| (index * CHUNK_LEN) as u64);
                let end = chunks.last().map_or(0, |index| ((index + 1) * CHUNK_LEN) as u64);
                return Err(Unproven::Changed(first..end.min(self.source.len())));
            }
        }
        Ok(())
    }
}
