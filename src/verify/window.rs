//! The plain chunks that later ones refer to: as many as the chunk table asks for, and no more.

use std::ops::Range;

/// Bytes that nobody asks for any more, before those that are kept are moved to the front.
const SLACK: usize = 4 << 20;

/// A part of an image in memory, which moves with the chunk that is made.
pub(super) struct Window {
    /// For each chunk, the first byte of the image that it or a later one refers to.
    needed: Vec<u64>,
    /// Bytes of the image, without gaps.
    bytes: Vec<u8>,
    /// Which of them come first in the image.
    start: u64,
}

impl Window {
    /// The window for chunks whose bytes, with those before them that they refer to, are these of the image.
    pub fn new(windows: impl Iterator<Item = Range<u64>>) -> Self {
        let windows: Vec<Range<u64>> = windows.collect();
        let mut needed: Vec<u64> = windows.iter().map(|window| window.start).collect();
        let mut first = u64::MAX;
        for start in needed.iter_mut().rev() {
            first = first.min(*start);
            *start = first;
        }
        let most = windows.iter().zip(&needed).map(|(window, first)| window.end - first).max();
        let most = most.unwrap_or(0) as usize;
        // What grows by doubling would take twice as much.
        let bytes = Vec::with_capacity(most + most.min(SLACK));
        Self { needed, bytes, start: 0 }
    }

    /// What lies before chunk `index` as far as it refers to it, and the room for its `len` bytes, all zeros. They are
    /// asked for in order, without gaps but for those that [`Window::skip`] makes.
    pub fn room(&mut self, index: usize, window: Range<u64>, len: usize) -> (&[u8], &mut [u8]) {
        self.drop_before(self.needed[index]);
        self.bytes.resize(self.bytes.len() + len, 0);
        let before = (window.start - self.start) as usize;
        let (before_and_older, room) = self.bytes.split_at_mut((window.end - self.start) as usize - len);
        (&before_and_older[before..], room)
    }

    /// Zeros instead of chunk `index`, whose room nobody wants: kept only if somebody refers to them.
    pub fn skip(&mut self, index: usize, window: Range<u64>) {
        let is_needed = self.needed.get(index + 1).is_some_and(|first| *first < window.end);
        if is_needed {
            let len = (window.end - window.start) as usize;
            self.room(index, window, len);
        } else {
            self.bytes.clear();
            self.start = window.end;
        }
    }

    /// Forgets what lies before byte `first` of the image, sooner or later: so each byte is moved seldom.
    fn drop_before(&mut self, first: u64) {
        let unused = ((first - self.start) as usize).min(self.bytes.len());
        let kept = self.bytes.len() - unused;
        if unused >= SLACK || unused >= kept {
            self.bytes.drain(..unused);
            self.start += unused as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    /// The byte at `at` of the image of these tests.
    fn byte(at: u64) -> u8 {
        (at % 251) as u8
    }

    /// Goes through chunks of `len` bytes, each of which refers to so many before it; `None` for one of zeros. Returns the
    /// room that was kept for them.
    fn go_through(len: u64, chunks: &[Option<u64>]) -> usize {
        let window = |index: u64, before: u64| (index - before) * len..(index + 1) * len;
        let windows = (0..).zip(chunks).map(|(index, before)| window(index, before.unwrap_or(0)));
        let mut kept = Window::new(windows);
        let capacity = kept.bytes.capacity();
        for (index, before) in (0_u64..).zip(chunks) {
            let Some(before) = *before else {
                kept.skip(index as usize, window(index, 0));
                continue;
            };
            let (found, room) = kept.room(index as usize, window(index, before), len as usize);
            assert_eq!((found.len() as u64, room.len() as u64), (before * len, len));
            assert!(room.iter().all(|&byte| byte == 0));
            for (at, found) in ((index - before) * len..).zip(found) {
                let is_zero = chunks[(at / len) as usize].is_none();
                assert_eq!(*found, if is_zero { 0 } else { byte(at) }, "byte {at} for chunk {index}");
            }
            for (at, room) in (index * len..).zip(room) {
                *room = byte(at);
            }
        }
        assert_eq!(kept.bytes.capacity(), capacity, "it never grows");
        capacity
    }

    #[test]
    fn one_chunk_is_kept_where_none_refers_to_another() {
        assert!(go_through(1000, &[Some(0); 50]) <= 2000);
        assert!(go_through(1000, &[Some(0), None, None, Some(0), None]) <= 2000);
        assert_eq!(go_through(1000, &[]), 0);
    }

    #[test]
    fn each_chunk_finds_what_lies_before_it() {
        let far: Vec<Option<u64>> = (0..200).map(|index| Some(index.min(7))).collect();
        assert!(go_through(1000, &far) <= 16_000);
        let mixed: Vec<Option<u64>> = (0..200_u64)
            .map(|index| (index % 5 != 1).then(|| if index % 17 == 3 { index.min(12) } else { 0 }))
            .collect();
        assert!(go_through(1000, &mixed) <= 26_000);
        go_through(1000, &[Some(0), None, Some(2), None, None, Some(1), Some(6)]);
    }

    #[test]
    fn sixteen_mib_before_every_chunk_cost_little_more() {
        let most: Vec<Option<u64>> = (0..40).map(|index: u64| Some(index.min(16))).collect();
        assert!(go_through(1 << 20, &most) <= 22 << 20);
    }
}
