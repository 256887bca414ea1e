//! Where the bytes of a frame go.

use crate::room::{FEW, PIECE, Room};

/// The room for a chunk while it is filled, and what lies before it.
pub struct Output<'r, R: ?Sized> {
    room: &'r mut R,
    before: &'r [u8],
    progress: &'r mut dyn FnMut(usize),
    /// Bytes that were put.
    at: usize,
    /// Bytes of which `progress` was told.
    told: usize,
    len: usize,
}

impl<'r, R: Room + ?Sized> Output<'r, R> {
    /// Room of which nothing is filled.
    pub fn new(room: &'r mut R, before: &'r [u8], progress: &'r mut dyn FnMut(usize)) -> Self {
        let len = room.bytes().len();
        Self { room, before, progress, at: 0, told: 0, len }
    }

    /// Bytes that are not filled.
    pub fn left(&self) -> usize {
        self.len - self.at
    }

    /// Puts `bytes` next. `None` if there is no room for them.
    #[inline(always)]
    pub fn put(&mut self, bytes: &[u8]) -> Option<()> {
        self.check(bytes.len())?;
        self.room.put(self.at, bytes);
        self.advance(bytes.len());
        Some(())
    }

    /// Puts the first `len` bytes of `bytes` next. `None` if there is no room for them.
    #[inline(always)]
    pub fn put_few(&mut self, bytes: &[u8; FEW], len: usize) -> Option<()> {
        self.check(len)?;
        self.room.put_few(self.at, bytes, len);
        self.advance(len);
        Some(())
    }

    /// Puts `byte` next, `len` times.
    pub fn fill(&mut self, byte: u8, len: usize) -> Option<()> {
        self.check(len)?;
        if len > 0 {
            self.put(&[byte])?;
            self.put_again(1, len - 1)?;
        }
        Some(())
    }

    /// Puts next the `len` bytes that lie `distance` before. `None` if that is not there, or there is no room for them.
    #[inline(always)]
    pub fn put_again(&mut self, distance: usize, len: usize) -> Option<()> {
        self.check(len)?;
        if distance <= self.at && distance > 0 {
            self.room.put_again(self.at, distance, len);
            self.advance(len);
            return Some(());
        }
        self.put_from_before(distance, len)
    }

    #[inline(never)]
    fn put_from_before(&mut self, distance: usize, len: usize) -> Option<()> {
        let back = distance.checked_sub(self.at).filter(|back| *back > 0)?;
        let start = self.before.len().checked_sub(back)?;
        let count = len.min(back);
        let bytes = self.before.get(start..start + count)?;
        self.room.put(self.at, bytes);
        self.room.put_again(self.at + count, distance, len - count);
        self.advance(len);
        Some(())
    }

    /// Clears what is not filled.
    pub fn clear_rest(&mut self) {
        while self.at < self.len {
            let piece = PIECE.min(self.left());
            self.room.clear(self.at, piece);
            self.advance(piece);
        }
        (self.progress)(self.at - self.told);
        self.told = self.at;
    }

    #[inline(always)]
    fn check(&self, len: usize) -> Option<()> {
        if len > self.left() { None } else { Some(()) }
    }

    #[inline(always)]
    fn advance(&mut self, len: usize) {
        self.at += len;
        if self.at - self.told >= PIECE {
            self.tell();
        }
    }

    #[inline(never)]
    fn tell(&mut self) {
        (self.progress)(self.at - self.told);
        self.told = self.at;
    }
}
