//! Tables of finite state entropy codes (RFC 8878, section 4.1).

use zerocopy::little_endian::U32;

use super::bits::ForwardBits;
use super::scratch::Block;
use super::section::Section;

/// Most symbols of a code.
pub const SYMBOLS_MAX: usize = 64;

/// How often each symbol occurs, in parts of the table; -1 is less than one part.
pub type Counts = [i16; SYMBOLS_MAX];

/// What a state says: bits 0 to 7 the symbol, 8 to 15 the bits to read for the next state, 16 to 31 what is added to them.
#[derive(Clone, Copy)]
pub struct Entry(u32);

impl Entry {
    /// That of `state`; of the first one if there is no such state.
    #[inline(always)]
    pub fn of<const LEN: usize>(table: &[U32; LEN], state: u32) -> Self {
        const { assert!(LEN.is_power_of_two()) }
        Self(table[state as usize & (LEN - 1)].get())
    }

    #[inline(always)]
    pub fn symbol(self) -> usize {
        (self.0 & 0xFF) as usize
    }

    /// Bits to read for the next state.
    #[inline(always)]
    pub fn bits(self) -> u32 {
        self.0 >> 8 & 0xFF
    }

    /// The next state, after those bits.
    #[inline(always)]
    pub fn next(self, bits: u32) -> u32 {
        (self.0 >> 16) + bits
    }
}

/// Reads how often each symbol occurs, and log2 of the parts (section 4.1.1): at most `log_max`, of `symbols` symbols at
/// most.
pub fn counts(block: &Block, section: &mut Section, log_max: u32, symbols: usize) -> Option<(Counts, u32)> {
    let mut counts = [0; SYMBOLS_MAX];
    let counted = counts.get_mut(..symbols)?;
    let mut bits = ForwardBits::new(block, *section)?;
    let log = bits.peek(4) + 5;
    bits.skip(4);
    if log > log_max {
        return None;
    }
    let mut left = 1_u32 << log;
    let mut symbol = 0;
    while left > 0 {
        // Of the values 0 to left + 1, the lowest take a bit less.
        let width = (left + 1).ilog2() + 1;
        let short = (1 << (width - 1)) - 1;
        let short_values = (1 << width) - 2 - left;
        let mut value = bits.peek(width);
        if value & short < short_values {
            value &= short;
            bits.skip(width - 1);
        } else {
            if value > short {
                value -= short_values;
            }
            bits.skip(width);
        }
        let count = value as i16 - 1;
        *counted.get_mut(symbol)? = count;
        left = left.checked_sub(u32::from(count.unsigned_abs()))?;
        symbol += 1;
        let mut zeros = if count == 0 { 3 } else { 0 };
        while zeros == 3 && symbol < symbols {
            zeros = bits.peek(2);
            bits.skip(2);
            symbol += zeros as usize;
        }
    }
    section.split(bits.bytes_read()?)?;
    Some((counts, log))
}

/// Makes the table of `counts`, whose sum is 1 << `log`.
pub fn fill(table: &mut [U32], counts: &Counts, log: u32) -> Option<()> {
    let table = table.get_mut(..1 << log)?;
    let size = table.len();
    let mut next = [0_u16; SYMBOLS_MAX];
    let mut high = size;
    for (symbol, (&count, next)) in (0..).zip(counts.iter().zip(&mut next)) {
        *next = count.unsigned_abs();
        if count < 0 {
            high = high.checked_sub(1)?;
            *table.get_mut(high)? = U32::new(symbol);
        }
    }
    let step = (size >> 1) + (size >> 3) + 3;
    let mut at = 0;
    for (symbol, &count) in (0..).zip(counts) {
        for _ in 0..count {
            *table.get_mut(at)? = U32::new(symbol);
            // Ends: the step visits every place of the table.
            loop {
                at = (at + step) & (size - 1);
                if at < high || at == 0 {
                    break;
                }
            }
        }
    }
    for entry in table {
        let symbol = entry.get();
        let state = next.get_mut(symbol as usize)?;
        let bits = log - state.checked_ilog2()?;
        let base = (u32::from(*state) << bits).wrapping_sub(size as u32);
        *state += 1;
        entry.set(symbol | bits << 8 | base << 16);
    }
    Some(())
}

/// The table of a code that has one symbol and takes no bits.
pub fn fill_with_one(table: &mut [U32], symbol: u8) -> Option<()> {
    table.first_mut()?.set(u32::from(symbol));
    Some(())
}
