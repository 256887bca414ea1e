//! All processors at the chunks of an image: what they read together, and what each makes of a chunk.

use std::io;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Builder};

use super::chunk::CHUNK_LEN;
use super::frame::{Effort, Frames, Window};
use super::source::Source;

/// Chunks that a thread packs, on average, between two moments at which all wait for the slowest.
const CHUNKS_PER_THREAD: usize = 8;

/// Threads that pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Workers {
    count: usize,
}

impl Workers {
    /// One for each processor.
    pub fn all() -> Self {
        Self::new(thread::available_parallelism().map_or(1, NonZero::get))
    }

    /// So many, at least one. What is packed does not depend on it.
    pub fn new(count: usize) -> Self {
        Self { count: count.max(1) }
    }

    /// What `work` makes of the first chunks of `indices`, which ascend: of as many of them as are read at once, in their
    /// order; of none only if there are none.
    ///
    /// # Errors
    ///
    /// What reading says, and `work`.
    pub fn some<T: Send>(
        self,
        source: &dyn Source,
        effort: Effort,
        indices: &[usize],
        work: &(dyn for<'w> Fn(&mut Frames<'w>, usize, Window<'w>) -> io::Result<T> + Sync),
    ) -> io::Result<Vec<T>> {
        let most = CHUNKS_PER_THREAD * self.count;
        let runs = Runs::read(source, effort, &indices[..indices.len().min(most)], most)?;
        let indices = &indices[..runs.chunks];
        let next = AtomicUsize::new(0);
        let made: Vec<Mutex<Option<io::Result<T>>>> = indices.iter().map(|_| Mutex::new(None)).collect();
        let each = || {
            let mut frames = Frames::new(effort);
            while let Some((place, &index)) = {
                let place = next.fetch_add(1, Ordering::Relaxed);
                made.get(place).zip(indices.get(place))
            } {
                let result = match &mut frames {
                    Ok(frames) => runs.window(index).and_then(|window| work(frames, index, window)),
                    Err(error) => Err(error.kind().into()),
                };
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.count.min(indices.len()) {
                // Where the system has no more threads, this one does the rest.
                drop(Builder::new().spawn_scoped(scope, each));
            }
            each();
        });
        let made = made.into_iter().map(|place| place.into_inner().unwrap_or_else(PoisonError::into_inner));
        made.map(|result| result.unwrap_or_else(|| Err(io::ErrorKind::Interrupted.into()))).collect()
    }
}

/// Chunks that were read, each with those before it.
struct Runs {
    effort: Effort,
    /// How many of the wanted chunks are there.
    chunks: usize,
    /// The first chunk of each run, and its bytes.
    runs: Vec<(usize, Vec<u8>)>,
}

impl Runs {
    /// Reads as many of `indices` as lie, with what is before them, in `most` chunks and those before one; but one of them.
    fn read(source: &dyn Source, effort: Effort, indices: &[usize], most: usize) -> io::Result<Self> {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        let (mut chunks, mut len) = (0, 0);
        for &index in indices {
            let from = index - effort.before_of(index);
            let end = ranges.last().map(|range| range.1).filter(|&end| from <= end);
            len += index + 1 - end.unwrap_or(from);
            if chunks > 0 && len > most + effort.before {
                break;
            }
            match ranges.last_mut().filter(|_| end.is_some()) {
                Some(range) => range.1 = index + 1,
                None => ranges.push((from, index + 1)),
            }
            chunks += 1;
        }
        let read = |(from, to): (usize, usize)| {
            let offset = (from * CHUNK_LEN) as u64;
            let len = (source.len().saturating_sub(offset)).min(((to - from) * CHUNK_LEN) as u64);
            let mut bytes = vec![0; len as usize];
            source.read_at(offset, &mut bytes)?;
            Ok((from, bytes))
        };
        Ok(Self { effort, chunks, runs: ranges.into_iter().map(read).collect::<io::Result<_>>()? })
    }

    /// The chunk with this index.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the image has become shorter.
    fn window(&self, index: usize) -> io::Result<Window<'_>> {
        let place = self.runs.partition_point(|(from, _)| *from <= index).checked_sub(1);
        let window = place.and_then(|place| {
            let (from, bytes) = &self.runs[place];
            let start = (index - from) * CHUNK_LEN;
            let before = bytes.get(start - self.effort.before_of(index) * CHUNK_LEN..start)?;
            let data = bytes.get(start..bytes.len().min(start + CHUNK_LEN))?;
            Some(Window { before, data })
        });
        window.filter(|window| !window.data.is_empty()).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
