//! A command line as a QR code, in the two halves of text characters: a phone reads a halt without anybody typing.
//!
//! There is one size, version 4 of 33 modules at level L (ISO/IEC 18004), which has room for any block that a halt shows and
//! needs no blocks interleaved; and one mask, because every reader knows all of them, and the characters of a block are as
//! good as random. A character of a VGA is about twice as high as wide, so half of one is a square.

/// Modules on each side.
const SIZE: usize = 33;
/// Light modules that must surround it.
const QUIET: usize = 4;
/// Codewords of data and of error correction.
const DATA: usize = 80;
const CORRECTION: usize = 20;
/// Centre of the alignment pattern.
const ALIGNMENT: usize = 26;
/// Row and column of the timing pattern.
const TIMING: usize = 6;
/// Modules of a finder pattern, its separator and the format beside it.
const CORNER: usize = 9;
/// First module of the corners at the other ends.
const FAR: usize = SIZE - 8;
/// Level L, mask 0, and the BCH code of both, exclusive-or 5412h.
const FORMAT: u16 = format(0b01_000);

/// Characters of a row on the screen.
pub const COLUMNS: usize = SIZE + 2 * QUIET;
/// Rows on the screen, of two modules each.
pub const ROWS: usize = COLUMNS.div_ceil(2);

/// A QR code; dark modules are ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qr {
    rows: [u64; SIZE],
}

impl Qr {
    /// The code of `words`, any bytes, and `block` behind them, which are digits and capital letters; `None` if they are too
    /// long.
    #[inline(never)]
    pub fn new(words: &[u8], block: impl Iterator<Item = u8> + Clone) -> Option<Self> {
        let codewords = codewords(words, block)?;
        let mut qr = Self { rows: [0; SIZE] };
        for row in 0..SIZE {
            for column in 0..SIZE {
                if is_pattern(row, column) && is_dark_pattern(row, column) {
                    qr.darken(row, column);
                }
            }
        }
        qr.put_format();
        qr.put_data(&codewords);
        Some(qr)
    }

    /// A row of the screen in code page 437, where light is what shines: white on black.
    #[inline(never)]
    pub fn row(&self, row: usize) -> [u8; COLUMNS] {
        let mut characters = [0; COLUMNS];
        for (column, character) in characters.iter_mut().enumerate() {
            *character = match (self.is_light(2 * row, column), self.is_light(2 * row + 1, column)) {
                (true, true) => 0xDB,
                (true, false) => 0xDF,
                (false, true) => 0xDC,
                (false, false) => b' ',
            };
        }
        characters
    }

    /// Counted with the light modules around it.
    #[inline(never)]
    fn is_light(&self, row: usize, column: usize) -> bool {
        let inside = (row.checked_sub(QUIET), column.checked_sub(QUIET));
        let (Some(row), Some(column @ 0..SIZE)) = inside else { return true };
        self.rows.get(row).is_none_or(|row| row >> column & 1 == 0)
    }

    #[inline(never)]
    fn darken(&mut self, row: usize, column: usize) {
        if let Some(row) = self.rows.get_mut(row) {
            *row |= 1 << column;
        }
    }

    /// Both copies of the format, and the module that is always dark.
    fn put_format(&mut self) {
        for bit in (0..15).filter(|&bit| FORMAT >> bit & 1 != 0) {
            // The timing pattern takes a row and a column out of the first copy.
            match bit {
                0..=5 => self.darken(bit, 8),
                6 | 7 => self.darken(bit + 1, 8),
                8 => self.darken(8, 7),
                _ => self.darken(8, 14 - bit),
            }
            match bit {
                0..=7 => self.darken(8, SIZE - 1 - bit),
                _ => self.darken(SIZE - 15 + bit, 8),
            }
        }
        self.darken(FAR, 8);
    }

    /// The codewords, up and down in columns of two from the right, with mask 0: every module whose row and column have an
    /// even sum is inverted.
    fn put_data(&mut self, codewords: &[u8; DATA + CORRECTION]) {
        let mut bit = 0;
        for pair in 0..SIZE / 2 {
            // The column of the timing pattern has no data.
            let left = SIZE - 2 - 2 * pair - usize::from(pair > (SIZE - TIMING - 2) / 2);
            for step in 0..SIZE {
                let row = if pair % 2 == 0 { SIZE - 1 - step } else { step };
                for column in [left + 1, left].into_iter().filter(|&column| !is_pattern(row, column)) {
                    let codeword = codewords.get(bit / 8).copied().unwrap_or(0);
                    let is_one = codeword >> (7 - bit % 8) & 1 != 0;
                    if is_one != ((row + column).is_multiple_of(2)) {
                        self.darken(row, column);
                    }
                    bit += 1;
                }
            }
        }
    }
}

/// Whether a module is part of a pattern or of the format, so that no data is there.
#[inline(never)]
fn is_pattern(row: usize, column: usize) -> bool {
    let is_outer = |place: usize| !(CORNER..FAR).contains(&place);
    // The last corner has none.
    let corner = is_outer(row) && is_outer(column) && (row < CORNER || column < CORNER);
    corner
        || row == TIMING
        || column == TIMING
        || row.abs_diff(ALIGNMENT).max(column.abs_diff(ALIGNMENT)) <= 2
}

/// Whether a module of a pattern is dark; those of the format are light.
#[inline(never)]
fn is_dark_pattern(row: usize, column: usize) -> bool {
    let around = |middle: (usize, usize)| row.abs_diff(middle.0).max(column.abs_diff(middle.1));
    for middle in [(3, 3), (3, SIZE - 4), (SIZE - 4, 3)] {
        match around(middle) {
            0 | 1 | 3 => return true,
            2 | 4 => return false,
            _ => {}
        }
    }
    match around((ALIGNMENT, ALIGNMENT)) {
        0 | 2 => return true,
        1 => return false,
        _ => {}
    }
    (row == TIMING || column == TIMING) && (row + column).is_multiple_of(2)
}

/// Bits, the first of a byte being its highest.
struct Bits {
    bytes: [u8; DATA],
    len: usize,
}

impl Bits {
    /// Appends the low `count` bits of a value; what does not fit is counted alone.
    #[inline(never)]
    fn push(&mut self, value: u32, count: u32) {
        for place in (0..count).rev() {
            if let Some(byte) = self.bytes.get_mut(self.len / 8) {
                *byte |= ((value >> place) as u8 & 1) << (7 - self.len % 8);
            }
            self.len += 1;
        }
    }
}

/// Data and error correction.
fn codewords(words: &[u8], block: impl Iterator<Item = u8> + Clone) -> Option<[u8; DATA + CORRECTION]> {
    let mut bits = Bits { bytes: [0; DATA], len: 0 };
    // Bytes as they are: the command has small letters.
    bits.push(0b0100, 4);
    bits.push(words.len() as u32, 8);
    words.iter().for_each(|&byte| bits.push(byte.into(), 8));
    bits.push(0b0010, 4);
    bits.push(block.clone().count() as u32, 9);
    let mut first = None;
    for value in block.map(alphanumeric) {
        match first.take() {
            None => first = Some(value),
            Some(first) => bits.push(first * 45 + value, 11),
        }
    }
    if let Some(last) = first {
        bits.push(last, 6);
    }
    if bits.len > 8 * DATA {
        return None;
    }
    // The end: zeros up to a byte, four at least if there is room.
    let used = (bits.len + 4).div_ceil(8);
    let mut all = [0; DATA + CORRECTION];
    for (place, codeword) in all.iter_mut().enumerate().take(DATA) {
        let pad = if (place + used).is_multiple_of(2) { PADS.0 } else { PADS.1 };
        *codeword = if place < used { bits.bytes.get(place).copied().unwrap_or(0) } else { pad };
    }
    let (data, correction) = all.split_at_mut(DATA);
    correction.copy_from_slice(&remainder(data));
    Some(all)
}

/// What codewords without data are, in turn.
const PADS: (u8, u8) = (0xEC, 0x11);

/// The value of a digit or a capital letter.
fn alphanumeric(character: u8) -> u32 {
    match character {
        b'0'..=b'9' => u32::from(character - b'0'),
        _ => u32::from(character.wrapping_sub(b'A')) + 10,
    }
}

/// Remainder of the data, as a polynomial over the field of 256, by the generator of Reed and Solomon.
#[inline(never)]
fn remainder(data: &[u8]) -> [u8; CORRECTION] {
    let mut rest = [0; CORRECTION];
    for &codeword in data {
        let factor = codeword ^ rest[0];
        rest.rotate_left(1);
        rest[CORRECTION - 1] = 0;
        for (one, &of_generator) in rest.iter_mut().zip(&GENERATOR) {
            *one ^= product(of_generator, factor);
        }
    }
    rest
}

/// The product of x - 2^i for each codeword of correction, without its highest power.
const GENERATOR: [u8; CORRECTION] = generator();

const fn generator() -> [u8; CORRECTION] {
    let mut generator = [0; CORRECTION];
    generator[CORRECTION - 1] = 1;
    let (mut root, mut factor) = (1, 0);
    while factor < CORRECTION {
        let mut place = 0;
        while place < CORRECTION {
            generator[place] = product(generator[place], root);
            if place + 1 < CORRECTION {
                generator[place] ^= generator[place + 1];
            }
            place += 1;
        }
        root = product(root, 2);
        factor += 1;
    }
    generator
}

/// The product in the field of 256 with x^8 + x^4 + x^3 + x^2 + 1.
#[inline(never)]
const fn product(one: u8, other: u8) -> u8 {
    let mut product: u8 = 0;
    let mut bit = 8;
    while bit > 0 {
        bit -= 1;
        let carry = product >> 7;
        product = (product << 1) ^ (carry * 0x1D) ^ (((other >> bit) & 1) * one);
    }
    product
}

const fn format(data: u16) -> u16 {
    let (mut rest, mut step) = (data, 0);
    while step < 10 {
        rest = (rest << 1) ^ ((rest >> 9) * 0x537);
        step += 1;
    }
    (data << 10 | rest) ^ 0x5412
}
