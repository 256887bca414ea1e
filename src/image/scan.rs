//! One pass over an image: its BLAKE3, and what each chunk of it is.

use std::io;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::{Source, chunk_value, combine};

pub use ramkey_format::capsule::CHUNK_SHIFT;

/// Length of a chunk in bytes; the last one of an image may be shorter.
pub const CHUNK_LEN: usize = 1 << CHUNK_SHIFT;
/// Bytes in one read: enough that a disk streams, little enough that the copy in cache is still there to be hashed.
const READ_LEN: usize = 4 * CHUNK_LEN;
/// Buffers on the way between the reading and the hashing thread.
const BUFFERS: usize = 3;

/// What one pass over an image found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Length of the image in bytes.
    pub len: u64,
    /// BLAKE3 of the image: what `b3sum` prints.
    pub root: [u8; 32],
    /// Its chunks, in order.
    pub chunks: Vec<Chunk>,
}

/// One chunk of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Whether all of it is zeros.
    pub zero: bool,
    /// Its BLAKE3 chaining value at its place in the image; the root hash when it is the only chunk.
    pub chaining_value: [u8; 32],
}

/// Reads all of `source` once and hashes it, while a second thread reads ahead.
///
/// `progress` is called with the number of bytes that were added, about every MiB.
///
/// # Errors
///
/// What reading says; `InvalidInput` for an empty source, which has no chunk.
pub fn scan(source: &dyn Source, progress: &mut dyn FnMut(u64)) -> io::Result<Scan> {
    let len = source.len();
    if len == 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "an empty image has no chunks"));
    }
    let count = len.div_ceil(CHUNK_LEN as u64) as usize;
    let mut chunks = Vec::with_capacity(count);
    thread::scope(|scope| {
        let (full, to_hash) = sync_channel::<io::Result<Vec<u8>>>(BUFFERS);
        let (empty, to_fill) = sync_channel::<Vec<u8>>(BUFFERS);
        scope.spawn(move || {
            let mut offset = 0;
            while offset < len {
                let mut buffer = to_fill.try_recv().unwrap_or_default();
                buffer.resize((len - offset).min(READ_LEN as u64) as usize, 0);
                offset += buffer.len() as u64;
                let read = source.read_at(offset - buffer.len() as u64, &mut buffer);
                let failed = read.is_err();
                if full.send(read.map(|()| buffer)).is_err() || failed {
                    break;
                }
            }
        });
        while let Ok(buffer) = to_hash.recv() {
            let buffer = buffer?;
            for data in buffer.chunks(CHUNK_LEN) {
                let offset = (chunks.len() as u64) << CHUNK_SHIFT;
                let chaining_value = chunk_value(data, offset, count);
                chunks.push(Chunk { zero: is_zero(data), chaining_value });
            }
            progress(buffer.len() as u64);
            // The reader may have finished; then nobody takes the buffer back.
            let _ = empty.try_send(buffer);
        }
        Ok::<(), io::Error>(())
    })?;
    let values: Vec<[u8; 32]> = chunks.iter().map(|chunk: &Chunk| chunk.chaining_value).collect();
    let root = *combine(&values).as_bytes();
    Ok(Scan { len, root, chunks })
}

fn is_zero(data: &[u8]) -> bool {
    let (head, words, tail) = (data.first(), data.chunks_exact(64), data.chunks_exact(64).remainder());
    // Most chunks are told by their first byte; the fold over 64 bytes at a time is one the compiler makes wide.
    head == Some(&0)
        && words.into_iter().all(|block| block.iter().fold(0, |sum, &byte| sum | byte) == 0)
        && tail.iter().all(|&byte| byte == 0)
}
