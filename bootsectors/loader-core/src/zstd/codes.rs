//! The three codes of which sequences are made: what their symbols say, and how often each occurs unless a block says it.

use super::fse::{Counts, SYMBOLS_MAX};
use super::scratch::{LITERAL_LENGTH_LOG, MATCH_LENGTH_LOG, OFFSET_LOG};

/// One of the codes.
pub struct Code {
    /// log2 of its longest table.
    pub log_max: u32,
    /// How many symbols it has.
    pub symbols: usize,
    /// How often each occurs unless a block says it (RFC 8878, section 3.1.1.3.2.2).
    pub usual: Counts,
    /// log2 of the table of that.
    pub usual_log: u32,
    /// Of each symbol, its value in bits 0 to 23, and how many bits to add to it in bits 24 to 31.
    values: [u32; SYMBOLS_MAX],
}

impl Code {
    /// What a symbol says, and how many bits are read and added to it.
    #[inline(always)]
    pub fn value(&self, symbol: usize) -> (u32, u32) {
        let value = self.values[symbol & (SYMBOLS_MAX - 1)];
        (value & 0xFF_FFFF, value >> 24)
    }
}

/// Numbers of literals (sections 3.1.1.3.2.1.1 and 3.1.1.3.2.2.1).
pub static LITERAL_LENGTHS: Code = Code {
    log_max: LITERAL_LENGTH_LOG,
    symbols: 36,
    usual: padded([
        4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1,
        -1, -1, -1,
    ]),
    usual_log: 6,
    values: values(
        0,
        [
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11,
            12, 13, 14, 15, 16,
        ],
    ),
};

/// Lengths of matches (sections 3.1.1.3.2.1.1 and 3.1.1.3.2.2.2).
pub static MATCH_LENGTHS: Code = Code {
    log_max: MATCH_LENGTH_LOG,
    symbols: 53,
    usual: padded([
        1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ]),
    usual_log: 6,
    values: values(
        3,
        [
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
        ],
    ),
};

/// Distances: the symbol is how many bits are read below a bit that is set (sections 3.1.1.3.2.1.1 and 3.1.1.3.2.2.3).
pub static OFFSETS: Code = Code {
    log_max: OFFSET_LOG,
    symbols: 32,
    usual: padded([
        1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
    ]),
    usual_log: 5,
    values: [0; SYMBOLS_MAX],
};

const fn padded<const COUNT: usize>(counts: [i16; COUNT]) -> Counts {
    let mut all = [0; SYMBOLS_MAX];
    let mut index = 0;
    while index < COUNT {
        all[index] = counts[index];
        index += 1;
    }
    all
}

/// Values that follow one another from `first` on, where each symbol has as many as its bits can add.
const fn values<const COUNT: usize>(first: u32, bits: [u32; COUNT]) -> [u32; SYMBOLS_MAX] {
    let mut all = [0; SYMBOLS_MAX];
    let mut value = first;
    let mut index = 0;
    while index < COUNT {
        all[index] = value | bits[index] << 24;
        value += 1 << bits[index];
        index += 1;
    }
    all
}

const _: () = {
    let (last_literal, last_match) = (LITERAL_LENGTHS.values[35], MATCH_LENGTHS.values[52]);
    assert!(last_literal & 0xFF_FFFF == 65536 && last_match & 0xFF_FFFF == 65539);
};
