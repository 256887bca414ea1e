//! The stored bytes of an image of which only some chunks are written, each from a sector on.

use std::io;
use std::ops::Range;

use crate::image::{StoredBytes, Unproven};
use crate::layout::{Content, Layout};
use crate::units::SECTOR_LEN;

/// Bytes that are read at once.
const BLOCK_LEN: u64 = 1 << 20;
const CHANGED: &str = "the image was changed while it was read";

/// Stored bytes of some chunks, one behind the other, each from a multiple of 512 on.
pub struct NewBytes<'a> {
    stored: Box<dyn StoredBytes + 'a>,
    /// Where each begins, and which of the image's stored bytes they are.
    chunks: Vec<(u64, Range<u64>)>,
    len: u64,
    /// Where each range begins that is written at once, its length, and its hash.
    proofs: Vec<(u64, u64, blake3::Hash)>,
}

impl<'a> NewBytes<'a> {
    /// Those of `chunks`, which are places of `stored`. They are read once, so that they can be proven later in the pieces in
    /// which `layout` writes them.
    ///
    /// # Errors
    ///
    /// What reading says.
    pub fn read(
        stored: Box<dyn StoredBytes + 'a>,
        chunks: &[Range<u64>],
        layout: &Layout,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<Self> {
        let mut new = Self { stored, chunks: Vec::new(), len: 0, proofs: Vec::new() };
        for bytes in chunks {
            new.chunks.push((new.len, bytes.clone()));
            new.len += (bytes.end - bytes.start).next_multiple_of(SECTOR_LEN);
        }
        let written = layout.extents.iter().filter_map(|extent| match extent.content {
            Content::Image { offset, .. } => Some((offset, extent.sectors * SECTOR_LEN)),
            _ => None,
        });
        let mut written: Vec<(u64, u64)> = written.collect();
        written.sort_unstable();
        let mut blocks = Blocks { stored: &*new.stored, last: (u64::MAX, Vec::new()) };
        for (offset, len) in written {
            let mut bytes = vec![0; len as usize];
            let chunk = new.chunks.partition_point(|(start, _)| *start <= offset) - 1;
            let (start, place) = &new.chunks[chunk];
            let from = place.start + (offset - start);
            let end = place.end.min(from + len);
            blocks.read(from, &mut bytes[..(end.saturating_sub(from)) as usize])?;
            new.proofs.push((offset, len, blake3::hash(&bytes)));
            progress(len);
        }
        Ok(new)
    }
}

/// Stored bytes that are read and proven by the MiB, which is what any of them can be proven by.
struct Blocks<'s> {
    stored: &'s dyn StoredBytes,
    /// The last one.
    last: (u64, Vec<u8>),
}

impl Blocks<'_> {
    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset + buffer.len() as u64;
        let mut at = offset;
        while at < end {
            let start = at - at % BLOCK_LEN;
            if self.last.0 != start {
                let mut block = vec![0; BLOCK_LEN.min(self.stored.len() - start) as usize];
                self.stored.read_at(start, &mut block)?;
                let proven = self.stored.prove(start, &block);
                proven.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, CHANGED))?;
                self.last = (start, block);
            }
            let block = &self.last.1[(at - start) as usize..];
            let len = block.len().min((end - at) as usize);
            let place = (at - offset) as usize;
            buffer[place..place + len].copy_from_slice(&block[..len]);
            at += len as u64;
        }
        Ok(())
    }
}

impl StoredBytes for NewBytes<'_> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset + buffer.len() as u64;
        if end > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer.fill(0);
        let first = self.chunks.partition_point(|(start, bytes)| start + (bytes.end - bytes.start) <= offset);
        for (start, bytes) in self.chunks[first..].iter().take_while(|(start, _)| *start < end) {
            let len = bytes.end - bytes.start;
            let wanted = offset.max(*start)..end.min(start + len);
            if wanted.is_empty() {
                continue;
            }
            let place = (wanted.start - offset) as usize..(wanted.end - offset) as usize;
            self.stored.read_at(bytes.start + (wanted.start - start), &mut buffer[place])?;
        }
        Ok(())
    }

    fn prove(&self, offset: u64, bytes: &[u8]) -> Result<(), Unproven> {
        let at = self.proofs.binary_search_by_key(&offset, |proof| proof.0);
        let (_, len, hash) = at.map(|at| self.proofs[at]).map_err(|_| Unproven::Unaligned)?;
        if len != bytes.len() as u64 {
            return Err(Unproven::Unaligned);
        }
        if blake3::hash(bytes) == hash { Ok(()) } else { Err(Unproven::Changed(offset..offset + len)) }
    }
}
