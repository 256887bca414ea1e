//! Fields of varying length in a row of bits, written and read by the same description.
//!
//! Nothing here is inlined, because a block has some sixty fields and the loader little room.

use super::symbols::{BITS, Symbols};

/// Bits of a number's length, which counts digits of four bits.
const LENGTH: u32 = 3;

/// Writes fields, or reads them: each function takes the value to write, and returns what is there.
pub(super) trait Fields {
    /// The low `count` bits of a value, at most 32.
    fn bits(&mut self, value: u32, count: u32) -> u32;

    /// One bit.
    #[inline(never)]
    fn flag(&mut self, value: bool) -> bool {
        self.bits(value.into(), 1) != 0
    }

    /// A number of any size; small ones are short.
    #[inline(never)]
    fn number(&mut self, value: u32) -> u32 {
        let digits = (u32::BITS - value.leading_zeros()).div_ceil(4).max(1);
        let digits = self.bits(digits - 1, LENGTH) + 1;
        self.bits(value, 4 * digits)
    }

    /// A number of any size that is nearly always `usual`, and takes one bit then.
    #[inline(never)]
    fn usual(&mut self, value: u32, usual: u32) -> u32 {
        if self.flag(value != usual) { self.number(value) } else { usual }
    }

    /// The same for a number of 16 bits.
    #[inline(never)]
    fn usual16(&mut self, value: u16, usual: u16) -> u16 {
        self.usual(value.into(), usual.into()) as u16
    }

    /// A number of any size that is nearly always one of three, and takes two bits then.
    #[inline(never)]
    fn among(&mut self, value: u32, usual: [u32; 3]) -> u32 {
        let place = usual.iter().position(|&one| one == value).unwrap_or(usual.len());
        let place = self.bits(place as u32, 2) as usize;
        usual.get(place).copied().unwrap_or_else(|| self.number(value))
    }

    /// A byte.
    #[inline(never)]
    fn byte(&mut self, value: u8) -> u8 {
        self.bits(value.into(), 8) as u8
    }

    /// A byte that is nearly always `usual`.
    #[inline(never)]
    fn usual_byte(&mut self, value: u8, usual: u8) -> u8 {
        if self.flag(value != usual) { self.byte(value) } else { usual }
    }

    /// One of at most `2^count` values; what is read may be none of them, which is the first then.
    fn choice<T: Copy + PartialEq>(&mut self, value: T, count: u32, all: &[T]) -> T {
        let place = all.iter().position(|&one| one == value).unwrap_or(0);
        let place = self.bits(place as u32, count) as usize;
        all.get(place).or(all.first()).copied().unwrap_or(value)
    }
}

/// Writes.
pub(super) struct Writer {
    pub symbols: Symbols,
    pending: u8,
    count: u32,
}

impl Writer {
    pub fn new() -> Self {
        Self { symbols: Symbols::new(), pending: 0, count: 0 }
    }

    /// What was written, filled up with zero bits.
    pub fn end(mut self) -> Symbols {
        while self.count > 0 {
            self.bits(0, 1);
        }
        self.symbols
    }
}

impl Fields for Writer {
    #[inline(never)]
    fn bits(&mut self, value: u32, count: u32) -> u32 {
        for place in (0..count).rev() {
            self.pending = self.pending << 1 | (value >> place) as u8 & 1;
            self.count += 1;
            if self.count == BITS {
                self.symbols.push(self.pending);
                (self.pending, self.count) = (0, 0);
            }
        }
        value
    }
}

/// Reads; behind the end there are zeros.
pub(super) struct Reader<'s> {
    values: &'s [u8],
    at: u32,
}

impl<'s> Reader<'s> {
    pub fn new(symbols: &'s Symbols) -> Self {
        Self { values: symbols.values(), at: 0 }
    }
}

impl Fields for Reader<'_> {
    fn bits(&mut self, _value: u32, count: u32) -> u32 {
        let mut value = 0;
        for _ in 0..count {
            let symbol = self.values.get((self.at / BITS) as usize).copied().unwrap_or(0);
            value = value << 1 | u32::from(symbol >> (BITS - 1 - self.at % BITS) & 1);
            self.at += 1;
        }
        value
    }
}
