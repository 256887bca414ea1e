//! Lines of text for the screen, made without the formatting machinery of `core`.

/// A line of at most `N` bytes of ASCII; what does not fit is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Line<N> {
    /// An empty line.
    pub const fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    /// What was appended so far.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }

    /// Makes the line empty.
    pub fn clear(&mut self) -> &mut Self {
        self.len = 0;
        self
    }

    /// Appends one byte.
    pub fn byte(&mut self, byte: u8) -> &mut Self {
        if let Some(free) = self.bytes.get_mut(self.len) {
            *free = byte;
            self.len += 1;
        }
        self
    }

    /// Appends bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        for &byte in bytes {
            self.byte(byte);
        }
        self
    }

    /// Appends text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Appends spaces until the line has `len` bytes.
    pub fn pad_to(&mut self, len: usize) -> &mut Self {
        while self.len < len.min(N) {
            self.byte(b' ');
        }
        self
    }

    /// Appends a number.
    pub fn decimal(&mut self, value: u32) -> &mut Self {
        self.decimal_wide(value, 1)
    }

    /// Appends a number, at least `width` (at most 10) characters wide, with spaces before it.
    pub fn decimal_wide(&mut self, value: u32, width: usize) -> &mut Self {
        self.number(value, width, b' ')
    }

    fn number(&mut self, mut value: u32, width: usize, fill: u8) -> &mut Self {
        let mut digits = [fill; 10];
        let mut used = 0;
        for digit in digits.iter_mut().rev() {
            if value == 0 && used > 0 {
                break;
            }
            *digit = b'0' + (value % 10) as u8;
            value /= 10;
            used += 1;
        }
        let first = digits.len() - used.max(width.min(digits.len()));
        self.bytes(digits.get(first..).unwrap_or(&[]))
    }

    /// Appends the low `digits` (at most 16) hex digits of a number.
    pub fn hex(&mut self, value: u64, digits: u32) -> &mut Self {
        for place in (0..digits.min(16)).rev() {
            let digit = (value >> (place * 4)) as u8 & 0x0F;
            self.byte(if digit < 10 { b'0' + digit } else { b'A' - 10 + digit });
        }
        self
    }

    /// Appends bytes as lower-case hex, as `b3sum` prints them.
    pub fn hash(&mut self, bytes: &[u8]) -> &mut Self {
        for &byte in bytes {
            for digit in [byte >> 4, byte & 0x0F] {
                self.byte(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit });
            }
        }
        self
    }

    /// Appends a number of bytes in MiB with one decimal behind `mark`, rounded down: `12.3`.
    pub fn mib(&mut self, bytes: u64, mark: u8) -> &mut Self {
        let tenth = ((bytes as u32 & 0xF_FFFF) * 10) >> 20;
        self.decimal((bytes >> 20) as u32).byte(mark).decimal(tenth)
    }

    /// Appends a time: `12 s` below a minute, else `3:05`.
    pub fn time(&mut self, seconds: u32) -> &mut Self {
        if seconds < 60 {
            return self.decimal(seconds).text(" s");
        }
        self.decimal(seconds / 60).byte(b':').number(seconds % 60, 2, b'0')
    }
}

impl<const N: usize> Default for Line<N> {
    fn default() -> Self {
        Self::new()
    }
}
