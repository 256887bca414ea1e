//! A reader with a buffer that always shows how what comes next begins.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// Bytes that are shown, unless fewer are left: as many as any packed form is known by.
pub(super) const HEAD: usize = 16;

/// Reads through a buffer. What it shows are [`HEAD`] bytes or more until the end is near: a standard one shows what
/// is left in its buffer, even if that is one byte.
pub(super) struct Ahead<R> {
    inner: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl<R: Read> Ahead<R> {
    /// Reads `inner` in pieces of `len` bytes, which are at least [`HEAD`].
    pub fn new(len: usize, inner: R) -> Self {
        Self { inner, buffer: vec![0; len.max(HEAD)].into(), start: 0, end: 0 }
    }
}

impl<R: Read> BufRead for Ahead<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.end - self.start < HEAD {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            while self.end < HEAD {
                match self.inner.read(&mut self.buffer[self.end..]) {
                    Ok(0) => break,
                    Ok(count) => self.end += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }
}

impl<R: Read> Read for Ahead<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let shown = self.fill_buf()?;
        let count = shown.len().min(buffer.len());
        buffer[..count].copy_from_slice(&shown[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read + Seek> Seek for Ahead<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let left = (self.end - self.start) as i64;
        (self.start, self.end) = (0, 0);
        self.inner.seek(match to {
            SeekFrom::Current(by) => SeekFrom::Current(by.saturating_sub(left)),
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, Cursor, Read, Seek, SeekFrom};

    use super::{Ahead, HEAD};

    #[test]
    fn wherever_its_buffer_ends_it_shows_how_what_comes_next_begins() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for first in 0..bytes.len() {
            let mut reader = Ahead::new(64, &bytes[..]);
            reader.read_exact(&mut vec![0; first]).unwrap();
            let shown = reader.fill_buf().unwrap();
            assert!(shown.len() >= HEAD.min(bytes.len() - first), "{first}");
            assert!(bytes[first..].starts_with(shown), "{first}");
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, bytes[first..]);
        }
    }

    #[test]
    fn a_place_is_counted_from_what_was_taken() {
        let bytes: Vec<u8> = (0..200).collect();
        let mut reader = Ahead::new(64, Cursor::new(&bytes));
        let mut one = [0];
        for (to, expected) in [(SeekFrom::Start(7), 7), (SeekFrom::Current(10), 18), (SeekFrom::End(-1), 199)]
        {
            reader.seek(to).unwrap();
            reader.read_exact(&mut one).unwrap();
            assert_eq!(one, [expected]);
        }
    }
}
