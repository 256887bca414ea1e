//! One pass over an image: its BLAKE3, and what each chunk of it is.

use std::borrow::Cow;
use std::io;
use std::ops::Range;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Builder, Scope};

use super::chunk::{self, CHUNK_LEN, CHUNK_SHIFT, Chunk, Part};
use super::hash::combine;
use super::pack::Packer;
use super::packed::Packed;
use super::source::Source;
use super::stored::StoredBytes;
use super::stream::{Forward, Stream};
use super::trimmed::{Trimmed, trimmed};

/// Bytes in one read: enough that a disk streams, little enough that the copy in cache is still there to be hashed, and that new
/// memory for it costs little. More than one chunk, so that an image of one chunk is known by its first buffer.
const READ_LEN: usize = 2 * CHUNK_LEN;
const _: () = assert!(READ_LEN > CHUNK_LEN);
/// Buffers on the way between two threads.
const BUFFERS: usize = 3;

/// Who else gets every byte of an image, in order, as it is read.
pub type Witness<'w> = dyn FnMut(&[u8]) + Send + 'w;

/// What one pass over an image found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Length of the image in bytes.
    pub len: u64,
    /// BLAKE3 of the image: what `b3sum` prints.
    pub root: [u8; 32],
    /// BLAKE3 of what will be in memory: the same unless something was left out that was not zero.
    pub ram_root: [u8; 32],
    /// The bytes of the image that are left out, in order and apart from each other.
    pub free: Arc<[Range<u64>]>,
    /// The chunks of what will be in memory, in order.
    pub chunks: Vec<Chunk>,
    /// How they are packed; `None` if no chunk is.
    pub packed: Option<Packed>,
}

impl Scan {
    /// How the chunks of the image are stored, in order.
    pub fn parts(&self) -> Vec<Part> {
        match &self.packed {
            Some(packed) => packed.parts.clone(),
            None => chunk::parts(&self.chunks, self.len),
        }
    }

    /// The stored bytes of the image in `source`, as [`Scan::parts`] names them.
    pub fn stored<'a>(&self, source: &'a dyn Source) -> Box<dyn StoredBytes + 'a> {
        let source = Trimmed::new(source, &self.free);
        match &self.packed {
            Some(packed) => packed.stored(source),
            None => chunk::stored(&self.chunks, source),
        }
    }

    /// The same with the chunks packed, as far as that is worth it. `source` is the image that was scanned; `progress` is
    /// called with the bytes of it that are done.
    ///
    /// # Errors
    ///
    /// What reading says; `InvalidData` if the image was changed since.
    pub fn pack(
        self,
        source: &dyn Source,
        packer: &mut Packer,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<Self> {
        let source = Trimmed::new(source, &self.free);
        let packed = packer.pack(&source, &self.chunks, progress)?;
        Ok(Self { packed, ..self })
    }
}

/// Reads all of `source` once and hashes it, while a second thread reads ahead.
///
/// `progress` is called with the number of bytes that were added, about every MiB.
///
/// # Errors
///
/// What reading says; `InvalidInput` for an empty source, which has no chunk.
pub fn scan(source: &dyn Source, progress: &mut dyn FnMut(u64)) -> io::Result<Scan> {
    scan_stream(&mut Forward::new(source), progress)
}

/// The same of an image of which the bytes in `free` are left out; they are in order and apart from each other.
///
/// # Errors
///
/// As [`scan`].
pub fn scan_trimmed(
    source: &dyn Source,
    free: &[Range<u64>],
    progress: &mut dyn FnMut(u64),
) -> io::Result<Scan> {
    scan_without(&mut Forward::new(source), free, None, progress)
}

/// The same while `witness` gets all bytes, also those that are left out: in a thread of its own, as far as there can be one.
///
/// # Errors
///
/// As [`scan`].
pub fn scan_witnessed(
    source: &dyn Source,
    free: &[Range<u64>],
    witness: &mut Witness,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Scan> {
    scan_without(&mut Forward::new(source), free, Some(witness), progress)
}

/// The same of an image that is read from start to end; how long it is need not be known before.
///
/// # Errors
///
/// As [`scan`]; `UnexpectedEof` if the stream has another length than it said.
pub fn scan_stream(stream: &mut dyn Stream, progress: &mut dyn FnMut(u64)) -> io::Result<Scan> {
    scan_without(stream, &[], None, progress)
}

fn scan_without(
    stream: &mut dyn Stream,
    free: &[Range<u64>],
    witness: Option<&mut Witness>,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Scan> {
    let told = stream.len();
    let (mut chunks, mut len) = (Vec::new(), 0);
    // The values of the original's chunks.
    let mut originals = Vec::new();
    let mut take = |buffer: &[u8]| {
        // An image of one chunk ends within the first buffer.
        let is_only = chunks.is_empty() && buffer.len() <= CHUNK_LEN;
        for data in buffer.chunks(CHUNK_LEN) {
            let offset = (chunks.len() as u64) << CHUNK_SHIFT;
            let count = if is_only { 1 } else { usize::MAX };
            let original = Chunk::of(data, offset, count);
            originals.push(original.chaining_value);
            chunks.push(match trimmed(free, offset, data) {
                Cow::Owned(left) if !original.zero => Chunk::of(&left, offset, count),
                _ => original,
            });
        }
        if !buffer.is_empty() {
            len += buffer.len() as u64;
            progress(buffer.len() as u64);
        }
    };
    let witness = witness.map(Mutex::new);
    if !read_beside(stream, &mut take, witness.as_ref())? {
        // Where no thread can be made, each buffer is read when the one before it is hashed.
        let mut buffer = Vec::new();
        loop {
            buffer = fill(stream, buffer)?;
            show(witness.as_ref(), &buffer);
            take(&buffer);
            if buffer.len() < READ_LEN {
                break;
            }
        }
    }
    if chunks.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "an empty image has no chunks"));
    }
    if told.is_some_and(|told| told != len) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let values: Vec<[u8; 32]> = chunks.iter().map(|chunk: &Chunk| chunk.chaining_value).collect();
    let (root, ram_root) = (*combine(&originals).as_bytes(), *combine(&values).as_bytes());
    Ok(Scan { len, root, ram_root, free: free.into(), chunks, packed: None })
}

/// A witness that whichever thread is there calls.
type Shown<'w, 'f> = Mutex<&'w mut Witness<'f>>;

fn show(witness: Option<&Shown>, bytes: &[u8]) {
    if let Some(witness) = witness {
        witness.lock().unwrap_or_else(PoisonError::into_inner)(bytes);
    }
}

/// Reads `stream` in a thread of its own while `take` and the witness get each buffer; `false`, and nothing was read, if there can be none.
fn read_beside(
    stream: &mut dyn Stream,
    take: &mut dyn FnMut(&[u8]),
    witness: Option<&Shown>,
) -> io::Result<bool> {
    thread::scope(|scope| {
        let (full, to_hash) = sync_channel::<io::Result<Vec<u8>>>(BUFFERS);
        let (empty, to_fill) = sync_channel::<Vec<u8>>(2 * BUFFERS);
        let started = Builder::new().spawn_scoped(scope, move || {
            loop {
                let read = fill(stream, to_fill.try_recv().unwrap_or_default());
                // Only the last buffer of a stream is not full.
                let is_last = !read.as_ref().is_ok_and(|buffer| buffer.len() == READ_LEN);
                if full.send(read).is_err() || is_last {
                    break;
                }
            }
        });
        if started.is_err() {
            return Ok(false);
        }
        let beside = witness.and_then(|witness| show_beside(scope, witness, empty.clone()));
        while let Ok(buffer) = to_hash.recv() {
            let buffer = Arc::new(buffer?);
            match &beside {
                Some(beside) => drop(beside.send(Arc::clone(&buffer))),
                None => show(witness, &buffer),
            }
            take(&buffer);
            give_back(buffer, &empty);
        }
        Ok(true)
    })
}

/// A thread that shows the witness what is sent; `None` if there can be none.
fn show_beside<'scope>(
    scope: &'scope Scope<'scope, '_>,
    witness: &'scope Shown,
    empty: SyncSender<Vec<u8>>,
) -> Option<SyncSender<Arc<Vec<u8>>>> {
    let (full, to_show) = sync_channel::<Arc<Vec<u8>>>(BUFFERS);
    let started = Builder::new().spawn_scoped(scope, move || {
        while let Ok(buffer) = to_show.recv() {
            show(Some(witness), &buffer);
            give_back(buffer, &empty);
        }
    });
    started.is_ok().then_some(full)
}

/// Gives the buffer to the reader, if nobody else has it.
fn give_back(buffer: Arc<Vec<u8>>, empty: &SyncSender<Vec<u8>>) {
    if let Some(buffer) = Arc::into_inner(buffer) {
        // The reader may have finished; then nobody takes the buffer back.
        let _ = empty.try_send(buffer);
    }
}

/// Fills `buffer` with the next bytes of `stream`; fewer than [`READ_LEN`] at its end.
fn fill(stream: &mut dyn Stream, mut buffer: Vec<u8>) -> io::Result<Vec<u8>> {
    buffer.resize(READ_LEN, 0);
    let mut done = 0;
    while done < READ_LEN {
        match stream.read(&mut buffer[done..]) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(done);
    Ok(buffer)
}
