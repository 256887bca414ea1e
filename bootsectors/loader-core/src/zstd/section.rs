//! A part of a block.

/// Bytes of a block that are still to be looked at.
#[derive(Clone, Copy)]
pub struct Section {
    pub at: usize,
    pub end: usize,
}

impl Section {
    /// The next byte.
    pub fn byte(&mut self, block: &[u8]) -> Option<u8> {
        let byte = block.get(self.split(1)?.at)?;
        Some(*byte)
    }

    /// The next `len` bytes.
    pub fn split(&mut self, len: usize) -> Option<Self> {
        let part = Self { at: self.at, end: self.at.checked_add(len)? };
        if part.end > self.end {
            return None;
        }
        self.at = part.end;
        Some(part)
    }

    pub fn len(self) -> usize {
        self.end - self.at
    }
}
