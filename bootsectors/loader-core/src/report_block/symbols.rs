//! Characters that a person reads from a photograph and types: which they are, and how a mistyped one is found.
//!
//! What it does not know: what the characters say. That is [`super::Block`].

/// The characters, by their values: digits and capitals without I, L, O and U, which look like others.
pub const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Bits in a character.
pub(super) const BITS: u32 = 5;
/// Characters in a group, between which the screen has a space.
pub const GROUP: usize = 5;
/// Characters in a row of the screen; the last is the check of the row.
pub const ROW: usize = 20;
/// Most rows.
pub const ROWS: usize = 7;
/// Characters of the check of the whole, which end what the rows hold.
const WHOLE: usize = 3;
/// The whole is checked by CRC-15/CAN.
const CRC_POLYNOMIAL: u16 = 0x4599;
const CRC_MASK: u16 = 0x7FFF;
/// x^5 + x^2 + 1, which makes a field of the 32 values.
const FIELD_POLYNOMIAL: u8 = 0b10_0101;

/// Values of characters, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbols {
    values: [u8; ROW * ROWS],
    len: usize,
}

/// Why characters are no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SymbolsError {
    /// A character that no block has.
    Character {
        /// The character.
        found: char,
    },
    /// There are too few or too many, or a last row that has no room for its check.
    Length {
        /// How many there are.
        found: usize,
    },
    /// The check of a row is wrong, perhaps of later ones too.
    Row {
        /// The first such row, from 0.
        row: usize,
    },
    /// Each row is right by itself, but not together.
    Whole,
}

impl Symbols {
    /// None yet.
    pub(super) const fn new() -> Self {
        Self { values: [0; ROW * ROWS], len: 0 }
    }

    /// The values.
    pub fn values(&self) -> &[u8] {
        self.values.get(..self.len).unwrap_or(&[])
    }

    /// Appends a value; what does not fit is left out, as no block is that long.
    #[inline(never)]
    pub(super) fn push(&mut self, value: u8) {
        if let Some(free) = self.values.get_mut(self.len) {
            *free = value & 31;
            self.len += 1;
        }
    }

    /// Rows of the screen that they take.
    pub fn rows(&self) -> usize {
        self.len.div_ceil(ROW)
    }

    /// The characters.
    pub fn characters(&self) -> impl Iterator<Item = u8> + Clone + '_ {
        self.values().iter().map(|&value| character(value))
    }

    /// `payload` with all checks.
    #[inline(never)]
    pub(super) fn with_checks(payload: &Self) -> Self {
        let crc = crc(payload.values());
        let checks = (0..WHOLE as u32).rev().map(|place| (crc >> (place * BITS)) as u8 & 31);
        let mut all = Self::new();
        let mut check = start(0);
        for value in payload.values().iter().copied().chain(checks) {
            all.push(value);
            check = next(check, value);
            if all.len % ROW == ROW - 1 {
                all.push(next(check, 0));
                check = start(all.len / ROW);
            }
        }
        if !all.len.is_multiple_of(ROW) {
            all.push(next(check, 0));
        }
        all
    }

    /// Reads what a person typed: capitals or not, spaces and dashes anywhere; O is 0, and I and L are 1.
    ///
    /// # Errors
    ///
    /// A character that no block has, or too many of them.
    pub fn typed(text: &str) -> Result<Self, SymbolsError> {
        let mut symbols = Self::new();
        let mut found = 0;
        for character in text.chars().filter(|&character| !is_between(character)) {
            symbols.push(value(character).ok_or(SymbolsError::Character { found: character })?);
            found += 1;
        }
        if found > symbols.len { Err(SymbolsError::Length { found }) } else { Ok(symbols) }
    }

    /// What is within the checks.
    ///
    /// # Errors
    ///
    /// The checks do not fit: something was mistyped. Any one wrong character is noticed by its row, and so is any two
    /// that were exchanged within a row.
    pub(super) fn payload(&self) -> Result<Self, SymbolsError> {
        let mut payload = Self::new();
        for (row, values) in self.values().chunks(ROW).enumerate() {
            let Some((_, values_alone)) = values.split_last().filter(|(_, values)| !values.is_empty()) else {
                return Err(SymbolsError::Length { found: self.len });
            };
            // The check makes the sum that includes it zero.
            let sum = values_alone.iter().fold(start(row), |sum, &value| next(sum, value));
            if values.last().is_none_or(|&check| next(sum, 0) != check) {
                return Err(SymbolsError::Row { row });
            }
            values_alone.iter().for_each(|&value| payload.push(value));
        }
        let Some(len) = payload.len.checked_sub(WHOLE).filter(|&len| len > 0) else {
            return Err(SymbolsError::Length { found: self.len });
        };
        let checks = payload.values().iter().skip(len);
        let told = checks.fold(0, |crc, &value| crc << BITS | u16::from(value));
        payload.len = len;
        if crc(payload.values()) == told { Ok(payload) } else { Err(SymbolsError::Whole) }
    }
}

/// The character of a value.
fn character(value: u8) -> u8 {
    ALPHABET.get(usize::from(value)).copied().unwrap_or(b'?')
}

/// The value of a character as people type it.
pub fn value(character: char) -> Option<u8> {
    let character = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().position(|&one| char::from(one) == character).map(|place| place as u8)
}

/// Whether `character` may stand between others: spaces, and dashes of any length, because editors make long ones.
pub fn is_between(character: char) -> bool {
    character.is_whitespace() || matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// The sum of a row before its first character: rows in another order are noticed.
fn start(row: usize) -> u8 {
    row as u8 + 1
}

/// The sum with one value more. Each place has a factor of its own in the field, as a row has fewer than 31.
fn next(sum: u8, value: u8) -> u8 {
    let doubled = (sum ^ value) << 1;
    if doubled & 32 == 0 { doubled } else { doubled ^ FIELD_POLYNOMIAL }
}

fn crc(values: &[u8]) -> u16 {
    values.iter().fold(CRC_MASK, |crc, &value| {
        (0..BITS).rev().fold(crc, |crc, bit| {
            let out = (crc >> 14 ^ u16::from(value) >> bit) & 1;
            ((crc << 1) ^ (out * CRC_POLYNOMIAL)) & CRC_MASK
        })
    })
}
